#include "collector/pipeline/interface_reconciler.h"

#include <algorithm>
#include <tuple>

#include "collector/accounting/layer.h"
#include "collector/pipeline/completeness.h"

namespace weir::pipeline {
namespace {

using accounting::InterfaceCounterTrack;

TrafficTime start_of(std::int64_t interval) noexcept {
  return traffic_time_ms(interval * InterfaceCounters::kInterval.count());
}

/// Counters count Ethernet frames, whatever layer is configured.
std::uint64_t at_ethernet(const Amount& amount, Layer layer) noexcept {
  switch (layer) {
    case Layer::Ip:
      return amount.bytes + amount.packets * accounting::kFrameOverhead;
    case Layer::Wire:
      return amount.bytes - std::min(amount.bytes, amount.packets * accounting::kWireOverhead);
    case Layer::Ethernet:
      break;
  }
  return amount.bytes;
}

}  // namespace

std::vector<InterfaceInterval> InterfaceReconciler::take_finished(const Policy& policy,
                                                                  TrafficTime now,
                                                                  TrafficSpan lateness) {
  // Flows stay in their ring for a quarter of an hour after their interval.
  return take(policy, {.flows = now - std::min(lateness, InterfaceCounterTrack::kLongestGap),
                       .counters = now - InterfaceCounterTrack::kLongestGap});
}

std::vector<InterfaceInterval> InterfaceReconciler::take_rest(const Policy& policy,
                                                              TrafficTime now) {
  const TrafficTime end = start_of(InterfaceCounters::number_of(now) + 1);
  return take(policy, {.flows = end, .counters = end});
}

std::vector<InterfaceInterval> InterfaceReconciler::take(const Policy& policy, const Due& due) {
  const std::lock_guard lock(mutex_);
  std::vector<InterfaceInterval> finished;
  const auto interfaces = policy.table->tracked_interfaces();
  // The number of the first interval whose flows are not settled.
  const std::int64_t open = InterfaceCounters::number_of(due.flows);
  for (std::size_t i = 0; i < interfaces.size(); ++i) {
    const std::uint32_t number = policy.interface_numbers[i];
    if (number == contracts::kNoInterface) continue;
    const auto known = watched_.find(number);
    // Most turns find nothing due, without a look at the counters.
    if (known != watched_.end() && known->second.next >= open) continue;
    const auto track = readings_.of(number);
    if (!track) continue;
    Watched& watched = known != watched_.end() ? known->second : watched_[number];
    // Flows are kept by interval from the first reading on: the interval that it falls into is
    // whole only if it opens it.
    if (watched.next < 0)
      watched.next = InterfaceCounters::number_of(track->first_time() - TrafficSpan{1}) + 1;
    // What has left the ring of flows can no longer be told.
    watched.next =
        std::max(watched.next, open - static_cast<std::int64_t>(InterfaceCounters::kIntervals) + 1);
    for (; watched.next < open; ++watched.next) {
      const TrafficTime start = start_of(watched.next);
      if (!track->is_past(start) && start + InterfaceCounters::kInterval > due.counters) break;
      finish(interfaces[i], number, *track, policy, watched, finished);
    }
  }
  std::ranges::sort(finished, {}, [](const InterfaceInterval& row) {
    return std::tie(row.start, row.exporter, row.interface, row.side);
  });
  return finished;
}

void InterfaceReconciler::finish(const contracts::TrackedInterface& interface, std::uint32_t number,
                                 const InterfaceCounterTrack& track, const Policy& policy,
                                 Watched& watched, std::vector<InterfaceInterval>& finished) {
  const auto counted = track.interval(start_of(watched.next));
  const Told& told = told_of(interface.exporter, watched.next);
  for (const InterfaceSide side : {InterfaceSide::Ingress, InterfaceSide::Egress}) {
    Amount flow;
    double variance = 0;
    bool is_kept = true;
    for (const InterfaceCounters* worker : workers_) {
      const auto part = worker->sum(number, side, watched.next);
      is_kept = is_kept && part.has_value();
      if (!part) continue;
      flow.bytes += part->bytes;
      flow.packets += part->packets;
      variance += static_cast<double>(part->variance);
    }
    if (!is_kept) continue;
    InterfaceInterval& row =
        finished.emplace_back(InterfaceInterval{.exporter = interface.exporter_name,
                                                .interface = interface.terms.index,
                                                .side = side,
                                                .start = start_of(watched.next),
                                                .flow_bytes = flow.bytes,
                                                .counter_bytes = std::nullopt});
    if (!counted) continue;
    const accounting::CounterDelta& delta =
        side == InterfaceSide::Ingress ? counted->ingress : counted->egress;
    row.counter_bytes = delta.octets;
    watched.sides[static_cast<std::size_t>(side)].take(
        {.flow_bytes = at_ethernet(flow, policy.layer),
         .flow_packets = flow.packets,
         .flow_variance = variance,
         .counter_bytes = delta.octets,
         .discarded_packets = delta.discards,
         .completeness = told.completeness,
         .has_unscaled = told.has_unscaled,
         .has_duplicates = told.has_duplicates});
  }
}

const InterfaceReconciler::Told& InterfaceReconciler::told_of(ExporterId exporter,
                                                              std::int64_t interval) {
  Told& told = told_[exporter.value()];
  if (told.interval == interval) return told;
  std::uint64_t unscaled = 0;
  std::uint64_t duplicates = 0;
  for (const core::WorkerBooks* worker : books_) {
    for (std::size_t protocol = 0; protocol < kProtocols; ++protocol) {
      const auto* counters = worker->find(exporter, static_cast<Protocol>(protocol));
      if (counters == nullptr) continue;
      unscaled += counters->fates[static_cast<std::size_t>(Fate::Unscaled)].read();
      duplicates += counters->fates[static_cast<std::size_t>(Fate::Duplicate)].read();
    }
  }
  const auto completeness = completeness_of(books_, exporter, start_of(interval)).ratio();
  told = {.interval = interval,
          .unscaled = unscaled,
          .duplicates = duplicates,
          .has_unscaled = unscaled > told.unscaled,
          .has_duplicates = duplicates > told.duplicates,
          .completeness = completeness.value_or(1)};
  return told;
}

std::array<InterfaceReconciler::Standing, kInterfaceSides> InterfaceReconciler::standing_of(
    std::uint32_t number) const {
  std::array<Standing, kInterfaceSides> standing;
  const auto track = readings_.of(number);
  if (!track) return standing;
  const std::lock_guard lock(mutex_);
  const auto watched = watched_.find(number);
  for (std::size_t side = 0; side < kInterfaceSides; ++side) {
    const auto& total = side == 0 ? track->total().ingress : track->total().egress;
    standing[side] = {
        .counter_bytes = total.octets, .has_counter = true, .is_narrow = track->is_narrow()};
    if (watched == watched_.end()) continue;
    const accounting::RatioWatch& watch = watched->second.sides[side];
    standing[side].ratio = watch.ratio();
    standing[side].alarm = watch.alarm();
    standing[side].apart_in_a_row = watch.apart_in_a_row();
  }
  return standing;
}

}  // namespace weir::pipeline
