#include "collector/config/config_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "collector/config/contract_check.h"
#include "collector/config/contract_file.h"
#include "collector/config/file_text.h"
#include "collector/config/link_groups.h"
#include "collector/config/values.h"
#include "collector/config/yaml_tree.h"

namespace weir::config {
namespace {

using contracts::InterfaceRole;
using contracts::InterfaceTerms;

constexpr std::uint64_t kMaxU32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kMaxWorkers = 64;
/// Every bucket starts anew with a ledger interval.
constexpr std::uint64_t kLedgerIntervalSeconds = 300;
constexpr std::size_t kMaxListeners = 64;
/// Of NetFlow, IPFIX and sFlow.
constexpr std::array<std::uint16_t, 3> kUsualPorts{2055, 4739, 6343};

constexpr std::array<std::string_view, 15> kKeys{
    "listen", "workers",  "exporters",    "accounting", "contracts",
    "groups", "capacity", "baseline",     "ledger",     "state",
    "http",   "metrics",  "remote_write", "kafka",      "contracts_source"};
constexpr std::array<std::string_view, 8> kListenKeys{
    "udp", "tcp", "tls", "pcap", "receive_buffer", "certificate", "key", "client_ca"};
/// What says the kind of a listener, and what belongs to one kind alone.
constexpr std::array<std::string_view, 4> kListenKinds{"udp", "tcp", "tls", "pcap"};
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kKeysOfOneKind{
    {{"receive_buffer", "udp"}, {"certificate", "tls"}, {"key", "tls"}, {"client_ca", "tls"}}};
constexpr std::array<std::string_view, 5> kPcapKeys{"device", "carries", "sample", "exporter",
                                                    "filter"};
constexpr std::array<std::string_view, 4> kExportersKeys{"allow", "relays", "sampling", "routers"};
constexpr std::array<std::string_view, 5> kRouterKeys{"address", "name", "pop", "sampling",
                                                      "interfaces"};
constexpr std::array<std::string_view, 5> kInterfaceKeys{"index", "name", "speed", "role",
                                                         "tagged"};
constexpr std::array<std::string_view, 2> kSamplingKeys{"default", "force"};
constexpr std::array<std::string_view, 6> kAccountingKeys{
    "layer", "bucket", "lateness", "largest_packet", "clock_skew_limit", "active_timeout"};
constexpr std::array<std::string_view, 3> kLedgerKeys{"url", "retention", "close_after"};
constexpr std::array<std::string_view, 3> kCapacityKeys{"threshold", "target", "growth"};
constexpr std::array<std::string_view, 5> kBaselineKeys{"k", "intervals", "weeks", "floor",
                                                        "except"};
constexpr std::array<std::string_view, 3> kHttpKeys{"listen", "insecure", "web_config"};
constexpr std::array<std::string_view, 1> kMetricsKeys{"customer_names"};
constexpr std::array<std::string_view, 8> kRemoteWriteKeys{
    "url",        "queue",   "timeout", "bearer_token_file",
    "basic_auth", "ca_file", "headers", "external_labels"};
constexpr std::array<std::string_view, 7> kContractsSourceKeys{
    "url", "every", "format", "header_file", "ca_file", "allow_removals", "timeout"};
constexpr std::array<std::string_view, 2> kBasicAuthKeys{"username", "password_file"};
/// Labels that every series of remote write has from Weir.
constexpr std::array<std::string_view, 3> kOwnLabels{"contract", "direction", "family"};
/// Headers that belong to the request itself, in lower case.
constexpr std::array<std::string_view, 9> kOwnHeaders{"host",
                                                      "authorization",
                                                      "content-type",
                                                      "content-encoding",
                                                      "content-length",
                                                      "transfer-encoding",
                                                      "connection",
                                                      "user-agent",
                                                      "x-prometheus-remote-write-version"};
constexpr std::size_t kMostNamedValues = 32;

Parsed<std::string> parse_path(std::string_view text) {
  if (text.empty()) return bad_value("the path is empty", "write one");
  return std::string(text);
}

Parsed<std::uint32_t> parse_workers(std::string_view text) {
  if (text == "auto") return 0U;
  auto workers = parse_integer_as<std::uint32_t>(text, {1, kMaxWorkers});
  if (!workers) workers.error().mend = fmt::format("write auto, or 1 to {}", kMaxWorkers);
  return workers;
}

Parsed<Layer> parse_layer(std::string_view text) {
  return parse_choice<Layer>(
      text, {{"ip", Layer::Ip}, {"ethernet", Layer::Ethernet}, {"wire", Layer::Wire}});
}

Parsed<std::chrono::seconds> parse_bucket(std::string_view text) {
  auto bucket = parse_duration(text, {1, kLedgerIntervalSeconds});
  if (bucket && kLedgerIntervalSeconds % static_cast<std::uint64_t>(bucket->count()) != 0)
    return bad_value(fmt::format("`{}` does not divide the ledger's 300 seconds", text),
                     "write 1s, 2s, 5s, 10s, 15s, 20s, 30s, 60s, 100s, 150s or 300s");
  return bucket;
}

Parsed<std::optional<std::chrono::seconds>> parse_lateness(std::string_view text) {
  using Lateness = std::optional<std::chrono::seconds>;
  if (text == "auto") return Lateness{};
  auto lateness = parse_duration(text, {0, 3'600});
  if (lateness) return Lateness{*lateness};
  lateness.error().mend += ", or auto";
  return tl::unexpected(lateness.error());
}

Parsed<InterfaceRole> parse_role(std::string_view text) {
  return parse_choice<InterfaceRole>(text, {{"customer", InterfaceRole::Customer},
                                            {"peer", InterfaceRole::Peer},
                                            {"transit", InterfaceRole::Transit},
                                            {"backbone", InterfaceRole::Backbone}});
}

Parsed<std::uint32_t> parse_sampling_interval(std::string_view text) {
  auto interval = parse_integer_as<std::uint32_t>(text, {1, kMaxU32});
  if (!interval) interval.error().mend = "write N of \"1 packet in N\" such as 1000, or unsampled";
  return interval;
}

Parsed<std::string> parse_ledger_url(std::string_view text) {
  if (text.starts_with("sqlite:") || text.starts_with("postgresql://") || text == kNoLedger)
    return std::string(text);
  return bad_value(fmt::format("`{}` is not the URL of a ledger", text),
                   "write sqlite:FILE or postgresql://HOST/DATABASE, or none");
}

/// In days; a month counts as 31, so that nothing goes too early.
Parsed<std::uint32_t> parse_retention(std::string_view text) {
  constexpr std::uint64_t kMonthDays = 31;
  constexpr std::uint64_t kLeastDays = 62;  // two billing periods
  constexpr std::uint64_t kMostDays = 36'600;
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string_view unit = text.substr(digits);
  if (digits == 0 || (unit != "mo" && unit != "d"))
    return bad_value(fmt::format("`{}` is not how long a ledger is kept", text),
                     "write months such as 14mo, or days such as 400d");
  const auto count = parse_integer(text.substr(0, digits), {0, kMostDays});
  if (!count) return tl::unexpected(count.error());
  const std::uint64_t days = unit == "mo" ? *count * kMonthDays : *count;
  if (days < kLeastDays || days > kMostDays)
    return bad_value(
        fmt::format("`{}` is out of range", text),
        fmt::format("write {}d to {}d; a bill needs two periods", kLeastDays, kMostDays));
  return static_cast<std::uint32_t>(days);
}

Parsed<std::uint32_t> parse_percent(std::string_view text) {
  std::string_view number = text;
  if (number.ends_with('%')) number.remove_suffix(1);
  while (number.ends_with(' ')) number.remove_suffix(1);
  auto percent = parse_integer_as<std::uint32_t>(number, {1, 100});
  if (!percent) return bad_value(fmt::format("`{}` is not a percentage", text), "write 1% to 100%");
  return percent;
}

Parsed<Growth> parse_growth(std::string_view text) {
  return parse_choice<Growth>(text,
                              {{"linear", Growth::Linear}, {"exponential", Growth::Exponential}});
}

/// Days too: routers and people have that long to send or mask what belongs to a month.
Parsed<std::chrono::seconds> parse_close_after(std::string_view text) {
  constexpr std::uint64_t kMostDays = 365;
  constexpr std::uint64_t kDaySeconds = 86'400;
  if (text.ends_with('d')) {
    const auto days = parse_integer(text.substr(0, text.size() - 1), {0, kMostDays});
    if (days) return std::chrono::seconds{*days * kDaySeconds};
  } else if (auto span = parse_duration(text, {0, kMostDays * kDaySeconds})) {
    return *span;
  }
  return bad_value(fmt::format("`{}` is not a time of 0 to {} days", text, kMostDays),
                   "write such as 5d or 12h");
}

Parsed<ContractFormat> parse_contract_format(std::string_view text) {
  return parse_choice<ContractFormat>(text, {{"csv", ContractFormat::Csv},
                                             {"json", ContractFormat::Json},
                                             {"yaml", ContractFormat::Yaml}});
}

/// As parse_http_target(), where secrets stand in another place.
Parsed<HttpTarget> parse_source_target(std::string_view text) {
  auto target = parse_http_target(text);
  const std::string_view authority = text.substr(0, text.find_first_of("/?", text.find("//") + 2));
  if (!target && authority.find('@') != std::string_view::npos)
    target.error().mend = "send credentials as headers of `header_file`";
  return target;
}

/// A bucket of a thousand contracts needs less.
constexpr std::uint32_t kLeastQueueBytes = 1U << 20;

bool is_word(std::string_view text, std::string_view more) noexcept {
  return !text.empty() && text.size() <= 100 && std::ranges::all_of(text, [&](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           more.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

Parsed<std::string> parse_user(std::string_view text) {
  auto user = parse_label(text);
  // RFC 7617, 2: the colon ends the name.
  if (user && user->find(':') != std::string::npos)
    return bad_value("a user name has no colon", "write it without");
  return user;
}

/// The names that Prometheus allows, less those that are its own or Weir's.
Parsed<std::string> parse_label_name(std::string_view text) {
  if (!is_word(text, "_") || (text.front() >= '0' && text.front() <= '9') || text.starts_with("__"))
    return bad_value(fmt::format("`{}` is not the name of a label", text),
                     "use letters, digits and _, and begin with a letter");
  if (std::ranges::find(kOwnLabels, text) != kOwnLabels.end())
    return bad_value(fmt::format("`{}` is a label that Weir gives itself", text),
                     "choose another name");
  return std::string(text);
}

Parsed<std::string> parse_header_name(std::string_view text) {
  if (!is_word(text, "-_"))
    return bad_value(fmt::format("`{}` is not the name of a header", text),
                     "use letters, digits, - and _");
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (std::ranges::find(kOwnHeaders, lower) != kOwnHeaders.end())
    return bad_value(fmt::format("the header `{}` is Weir's own", text),
                     "remove it; secrets stand in basic_auth or bearer_token_file");
  return std::string(text);
}

bool is_loopback(const IpAddress& address) noexcept {
  return address.is_v4() ? address.v4_value() >> 24 == 127 : address == IpAddress::v6(0, 1);
}

/// Whether nobody else's machine sees what is sent there.
bool stays_here(const HttpTarget& target) {
  const auto address = parse_address(target.host);
  return target.host == "localhost" || (address && is_loopback(*address));
}

/// Reads the parts of a configuration from their places in the tree.
class Reader {
 public:
  explicit Reader(ProblemList& problems) : problems_(problems) {}

  [[nodiscard]] Config read(const YamlNode& root) {
    Config config;
    const YamlFields fields(root, "the configuration", kKeys, problems_);
    config.workers = fields.read("workers", parse_workers).value_or(config.workers);
    if (const YamlNode* node = fields.find("exporters")) config.exporters = exporters_of(*node);
    // After the routers, which the taps name.
    read_listen(fields, config);
    if (const YamlNode* node = fields.find("accounting")) config.accounting = accounting_of(*node);
    if (const YamlNode* node = fields.find("capacity")) config.capacity = capacity_of(*node);
    if (const YamlNode* node = fields.find("baseline")) config.baseline = baseline_of(*node);
    config.groups = read_link_groups(fields.items("groups"), config.exporters.routers, problems_);
    if (const YamlNode* node = fields.find("ledger")) {
      const YamlFields ledger(*node, "`ledger`", kLedgerKeys, problems_);
      config.ledger_url = ledger.read("url", parse_ledger_url).value_or(config.ledger_url);
      config.ledger_retention_days =
          ledger.read("retention", parse_retention).value_or(config.ledger_retention_days);
      config.ledger_close_after =
          ledger.read("close_after", parse_close_after).value_or(config.ledger_close_after);
    }
    contracts_file_ = fields.read("contracts", parse_path);
    if (fields.find("contracts") == nullptr && root.kind == YamlNode::Kind::Map)
      problems_.error(root.place, "the configuration names no `contracts`",
                      "write `contracts: contracts.yaml`, or a .csv file");
    config.state_directory = fields.read("state", parse_path).value_or(config.state_directory);
    if (const YamlNode* node = fields.find("http")) config.http = http_of(*node);
    if (const YamlNode* node = fields.find("metrics")) {
      const YamlFields metrics(*node, "`metrics`", kMetricsKeys, problems_);
      config.customer_names_in_metrics =
          metrics.read("customer_names", parse_boolean).value_or(config.customer_names_in_metrics);
    }
    if (const YamlNode* node = fields.find("remote_write"))
      config.remote_write = remote_write_of(*node);
    if (const YamlNode* node = fields.find("contracts_source"))
      config.contracts_source = contracts_source_of(*node);
    if (const YamlNode* node = fields.find("kafka")) refuse_later(*node, "kafka");
    return config;
  }

  /// The contracts file as the configuration names it, after read().
  [[nodiscard]] const std::optional<std::string>& contracts_file() const noexcept {
    return contracts_file_;
  }

 private:
  /// Lines of the listeners read so far.
  using ListenerLines = std::map<std::pair<IpAddress, std::uint16_t>, std::uint32_t>;

  void refuse_later(const YamlNode& node, std::string_view key) {
    problems_.error(node.place, fmt::format("`{}` is not available in this version", key),
                    "remove it");
  }

  void read_listen(const YamlFields& fields, Config& config) {
    if (fields.find("listen") == nullptr) {
      for (const std::uint16_t port : kUsualPorts)
        config.udp.push_back({.endpoint = {IpAddress::v4(0), port}});
      return;
    }
    // UDP and TCP number their ports apart.
    ListenerLines udp_lines;
    ListenerLines tcp_lines;
    const auto items = fields.items("listen");
    if (items.size() > kMaxListeners)
      problems_.error(items[kMaxListeners].place,
                      fmt::format("there are more than {} listeners", kMaxListeners),
                      "let several routers send to one port");
    for (const YamlNode& item : items) {
      const YamlFields listen(item, "a listener", kListenKeys, problems_);
      if (item.kind != YamlNode::Kind::Map) continue;
      std::vector<std::string_view> kinds;
      for (const std::string_view kind : kListenKinds)
        if (listen.find(kind) != nullptr) kinds.push_back(kind);
      if (kinds.size() != 1) {
        problems_.error(item.place, "a listener is one of `udp`, `tcp`, `tls` and `pcap`",
                        "write {udp: \"0.0.0.0:2055\"} or {pcap: {device: NAME}}");
        continue;
      }
      const std::string_view kind = kinds.front();
      for (const auto& [key, owner] : kKeysOfOneKind)
        if (const YamlNode* node = listen.find(key); node != nullptr && owner != kind)
          problems_.error(node->place, fmt::format("`{}` belongs to `{}`", key, owner),
                          "remove it");
      if (kind == "pcap") {
        config.pcap.push_back(pcap_of(*listen.find(kind), config.exporters.routers));
      } else if (kind == "udp") {
        read_udp(listen, udp_lines, config);
      } else {
        read_stream(listen, kind, tcp_lines, config);
      }
    }
  }

  void read_udp(const YamlFields& listen, ListenerLines& lines, Config& config) {
    UdpListen socket;
    const auto endpoint = listen.read("udp", parse_endpoint);
    socket.receive_buffer_bytes =
        listen.read("receive_buffer", parse_size).value_or(socket.receive_buffer_bytes);
    if (!endpoint) return;
    socket.endpoint = *endpoint;
    check_endpoint_once(lines, *listen.find("udp"), *endpoint, "; `workers` spreads the load");
    config.udp.push_back(socket);
  }

  void read_stream(const YamlFields& listen, std::string_view kind, ListenerLines& lines,
                   Config& config) {
    StreamListen stream;
    const YamlNode& node = *listen.find(kind);
    const auto endpoint = listen.read(kind, parse_endpoint);
    if (kind == "tls") {
      stream.tls = TlsFiles{.certificate = listen.read("certificate", parse_path).value_or(""),
                            .key = listen.read("key", parse_path).value_or(""),
                            .client_ca = listen.read("client_ca", parse_path).value_or("")};
      for (const std::string_view key : {"certificate", "key"})
        if (listen.find(key) == nullptr)
          problems_.error(node.place, fmt::format("`tls` has no `{}`", key),
                          "name the PEM file of this collector's own");
      if (listen.find("client_ca") == nullptr)
        problems_.warning(node.place, "any client may connect: `tls` has no `client_ca`",
                          "name the PEM file of the authority that signs the routers' "
                          "certificates");
    }
    if (!endpoint) return;
    stream.endpoint = *endpoint;
    check_endpoint_once(lines, node, *endpoint, "");
    config.streams.push_back(std::move(stream));
  }

  void check_endpoint_once(ListenerLines& lines, const YamlNode& node, const Endpoint& endpoint,
                           std::string_view why) {
    const auto [first, is_new] =
        lines.emplace(std::pair{endpoint.address, endpoint.port}, node.place.line);
    if (!is_new && endpoint.port != 0)
      problems_.error(node.place,
                      fmt::format("{} is listened on twice, first on line {}",
                                  format_endpoint(endpoint), first->second),
                      fmt::format("keep one of the two{}", why));
  }

  [[nodiscard]] PcapListen pcap_of(const YamlNode& node, const std::vector<Router>& routers) {
    PcapListen pcap;
    const YamlFields fields(node, "`pcap`", kPcapKeys, problems_);
    pcap.device = fields.read("device", parse_label).value_or("");
    pcap.carries_packets =
        fields
            .read("carries",
                  [](std::string_view text) {
                    return parse_choice<bool>(text, {{"export", false}, {"packets", true}});
                  })
            .value_or(pcap.carries_packets);
    pcap.sample = fields.read("sample", parse_sampling_interval).value_or(pcap.sample);
    pcap.exporter = fields.read("exporter", parse_label).value_or("");
    pcap.filter = fields.read("filter", parse_path).value_or("");
    if (node.kind == YamlNode::Kind::Map && fields.find("device") == nullptr)
      problems_.error(node.place, "`pcap` has no `device`", "name the interface to capture on");
    for (const std::string_view key : {"sample", "exporter"})
      if (const YamlNode* value = fields.find(key); value != nullptr && !pcap.carries_packets)
        problems_.error(value->place, fmt::format("`{}` needs `carries: packets`", key),
                        "remove it; export traffic tells its own exporter and sampling");
    if (pcap.carries_packets && fields.find("exporter") == nullptr)
      problems_.error(node.place, "`carries: packets` needs an `exporter`",
                      "name the router that the packets belong to");
    if (!pcap.exporter.empty()) check_router(*fields.find("exporter"), routers);
    return pcap;
  }

  void check_router(const YamlNode& exporter, const std::vector<Router>& routers) {
    std::vector<std::string_view> names;
    names.reserve(routers.size());
    for (const Router& router : routers) names.push_back(router.name);
    if (std::find(names.begin(), names.end(), exporter.text) != names.end()) return;
    problems_.error(
        exporter.place, fmt::format("there is no router `{}`", exporter.text),
        names.empty() ? "describe it under exporters.routers" : suggest(exporter.text, names));
  }

  [[nodiscard]] SamplingTerms sampling_of(const YamlNode& node) {
    SamplingTerms terms;
    if (node.kind == YamlNode::Kind::Map) {
      const YamlFields fields(node, "`sampling`", kSamplingKeys, problems_);
      terms.default_interval = fields.read("default", parse_sampling_interval).value_or(0);
      terms.force_interval = fields.read("force", parse_sampling_interval).value_or(0);
      return terms;
    }
    const auto parse = [](std::string_view text) {
      return text == "unsampled" ? Parsed<std::uint32_t>(1) : parse_sampling_interval(text);
    };
    terms.default_interval =
        YamlFields::read_scalar(node, "sampling", parse, problems_).value_or(0);
    return terms;
  }

  [[nodiscard]] Exporters exporters_of(const YamlNode& node) {
    Exporters exporters;
    const YamlFields fields(node, "`exporters`", kExportersKeys, problems_);
    for (const YamlNode& item : fields.items("allow"))
      if (const auto prefix = YamlFields::read_scalar(item, "allow", parse_prefix, problems_))
        exporters.allow.push_back(*prefix);
    for (const YamlNode& item : fields.items("relays"))
      if (const auto address = YamlFields::read_scalar(item, "relays", parse_address, problems_))
        exporters.relays.push_back(*address);
    if (const YamlNode* sampling = fields.find("sampling"))
      exporters.sampling = sampling_of(*sampling);
    std::map<IpAddress, std::uint32_t> addresses;
    std::map<std::string, std::uint32_t> names;
    for (const YamlNode& item : fields.items("routers")) {
      auto router = router_of(item);
      if (!router) continue;
      if (!router->address.is_unspecified())
        check_once(addresses, router->address, item, "address " + router->address.to_string());
      check_once(names, router->name, item, "router name " + router->name);
      exporters.routers.push_back(std::move(*router));
    }
    if (exporters.routers.size() > kMaxExporters)
      problems_.error(node.place, fmt::format("there are more than {} routers", kMaxExporters),
                      "split them over several collectors");
    return exporters;
  }

  template <class Key>
  void check_once(std::map<Key, std::uint32_t>& lines, const Key& key, const YamlNode& node,
                  const std::string& what) {
    const auto [first, is_new] = lines.emplace(key, node.place.line);
    if (is_new) return;
    problems_.error(node.place,
                    fmt::format("{} is given twice, first on line {}", what, first->second),
                    "keep one of the two");
  }

  [[nodiscard]] std::optional<Router> router_of(const YamlNode& node) {
    const YamlFields fields(node, "a router", kRouterKeys, problems_);
    if (node.kind != YamlNode::Kind::Map) return std::nullopt;
    Router router;
    router.line = node.place.line;
    // A router whose address is wrong stays, so that contracts that name it are not told wrong too.
    router.address = fields.read("address", parse_address).value_or(router.address);
    if (fields.find("address") == nullptr)
      problems_.error(node.place, "the router has no `address`",
                      "write the address its export comes from");
    router.name = fields.read("name", parse_label).value_or(router.address.to_string());
    router.pop = fields.read("pop", parse_label).value_or("");
    if (const YamlNode* sampling = fields.find("sampling"))
      router.sampling = sampling_of(*sampling);
    std::map<std::uint32_t, std::uint32_t> indexes;
    std::map<std::string, std::uint32_t> names;
    for (const YamlNode& item : fields.items("interfaces")) {
      auto interface = interface_of(item);
      if (!interface) continue;
      if (interface->index != 0)
        check_once(indexes, interface->index, item,
                   fmt::format("interface index {}", interface->index));
      if (!interface->name.empty())
        check_once(names, interface->name, item, "interface name " + interface->name);
      router.interfaces.push_back(std::move(*interface));
    }
    return router;
  }

  [[nodiscard]] std::optional<InterfaceTerms> interface_of(const YamlNode& node) {
    const YamlFields fields(node, "an interface", kInterfaceKeys, problems_);
    if (node.kind != YamlNode::Kind::Map) return std::nullopt;
    InterfaceTerms terms;
    const auto index = fields.read("index", [](std::string_view text) {
      return parse_integer_as<std::uint32_t>(text, {1, kMaxU32});
    });
    // The router may tell the index of a name (options data).
    const bool is_by_name = fields.find("index") == nullptr && fields.find("name") != nullptr;
    if (fields.find("index") == nullptr && !is_by_name)
      problems_.error(node.place, "the interface has neither `index` nor `name`",
                      "write its SNMP ifIndex, which flow records carry, or the name that the "
                      "router announces");
    terms.name = fields.read("name", parse_label).value_or("");
    terms.speed = fields.read("speed", parse_rate).value_or(terms.speed);
    terms.role = fields.read("role", parse_role).value_or(terms.role);
    terms.tagged = fields.read("tagged", parse_boolean).value_or(terms.tagged);
    if (is_by_name ? terms.name.empty() : !index) return std::nullopt;
    terms.index = index.value_or(0);
    return terms;
  }

  [[nodiscard]] Accounting accounting_of(const YamlNode& node) {
    Accounting accounting;
    const YamlFields fields(node, "`accounting`", kAccountingKeys, problems_);
    accounting.layer = fields.read("layer", parse_layer).value_or(accounting.layer);
    accounting.bucket = fields.read("bucket", parse_bucket).value_or(accounting.bucket);
    accounting.lateness = fields.read("lateness", parse_lateness).value_or(accounting.lateness);
    accounting.largest_packet_bytes =
        fields
            .read("largest_packet",
                  [](std::string_view text) {
                    return parse_integer_as<std::uint32_t>(text, {64, 65'535});
                  })
            .value_or(accounting.largest_packet_bytes);
    accounting.clock_skew_limit = fields
                                      .read("clock_skew_limit",
                                            [](std::string_view text) {
                                              return parse_duration(text, {1, 86'400});
                                            })
                                      .value_or(accounting.clock_skew_limit);
    accounting.active_timeout = fields
                                    .read("active_timeout",
                                          [](std::string_view text) {
                                            return parse_duration(text, {1, 86'400});
                                          })
                                    .value_or(accounting.active_timeout);
    return accounting;
  }

  [[nodiscard]] Capacity capacity_of(const YamlNode& node) {
    Capacity capacity;
    const YamlFields fields(node, "`capacity`", kCapacityKeys, problems_);
    capacity.threshold_percent =
        fields.read("threshold", parse_percent).value_or(capacity.threshold_percent);
    capacity.target_percent =
        fields.read("target", parse_percent).value_or(capacity.target_percent);
    capacity.growth = fields.read("growth", parse_growth).value_or(capacity.growth);
    return capacity;
  }

  [[nodiscard]] Baseline baseline_of(const YamlNode& node) {
    const auto whole = [](Range range) {
      return
          [range](std::string_view text) { return parse_integer_as<std::uint32_t>(text, range); };
    };
    Baseline baseline;
    const YamlFields fields(node, "`baseline`", kBaselineKeys, problems_);
    baseline.k = fields.read("k", whole({1, 100})).value_or(baseline.k);
    // An hour is twelve intervals; two months are what every ledger keeps.
    baseline.intervals = fields.read("intervals", whole({1, 12})).value_or(baseline.intervals);
    baseline.weeks = fields.read("weeks", whole({3, 8})).value_or(baseline.weeks);
    baseline.floor = fields.read("floor", parse_rate).value_or(baseline.floor);
    for (const YamlNode& item : fields.items("except"))
      if (auto id = YamlFields::read_scalar(item, "except", parse_label, problems_))
        baseline.except.push_back(std::move(*id));
    std::sort(baseline.except.begin(), baseline.except.end());
    return baseline;
  }

  [[nodiscard]] Http http_of(const YamlNode& node) {
    Http http;
    const YamlFields fields(node, "`http`", kHttpKeys, problems_);
    http.listen = fields.read("listen", parse_endpoint).value_or(http.listen);
    http.insecure = fields.read("insecure", parse_boolean).value_or(http.insecure);
    if (const YamlNode* web_config = fields.find("web_config"))
      refuse_later(*web_config, "web_config");
    if (!is_loopback(http.listen.address) && !http.insecure)
      problems_.error(
          fields.find("listen")->place,
          fmt::format("{} is open to others without authentication", format_endpoint(http.listen)),
          "listen on 127.0.0.1, or write `insecure: true` beside it");
    return http;
  }

  [[nodiscard]] RemoteWrite remote_write_of(const YamlNode& node) {
    RemoteWrite remote;
    const YamlFields fields(node, "`remote_write`", kRemoteWriteKeys, problems_);
    remote.target = fields.read("url", parse_http_target).value_or(remote.target);
    if (node.kind == YamlNode::Kind::Map && fields.find("url") == nullptr)
      problems_.error(node.place, "`remote_write` has no `url`",
                      "write where to push, such as http://127.0.0.1:9090/api/v1/write");
    remote.queue_bytes = fields.read("queue", parse_size).value_or(remote.queue_bytes);
    if (remote.queue_bytes < kLeastQueueBytes)
      problems_.error(fields.find("queue")->place, "`queue` holds less than a bucket may need",
                      "write 1M or more");
    remote.timeout =
        fields.read("timeout",
                    [](std::string_view text) {
                      return parse_duration(text, {1, 300});
                    })
            .value_or(remote.timeout);
    remote.bearer_token_file = fields.read("bearer_token_file", parse_path).value_or("");
    remote.ca_file = fields.read("ca_file", parse_path).value_or("");
    if (const YamlNode* auth = fields.find("basic_auth")) {
      const YamlFields basic(*auth, "`basic_auth`", kBasicAuthKeys, problems_);
      remote.user = basic.read("username", parse_user).value_or("");
      remote.password_file = basic.read("password_file", parse_path).value_or("");
      for (const std::string_view key : kBasicAuthKeys)
        if (auth->kind == YamlNode::Kind::Map && basic.find(key) == nullptr)
          problems_.error(auth->place, fmt::format("`basic_auth` has no `{}`", key),
                          "write username and password_file");
      if (!remote.bearer_token_file.empty())
        problems_.error(auth->place, "`basic_auth` and `bearer_token_file` are two ways to sign in",
                        "keep one of the two");
    }
    if (const YamlNode* labels = fields.find("external_labels"))
      remote.external_labels = named_values_of(*labels, "external_labels", parse_label_name);
    if (const YamlNode* headers = fields.find("headers"))
      remote.headers = named_values_of(*headers, "headers", parse_header_name);
    const bool is_secret = !remote.bearer_token_file.empty() || !remote.user.empty();
    if (is_secret && !remote.target.is_tls && !stays_here(remote.target) &&
        !remote.target.host.empty())
      problems_.warning(fields.find("url")->place,
                        "the secret of `remote_write` goes in clear text", "use https://");
    return remote;
  }

  [[nodiscard]] ContractsSource contracts_source_of(const YamlNode& node) {
    constexpr std::uint64_t kDaySeconds = 86'400;
    constexpr std::uint64_t kMostTimeoutSeconds = 600;
    ContractsSource source;
    const YamlFields fields(node, "`contracts_source`", kContractsSourceKeys, problems_);
    const YamlNode* url = fields.find("url");
    if (node.kind == YamlNode::Kind::Map && url == nullptr)
      problems_.error(node.place, "`contracts_source` has no `url`",
                      "write where the contracts are, such as https://crm.example/contracts.json");
    const auto target = fields.read("url", parse_source_target);
    if (target) source.url = url->text;
    source.every = fields
                       .read("every",
                             [](std::string_view text) {
                               return parse_duration(text, {1, kDaySeconds});
                             })
                       .value_or(source.every);
    source.timeout = fields
                         .read("timeout",
                               [](std::string_view text) {
                                 return parse_duration(text, {1, kMostTimeoutSeconds});
                               })
                         .value_or(source.timeout);
    source.format = fields.read("format", parse_contract_format);
    source.header_file = fields.read("header_file", parse_path).value_or("");
    source.ca_file = fields.read("ca_file", parse_path).value_or("");
    source.allow_removals =
        fields.read("allow_removals", parse_removal_limit).value_or(source.allow_removals);
    if (target && !source.header_file.empty() && !target->is_tls && !stays_here(*target))
      problems_.warning(url->place, "the headers of `contracts_source` go in clear text",
                        "use https://");
    return source;
  }

  /// A mapping whose keys are names of the operator's choice.
  template <class ParseName>
  [[nodiscard]] std::map<std::string, std::string> named_values_of(const YamlNode& node,
                                                                   std::string_view what,
                                                                   ParseName parse_name) {
    std::map<std::string, std::string> values;
    if (node.kind != YamlNode::Kind::Map) {
      problems_.error(node.place, fmt::format("`{}` is no mapping", what), "write {name: value}");
      return values;
    }
    if (node.children.size() / 2 > kMostNamedValues)
      problems_.error(node.place,
                      fmt::format("`{}` has more than {} entries", what, kMostNamedValues),
                      "remove some");
    for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
      const auto name = YamlFields::read_scalar(node.children[i], what, parse_name, problems_);
      const auto value =
          YamlFields::read_scalar(node.children[i + 1], what, parse_label, problems_);
      if (name && value && !values.emplace(*name, *value).second)
        problems_.error(node.children[i].place, fmt::format("`{}` is given twice", *name),
                        "keep one of the two");
    }
    return values;
  }

  ProblemList& problems_;
  std::optional<std::string> contracts_file_;
};

/// A file beside the configuration, unless it is named from the root.
std::string beside(const std::string& path, const std::string& name) {
  return (std::filesystem::path(path).parent_path() / name).string();
}

/// The problems of one file in the order of its lines.
std::vector<Problem> in_order(std::vector<Problem> problems) {
  std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  return problems;
}

std::vector<Problem> joined(std::vector<Problem> first, std::vector<Problem> second) {
  std::move(second.begin(), second.end(), std::back_inserter(first));
  return first;
}

/// A contract that is gone, or a slip of the pen: the one that was meant has a baseline.
void warn_of_exceptions(const Config& config, std::vector<Problem>& problems) {
  ProblemList found(config.path);
  for (const std::string& id : config.baseline.except)
    if (std::none_of(config.contracts.begin(), config.contracts.end(),
                     [&id](const contracts::Contract& one) { return one.id == id; }))
      found.warning({}, fmt::format("`baseline`: there is no contract {} to except", id),
                    "mend the id or remove it");
  problems = joined(std::move(problems), found.take());
}

}  // namespace

Loaded load_without_contracts(const std::string& path) {
  ProblemList problems(path);
  const auto text = read_text_file(path, problems);
  const auto root = text ? parse_yaml(*text, problems) : std::nullopt;
  if (!root) return {std::nullopt, problems.take()};

  Reader reader(problems);
  Config config = reader.read(*root);
  config.path = path;
  for (StreamListen& listen : config.streams)
    if (listen.tls)
      for (std::string* file : {&listen.tls->certificate, &listen.tls->key, &listen.tls->client_ca})
        if (!file->empty()) *file = beside(path, *file);
  if (auto& remote = config.remote_write)
    for (std::string* file : {&remote->bearer_token_file, &remote->password_file, &remote->ca_file})
      if (!file->empty()) *file = beside(path, *file);
  if (auto& source = config.contracts_source)
    for (std::string* file : {&source->header_file, &source->ca_file})
      if (!file->empty()) *file = beside(path, *file);
  if (reader.contracts_file()) config.contracts_file = beside(path, *reader.contracts_file());
  return {std::move(config), in_order(problems.take())};
}

Loaded load(const std::string& path) {
  Loaded loaded = load_without_contracts(path);
  if (loaded.config && !loaded.config->contracts_file.empty()) {
    const std::string& file = loaded.config->contracts_file;
    LoadedContracts contracts = load_contracts(file);
    auto between = check_contracts(contracts.contracts, loaded.config->exporters.routers, file);
    loaded.problems = joined(std::move(loaded.problems),
                             in_order(joined(std::move(contracts.problems), std::move(between))));
    loaded.config->contracts = std::move(contracts.contracts);
    warn_of_exceptions(*loaded.config, loaded.problems);
  }
  const auto is_error = [](const Problem& problem) { return problem.severity == Severity::Error; };
  if (std::any_of(loaded.problems.begin(), loaded.problems.end(), is_error)) loaded.config.reset();
  return loaded;
}

}  // namespace weir::config
