#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace weir::generator {

/// Random numbers that depend on the seed alone, so that a scenario plays the same on every
/// machine (the standard library's distributions differ between implementations).
///
/// Threads: one. The generator is splitmix64.
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  [[nodiscard]] std::uint64_t next() noexcept {
    state_ += 0x9e37'79b9'7f4a'7c15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11ebULL;
    return z ^ (z >> 31);
  }

  /// 0..bound-1; `bound` is not zero.
  [[nodiscard]] std::uint32_t below(std::uint32_t bound) noexcept {
    return static_cast<std::uint32_t>(((next() >> 32) * bound) >> 32);
  }

  /// [0, 1)
  [[nodiscard]] double unit() noexcept {
    return static_cast<double>(next() >> 11) * (1.0 / 9'007'199'254'740'992.0);
  }

  /// Mean 0, standard deviation 1 (Box and Muller).
  [[nodiscard]] double normal() noexcept {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - unit()));
    return radius * std::cos(2.0 * std::numbers::pi * unit());
  }

  /// Packets up to and including the next one that is taken, where each is taken with
  /// probability 1/interval: a geometric distribution.
  [[nodiscard]] std::uint64_t packets_until_sample(std::uint32_t interval) noexcept {
    if (interval <= 1) return 1;
    const double misses = std::log(1.0 - unit()) / std::log1p(-1.0 / interval);
    return 1 + static_cast<std::uint64_t>(misses);
  }

 private:
  std::uint64_t state_;
};

/// A seed for one part of a scenario, so that parts do not disturb one another.
[[nodiscard]] inline std::uint64_t derive_seed(std::uint64_t seed, std::uint64_t part) noexcept {
  Random random(seed ^ (part * 0xd6e8'feb8'6659'fd93ULL));
  return random.next();
}

}  // namespace weir::generator
