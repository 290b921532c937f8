#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "collector/billing/rate.h"
#include "collector/model/units.h"

namespace weir::billing {

/// What links that stand in for one another carry, and what they would with one of them down,
/// as parts of their speed (docs/capacity.md, "One link down").
struct Headroom {
  double load = 0;
  /// With the fastest link down: of n equal links, load * n / (n - 1). None where none is left.
  std::optional<double> load_after_failure;
  /// The load in normal times that one failure lifts to `target`: of n equal links,
  /// target * (n - 1) / n. Zero for a single link: nothing stands in for it.
  double allowed_load = 0;

  friend bool operator==(const Headroom&, const Headroom&) = default;
};

/// Of links of these speeds, none of them zero, that carry `carried` together; `target` is the most
/// that a link may be loaded after a failure, such as 0.9. nullopt without links.
///
/// Threads: any; a pure function, as below.
[[nodiscard]] std::optional<Headroom> headroom_of(std::span<const BitsPerSecond> speeds,
                                                  BitsPerSecond carried, double target);

/// How far peaks stand apart: the sum of the peaks over the peak of the sum. 1 where all peak in
/// the same five minutes, n where n of equal peaks never meet. nullopt without traffic.
[[nodiscard]] std::optional<double> diversity_factor(Wide sum_of_peaks, Wide peak_of_sum) noexcept;

}  // namespace weir::billing
