#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "collector/accounting/interface_counter_track.h"
#include "collector/core/exporter_registry.h"
#include "collector/model/exporter.h"
#include "collector/pipeline/interface_registry.h"

namespace weir::pipeline {

/// The counters of tracked interfaces, as routers report them, by lasting number. Readings of
/// one interface may come to any worker, so they meet here.
///
/// Bounded by kMaxTrackedInterfaces. Threads: any; mutexes guard the tracks, some interfaces
/// each. A reading comes every 20 s or so for an interface, never with a record.
class InterfaceReadings {
 public:
  InterfaceReadings() : exporters_(std::make_unique<std::atomic<bool>[]>(kMaxExporters)) {}

  /// A reading of an interface of `exporter`.
  accounting::InterfaceCounterTrack::Verdict take(ExporterId exporter, std::uint32_t number,
                                                  const accounting::CounterReading& reading);

  /// True once an exporter has told of its counters: only then are its flows kept by interval, from
  /// its first reading on.
  [[nodiscard]] bool has(ExporterId exporter) const noexcept {
    return exporters_.get()[exporter.value()].load(std::memory_order_relaxed);
  }

  /// What is known of one interface's counters; a copy. nullopt: nothing was ever read.
  [[nodiscard]] std::optional<accounting::InterfaceCounterTrack> of(std::uint32_t number) const;

 private:
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::uint32_t, accounting::InterfaceCounterTrack> tracks;
  };
  static constexpr std::size_t kShards = 16;

  std::array<Shard, kShards> shards_;
  std::unique_ptr<std::atomic<bool>[]> exporters_;  ///< by number
};

}  // namespace weir::pipeline
