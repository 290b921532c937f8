#pragma once

#include <array>
#include <bit>
#include <bitset>
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
    known_[static_cast<std::size_t>(destination)] = true;
  }
  [[nodiscard]] bool has(Destination destination) const noexcept {
    return known_[static_cast<std::size_t>(destination)];
  }
  /// 0 when the record does not hold it.
  [[nodiscard]] std::uint64_t get(Destination destination) const noexcept {
    return has(destination) ? values_[static_cast<std::size_t>(destination)] : 0;
  }

  /// N of "1 in N" that these fields announce, 0 when they announce none. 34 and 50 say it
  /// outright (RFC 3954, 8). Systematic count-based: (interval + space) / interval; random
  /// n-out-of-N: N / n; uniform probability: 1 / p (RFC 5477, 8.2). Rounded to the nearest.
  ///
  /// Element 304 says which of these parameters count; one that filters, or that picks by time,
  /// says nothing about how many packets one stands for. Of a selector of no algorithm (304 is 0)
  /// without parameters every packet counts.
  [[nodiscard]] std::uint32_t interval() const noexcept {
    using enum Destination;
    if (const auto n = ratio(get(Interval), 1); n != 0) return n;
    if (const auto n = ratio(get(RandomInterval), 1); n != 0) return n;
    if (!has(SelectorAlgorithm)) return by_parameters();
    // IANA "PSAMP selectorAlgorithm": 1 systematic count-based, 3 random n-out-of-N, 4 uniform
    // probabilistic. An exporter that sends the parameters of another of them means what it sends.
    switch (get(SelectorAlgorithm)) {
      case 0: {
        const std::uint32_t n = by_parameters();
        return n == 0 && !has_parameters() ? 1 : n;
      }
      case 1:
        return first_of(systematic(), by_parameters());
      case 3:
        return first_of(random(), by_parameters());
      case 4:
        return first_of(uniform(), by_parameters());
      default:
        return 0;
    }
  }

 private:
  [[nodiscard]] static std::uint32_t first_of(std::uint32_t a, std::uint32_t b) noexcept {
    return a != 0 ? a : b;
  }
  /// The parameters are there and not all zero.
  [[nodiscard]] bool has_parameters() const noexcept {
    using enum Destination;
    return (get(PacketInterval) | get(PacketSpace) | get(SampleSize) | get(Population) |
            get(Probability)) != 0;
  }
  [[nodiscard]] std::uint32_t by_parameters() const noexcept {
    return first_of(systematic(), first_of(random(), uniform()));
  }
  /// 305 alone is no rate: it is how many packets are taken in a row.
  [[nodiscard]] std::uint32_t systematic() const noexcept {
    const std::uint64_t taken = get(Destination::PacketInterval);
    const std::uint64_t space = get(Destination::PacketSpace);
    if (taken == 0 || !has(Destination::PacketSpace)) return 0;
    if (space > std::numeric_limits<std::uint64_t>::max() - taken) return 0;
    return ratio(taken + space, taken);
  }
  [[nodiscard]] std::uint32_t random() const noexcept {
    const std::uint64_t size = get(Destination::SampleSize);
    return size == 0 ? 0 : ratio(get(Destination::Population), size);
  }
  [[nodiscard]] std::uint32_t uniform() const noexcept {
    if (!has(Destination::Probability)) return 0;
    const double probability = std::bit_cast<double>(get(Destination::Probability));
    if (!(probability > 0.0 && probability <= 1.0)) return 0;
    const double n = std::round(1.0 / probability);
    return n <= 4'294'967'295.0 ? static_cast<std::uint32_t>(n) : 0;
  }
  [[nodiscard]] static std::uint32_t ratio(std::uint64_t whole, std::uint64_t part) noexcept {
    const std::uint64_t rest = whole % part;
    const std::uint64_t n = whole / part + (rest >= part - rest ? 1U : 0U);
    return n > std::numeric_limits<std::uint32_t>::max() ? 0 : static_cast<std::uint32_t>(n);
  }

  std::array<std::uint64_t, kDestinations> values_;  // read only where known_ says so
  std::bitset<kDestinations> known_;
};

}  // namespace weir::wire
