#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "collector/core/amounts.h"
#include "collector/core/closed_bucket.h"
#include "collector/model/fate.h"
#include "collector/model/time.h"
#include "collector/model/units.h"

namespace weir::pipeline {

/// The five minutes that are billed: [start, start + 300 s), on UTC multiples of 300 s.
inline constexpr TrafficSpan kLedgerInterval = std::chrono::seconds{300};

/// What one slot carried in one direction in one ledger interval, both families together.
struct SlotInterval {
  Slot slot;
  Direction direction = Direction::FromCustomer;
  TrafficTime start;
  std::uint64_t bytes = 0;
  std::uint64_t packets = 0;
  core::Wide variance = 0;  ///< of bytes
};

/// Folds closed buckets into ledger intervals.
///
/// An interval is whole once a bucket at or beyond its end has closed, since buckets close
/// in order. Threads: one.
class IntervalBuilder {
 public:
  explicit IntervalBuilder(TrafficSpan bucket_width) : bucket_width_(bucket_width) {}

  void add(const core::ClosedBucket& bucket);

  /// Takes out all intervals that end at or before `closed_until`, by start and slot.
  [[nodiscard]] std::vector<SlotInterval> take_until(TrafficTime closed_until);

 private:
  using Totals = std::array<SlotInterval, 2>;

  TrafficSpan bucket_width_;
  std::map<TrafficTime, std::map<std::uint32_t, Totals>> open_;
};

}  // namespace weir::pipeline
