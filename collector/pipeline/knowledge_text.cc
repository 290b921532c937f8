#include "collector/pipeline/knowledge_text.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <iterator>
#include <limits>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "collector/model/exporter.h"
#include "collector/wire/wire_text.h"

namespace weir::pipeline {
namespace {

namespace json = boost::json;
using wire::Announcement;
using wire::DecoderKnowledge;
using wire::TemplateField;

constexpr std::string_view kFormat = "weir decoder state";
constexpr std::uint64_t kVersion = 1;
/// Objects and arrays inside each other; the deepest, a field, stands on level nine.
constexpr std::size_t kMostDepth = 16;
constexpr std::uint64_t kMaxU64 = std::numeric_limits<std::uint64_t>::max();
/// The year 9999, and thirty years: what times and pauses can be.
constexpr std::uint64_t kLatestMs = 253'402'300'800'000;
constexpr std::uint64_t kLongestMs = 946'728'000'000;

constexpr std::array<std::string_view, 6> kScopes{"domain",           "sampler",  "interface",
                                                  "egress_interface", "template", "line_card"};

std::string checksum_of(std::string_view body) {
  return fmt::format("{:016x}", XXH64(body.data(), body.size(), 0));
}

std::uint64_t ms_of(TrafficTime time) {
  return static_cast<std::uint64_t>(
      std::clamp<std::int64_t>(since_epoch_ms(time), 0, static_cast<std::int64_t>(kLatestMs)));
}

/// Separates the elements of one JSON list.
class Commas {
 public:
  [[nodiscard]] std::string_view next() { return std::exchange(is_first_, false) ? "" : ","; }

 private:
  bool is_first_ = true;
};

class Writer {
 public:
  [[nodiscard]] std::string take() { return std::move(text_); }

  void write(const DecoderKnowledge& knowledge) {
    put(R"({{"domains":[)");
    Commas commas;
    for (const auto& domain : knowledge.domains) {
      put("{}", commas.next());
      write(domain);
    }
    put(R"(],"interfaces":[)");
    Commas exporters;
    for (const auto& of : knowledge.interfaces) {
      put(R"({}{{"exporter":"{}","interfaces":[)", exporters.next(), of.exporter.to_string());
      Commas interfaces;
      for (const auto& told : of.interfaces)
        put("{}[{},{},{},{}]", interfaces.next(), told.ifindex, quoted(told.name),
            quoted(told.description), told.bits_per_second);
      put("]}}");
    }
    put("]}}");
  }

 private:
  template <class... Values>
  void put(fmt::format_string<Values...> format, Values&&... values) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Values>(values)...);
  }

  static std::string quoted(const std::string& text) { return json::serialize(json::string(text)); }

  void write(const DecoderKnowledge::Domain& domain) {
    put(R"({{"exporter":"{}","protocol":"{}","domain":{},"heard_ms":{},"sessions":[)",
        domain.key.address.to_string(), protocol_name(domain.key.protocol), domain.key.domain,
        ms_of(domain.heard));
    Commas sessions;
    for (const auto& session : domain.sessions) {
      put(R"({}{{"port":{},"templates":[)", sessions.next(), session.port);
      Commas templates;
      for (const auto& one : session.templates) {
        put("{}", templates.next());
        write(one);
      }
      put("]}}");
    }
    put(R"(],"samplers":[)");
    Commas samplers;
    for (const Announcement& said : domain.samplers) {
      put(R"({}["{}",{},{},{})", samplers.next(), kScopes[static_cast<std::size_t>(said.scope)],
          said.subject, said.interval, said.system_init_ms);
      if (said.samples_input != 0 || said.samples_output != 0)
        put(",{},{}", said.samples_input, said.samples_output);
      put("]");
    }
    put("]}}");
  }

  void write(const DecoderKnowledge::Template& one) {
    put(R"({{"id":{},)", one.id);
    if (one.definition.is_options) put(R"("scope_fields":{},)", one.definition.scope_fields);
    put(R"("seen_ms":{},"used_ms":{},"longest_gap_ms":{},"fields":[)", ms_of(one.seen),
        ms_of(one.used), std::clamp<std::int64_t>(one.longest_gap.count(), 0, kLongestMs));
    Commas fields;
    for (const TemplateField& field : one.definition.fields) {
      if (field.enterprise == 0)
        put("{}[{},{}]", fields.next(), field.id, field.length);
      else
        put("{}[{},{},{}]", fields.next(), field.id, field.length, field.enterprise);
    }
    put("]}}");
  }

  std::string text_;
};

/// Reads JSON that may hold anything. The first thing that is wrong sticks; what is read from
/// there on is empty, and the caller asks problem() once at the end.
class Reader {
 public:
  explicit Reader(const wire::DecoderLimits& limits) : limits_(limits) {}

  [[nodiscard]] DecoderKnowledge read(const json::value& value) {
    DecoderKnowledge knowledge;
    const json::object& all = object(value, {"domains", "interfaces"});
    std::set<std::tuple<IpAddress, Protocol, std::uint32_t>> keys;
    for (const json::value& one : list(
             at(all, "domains"), std::uint64_t{limits_.exporters} * limits_.domains_per_exporter)) {
      auto& domain = knowledge.domains.emplace_back(read_domain(one));
      if (!keys.emplace(domain.key.address, domain.key.protocol, domain.key.domain).second)
        wrong("a domain stands twice");
    }
    std::set<IpAddress> exporters;
    for (const json::value& one : list(at(all, "interfaces"), kMaxExporters)) {
      auto& of = knowledge.interfaces.emplace_back(read_interfaces(one));
      if (!exporters.insert(of.exporter).second) wrong("an exporter stands twice");
    }
    return knowledge;
  }

  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

  /// An object with exactly these keys, those that begin with `?` if they are there.
  [[nodiscard]] const json::object& object(const json::value& value,
                                           std::initializer_list<std::string_view> keys) {
    static const json::object nothing;
    const json::object* const found = value.if_object();
    if (found == nullptr) {
      wrong("a value is no object");
      return nothing;
    }
    std::size_t known = 0;
    for (std::string_view key : keys) {
      const bool is_optional = key.starts_with('?');
      if (is_optional) key.remove_prefix(1);
      if (found->contains(key))
        ++known;
      else if (!is_optional)
        wrong(fmt::format("`{}` is missing", key));
    }
    if (known != found->size()) wrong("an object has an unknown key");
    return *found;
  }

  /// Null where there is no such element.
  [[nodiscard]] const json::value& at(const json::object& object, std::string_view key) {
    static const json::value null_value;
    const json::value* const found = object.if_contains(key);
    return found == nullptr ? null_value : *found;
  }
  [[nodiscard]] const json::value& at(const json::array& array, std::size_t index) {
    static const json::value null_value;
    const json::value* const found = array.if_contains(index);
    return found == nullptr ? null_value : *found;
  }

  template <class Integer>
  [[nodiscard]] Integer integer(const json::value& value, std::uint64_t least = 0,
                                std::uint64_t most = std::numeric_limits<Integer>::max()) {
    std::uint64_t number = 0;
    if (const auto* whole = value.if_uint64())
      number = *whole;
    else if (const auto* sign = value.if_int64(); sign != nullptr && *sign >= 0)
      number = static_cast<std::uint64_t>(*sign);
    else
      wrong("a value is no whole number");
    if (number < least || number > most) {
      wrong(fmt::format("the number {} is out of range", number));
      number = least;
    }
    return static_cast<Integer>(number);
  }

  [[nodiscard]] std::string_view text(const json::value& value) {
    const json::string* const found = value.if_string();
    if (found != nullptr) return *found;
    wrong("a value is no text");
    return {};
  }

 private:
  [[nodiscard]] const json::array& list(const json::value& value, std::uint64_t most,
                                        std::uint64_t least = 0) {
    static const json::array nothing;
    const json::array* const found = value.if_array();
    if (found == nullptr) {
      wrong("a value is no list");
      return nothing;
    }
    if (found->size() >= least && found->size() <= most) return *found;
    wrong(fmt::format("a list has {} elements", found->size()));
    return nothing;
  }

  [[nodiscard]] IpAddress address(const json::value& value) {
    const auto parsed = IpAddress::parse(text(value));
    if (!parsed) wrong("a value is no address");
    return parsed.value_or(IpAddress{});
  }

  [[nodiscard]] TrafficTime time(const json::value& value) {
    return traffic_time_ms(integer<std::int64_t>(value, 0, kLatestMs));
  }

  [[nodiscard]] std::string name(const json::value& value) {
    const std::string_view found = text(value);
    if (wire::WireText{found}.view() != found) wrong("a name is too long or not clean");
    return std::string(found);
  }

  [[nodiscard]] DecoderKnowledge::Domain read_domain(const json::value& value) {
    const auto& from =
        object(value, {"exporter", "protocol", "domain", "heard_ms", "sessions", "samplers"});
    DecoderKnowledge::Domain domain;
    domain.key.address = address(at(from, "exporter"));
    const std::string_view protocol = text(at(from, "protocol"));
    if (protocol == protocol_name(Protocol::Ipfix))
      domain.key.protocol = Protocol::Ipfix;
    else if (protocol != protocol_name(Protocol::Netflow9))
      wrong("a protocol has no templates");
    domain.key.domain = integer<std::uint32_t>(at(from, "domain"));
    domain.heard = time(at(from, "heard_ms"));
    std::optional<std::uint16_t> before;
    for (const json::value& one : list(at(from, "sessions"), limits_.domains_per_exporter)) {
      const auto& session = domain.sessions.emplace_back(read_session(one, domain.key.protocol));
      if (before && *before >= session.port) wrong("ports are not in order");
      before = session.port;
    }
    // Samplers, interfaces, and what holds for the whole domain.
    for (const json::value& one :
         list(at(from, "samplers"), 2 * wire::SamplerTable::kMostEntries + 1))
      domain.samplers.push_back(read_sampler(one));
    return domain;
  }

  [[nodiscard]] DecoderKnowledge::Session read_session(const json::value& value,
                                                       Protocol protocol) {
    const auto& from = object(value, {"port", "templates"});
    DecoderKnowledge::Session session{.port = integer<std::uint16_t>(at(from, "port")),
                                      .templates = {}};
    std::uint16_t before = 0;
    for (const json::value& one : list(at(from, "templates"), limits_.templates_per_domain)) {
      const auto& found = session.templates.emplace_back(read_template(one, protocol));
      if (found.id <= before) wrong("templates are not in order");
      before = found.id;
    }
    return session;
  }

  [[nodiscard]] DecoderKnowledge::Template read_template(const json::value& value,
                                                         Protocol protocol) {
    const auto& from =
        object(value, {"id", "?scope_fields", "seen_ms", "used_ms", "longest_gap_ms", "fields"});
    DecoderKnowledge::Template one;
    one.id = integer<std::uint16_t>(at(from, "id"), 256);
    one.seen = time(at(from, "seen_ms"));
    one.used = time(at(from, "used_ms"));
    one.longest_gap = TrafficSpan{integer<std::int64_t>(at(from, "longest_gap_ms"), 0, kLongestMs)};
    one.definition.protocol = protocol;
    if (const json::value* scope = from.if_contains("scope_fields")) {
      one.definition.is_options = true;
      one.definition.scope_fields = integer<std::uint16_t>(*scope);
    }
    for (const json::value& field : list(at(from, "fields"), limits_.fields_per_template, 1)) {
      const json::array& parts = list(field, 3, 2);
      const std::uint64_t most_id = protocol == Protocol::Ipfix ? 0x7fff : 0xffff;
      one.definition.fields.push_back(
          {.enterprise = parts.size() == 3 ? integer<std::uint32_t>(at(parts, 2), 1) : 0,
           .id = integer<std::uint16_t>(at(parts, 0), 0, most_id),
           .length = integer<std::uint16_t>(at(parts, 1))});
      if (protocol == Protocol::Netflow9 && parts.size() == 3)
        wrong("NetFlow v9 has no enterprise elements");
    }
    // As on the wire; the stamp of this one is never used.
    if (!wire::compile_template(one.definition, 0))
      wrong(fmt::format("template {} is impossible", one.id));
    return one;
  }

  [[nodiscard]] Announcement read_sampler(const json::value& value) {
    const json::array& parts = list(value, 6, 4);
    const auto scope = std::ranges::find(kScopes, text(at(parts, 0)));
    if (scope == kScopes.end()) {
      wrong("a sampler has an unknown scope");
      return {};
    }
    Announcement said{.scope = static_cast<Announcement::Scope>(scope - kScopes.begin()),
                      .subject = integer<std::uint64_t>(at(parts, 1)),
                      .interval = integer<std::uint32_t>(at(parts, 2)),
                      .system_init_ms = integer<std::uint64_t>(at(parts, 3))};
    // Only a sampler that is bound to interfaces has these.
    if (parts.size() > 4) said.samples_input = integer<std::uint32_t>(at(parts, 4));
    if (parts.size() > 5) said.samples_output = integer<std::uint32_t>(at(parts, 5));
    return said;
  }

  [[nodiscard]] wire::InterfaceTable::OfExporter read_interfaces(const json::value& value) {
    const auto& from = object(value, {"exporter", "interfaces"});
    wire::InterfaceTable::OfExporter of{.exporter = address(at(from, "exporter")),
                                        .interfaces = {}};
    std::set<std::uint32_t> indexes;
    for (const json::value& one :
         list(at(from, "interfaces"), wire::InterfaceTable::kMostPerExporter)) {
      const json::array& parts = list(one, 4, 4);
      const auto& told = of.interfaces.emplace_back(wire::LearnedInterface{
          .ifindex = integer<std::uint32_t>(at(parts, 0), 1),
          .name = name(at(parts, 1)),
          .description = name(at(parts, 2)),
          .bits_per_second = integer<std::uint64_t>(at(parts, 3), 0, kMaxU64)});
      if (!indexes.insert(told.ifindex).second) wrong("an interface stands twice");
    }
    return of;
  }

  void wrong(std::string what) {
    if (problem_.empty()) problem_ = std::move(what);
  }

  const wire::DecoderLimits& limits_;
  std::string problem_;
};

/// Null where `text` is not JSON.
json::value parse(std::string_view text) {
  json::parse_options options;
  options.max_depth = kMostDepth;
  boost::system::error_code error;
  json::value value = json::parse(text, error, {}, options);
  return error ? json::value{} : value;
}

}  // namespace

std::string seal_knowledge(std::string_view body) {
  return fmt::format("{{\"format\":\"{}\",\"version\":{},\"xxh64\":\"{}\"}}\n{}\n", kFormat,
                     kVersion, checksum_of(body), body);
}

std::string write_knowledge(const DecoderKnowledge& knowledge) {
  Writer writer;
  writer.write(knowledge);
  return seal_knowledge(writer.take());
}

Result<DecoderKnowledge> read_knowledge(std::string_view text, const wire::DecoderLimits& limits) {
  const auto wrong = [](std::string what) {
    return failure(ErrorCode::Malformed, std::move(what));
  };
  const std::size_t line = text.find('\n');
  if (line == std::string_view::npos || !text.ends_with('\n') || text.size() < line + 2)
    return wrong("it does not end where it should");
  const std::string_view body = text.substr(line + 1, text.size() - line - 2);
  Reader reader(limits);
  const json::value header = parse(text.substr(0, line));
  const json::object& head = reader.object(header, {"format", "version", "xxh64"});
  if (reader.text(reader.at(head, "format")) != kFormat) return wrong("it is no decoder state");
  const auto version = reader.integer<std::uint64_t>(reader.at(head, "version"));
  if (version != kVersion)
    return wrong(fmt::format("its version is {}; this program reads {}", version, kVersion));
  if (reader.text(reader.at(head, "xxh64")) != checksum_of(body))
    return wrong("its checksum is wrong: it is damaged or was changed by hand");
  const json::value parsed = parse(body);
  DecoderKnowledge knowledge = reader.read(parsed);
  if (!reader.problem().empty()) return wrong(reader.problem());
  return knowledge;
}

}  // namespace weir::pipeline
