#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "collector/billing/percentile.h"
#include "collector/billing/top_values.h"

namespace weir::billing {

/// The largest values of a week, as many as its 95th percentile needs: exact, in 800 bytes in place
/// of 16,000. Zeros need not be added.
///
/// Threads: one at a time.
class WeekTop {
 public:
  /// A week where clocks are set back has 169 hours.
  static constexpr std::uint64_t kMostIntervals = 169ULL * 12;
  static constexpr std::size_t kKept = kMostIntervals * 5 / 100 + 1;

  void add(std::uint64_t value) { top_.add(value); }

  /// The percentile of `count` values, at most kMostIntervals, of which those that were not added
  /// are zero: percentile_of() with NearestRank. Zero of none.
  [[nodiscard]] std::uint64_t p95(std::uint64_t count) const noexcept {
    return top_.at(discarded_of(std::min(count, kMostIntervals), kP95));
  }

  void clear() { top_ = TopValues(kKept); }

 private:
  TopValues top_{kKept};
};

}  // namespace weir::billing
