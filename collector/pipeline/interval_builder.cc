#include "collector/pipeline/interval_builder.h"

namespace weir::pipeline {
namespace {

TrafficTime interval_start(TrafficTime time) noexcept {
  const auto width = kLedgerInterval.count();
  const auto ms = since_epoch_ms(time);
  const auto remainder = ((ms % width) + width) % width;
  return traffic_time_ms(ms - remainder);
}

}  // namespace

void IntervalBuilder::add(const core::ClosedBucket& bucket) {
  // The width divides 300 s, so a bucket lies in one interval.
  const TrafficTime start = interval_start(bucket.start);
  auto& interval = open_[start];
  for (const auto& entry : bucket.slots) {
    auto& both = interval[entry.slot.value()];
    for (const Direction direction : {Direction::FromCustomer, Direction::ToCustomer}) {
      auto& total = both[static_cast<std::size_t>(direction)];
      total.slot = entry.slot;
      total.direction = direction;
      total.start = start;
      for (const Family family : {Family::Ipv4, Family::Ipv6}) {
        const auto& cell = entry.totals[core::cell_position(direction, family)];
        total.bytes += cell.bytes;
        total.packets += cell.packets;
        total.variance += cell.variance;
      }
    }
  }
}

std::vector<SlotInterval> IntervalBuilder::take_until(TrafficTime closed_until) {
  std::vector<SlotInterval> whole;
  while (!open_.empty() && open_.begin()->first + kLedgerInterval <= closed_until) {
    for (const auto& [slot, both] : open_.begin()->second)
      for (const auto& one : both)
        if (one.bytes != 0 || one.packets != 0) whole.push_back(one);
    open_.erase(open_.begin());
  }
  return whole;
}

}  // namespace weir::pipeline
