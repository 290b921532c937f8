#include "exporters/http/exporters_report.h"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "collector/model/decode_error.h"
#include "collector/model/fate.h"
#include "exporters/http/json_fields.h"

namespace weir::http {
namespace {

namespace json = boost::json;

json::string_view view(std::string_view text) noexcept { return {text.data(), text.size()}; }

json::value number_or_null(std::uint64_t number) {
  return number == 0 ? json::value(nullptr) : json::value(number);
}

json::value ratio_or_null(std::optional<double> ratio) {
  return ratio ? json::value(*ratio) : json::value(nullptr);
}

json::object counts_json(const core::ExporterCounts& counts) {
  json::object all;
  for (const core::CountField& field : core::kCountFields)
    all.emplace(view(field.name), counts.*field.sum);
  // Only what occurred: there are many reasons, and few ever show.
  json::object& malformed = all["malformed"].emplace_object();
  for (std::size_t i = 0; i < kDecodeErrors; ++i)
    if (counts.malformed[i] != 0)
      malformed.emplace(view(decode_error_name(static_cast<DecodeError>(i))), counts.malformed[i]);
  json::object& fates = all["fates"].emplace_object();
  for (std::size_t i = 0; i < kFates; ++i)
    fates.emplace(view(fate_name(static_cast<Fate>(i))), counts.fates[i]);
  return all;
}

core::ExporterCounts read_counts(const JsonFields& from) {
  core::ExporterCounts counts;
  for (const core::CountField& field : core::kCountFields)
    counts.*field.sum = from.number(field.name);
  const JsonFields malformed = from.object("malformed");
  for (std::size_t i = 0; i < kDecodeErrors; ++i)
    counts.malformed[i] = malformed.number(decode_error_name(static_cast<DecodeError>(i)));
  const JsonFields fates = from.object("fates");
  for (std::size_t i = 0; i < kFates; ++i)
    counts.fates[i] = fates.number(fate_name(static_cast<Fate>(i)));
  return counts;
}

json::object domain_json(const core::DomainCounts& domain) {
  json::object all{{"domain", domain.domain}, {"last_seen_ms", domain.last_seen_ms}};
  for (const core::DomainField& field : core::kDomainFields)
    all.emplace(view(field.name), domain.*field.sum);
  return all;
}

core::DomainCounts read_domain(const JsonFields& from) {
  core::DomainCounts domain;
  domain.domain = static_cast<std::uint32_t>(from.number("domain"));
  domain.last_seen_ms = from.number("last_seen_ms");
  for (const core::DomainField& field : core::kDomainFields)
    domain.*field.sum = from.number(field.name);
  return domain;
}

constexpr std::array kSources{SamplingSource::Unknown, SamplingSource::Record,
                              SamplingSource::Sampler, SamplingSource::Domain,
                              SamplingSource::Header};

std::string_view announced_by(SamplingSource source) noexcept {
  switch (source) {
    case SamplingSource::Record:
      return "record";
    case SamplingSource::Sampler:
      return "sampler";
    case SamplingSource::Domain:
      return "domain";
    case SamplingSource::Header:
      return "header";
    case SamplingSource::Unknown:
      break;
  }
  return "unknown";
}

json::object protocol_json(const ProtocolReport& report) {
  const core::ExporterSums& sums = report.sums;
  json::object all{{"protocol", view(protocol_name(report.protocol))},
                   {"unit", view(sequence_unit(report.protocol))},
                   {"last_seen_ms", sums.last_seen_ms},
                   {"clock_skew_ms", sums.clock_skew_ms},
                   {"sampling_interval", number_or_null(sums.sampling_interval)},
                   {"sampling_source", view(report.sampling_source)},
                   {"sampling_announced_by", view(announced_by(sums.sampling_source))},
                   {"last_template_ms", number_or_null(sums.last_template_ms)},
                   {"template_gap_ms", number_or_null(sums.template_gap_ms)},
                   {"held_bytes_now", report.held_bytes_now()},
                   {"completeness", ratio_or_null(report.completeness)},
                   {"completeness_state", view(report.completeness_state)},
                   {"totals", counts_json(sums.counts)},
                   {"recent", counts_json(report.recent)}};
  json::array& domains = all["domains"].emplace_array();
  for (const core::DomainCounts& domain : sums.domains) domains.push_back(domain_json(domain));
  return all;
}

std::optional<ProtocolReport> read_protocol(const JsonFields& from) {
  ProtocolReport report;
  const std::string name = from.text("protocol");
  bool is_known = false;
  for (std::size_t i = 0; i < kProtocols && !is_known; ++i) {
    report.protocol = static_cast<Protocol>(i);
    is_known = protocol_name(report.protocol) == name;
  }
  if (!is_known) return std::nullopt;
  report.sums.counts = read_counts(from.object("totals"));
  report.sums.last_seen_ms = from.number("last_seen_ms");
  report.sums.clock_skew_ms = from.signed_number("clock_skew_ms");
  report.sums.sampling_interval = from.number("sampling_interval");
  const std::string announced = from.text("sampling_announced_by");
  for (const SamplingSource source : kSources)
    if (announced_by(source) == announced) report.sums.sampling_source = source;
  report.sums.last_template_ms = from.number("last_template_ms");
  report.sums.template_gap_ms = from.number("template_gap_ms");
  for (const json::value& domain : from.list("domains"))
    report.sums.domains.push_back(read_domain(JsonFields{domain}));
  report.recent = read_counts(from.object("recent"));
  report.sampling_source = from.text("sampling_source");
  report.completeness = from.ratio("completeness");
  report.completeness_state = from.text("completeness_state");
  return report;
}

json::object alarm_json(const InterfaceAlarm& alarm) {
  return {{"interface", alarm.interface},
          {"direction", view(alarm.direction)},
          {"ratio", alarm.ratio},
          {"minutes", alarm.minutes},
          {"cause", view(alarm.cause)}};
}

InterfaceAlarm read_alarm(const JsonFields& from) {
  return {.interface = static_cast<std::uint32_t>(from.number("interface")),
          .direction = from.text("direction"),
          .ratio = from.ratio("ratio").value_or(0),
          .minutes = from.number("minutes"),
          .cause = from.text("cause")};
}

json::object exporter_json(const ExporterReport& report) {
  json::object all{{"address", view(report.address)},
                   {"name", view(report.name)},
                   {"pop", view(report.pop)},
                   {"configured", report.is_configured},
                   {"configured_interfaces", report.configured_interfaces}};
  json::array& protocols = all["protocols"].emplace_array();
  for (const ProtocolReport& protocol : report.protocols)
    protocols.push_back(protocol_json(protocol));
  json::array& alarms = all["interface_alarms"].emplace_array();
  for (const InterfaceAlarm& alarm : report.interface_alarms) alarms.push_back(alarm_json(alarm));
  return all;
}

ExporterReport read_exporter(const JsonFields& from) {
  ExporterReport report;
  report.address = from.text("address");
  report.name = from.text("name");
  report.pop = from.text("pop");
  report.is_configured = from.flag("configured");
  report.configured_interfaces = from.number("configured_interfaces");
  for (const json::value& protocol : from.list("protocols"))
    if (auto read = read_protocol(JsonFields{protocol}))
      report.protocols.push_back(*std::move(read));
  for (const json::value& alarm : from.list("interface_alarms"))
    report.interface_alarms.push_back(read_alarm(JsonFields{alarm}));
  return report;
}

}  // namespace

std::uint64_t ProtocolReport::held_bytes_now() const noexcept {
  const core::ExporterCounts& counts = sums.counts;
  const std::uint64_t left = counts.rescued_bytes + counts.given_up_bytes;
  return counts.held_bytes > left ? counts.held_bytes - left : 0;
}

std::string_view sequence_unit(Protocol protocol) noexcept {
  switch (protocol) {
    case Protocol::Netflow5:
    case Protocol::Netflow7:
      return "flows";
    case Protocol::Netflow9:
      return "packets";
    case Protocol::Ipfix:
      return "records";
    case Protocol::Sflow5:
      return "datagrams";
    case Protocol::Netflow1:
    case Protocol::Packets:
      break;
  }
  return {};
}

std::string to_json(const ExportersReport& report) {
  json::object all{{"now_ms", report.now_ms},
                   {"recent_seconds", report.recent_seconds},
                   {"completeness_start_ms", report.completeness_start_ms}};
  json::array& exporters = all["exporters"].emplace_array();
  for (const ExporterReport& exporter : report.exporters)
    exporters.push_back(exporter_json(exporter));
  return json::serialize(all) + "\n";
}

Result<ExportersReport> parse_exporters_report(std::string_view text) {
  const auto document = parse_document(text, "exporters");
  if (!document)
    return failure(ErrorCode::Malformed, "the answer is not the list of exporters of a collector");
  const JsonFields from{*document};
  ExportersReport report;
  report.now_ms = from.signed_number("now_ms");
  report.recent_seconds = from.number("recent_seconds");
  report.completeness_start_ms = from.signed_number("completeness_start_ms");
  for (const json::value& exporter : from.list("exporters"))
    report.exporters.push_back(read_exporter(JsonFields{exporter}));
  return report;
}

}  // namespace weir::http
