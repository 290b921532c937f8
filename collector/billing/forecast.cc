#include "collector/billing/forecast.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace weir::billing {
namespace {

/// The points as a straight line fits them.
tl::expected<std::vector<TrendPoint>, NoForecast> straightened(std::span<const TrendPoint> points,
                                                               GrowthModel model) {
  if (points.size() < kFewestWeeks) return tl::unexpected(NoForecast::TooFewWeeks);
  std::vector<TrendPoint> straight(points.begin(), points.end());
  if (model == GrowthModel::Linear) return straight;
  for (TrendPoint& point : straight) {
    if (point.value <= 0) return tl::unexpected(NoForecast::ZeroWeek);
    point.value = std::log(point.value);
  }
  return straight;
}

}  // namespace

std::string_view growth_model_name(GrowthModel model) noexcept {
  return model == GrowthModel::Linear ? "linear" : "exponential";
}

std::string_view no_forecast_name(NoForecast reason) noexcept {
  switch (reason) {
    case NoForecast::TooFewWeeks:
      return "too_few_weeks";
    case NoForecast::AlreadyOver:
      return "already_over";
    case NoForecast::NoGrowth:
      return "no_growth";
    case NoForecast::BeyondHorizon:
      return "beyond_horizon";
    case NoForecast::ZeroWeek:
      return "zero_week";
  }
  return "unknown";
}

tl::expected<WeeksAhead, NoForecast> forecast(std::span<const TrendPoint> points, double limit,
                                              GrowthModel model) {
  const auto straight = straightened(points, model);
  if (!straight) return tl::unexpected(straight.error());
  const double value = model == GrowthModel::Linear ? limit : std::log(limit);
  const auto trend = theil_sen(*straight);
  const auto squares = least_squares(*straight);
  if (!trend || !squares) return tl::unexpected(NoForecast::TooFewWeeks);
  const double last = straight->back().week;
  if (trend->at(last) >= value) return tl::unexpected(NoForecast::AlreadyOver);
  if (trend->slope <= 0) return tl::unexpected(NoForecast::NoGrowth);
  WeeksAhead ahead{.central = (value - trend->at(last)) / trend->slope};
  if (ahead.central > kHorizonWeeks) return tl::unexpected(NoForecast::BeyondHorizon);
  const double until = last + kHorizonWeeks;
  const auto early = squares->upper_reaches(value, last, until);
  ahead.early = early ? std::min(*early - last, ahead.central) : ahead.central;
  if (const auto late = squares->lower_reaches(value, last, until))
    ahead.late = std::max(*late - last, ahead.central);
  return ahead;
}

std::optional<double> weekly_growth(std::span<const TrendPoint> points, GrowthModel model) {
  const auto straight = straightened(points, model);
  if (!straight) return std::nullopt;
  const auto trend = theil_sen(*straight);
  if (!trend) return std::nullopt;
  if (model == GrowthModel::Linear) return trend->slope;
  return std::exp(trend->at(straight->back().week)) * std::expm1(trend->slope);
}

}  // namespace weir::billing
