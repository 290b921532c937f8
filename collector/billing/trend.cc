#include "collector/billing/trend.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstddef>
#include <vector>

#include "collector/billing/median.h"

namespace weir::billing {
namespace {

/// The first place in [from, until] where `holds`, which holds from some place on.
template <class Predicate>
std::optional<double> first_that(double from, double until, Predicate holds) {
  if (until < from) return std::nullopt;
  if (holds(from)) return from;
  if (!holds(until)) return std::nullopt;
  // Halving until doubles have no number between the two.
  for (;;) {
    const double middle = from + (until - from) / 2;
    if (middle <= from || middle >= until) return until;
    (holds(middle) ? until : from) = middle;
  }
}

}  // namespace

std::optional<RobustLine> theil_sen(std::span<const TrendPoint> points) {
  std::vector<double> slopes;
  slopes.reserve(points.size() * points.size() / 2);
  for (std::size_t i = 0; i < points.size(); ++i)
    for (std::size_t j = i + 1; j < points.size(); ++j)
      if (points[i].week < points[j].week || points[j].week < points[i].week)
        slopes.push_back((points[j].value - points[i].value) / (points[j].week - points[i].week));
  if (slopes.empty()) return std::nullopt;
  RobustLine line{.slope = median_of(slopes)};
  std::vector<double> intercepts;
  intercepts.reserve(points.size());
  for (const TrendPoint& point : points)
    intercepts.push_back(point.value - line.slope * point.week);
  line.intercept = median_of(intercepts);
  return line;
}

std::optional<LeastSquares> least_squares(std::span<const TrendPoint> points) {
  if (points.size() < 3) return std::nullopt;
  LeastSquares line{.count = static_cast<double>(points.size())};
  for (const TrendPoint& point : points) {
    line.mean_week += point.week / line.count;
    line.mean_value += point.value / line.count;
  }
  double together = 0;
  for (const TrendPoint& point : points) {
    const double week = point.week - line.mean_week;
    line.spread += week * week;
    together += week * (point.value - line.mean_value);
  }
  if (line.spread <= 0) return std::nullopt;
  line.slope = together / line.spread;
  double residuals = 0;
  for (const TrendPoint& point : points) {
    const double residual = point.value - line.at(point.week);
    residuals += residual * residual;
  }
  const double freedom = line.count - 2;
  line.deviation = std::sqrt(residuals / freedom);
  line.quantile = boost::math::quantile(boost::math::students_t(freedom), 0.975);
  return line;
}

double LeastSquares::half_width(double week) const noexcept {
  const double away = week - mean_week;
  return quantile * deviation * std::sqrt(1 + 1 / count + away * away / spread);
}

std::optional<double> LeastSquares::line_reaches(double value, double from, double until) const {
  return first_that(from, until, [&](double week) { return at(week) >= value; });
}

std::optional<double> LeastSquares::upper_reaches(double value, double from, double until) const {
  // The bound is convex: once it has risen to the value it stays above.
  return first_that(from, until, [&](double week) { return at(week) + half_width(week) >= value; });
}

std::optional<double> LeastSquares::lower_reaches(double value, double from, double until) const {
  // The bound is concave: it rises up to its top alone, and what it has not reached there it
  // never does. Where the slope is surer than its error it has no top.
  const double error = quantile * deviation;
  const double sureness = error * error - slope * slope * spread;
  if (sureness > 0) {
    const double top =
        slope <= 0 ? from : mean_week + slope * spread * std::sqrt((1 + 1 / count) / sureness);
    until = std::clamp(top, from, std::max(from, until));
  }
  return first_that(from, until, [&](double week) { return at(week) - half_width(week) >= value; });
}

}  // namespace weir::billing
