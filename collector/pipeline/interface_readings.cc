#include "collector/pipeline/interface_readings.h"

namespace weir::pipeline {

accounting::InterfaceCounterTrack::Verdict InterfaceReadings::take(
    ExporterId exporter, std::uint32_t number, const accounting::CounterReading& reading) {
  exporters_[exporter.value()].store(true, std::memory_order_relaxed);
  Shard& shard = shards_[number % kShards];
  const std::lock_guard lock(shard.mutex);
  return shard.tracks[number].take(reading);
}

std::optional<accounting::InterfaceCounterTrack> InterfaceReadings::of(std::uint32_t number) const {
  const Shard& shard = shards_[number % kShards];
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.tracks.find(number);
  return found == shard.tracks.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace weir::pipeline
