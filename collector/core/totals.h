#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "collector/core/amounts.h"
#include "collector/core/closed_bucket.h"
#include "collector/core/worker_cells.h"

namespace weir::core {

/// Bytes of the newest closed minute of one slot.
struct ClosedMinute {
  std::array<std::uint64_t, 2> bytes{};  ///< by Direction
  std::array<Wide, 2> variance{};

  friend bool operator==(const ClosedMinute&, const ClosedMinute&) = default;
};

/// Everything the readers (metrics, API) see, copied at one moment.
struct TotalsSnapshot {
  std::vector<SlotTotals> live;      ///< by slot: closed so far plus open buckets; never falls
  std::vector<ClosedMinute> minute;  ///< by slot: [minute_start, minute_start + minute_span)
  TrafficTime minute_start;
  /// 60 s; where buckets do not tile a minute, the shortest longer span that they tile.
  TrafficSpan minute_span{std::chrono::seconds{60}};
  bool has_minute = false;
  TrafficTime closed_until;  ///< end of the newest closed bucket
  std::uint64_t closed_buckets = 0;
};

/// Closes buckets and holds the totals.
///
/// A bucket closes once every worker's frontier is beyond it. close_due() sums it over the
/// workers, clears it, adds it to the totals and returns it. Totals and the reading of open
/// cells share one mutex, so that a snapshot never misses or doubles a bucket that moves
/// from open to closed.
///
/// Threads: one thread calls close_due(); any thread calls the rest.
class Totals {
 public:
  /// The workers outlive the totals.
  Totals(BucketGeometry geometry, std::vector<WorkerCells*> workers);

  /// Slots below `count` may be written from now on (before any worker gets a table that
  /// uses them). Never falls.
  void set_slot_count(std::uint32_t count);

  /// Nothing was measured before `since`: a minute that began earlier is not shown, or it would
  /// tell of zero where nobody looked. Without it what the first frontiers left behind is not.
  void set_measured_since(TrafficTime since);

  /// Closes every bucket that all workers have left; oldest first. Buckets that nobody wrote
  /// are passed over, but the minute and closed_until move on. Nothing closes before every
  /// worker has a frontier. Costs nothing per bucket of a gap.
  [[nodiscard]] std::vector<std::shared_ptr<const ClosedBucket>> close_due();

  [[nodiscard]] TotalsSnapshot snapshot() const;

  /// What stands now in the buckets that are still open, summed over the workers; oldest first. On
  /// the thread that closes them it completes what close_due() has returned, with no bucket
  /// missed or doubled.
  [[nodiscard]] std::vector<ClosedBucket> open_buckets() const;
  /// End of what has been closed; nothing before every worker has begun.
  [[nodiscard]] std::optional<TrafficTime> closed_until() const;

 private:
  [[nodiscard]] BucketNumber smallest_frontier() const noexcept;
  [[nodiscard]] std::vector<BucketNumber> touched_below(BucketNumber frontier) const;
  [[nodiscard]] ClosedBucket bucket_of(BucketNumber number,
                                       const std::vector<SlotTotals>& sums) const;
  [[nodiscard]] std::shared_ptr<const ClosedBucket> close(BucketNumber number);
  [[nodiscard]] TrafficTime newest_minute(TrafficTime closed_until) const noexcept;
  void add_to_minute(const ClosedBucket& bucket);

  const BucketGeometry geometry_;
  const TrafficSpan minute_span_;
  const std::vector<WorkerCells*> workers_;

  mutable std::mutex mutex_;  ///< guards all below, and which cells are open
  std::vector<SlotTotals> closed_;
  std::vector<SlotTotals> sums_;  ///< of the bucket that is being closed
  /// The newest whole minute, and those that have begun to close.
  std::map<TrafficTime, std::vector<ClosedMinute>> minutes_;
  BucketNumber first_frontier_ = kNoBucket;  ///< what came before was not watched
  TrafficTime measured_since_ = TrafficTime::min();
  BucketNumber frontier_ = kNoBucket;
  std::uint64_t closed_buckets_ = 0;
};

}  // namespace weir::core
