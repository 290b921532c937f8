#include "collector/accounting/running_totals.h"

#include <algorithm>
#include <random>
#include <utility>

namespace weir::accounting {
namespace {

/// Element 136: the flow goes on, and was cut for its report alone.
constexpr std::uint8_t kActiveTimeout = 2;

[[nodiscard]] std::uint64_t random_seed() {
  std::random_device source;
  return (std::uint64_t{source()} << 32) | source();
}

[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t h, std::uint64_t value) noexcept {
  h = (h ^ value) * 0xd6e8'feb8'6659'fd93ULL;
  return h ^ (h >> 32);
}

[[nodiscard]] std::uint64_t ms_of(TrafficTime time) noexcept {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(since_epoch_ms(time), 0));
}

}  // namespace

std::size_t RunningTotals::Hash::operator()(const Flow& flow) const noexcept {
  std::uint64_t h = hash_address(flow.source, seed);
  h = hash_address(flow.destination, h);
  h = mixed(h, (std::uint64_t{flow.input} << 32) | flow.output);
  h = mixed(h, (std::uint64_t{flow.origin.domain} << 32) | flow.origin.exporter.value());
  h = mixed(h, flow.flow_id);
  return mixed(h, (std::uint64_t{flow.source_port} << 24) |
                      (std::uint64_t{flow.destination_port} << 8) | flow.protocol);
}

RunningTotals::RunningTotals(std::size_t flows)
    : generation_flows_(std::max<std::size_t>(flows / 2, 1)),
      younger_(0, Hash{random_seed()}),
      older_(0, younger_.hash_function()) {}

RunningTotals::Flow RunningTotals::flow_of(const Origin& origin,
                                           const FlowRecord& record) noexcept {
  return {.origin = origin,
          .source = record.source,
          .destination = record.destination,
          .flow_id = record.flow_id,
          .input = record.input,
          .output = record.output,
          .source_port = record.source_port,
          .destination_port = record.destination_port,
          .protocol = record.protocol};
}

RunningTotals::Report* RunningTotals::find(const Flow& flow) {
  if (const auto found = younger_.find(flow); found != younger_.end()) return &found->second;
  const auto found = older_.find(flow);
  if (found == older_.end()) return nullptr;
  const Report report = found->second;
  older_.erase(found);
  remember(flow, report);
  return &younger_.find(flow)->second;
}

void RunningTotals::remember(const Flow& flow, const Report& report) {
  if (younger_.bucket_count() == 0) {
    younger_.reserve(generation_flows_);
    older_.reserve(generation_flows_);
  }
  if (younger_.size() >= generation_flows_) {
    forgotten_ += older_.size();
    older_.clear();
    std::swap(younger_, older_);
  }
  younger_.emplace(flow, report);
}

FlowRecord RunningTotals::since_last(const Origin& origin, const FlowRecord& record,
                                     const ResolvedTime& time) {
  FlowRecord amended = record;
  const bool counts_octets = has_only_totals(record);
  const bool counts_packets = record.has(Has::TotalPackets) && !record.has(Has::Packets);
  amended.clear(Has::TotalOctets);
  amended.clear(Has::TotalPackets);
  const auto count = [&](std::uint64_t octets, std::uint64_t packets) noexcept {
    if (counts_octets) amended.octets = octets;
    if (counts_octets) amended.set(Has::Octets);
    if (counts_packets) amended.packets = packets;
    if (counts_packets) amended.set(Has::Packets);
  };

  const Flow flow = flow_of(origin, record);
  const Report report{.octets = counts_octets ? record.total_octets : 0,
                      .packets = counts_packets ? record.total_packets : 0,
                      .until = time.range.end,
                      .end_reason = record.end_reason};
  Report* const last = find(flow);
  if (last == nullptr) {
    remember(flow, report);
    count(report.octets, report.packets);
    return amended;
  }
  const bool has_fallen = report.octets < last->octets || report.packets < last->packets;
  const bool has_times = record.has(Has::Last);
  if (has_fallen && has_times && report.until < last->until) {
    count(0, 0);
    return amended;
  }
  const bool is_after_end =
      last->end_reason != 0 && (record.has(Has::First) ? time.range.start > last->until
                                                       : last->end_reason != kActiveTimeout);
  if (has_fallen || is_after_end) {
    count(report.octets, report.packets);
    *last = report;
    return amended;
  }
  count(report.octets - last->octets, report.packets - last->packets);
  amended.first = ms_of(std::min(last->until, report.until));
  amended.last = ms_of(report.until);
  amended.time_format = TimeFormat::Resolved;
  amended.set(Has::First);
  amended.set(Has::Last);
  const TrafficTime until = std::max(last->until, report.until);
  *last = report;
  last->until = until;
  return amended;
}

}  // namespace weir::accounting
