#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "collector/core/totals.h"
#include "collector/pipeline/interval_builder.h"
#include "collector/pipeline/replay.h"
#include "exporters/ledger/ledger_writer.h"

namespace weir::app {

/// Turns what a running collector closes into intervals for the ledger.
///
/// An interval is final once the buckets have closed to its end, which is the lateness after
/// it. Until then it is saved once a minute with all that has come so far, what stands in open
/// buckets included: a kill costs the arrivals of a minute at most.
///
/// What comes later than that amends its interval, within a minute of arrival, in rows that no save
/// takes back.
///
/// Coverage says how long this run was measuring: the time in which the clock's thread kept
/// turning, in whole seconds of the interval. What lies before the start, after the last save, or
/// in a time when the machine slept, is not covered by this run and shows as missing.
///
/// Threads: the clock's thread calls take() and tick(); finish() comes after it has ended.
class LedgerFeed {
 public:
  struct Parts {
    const core::Totals& totals;
    /// Contract ids by slot; called when a save is made.
    std::function<pipeline::ContractNames()> names;
    /// What came from each exporter in the interval that starts there.
    std::function<std::vector<ledger::ReceptionRow>(std::int64_t start)> reception;
    std::function<void(ledger::IntervalSave)> save;
    /// Parts of late records that have come since the last call; asked at each tick.
    std::function<std::vector<core::LatePart>()> late;
    std::function<void(std::vector<ledger::IntervalRow>)> amend;
    /// What became of what arrived in the interval that starts there.
    std::function<std::vector<ledger::ExportRow>(std::int64_t start)> exports = {};
  };
  using Moment = std::chrono::steady_clock::time_point;

  explicit LedgerFeed(Parts parts) : parts_(std::move(parts)) {}

  void take(const core::ClosedBucket& bucket);
  void tick(TrafficTime now, Moment moment);
  /// Saves what is not final as it stands.
  void finish(TrafficTime now, Moment moment);

 private:
  /// Milliseconds that this run has measured, by the interval's start.
  void cover_until(TrafficTime now, Moment moment);
  void save_final(TrafficTime closed_until);
  void save_open();
  void take_late();
  void amend();
  [[nodiscard]] ledger::IntervalSave save_of(TrafficTime start,
                                             const std::vector<pipeline::SlotInterval>& intervals,
                                             bool is_final) const;

  Parts parts_;
  pipeline::IntervalBuilder builder_;
  pipeline::IntervalBuilder late_;
  TrafficTime final_until_ = TrafficTime::min();  ///< end of what has been saved as final
  std::map<TrafficTime, TrafficSpan> covered_;    ///< of the intervals that are not final
  std::optional<TrafficTime> last_now_;
  Moment last_moment_;
  std::optional<Moment> last_save_;
};

}  // namespace weir::app
