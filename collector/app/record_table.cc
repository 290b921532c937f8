#include "collector/app/record_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "collector/accounting/exporter_clock.h"
#include "collector/app/rfc3339.h"

namespace weir::app {
namespace {

/// Wide enough that a person sees a wrong clock instead of a mended one.
constexpr TrafficSpan kClockTrust = std::chrono::hours{24};

struct Column {
  std::string_view heading;
  bool is_right = false;  ///< numbers end under each other
  std::string_view before = "  ";
};
constexpr std::array<Column, RecordTable::kColumns> kLayout{
    {{.heading = "start", .before = ""},
     {.heading = "exporter"},
     {.heading = "protocol"},
     {.heading = "domain", .is_right = true},
     {.heading = "source"},
     {.heading = "destination", .before = " -> "},
     {.heading = "proto"},
     {.heading = "in", .is_right = true},
     {.heading = "out", .before = " -> "},
     {.heading = "packets", .is_right = true},
     {.heading = "bytes", .is_right = true},
     {.heading = "1 in N", .is_right = true}}};

std::string endpoint(const FlowRecord& record, Has field, const IpAddress& address,
                     std::uint16_t port) {
  if (!record.has(field)) return "-";
  const bool has_port = record.source_port != 0 || record.destination_port != 0;
  if (!has_port) return address.to_string();
  return address.is_v4() ? fmt::format("{}:{}", address.to_string(), port)
                         : fmt::format("[{}]:{}", address.to_string(), port);
}

/// The protocols that fill backbones by name (IANA "Protocol Numbers"), others by number.
std::string ip_protocol(std::uint8_t number) {
  switch (number) {
    case 0:
      return "-";
    case 1:
      return "icmp";
    case 6:
      return "tcp";
    case 17:
      return "udp";
    case 47:
      return "gre";
    case 50:
      return "esp";
    case 58:
      return "icmp6";
    case 132:
      return "sctp";
    default:
      return fmt::format("{}", number);
  }
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

RecordTable::Cells cells_of(const MessageContext& context, const FlowRecord& record) {
  const accounting::ExporterClock clock{kClockTrust};
  return {rfc3339(clock.resolve(context, record).range.start),
          context.agent.to_string(),
          std::string(protocol_name(context.protocol)),
          fmt::format("{}", context.domain),
          endpoint(record, Has::SourceAddress, record.source, record.source_port),
          endpoint(record, Has::DestinationAddress, record.destination, record.destination_port),
          ip_protocol(record.protocol),
          number_or_dash(record, Has::Input, record.input),
          output_of(record),
          amount(record, Has::Packets, record.packets, Has::TotalPackets, record.total_packets),
          octets_of(record),
          record.sampling_interval == 0 ? std::string("?")
                                        : fmt::format("{}", record.sampling_interval)};
}

RecordTable::Cells headings() {
  RecordTable::Cells cells;
  std::ranges::transform(kLayout, cells.begin(),
                         [](const Column& column) { return std::string(column.heading); });
  return cells;
}

}  // namespace

RecordTable::RecordTable(std::FILE* out) : out_(out) { rows_.reserve(kRows); }

void RecordTable::add(const MessageContext& context, const FlowRecord& record) {
  rows_.push_back(cells_of(context, record));
  if (rows_.size() == kRows) flush();
}

void RecordTable::flush() {
  if (rows_.empty()) return;
  const Cells heading = headings();
  const auto before = widths_;
  const auto widen = [this](const Cells& cells) {
    for (std::size_t i = 0; i < kColumns; ++i) widths_[i] = std::max(widths_[i], cells[i].size());
  };
  widen(heading);
  for (const Cells& cells : rows_) widen(cells);
  if (widths_ != before) write(heading);
  for (const Cells& cells : rows_) write(cells);
  rows_.clear();
}

void RecordTable::write(const Cells& cells) {
  std::string line;
  for (std::size_t i = 0; i < kColumns; ++i) {
    line += kLayout[i].before;
    line += kLayout[i].is_right ? fmt::format("{:>{}}", cells[i], widths_[i])
                                : fmt::format("{:<{}}", cells[i], widths_[i]);
  }
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), out_);
}

}  // namespace weir::app
