#pragma once

#include <cstdint>

namespace weir::accounting {

/// 128-bit sums of variances: those of a day do not fit 64 bits.
__extension__ using WideVariance = unsigned __int128;

/// Half the width of the 95 % confidence interval of a sum of bytes: 1.96 standard
/// deviations, rounded to the nearest byte.
///
/// Threads: any; a pure function.
[[nodiscard]] std::uint64_t half_width_95(WideVariance variance) noexcept;

}  // namespace weir::accounting
