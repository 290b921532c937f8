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

SlotInterval& IntervalBuilder::interval_of(TrafficTime start, Slot slot) {
  SlotInterval& sum = open_[start][slot.value()];
  sum.slot = slot;
  sum.start = start;
  return sum;
}

void IntervalBuilder::add(const core::ClosedBucket& bucket) {
  // The width divides 300 s, so a bucket lies in one interval.
  const TrafficTime start = interval_start(bucket.start);
  open_[start];
  for (const auto& entry : bucket.slots) {
    SlotInterval& sum = interval_of(start, entry.slot);
    for (std::size_t i = 0; i < core::kCellsPerSlot; ++i) {
      sum.totals[i].bytes += entry.totals[i].bytes;
      sum.totals[i].packets += entry.totals[i].packets;
      sum.totals[i].records += entry.totals[i].records;
      sum.totals[i].variance += entry.totals[i].variance;
    }
  }
}

void IntervalBuilder::add(const core::LatePart& part) {
  const auto add_side = [&](std::uint32_t slot, Direction direction) {
    if (slot == core::kNoSlot) return;
    core::CellTotal& sum =
        interval_of(part.start, Slot{slot}).totals[core::cell_position(direction, part.family)];
    sum.bytes += part.amount.bytes;
    sum.packets += part.amount.packets;
    sum.records += part.records;
    sum.variance += part.amount.variance;
  };
  add_side(part.from_slot, Direction::FromCustomer);
  add_side(part.to_slot, Direction::ToCustomer);
}

std::vector<SlotInterval> IntervalBuilder::take_until(TrafficTime closed_until) {
  std::vector<SlotInterval> whole;
  while (!open_.empty() && open_.begin()->first + kLedgerInterval <= closed_until) {
    for (const auto& [slot, interval] : open_.begin()->second) whole.push_back(interval);
    open_.erase(open_.begin());
  }
  return whole;
}

std::vector<SlotInterval> IntervalBuilder::take_all() {
  std::vector<SlotInterval> all = open();
  open_.clear();
  return all;
}

std::vector<SlotInterval> IntervalBuilder::open() const {
  std::vector<SlotInterval> intervals;
  for (const auto& [start, slots] : open_)
    for (const auto& [slot, interval] : slots) intervals.push_back(interval);
  return intervals;
}

}  // namespace weir::pipeline
