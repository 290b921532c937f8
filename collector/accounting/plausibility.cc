#include "collector/accounting/plausibility.h"

#include <algorithm>

namespace weir::accounting {
namespace {

/// Bits times milliseconds: needs more than 64 bits.
__extension__ using Wide = unsigned __int128;

}  // namespace

bool is_plausible(std::uint64_t bytes, TimeRange range, BitsPerSecond speed) noexcept {
  if (bytes <= kAlwaysPlausibleBytes) return true;
  if (speed.value() == 0) speed = kFastestInterface;
  const TrafficSpan duration = std::max(range.end - range.start, TrafficSpan{0}) + kPlausibleSlack;
  const Wide bit_milliseconds =
      Wide{speed.value()} * static_cast<std::uint64_t>(duration.count()) * kPlausibleMargin;
  return Wide{bytes} * 8 * 1'000 <= bit_milliseconds;
}

TrafficSpan longest_flow(TrafficSpan active_timeout) noexcept {
  return std::chrono::ceil<std::chrono::minutes>(active_timeout) + std::chrono::minutes{1};
}

}  // namespace weir::accounting
