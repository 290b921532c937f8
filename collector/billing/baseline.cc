#include "collector/billing/baseline.h"

#include <algorithm>
#include <cmath>

#include "collector/billing/median.h"

namespace weir::billing {
namespace {

/// Makes of a median absolute deviation the standard deviation of a normal distribution.
constexpr double kDeviationsPerMad = 1.4826;
constexpr double kLeastRise = 0.2;

}  // namespace

std::optional<Baseline> baseline_of(std::span<double> values) {
  if (values.empty()) return std::nullopt;
  const double median = median_of(values);
  for (double& value : values) value = std::abs(value - median);
  return Baseline{.median = median, .deviation = kDeviationsPerMad * median_of(values)};
}

BaselineLevels baseline_levels(const Baseline& baseline, const BaselineRule& rule) {
  const double above = std::max(rule.k * baseline.deviation, kLeastRise * baseline.median);
  BaselineLevels levels{.median = baseline.median};
  levels.high = std::max(baseline.median + above, static_cast<double>(rule.floor.value()));
  levels.low = baseline.median + (levels.high - baseline.median) / 2;
  return levels;
}

void AboveBaseline::take(double rate, Heard heard, const BaselineLevels& levels,
                         std::uint32_t intervals_to_raise) noexcept {
  if (rate > levels.high) {
    row_ = std::min(row_ + 1, intervals_to_raise);
    if (row_ == intervals_to_raise) is_above_ = true;
    return;
  }
  // Of a part only what was seen is known.
  if (heard == Heard::Part) return;
  row_ = 0;
  if (rate <= levels.low) is_above_ = false;
}

}  // namespace weir::billing
