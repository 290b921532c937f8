#pragma once

#include <optional>
#include <span>

namespace weir::billing {

/// One week of a series: its number, counted in whole weeks from any first one, and its value.
/// Weeks that are left out leave a hole in the numbers.
struct TrendPoint {
  double week = 0;
  double value = 0;
};

/// A straight line through weeks, by Theil and Sen: the slope is the median of the slopes of all
/// pairs, the intercept the median of value - slope * week. A quarter of the weeks may be
/// anything at all and it moves little (docs/capacity.md, "The trend").
struct RobustLine {
  double slope = 0;
  double intercept = 0;

  [[nodiscard]] constexpr double at(double week) const noexcept { return intercept + slope * week; }
};

/// nullopt for fewer than two points, or all of one week. In time n^2, for one year of weeks.
///
/// Threads: any; a pure function, as all below.
[[nodiscard]] std::optional<RobustLine> theil_sen(std::span<const TrendPoint> points);

/// The line of least squares, and what a further week may be: with 95 % probability within
/// value +- t(0.975, n - 2) s sqrt(1 + 1/n + (week - mean)^2 / Sxx), if weeks scatter normally.
struct LeastSquares {
  double slope = 0;
  double mean_week = 0;
  double mean_value = 0;
  double deviation = 0;  ///< s: of the residuals, with n - 2 degrees of freedom
  double spread = 0;     ///< Sxx: sum of squares of week - mean
  double quantile = 0;   ///< t(0.975, n - 2)
  double count = 0;      ///< n

  [[nodiscard]] double at(double week) const noexcept {
    return mean_value + slope * (week - mean_week);
  }
  [[nodiscard]] double half_width(double week) const noexcept;

  /// The first week from `from` to `until` in which the line, the upper and the lower bound are
  /// at `value` or above; nullopt if none is. `from` is not before the mean week.
  [[nodiscard]] std::optional<double> line_reaches(double value, double from, double until) const;
  [[nodiscard]] std::optional<double> upper_reaches(double value, double from, double until) const;
  [[nodiscard]] std::optional<double> lower_reaches(double value, double from, double until) const;
};

/// nullopt for fewer than three points, or all of one week.
[[nodiscard]] std::optional<LeastSquares> least_squares(std::span<const TrendPoint> points);

}  // namespace weir::billing
