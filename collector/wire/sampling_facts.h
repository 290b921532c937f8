#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "collector/wire/field_map.h"

namespace weir::wire {

/// Values of one options record, or the sampling fields of one data record, by destination.
///
/// Threads: a plain value.
class SamplingFacts {
 public:
  void set(Destination destination, std::uint64_t value, std::uint16_t length) noexcept {
    if (destination == Destination::Probability && length == 4) {
      value = std::bit_cast<std::uint64_t>(
          static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(value))));
    }
    values_[static_cast<std::size_t>(destination)] = value;
    known_ |= std::uint64_t{1} << static_cast<unsigned>(destination);
  }
  [[nodiscard]] bool has(Destination destination) const noexcept {
    return ((known_ >> static_cast<unsigned>(destination)) & 1U) != 0;
  }
  /// 0 when the record does not hold it.
  [[nodiscard]] std::uint64_t get(Destination destination) const noexcept {
    return has(destination) ? values_[static_cast<std::size_t>(destination)] : 0;
  }

  /// N of "1 in N" that these fields announce, 0 when they announce none. Systematic
  /// count-based: (interval + space) / interval; random n-out-of-N: N / n; uniform
  /// probability: 1 / p (RFC 5477, 8.2; RFC 3954, 8 for 34 and 50). Rounded to the nearest.
  [[nodiscard]] std::uint32_t interval() const noexcept {
    using enum Destination;
    if (const auto n = ratio(get(Interval), 1); n != 0) return n;
    if (const auto n = ratio(get(RandomInterval), 1); n != 0) return n;
    if (get(PacketInterval) != 0 && has(PacketSpace)) {
      constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
      const std::uint64_t taken = get(PacketInterval);
      const std::uint64_t space = get(PacketSpace);
      if (space > kMost - taken) return 0;
      return ratio(taken + space, taken);
    }
    if (get(SampleSize) != 0) return ratio(get(Population), get(SampleSize));
    if (has(Probability)) {
      const double probability = std::bit_cast<double>(get(Probability));
      if (probability > 0.0 && probability <= 1.0) {
        const double n = std::round(1.0 / probability);
        if (n <= 4'294'967'295.0) return static_cast<std::uint32_t>(n);
      }
    }
    return 0;
  }

 private:
  [[nodiscard]] static std::uint32_t ratio(std::uint64_t whole, std::uint64_t part) noexcept {
    const std::uint64_t rest = whole % part;
    const std::uint64_t n = whole / part + (rest >= part - rest ? 1U : 0U);
    return n > std::numeric_limits<std::uint32_t>::max() ? 0 : static_cast<std::uint32_t>(n);
  }

  std::array<std::uint64_t, kDestinations> values_;  // read only where known_ says so
  std::uint64_t known_ = 0;
};
static_assert(kDestinations <= 64);

}  // namespace weir::wire
