#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "collector/core/amounts.h"
#include "collector/core/closed_bucket.h"
#include "collector/core/late_parts.h"
#include "collector/model/fate.h"
#include "collector/model/time.h"
#include "collector/model/units.h"

namespace weir::pipeline {

/// The five minutes that are billed: [start, start + 300 s), on UTC multiples of 300 s.
inline constexpr TrafficSpan kLedgerInterval = std::chrono::seconds{300};

/// What one slot carried in one ledger interval, by direction and family.
struct SlotInterval {
  Slot slot;
  TrafficTime start;
  core::SlotTotals totals{};

  /// Both families of one direction together.
  [[nodiscard]] core::CellTotal of(Direction direction) const noexcept;
};

/// Start of the interval that holds `time`.
[[nodiscard]] TrafficTime interval_start(TrafficTime time) noexcept;

/// Folds closed buckets, whose width divides an interval, into ledger intervals; or parts of late
/// records.
///
/// An interval is whole once a bucket at or beyond its end has closed, since buckets close
/// in order. Threads: one.
class IntervalBuilder {
 public:
  void add(const core::ClosedBucket& bucket);
  void add(const core::LatePart& part);

  /// Takes out all intervals that end at or before `closed_until`, by start and slot.
  [[nodiscard]] std::vector<SlotInterval> take_until(TrafficTime closed_until);

  [[nodiscard]] std::vector<SlotInterval> take_all();

  /// What has come so far of the intervals that are not whole, by start and slot.
  [[nodiscard]] std::vector<SlotInterval> open() const;

 private:
  [[nodiscard]] SlotInterval& interval_of(TrafficTime start, Slot slot);

  std::map<TrafficTime, std::map<std::uint32_t, SlotInterval>> open_;
};

}  // namespace weir::pipeline
