#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>

#include "collector/billing/period.h"
#include "collector/model/units.h"

namespace weir::billing {

/// 128-bit products and sums: 64 bits do not hold a year of bytes squared.
__extension__ using Wide = unsigned __int128;

[[nodiscard]] constexpr std::uint64_t saturated(Wide value) noexcept {
  return value > UINT64_MAX ? UINT64_MAX : static_cast<std::uint64_t>(value);
}

inline constexpr std::uint64_t kLedgerIntervalSeconds =
    std::chrono::duration_cast<std::chrono::seconds>(kLedgerInterval).count();

/// The rate of an interval's bytes, rounded down. Rounding keeps the order of intervals, so
/// that the percentile of the rates is the rate of the percentile of the bytes.
[[nodiscard]] constexpr BitsPerSecond rate_of(std::uint64_t bytes) noexcept {
  return BitsPerSecond{saturated(Wide{bytes} * 8 / kLedgerIntervalSeconds)};
}

/// The fewest bytes of an interval whose rate is at least `rate`.
[[nodiscard]] constexpr std::uint64_t bytes_at(BitsPerSecond rate) noexcept {
  return saturated((Wide{rate.value()} * kLedgerIntervalSeconds + 7) / 8);
}

/// Sum that saturates.
[[nodiscard]] constexpr Wide saturating_sum(Wide a, Wide b) noexcept {
  return a > ~Wide{0} - b ? ~Wide{0} : a + b;
}

/// The standard deviation of a variance, rounded to the nearest.
[[nodiscard]] inline std::uint64_t deviation_of(Wide variance) noexcept {
  constexpr int kExactBits = 100;
  if (variance >> kExactBits == 0) [[likely]] {
    // Within one of the root, as it has at most 50 bits; the rest is arithmetic of integers.
    constexpr double kTwoTo64 = 18'446'744'073'709'551'616.0;
    const double near =
        std::sqrt(static_cast<double>(static_cast<std::uint64_t>(variance >> 64U)) * kTwoTo64 +
                  static_cast<double>(static_cast<std::uint64_t>(variance)));
    auto root = static_cast<std::uint64_t>(near);
    if (Wide{root} * root > variance) --root;
    // Half way to the next root lies a quarter beyond root * root + root.
    if (variance - Wide{root} * root > root) ++root;
    return root;
  }
  const long double root = std::sqrt(static_cast<long double>(variance));
  constexpr long double kBeyond = 18'446'744'073'709'551'615.0L;
  if (root >= kBeyond) return UINT64_MAX;
  const long double whole = std::floor(root);
  return static_cast<std::uint64_t>(whole) + (root - whole >= 0.5L ? 1U : 0U);
}

/// Half the width of the 95 % interval of bytes with this standard deviation, rounded up: what
/// lies within it is never left out by rounding.
[[nodiscard]] constexpr std::uint64_t half_width_bytes(std::uint64_t deviation) noexcept {
  constexpr std::uint64_t kLargestOf64Bits = (UINT64_MAX - 99) / 196;
  if (deviation <= kLargestOf64Bits) [[likely]]
    return (deviation * 196 + 99) / 100;
  return saturated((Wide{deviation} * 196 + 99) / 100);
}

/// The same as a rate, rounded to the nearest bit per second.
[[nodiscard]] constexpr BitsPerSecond half_width_rate(std::uint64_t deviation) noexcept {
  constexpr std::uint64_t divisor = 100 * kLedgerIntervalSeconds;
  return BitsPerSecond{saturated((Wide{deviation} * 196 * 8 + divisor / 2) / divisor)};
}

}  // namespace weir::billing
