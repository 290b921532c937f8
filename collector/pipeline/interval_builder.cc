#include "collector/pipeline/interval_builder.h"

namespace weir::pipeline {

TrafficTime interval_start(TrafficTime time) noexcept {
  const auto width = kLedgerInterval.count();
  const auto ms = since_epoch_ms(time);
  const auto remainder = ((ms % width) + width) % width;
  return traffic_time_ms(ms - remainder);
}

core::CellTotal SlotInterval::of(Direction direction) const noexcept {
  core::CellTotal sum;
  for (const Family family : {Family::Ipv4, Family::Ipv6}) {
    const auto& cell = totals[core::cell_position(direction, family)];
    sum.bytes += cell.bytes;
    sum.packets += cell.packets;
    sum.records += cell.records;
    sum.variance += cell.variance;
  }
  return sum;
}

void IntervalBuilder::add(const core::ClosedBucket& bucket) {
  // The width divides 300 s, so a bucket lies in one interval.
  const TrafficTime start = interval_start(bucket.start);
  auto& interval = open_[start];
  for (const auto& entry : bucket.slots) {
    SlotInterval& sum = interval[entry.slot.value()];
    sum.slot = entry.slot;
    sum.start = start;
    for (std::size_t i = 0; i < core::kCellsPerSlot; ++i) {
      sum.totals[i].bytes += entry.totals[i].bytes;
      sum.totals[i].packets += entry.totals[i].packets;
      sum.totals[i].records += entry.totals[i].records;
      sum.totals[i].variance += entry.totals[i].variance;
    }
  }
}

std::vector<SlotInterval> IntervalBuilder::take_until(TrafficTime closed_until) {
  std::vector<SlotInterval> whole;
  while (!open_.empty() && open_.begin()->first + kLedgerInterval <= closed_until) {
    for (const auto& [slot, interval] : open_.begin()->second) whole.push_back(interval);
    open_.erase(open_.begin());
  }
  return whole;
}

std::vector<SlotInterval> IntervalBuilder::open() const {
  std::vector<SlotInterval> intervals;
  for (const auto& [start, slots] : open_)
    for (const auto& [slot, interval] : slots) intervals.push_back(interval);
  return intervals;
}

}  // namespace weir::pipeline
