#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "collector/accounting/reconciliation.h"
#include "collector/core/books.h"
#include "collector/model/interface_side.h"
#include "collector/pipeline/interface_counters.h"
#include "collector/pipeline/interface_readings.h"
#include "collector/pipeline/policy.h"

namespace weir::pipeline {

/// One side of an interface in one ledger interval, finished: by flows, and by its counters
/// where those cover the interval.
struct InterfaceInterval {
  std::string exporter;         ///< as the configuration names it
  std::uint32_t interface = 0;  ///< ifIndex
  InterfaceSide side = InterfaceSide::Ingress;
  TrafficTime start;
  std::uint64_t flow_bytes = 0;  ///< at the configured layer
  std::optional<std::uint64_t> counter_bytes;

  friend bool operator==(const InterfaceInterval&, const InterfaceInterval&) = default;
};

/// Compares what flow export says of tracked interfaces with their counters, interval by
/// interval, for those whose counters were ever read (docs/billing.md, "Counters").
///
/// An interval is finished once it is settled for flows (its end and the lateness are past, of
/// which no more than the longest gap is awaited) and a reading from after its end has come, or
/// none has for the longest gap.
///
/// Bounded: some hundred bytes for each of kMaxTrackedInterfaces.
///
/// Threads: any; a mutex guards its state. Not for the path of a record.
class InterfaceReconciler {
 public:
  InterfaceReconciler(const InterfaceReadings& readings,
                      std::vector<const InterfaceCounters*> workers,
                      std::vector<const core::WorkerBooks*> books)
      : readings_(readings), workers_(std::move(workers)), books_(std::move(books)) {}

  /// The intervals that are finished at `now`, each given once, by start and interface. `now`
  /// never falls.
  [[nodiscard]] std::vector<InterfaceInterval> take_finished(const Policy& policy, TrafficTime now,
                                                             TrafficSpan lateness);
  /// Nothing more comes: the intervals up to the one that holds `now`, as they are.
  [[nodiscard]] std::vector<InterfaceInterval> take_rest(const Policy& policy, TrafficTime now);

  /// How one side of an interface stands.
  struct Standing {
    std::uint64_t counter_bytes = 0;  ///< by counters, since the first reading
    std::optional<double> ratio;      ///< flow / counter, last interval that has both
    std::optional<accounting::RatioCause> alarm;
    std::uint32_t apart_in_a_row = 0;  ///< intervals
    bool has_counter = false;
    bool is_narrow = false;  ///< counters of 32 bits, refused
  };
  /// By lasting number of the interface.
  [[nodiscard]] std::array<Standing, kInterfaceSides> standing_of(std::uint32_t number) const;

 private:
  struct Watched {
    std::int64_t next = -1;  ///< number of the first interval that is not finished
    std::array<accounting::RatioWatch, kInterfaceSides> sides;
  };
  /// What the books said of an exporter when its last interval was finished.
  struct Told {
    std::int64_t interval = -1;
    std::uint64_t unscaled = 0;
    std::uint64_t duplicates = 0;
    bool has_unscaled = false;
    bool has_duplicates = false;
    double completeness = 1;
  };
  /// Until when intervals are finished: of the flows, and of counters that never came.
  struct Due {
    TrafficTime flows;
    TrafficTime counters;
  };

  [[nodiscard]] std::vector<InterfaceInterval> take(const Policy& policy, const Due& due);
  /// The interval watched.next of both sides.
  void finish(const contracts::TrackedInterface& interface, std::uint32_t number,
              const accounting::InterfaceCounterTrack& track, const Policy& policy,
              Watched& watched, std::vector<InterfaceInterval>& finished);
  [[nodiscard]] const Told& told_of(ExporterId exporter, std::int64_t interval);

  const InterfaceReadings& readings_;
  std::vector<const InterfaceCounters*> workers_;
  std::vector<const core::WorkerBooks*> books_;
  mutable std::mutex mutex_;  ///< guards all below
  std::unordered_map<std::uint32_t, Watched> watched_;
  std::unordered_map<std::uint32_t, Told> told_;
};

}  // namespace weir::pipeline
