#include "collector/billing/headroom.h"

#include <algorithm>

namespace weir::billing {

std::optional<Headroom> headroom_of(std::span<const BitsPerSecond> speeds, BitsPerSecond carried,
                                    double target) {
  Wide all = 0;
  std::uint64_t fastest = 0;
  for (const BitsPerSecond speed : speeds) {
    all += speed.value();
    fastest = std::max(fastest, speed.value());
  }
  if (all == 0) return std::nullopt;
  const auto total = static_cast<double>(all);
  const auto left = static_cast<double>(all - fastest);
  const auto rate = static_cast<double>(carried.value());
  Headroom headroom{.load = rate / total, .allowed_load = target * left / total};
  if (left > 0) headroom.load_after_failure = rate / left;
  return headroom;
}

std::optional<double> diversity_factor(Wide sum_of_peaks, Wide peak_of_sum) noexcept {
  if (peak_of_sum == 0) return std::nullopt;
  return static_cast<double>(sum_of_peaks) / static_cast<double>(peak_of_sum);
}

}  // namespace weir::billing
