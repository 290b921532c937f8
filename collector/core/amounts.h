#pragma once

#include <array>
#include <cstdint>

#include "collector/model/fate.h"

namespace weir::core {

/// 128-bit sums: variances of a day do not fit 64 bits.
__extension__ using Wide = unsigned __int128;

/// Sum of the amounts in one cell position over workers (and perhaps buckets).
struct CellTotal {
  std::uint64_t bytes = 0;
  std::uint64_t packets = 0;
  std::uint64_t records = 0;
  Wide variance = 0;

  friend bool operator==(const CellTotal&, const CellTotal&) = default;
};

/// In place of a slot: nobody's.
inline constexpr std::uint32_t kNoSlot = ~std::uint32_t{0};

/// Cells of a slot: direction times two plus family.
inline constexpr std::size_t kCellsPerSlot = 4;

[[nodiscard]] constexpr std::size_t cell_position(Direction direction, Family family) noexcept {
  return static_cast<std::size_t>(direction) * 2 + static_cast<std::size_t>(family);
}

using SlotTotals = std::array<CellTotal, kCellsPerSlot>;

}  // namespace weir::core
