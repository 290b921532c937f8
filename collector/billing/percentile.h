#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "collector/model/strong.h"

namespace weir::billing {

/// Which percentile, in hundredths of a percent: p95 is 9,500, p99.9 is 9,990. 1 to 10,000.
using Percentile = Strong<struct PercentileTag, std::uint32_t>;
inline constexpr Percentile kP95{9'500};
inline constexpr std::uint32_t kHundredPercent = 10'000;

/// How a percentile is taken of n values in rising order (docs/billing.md, "The percentile").
enum class PercentileMethod : std::uint8_t {
  NearestRank,  ///< drop the top floor(n (100 - p) / 100); the highest left. What is billed.
  Librenms,     ///< rank round(n p / 100)
  Linear,       ///< between ranks, at p / 100 (n - 1) from the lowest: what PromQL gives
  Weibull,      ///< between ranks, at rank p / 100 (n + 1)
};

/// "nearest_rank", "librenms", "linear", "weibull".
[[nodiscard]] std::string_view method_name(PercentileMethod method) noexcept;
/// By method_name(), and "drop_top", which is nearest_rank said otherwise.
[[nodiscard]] std::optional<PercentileMethod> parse_method(std::string_view name) noexcept;

/// How many of `count` values lie above the nearest rank.
[[nodiscard]] std::uint64_t discarded_of(std::uint64_t count, Percentile percentile) noexcept;

/// A percentile and how it came to be.
struct RankedValue {
  std::uint64_t value = 0;            ///< rounded down
  std::uint32_t ten_thousandths = 0;  ///< what rounding took; only between ranks
  std::uint64_t at_rank = 0;          ///< the value at `rank`; `value` itself unless between ranks
  std::uint64_t rank = 0;             ///< from 1, in rising order
  std::uint64_t count = 0;            ///< n
  std::uint64_t discarded = 0;        ///< values above `rank`

  friend bool operator==(const RankedValue&, const RankedValue&) = default;
};

/// The percentile of `values`, which may be in any order; nullopt if there are none. Integers
/// throughout: exact for any 64-bit values, in time linear in their number.
///
/// Threads: any; a pure function.
[[nodiscard]] std::optional<RankedValue> percentile_of(std::vector<std::uint64_t> values,
                                                       Percentile percentile,
                                                       PercentileMethod method);

}  // namespace weir::billing
