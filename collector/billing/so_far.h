#pragma once

#include <cstdint>
#include <optional>

#include "collector/billing/interval_grid.h"
#include "collector/billing/statement.h"
#include "collector/billing/terms.h"
#include "collector/model/time.h"
#include "collector/model/units.h"

namespace weir::billing {

/// A running period: what its percentile is now, and what it can still become.
struct SoFar {
  std::uint64_t intervals_expected = 0;  ///< of the whole period
  std::uint64_t intervals_measured = 0;
  std::uint64_t intervals_remaining = 0;  ///< not closed yet, and not masked beforehand

  std::optional<BitsPerSecond> percentile;  ///< of what is measured; none before the first
  /// The final value if all that remains is zero. It cannot come out lower, whatever remains
  /// carries or goes missing.
  BitsPerSecond low;
  /// The final value if all that remains is at the ceiling; none where no ceiling is known
  /// and enough remains to lift the value without bound.
  std::optional<BitsPerSecond> high;

  /// Measured intervals above the commit, and how many may be before the percentile is. Of
  /// two directions that are billed apart, those of the one that used more.
  std::uint64_t burst_intervals_used = 0;
  std::uint64_t burst_intervals_allowed = 0;

  /// The final percentile is above the commit for certain.
  bool is_over_commit = false;

  friend bool operator==(const SoFar&, const SoFar&) = default;
};

/// How `terms` stand at `closed_until`, when all intervals that ended before it are closed.
/// `grid` is of the whole period. An interval that is closed and missing does not remain: only
/// intervals to come, and those that a mask takes out later, can change the value.
///
/// Threads: any; a pure function.
[[nodiscard]] SoFar so_far(const IntervalGrid& grid, const TermSpan& terms,
                           TrafficTime closed_until, const BillingMethod& method);

}  // namespace weir::billing
