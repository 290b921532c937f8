#include "collector/billing/capacity.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace weir::billing {
namespace {

constexpr double kWeekMs = 7.0 * 86'400'000;

/// To the second: a finer date would claim what nobody knows.
TrafficTime after(TrafficTime end, double weeks) {
  const auto ms = static_cast<std::int64_t>(std::llround(weeks * kWeekMs / 1'000)) * 1'000;
  return end + TrafficSpan{ms};
}

}  // namespace

std::string_view capacity_limit_name(CapacityLimit limit) noexcept {
  switch (limit) {
    case CapacityLimit::Committed:
      return "committed";
    case CapacityLimit::Ceiling:
      return "ceiling";
    case CapacityLimit::Speed:
      return "speed";
    case CapacityLimit::OneDown:
      return "n1";
  }
  return "unknown";
}

CapacityTrend trend_of(std::vector<WeekFigure> weeks, std::span<const Period> calendar,
                       std::span<const AskedLimit> limits, GrowthModel model) {
  weeks.erase(weeks.begin(), std::find_if(weeks.begin(), weeks.end(), [](const WeekFigure& week) {
                return week.completeness > kNone;
              }));
  CapacityTrend trend{.weeks = std::move(weeks)};
  std::vector<TrendPoint> points;
  for (const WeekFigure& week : trend.weeks) {
    if (week.is_left_out()) {
      ++trend.weeks_left_out;
      continue;
    }
    points.push_back({.week = static_cast<double>(week.number),
                      .value = static_cast<double>(week.percentile.value())});
  }
  if (!trend.weeks.empty() && trend.weeks.back().number + 1 == calendar.size() &&
      !trend.weeks.back().is_left_out())
    trend.last = trend.weeks.back().percentile;
  trend.growth = weekly_growth(points, model);
  for (const AskedLimit& asked : limits) {
    LimitForecast made{.limit = asked.limit, .reached_at = asked.reached_at};
    const auto ahead = forecast(points, static_cast<double>(asked.reached_at.value()), model);
    if (ahead) {
      const TrafficTime last = calendar[static_cast<std::size_t>(points.back().week)].end;
      made.early = after(last, ahead->early);
      made.central = after(last, ahead->central);
      if (ahead->late) made.late = after(last, *ahead->late);
    } else {
      made.reason = ahead.error();
    }
    trend.forecasts.push_back(made);
  }
  return trend;
}

}  // namespace weir::billing
