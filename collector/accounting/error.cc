#include "collector/accounting/error.h"

#include <cmath>

namespace weir::accounting {
namespace {

/// 97.5th percentile of the normal distribution, as reports commonly round it.
constexpr double kDeviations95 = 1.96;

}  // namespace

std::uint64_t half_width_95(WideVariance variance) noexcept {
  // The root of the largest variance is below 2^64, but 1.96 times it is not.
  const double width = kDeviations95 * std::sqrt(static_cast<double>(variance));
  constexpr double kBeyond = 18'446'744'073'709'551'616.0;
  if (width >= kBeyond) return UINT64_MAX;
  const double whole = std::floor(width);
  return static_cast<std::uint64_t>(whole) + (width - whole >= 0.5 ? 1U : 0U);
}

}  // namespace weir::accounting
