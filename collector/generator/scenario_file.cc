#include "collector/generator/scenario_file.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string_view>

#include "collector/generator/calendar.h"
#include "collector/generator/contract_list.h"
#include "collector/generator/quantities.h"
#include "collector/generator/yaml_fields.h"

namespace weir::generator {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kSpanWanted = "a time such as 60s, 10m or 1h";
constexpr std::string_view kShareWanted = "a percentage such as 2%, at most 100%";

/// Largest interval of the 14 bits in a NetFlow v5 header.
constexpr std::uint32_t kLargestNetflow5Interval = 16'383;

std::optional<Protocol> parse_protocol(std::string_view word) {
  for (const Protocol protocol :
       {Protocol::Netflow5, Protocol::Netflow9, Protocol::Ipfix, Protocol::Sflow5})
    if (word == protocol_name(protocol)) return protocol;
  return std::nullopt;
}

std::optional<Announce> parse_announce(std::string_view word) {
  if (word == "none") return Announce::None;
  if (word == "header") return Announce::Header;
  if (word == "options") return Announce::Options;
  if (word == "options_305") return Announce::Options305;
  if (word == "record") return Announce::Record;
  return std::nullopt;
}

std::optional<Role> parse_role(std::string_view word) {
  if (word == "customer") return Role::Customer;
  if (word == "peer") return Role::Peer;
  if (word == "transit") return Role::Transit;
  if (word == "backbone") return Role::Backbone;
  return std::nullopt;
}

std::optional<double> parse_share(std::string_view text) {
  const auto share = parse_percent(text);
  return share && *share <= 1.0 ? share : std::nullopt;
}

std::optional<TrafficSpan> parse_signed_span(std::string_view text) {
  if (!text.starts_with('-')) return parse_span(text);
  const auto span = parse_span(text.substr(1));
  if (!span) return std::nullopt;
  return -*span;
}

std::optional<TrafficSpan> parse_whole_seconds(std::string_view text) {
  const auto span = parse_span(text);
  return span && *span % 1s == TrafficSpan{0} ? span : std::nullopt;
}

/// "60%", "3G" or a range of either: "40%..90%".
std::optional<Peak> parse_peak(std::string_view text) {
  const std::size_t dots = text.find("..");
  const std::string_view low = text.substr(0, dots);
  const std::string_view high = dots == std::string_view::npos ? low : text.substr(dots + 2);
  const auto low_share = parse_percent(low);
  const auto high_share = parse_percent(high);
  if (low_share && high_share && *low_share <= *high_share)
    return Peak{.is_share = true, .low = *low_share, .high = *high_share};
  const auto low_rate = parse_rate(low);
  const auto high_rate = parse_rate(high);
  if (low_rate && high_rate && *low_rate <= *high_rate)
    return Peak{.is_share = false,
                .low = static_cast<double>(*low_rate),
                .high = static_cast<double>(*high_rate)};
  return std::nullopt;
}

std::vector<InterfacePlan> read_interfaces(const YamlFields& exporter, FileProblems& problems) {
  std::vector<InterfacePlan> interfaces;
  const YAML::Node list = exporter.node("interfaces");
  if (!list.IsDefined() || !list.IsSequence() || list.size() == 0) {
    problems.add(exporter.map(), "'interfaces' must be a list such as [{index: 1, role: peer}]");
    return interfaces;
  }
  std::set<std::uint32_t> indexes;
  for (const YAML::Node& node : list) {
    const YamlFields fields(node, "an interface", {"index", "name", "speed", "role", "tagged"},
                            problems);
    InterfacePlan interface;
    (void)fields.required_text("index");
    interface.index = static_cast<std::uint32_t>(fields.integer("index", 1, 1, 0x3fff'fffe));
    interface.name = fields.text("name").value_or(fmt::format("if{}", interface.index));
    interface.speed = fields.value("speed", interface.speed, "a rate such as 10G", parse_rate);
    interface.role =
        fields.value("role", Role::Unknown, "customer, peer, transit or backbone", parse_role);
    interface.is_tagged = fields.flag("tagged");
    if (!indexes.insert(interface.index).second)
      problems.add(node, fmt::format("interface {} is given twice", interface.index));
    interfaces.push_back(std::move(interface));
  }
  return interfaces;
}

/// What a protocol cannot do.
void check_exporter(const YAML::Node& node, const ExporterPlan& exporter, FileProblems& problems) {
  const auto refuse = [&](std::string_view why) {
    problems.add(node, fmt::format("exporter '{}': {}", exporter.name, why));
  };
  const bool has_templates =
      exporter.protocol == Protocol::Netflow9 || exporter.protocol == Protocol::Ipfix;
  if (has_templates && exporter.announce == Announce::Header)
    refuse(
        "announce: header is for netflow5 and sflow5; write options, options_305, record or none");
  if (!has_templates && exporter.announce != Announce::Header &&
      exporter.announce != Announce::None)
    refuse("netflow5 and sflow5 have no options or record fields; write announce: header or none");
  if (exporter.protocol == Protocol::Netflow5) {
    if (exporter.sampling > kLargestNetflow5Interval)
      refuse("netflow5 has 14 bits for the sampling interval; write 16383 or less");
    if (exporter.domain > 0xffff) refuse("a netflow5 domain is type*256+id, 65535 or less");
    if (std::any_of(exporter.interfaces.begin(), exporter.interfaces.end(),
                    [](const InterfacePlan& one) { return one.index > 0xffff; }))
      refuse("netflow5 has 16 bits for an interface index; write 65535 or less");
  }
  if (exporter.protocol == Protocol::Sflow5 &&
      std::any_of(exporter.interfaces.begin(), exporter.interfaces.end(),
                  [](const InterfacePlan& one) { return one.index > 0xff'ffff; }))
    refuse("a compact sFlow sample has 24 bits for its source; write an index up to 16777215");
  if (exporter.active_timeout < 1s) refuse("active_timeout must be 1s or more");
  if (exporter.template_refresh < 1s) refuse("template_refresh must be 1s or more");
  if (exporter.restart_at && *exporter.restart_at < 1s) refuse("restart_at must be 1s or more");
}

ExporterPlan read_exporter(const YAML::Node& node, FileProblems& problems) {
  const YamlFields fields(
      node, "an exporter",
      {"name", "address", "protocol", "domain", "sampling", "announce", "active_timeout",
       "inactive_timeout", "template_refresh", "clock_skew", "loss", "reorder", "duplicate",
       "restart_at", "utc_offset", "interfaces"},
      problems);
  ExporterPlan exporter;
  exporter.line = line_of(node);
  (void)fields.required_text("address");
  exporter.address = fields.value("address", IpAddress{}, "an IPv4 or IPv6 address",
                                  [](std::string_view text) { return IpAddress::parse(text); });
  exporter.name = fields.text("name").value_or(exporter.address.to_string());
  (void)fields.required_text("protocol");
  exporter.protocol = fields.value("protocol", Protocol::Netflow9,
                                   "netflow5, netflow9, ipfix or sflow5", parse_protocol);
  exporter.domain = static_cast<std::uint32_t>(fields.integer("domain", 0, 0, 0xffff'ffff));
  exporter.sampling = static_cast<std::uint32_t>(fields.integer("sampling", 1, 1, 16'777'216));
  const bool has_templates =
      exporter.protocol == Protocol::Netflow9 || exporter.protocol == Protocol::Ipfix;
  exporter.announce = fields.value("announce", has_templates ? Announce::Options : Announce::Header,
                                   "options, options_305, record, header or none", parse_announce);
  exporter.active_timeout =
      fields.value("active_timeout", exporter.active_timeout, kSpanWanted, parse_span);
  exporter.inactive_timeout =
      fields.value("inactive_timeout", exporter.inactive_timeout, kSpanWanted, parse_span);
  exporter.template_refresh =
      fields.value("template_refresh", exporter.template_refresh, kSpanWanted, parse_span);
  exporter.clock_skew =
      fields.value("clock_skew", TrafficSpan{0}, "whole seconds such as 5s or -5s",
                   [](std::string_view text) -> std::optional<TrafficSpan> {
                     const auto span = parse_signed_span(text);
                     if (!span || *span % 1s != TrafficSpan{0}) return std::nullopt;
                     return span;
                   });
  exporter.loss = fields.value("loss", 0.0, kShareWanted, parse_share);
  exporter.reorder = fields.value("reorder", 0.0, kShareWanted, parse_share);
  exporter.duplicate = fields.value("duplicate", 0.0, kShareWanted, parse_share);
  if (fields.node("restart_at").IsDefined())
    exporter.restart_at = fields.value("restart_at", TrafficSpan{0},
                                       "whole seconds such as 90s or 5m", parse_whole_seconds);
  exporter.utc_offset = fields.value("utc_offset", std::chrono::minutes{0},
                                     "local time minus UTC such as \"+09:00\"", parse_utc_offset);
  exporter.interfaces = read_interfaces(fields, problems);
  check_exporter(node, exporter, problems);
  return exporter;
}

TrafficRule read_rule(const YAML::Node& node, FileProblems& problems) {
  const YamlFields fields(node, "a traffic rule",
                          {"contract", "service", "profile", "peak", "to_share", "from_share",
                           "packet_mix", "ipv6_share"},
                          problems);
  TrafficRule rule;
  rule.line = line_of(node);
  rule.contract = fields.text("contract").value_or("*");
  rule.service = fields.text("service").value_or("");
  rule.profile = fields.value("profile", rule.profile,
                              "corporate, content, residential, constant or step", parse_profile);
  rule.peak = fields.value(
      "peak", rule.peak,
      "a rate (3G), a share of the committed rate (70%) or a range of either (40%..90%)",
      parse_peak);
  const auto share_of_peak = [](std::string_view text) { return parse_percent(text); };
  rule.to_share =
      fields.value("to_share", rule.to_share, "a percentage of the peak", share_of_peak);
  rule.from_share =
      fields.value("from_share", rule.from_share, "a percentage of the peak", share_of_peak);
  rule.packet_mix =
      fields.value("packet_mix", rule.packet_mix,
                   "imix, large, small or fixed N (40 to 9000 bytes)", &PacketMix::parse);
  rule.ipv6_share = fields.value("ipv6_share", 0.0, kShareWanted, parse_share);
  return rule;
}

/// Contracts of a file beside the scenario, or a list in the scenario itself.
void read_contracts_key(const YamlFields& fields, Scenario& scenario, FileProblems& problems,
                        std::vector<std::string>& other_file) {
  const YAML::Node node = fields.node("contracts");
  if (!node.IsDefined()) {
    problems.add(fields.map(), "'contracts' is missing; name a contracts file or write a list");
    return;
  }
  if (!node.IsScalar()) {
    scenario.contracts = read_contracts(node, problems);
    return;
  }
  const std::filesystem::path named{node.Scalar()};
  const std::string path =
      named.is_absolute() ? named.string()
                          : (std::filesystem::path{scenario.path}.parent_path() / named).string();
  FileProblems contract_problems(path);
  scenario.contracts = read_contract_file(path, contract_problems);
  other_file = contract_problems.messages();
}

void check_names(const Scenario& scenario, FileProblems& problems) {
  std::set<std::string> names;
  std::set<IpAddress> addresses;
  for (const ExporterPlan& exporter : scenario.exporters) {
    if (!names.insert(exporter.name).second)
      problems.add_line(exporter.line, fmt::format("exporter '{}' is given twice", exporter.name));
    if (!addresses.insert(exporter.address).second)
      problems.add_line(exporter.line,
                        fmt::format("address {} is given twice; a collector tells exporters apart "
                                    "by their address",
                                    exporter.address.to_string()));
  }
}

Scenario read_scenario(const std::string& path, const YAML::Node& root, FileProblems& problems,
                       std::vector<std::string>& other_file) {
  Scenario scenario;
  scenario.path = path;
  const YamlFields fields(
      root, "a scenario",
      {"seed", "start", "duration", "growth", "exporters", "contracts", "traffic"}, problems);
  scenario.seed = fields.integer("seed", 1, 0, 0x7fff'ffff'ffff'ffff);
  if (const auto start = fields.text("start"); start && *start != "now") {
    scenario.start = parse_rfc3339(*start);
    if (!scenario.start)
      fields.refuse("start", *start, "now or a time such as 2026-01-31T15:00:00Z");
  }
  if (fields.node("duration").IsDefined()) {
    const auto duration = fields.value("duration", TrafficSpan{0},
                                       "whole seconds such as 600s or 10m", parse_whole_seconds);
    if (duration > TrafficSpan{0}) scenario.duration = duration;
  }
  scenario.growth = fields.value("growth", 0.0, "a yearly percentage such as 25%", parse_percent);

  const YAML::Node exporters = fields.node("exporters");
  if (!exporters.IsDefined() || !exporters.IsSequence() || exporters.size() == 0)
    problems.add(exporters.IsDefined() ? exporters : root,
                 "'exporters' must be a list with at least one exporter");
  else
    for (const YAML::Node& node : exporters)
      scenario.exporters.push_back(read_exporter(node, problems));
  read_contracts_key(fields, scenario, problems, other_file);
  const YAML::Node traffic = fields.node("traffic");
  if (!traffic.IsDefined() || !traffic.IsSequence() || traffic.size() == 0)
    problems.add(traffic.IsDefined() ? traffic : root,
                 "'traffic' must be a list with at least one rule");
  else
    for (const YAML::Node& node : traffic) scenario.traffic.push_back(read_rule(node, problems));
  check_names(scenario, problems);
  return scenario;
}

}  // namespace

LoadedScenario load_scenario(const std::string& path) {
  LoadedScenario loaded;
  FileProblems problems(path);
  std::vector<std::string> other_file;
  try {
    Scenario scenario = read_scenario(path, YAML::LoadFile(path), problems, other_file);
    if (problems.empty() && other_file.empty()) loaded.scenario = std::move(scenario);
  } catch (const YAML::BadFile&) {
    problems.add_line(0, "cannot be read; check the path and its permissions");
  } catch (const YAML::Exception& error) {
    problems.add_line(static_cast<std::uint32_t>(error.mark.line + 1), error.msg);
  }
  loaded.problems = problems.messages();
  loaded.problems.insert(loaded.problems.end(), other_file.begin(), other_file.end());
  return loaded;
}

}  // namespace weir::generator
