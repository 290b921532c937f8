#pragma once

#include <cstdint>
#include <string_view>

#include "collector/model/units.h"

namespace weir::contracts {

/// Size class of a contract by its committed rate. "Over 1 Gbps" is strict: a contract of
/// exactly 1 Gbps is UpTo1G.
enum class Tier : std::uint8_t { UpTo100M, UpTo1G, Over1G };
inline constexpr std::size_t kTiers = 3;

[[nodiscard]] constexpr Tier tier_of(BitsPerSecond committed) noexcept {
  if (committed.value() <= 100'000'000) return Tier::UpTo100M;
  return committed.value() <= 1'000'000'000 ? Tier::UpTo1G : Tier::Over1G;
}

/// Label value of weir_contracts and weir_contracted_bytes_per_second.
[[nodiscard]] constexpr std::string_view tier_name(Tier tier) noexcept {
  switch (tier) {
    case Tier::UpTo100M:
      return "le_100m";
    case Tier::UpTo1G:
      return "le_1g";
    case Tier::Over1G:
      return "gt_1g";
  }
  return "unknown";
}

}  // namespace weir::contracts
