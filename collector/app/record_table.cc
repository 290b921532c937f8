#include "collector/app/record_table.h"

#include <fmt/format.h>

#include <string_view>

#include "collector/accounting/exporter_clock.h"
#include "collector/app/rfc3339.h"

namespace weir::app {
namespace {

constexpr std::string_view kRow =
    "{:<24} {:<15} {:<8} {:>10} {:>21} -> {:<21} {:>5} {:>10} -> {:<10} {:>10} {:>12} {:>8}";
/// Wide enough that a person sees a wrong clock instead of a mended one.
constexpr TrafficSpan kClockTrust = std::chrono::hours{24};

std::string endpoint(const FlowRecord& record, Has field, const IpAddress& address,
                     std::uint16_t port) {
  if (!record.has(field)) return "-";
  const bool has_port = record.source_port != 0 || record.destination_port != 0;
  if (!has_port) return address.to_string();
  return fmt::format(fmt::runtime(address.is_v4() ? "{}:{}" : "[{}]:{}"), address.to_string(),
                     port);
}

std::string number_or_dash(const FlowRecord& record, Has field, std::uint64_t value) {
  return record.has(field) ? fmt::format("{}", value) : "-";
}

std::string output_of(const FlowRecord& record) {
  if (record.forwarding == Forwarding::Dropped) return "dropped";
  if (record.forwarding == Forwarding::Consumed) return "consumed";
  if (record.forwarding == Forwarding::ManyOutputs) return "several";
  return number_or_dash(record, Has::Output, record.output);
}

std::string amount(const FlowRecord& record, Has delta, std::uint64_t delta_value, Has total,
                   std::uint64_t total_value) {
  if (record.has(delta)) return fmt::format("{}", delta_value);
  return number_or_dash(record, total, total_value);
}

std::string octets_of(const FlowRecord& record) {
  if (!record.has(Has::Octets) && !record.has(Has::TotalOctets))
    return number_or_dash(record, Has::Layer2Octets, record.layer2_octets);
  return amount(record, Has::Octets, record.octets, Has::TotalOctets, record.total_octets);
}

}  // namespace

std::string table_heading() {
  return fmt::format(fmt::runtime(kRow), "start", "exporter", "protocol", "domain", "source",
                     "destination", "proto", "in", "out", "packets", "bytes", "1 in N");
}

std::string table_row(const MessageContext& context, const FlowRecord& record) {
  const accounting::ExporterClock clock{kClockTrust};
  return fmt::format(
      fmt::runtime(kRow), rfc3339(clock.resolve(context, record).range.start),
      context.agent.to_string(), protocol_name(context.protocol), context.domain,
      endpoint(record, Has::SourceAddress, record.source, record.source_port),
      endpoint(record, Has::DestinationAddress, record.destination, record.destination_port),
      record.protocol, number_or_dash(record, Has::Input, record.input), output_of(record),
      amount(record, Has::Packets, record.packets, Has::TotalPackets, record.total_packets),
      octets_of(record),
      record.sampling_interval == 0 ? std::string("?")
                                    : fmt::format("{}", record.sampling_interval));
}

}  // namespace weir::app
