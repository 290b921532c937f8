#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "collector/billing/percentile.h"

namespace weir::billing {

/// The largest values of a week, as many as its 95th percentile needs: exact, in 800 bytes in place
/// of 16,000. Zeros need not be added.
///
/// Threads: one at a time.
class TopValues {
 public:
  /// A week where clocks are set back has 169 hours.
  static constexpr std::uint64_t kMostIntervals = 169ULL * 12;
  static constexpr std::size_t kKept = kMostIntervals * 5 / 100 + 1;

  void add(std::uint64_t value) {
    if (value == 0) return;
    if (values_.size() < kKept) {
      values_.push_back(value);
      std::push_heap(values_.begin(), values_.end(), std::greater{});
    } else if (value > values_.front()) {
      std::pop_heap(values_.begin(), values_.end(), std::greater{});
      values_.back() = value;
      std::push_heap(values_.begin(), values_.end(), std::greater{});
    }
  }

  /// The percentile of `count` values, at most kMostIntervals, of which those that were not added
  /// are zero: percentile_of() with NearestRank. Zero of none.
  [[nodiscard]] std::uint64_t p95(std::uint64_t count) const {
    const std::uint64_t above = discarded_of(std::min(count, kMostIntervals), kP95);
    if (above >= values_.size()) return 0;
    std::vector<std::uint64_t> sorted = values_;
    const auto at = sorted.begin() + static_cast<std::ptrdiff_t>(above);
    std::nth_element(sorted.begin(), at, sorted.end(), std::greater{});
    return *at;
  }

  void clear() noexcept { values_.clear(); }

 private:
  std::vector<std::uint64_t> values_;  ///< heap, the smallest in front
};

}  // namespace weir::billing
