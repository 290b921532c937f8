#include "collector/billing/forecast.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <initializer_list>
#include <set>
#include <string_view>
#include <vector>

namespace weir::billing {
namespace {

std::vector<TrendPoint> weeks_of(std::initializer_list<double> values) {
  std::vector<TrendPoint> points;
  for (const double value : values)
    points.push_back({.week = static_cast<double>(points.size()), .value = value});
  return points;
}

std::vector<TrendPoint> weeks_by(std::size_t count, const std::function<double(double)>& value) {
  std::vector<TrendPoint> points;
  for (std::size_t i = 0; i < count; ++i) {
    const auto week = static_cast<double>(i);
    points.push_back({.week = week, .value = value(week)});
  }
  return points;
}

NoForecast reason_of(const std::vector<TrendPoint>& points, double limit,
                     GrowthModel model = GrowthModel::Linear) {
  const auto made = forecast(points, limit, model);
  EXPECT_FALSE(made);
  return made ? NoForecast{255} : made.error();
}

TEST(Forecast, TheRobustTrendReachesTheLimitIn13Weeks) {
  const auto made =
      forecast(weeks_of({6.0, 6.1, 6.2, 6.3, 9.0, 6.5, 6.6, 6.7}), 8.0, GrowthModel::Linear);
  ASSERT_TRUE(made);
  EXPECT_NEAR(made->central, 13.0, 1e-9);
  EXPECT_LE(made->early, made->central);
}

TEST(Forecast, BoundsAreThoseOfThePredictionInterval) {
  const auto made = forecast(weeks_of({6.02, 6.07, 6.23, 6.28, 6.41, 6.48, 6.63, 6.66}), 8.0,
                             GrowthModel::Linear);
  ASSERT_TRUE(made);
  EXPECT_NEAR(made->early, 11.6, 0.05);
  EXPECT_NEAR(made->central, 13.5, 0.5);
  ASSERT_TRUE(made->late);
  EXPECT_NEAR(*made->late, 15.9, 0.05);
}

TEST(Forecast, GrowthByTheSamePartIsALineThroughLogarithms) {
  const auto points = weeks_by(20, [](double week) { return std::exp2(week / 10); });
  const auto made = forecast(points, std::exp2(2.9), GrowthModel::Exponential);
  ASSERT_TRUE(made);
  EXPECT_NEAR(made->central, 10, 1e-9);
  EXPECT_NEAR(made->early, 10, 1e-6);
  ASSERT_TRUE(made->late);
  EXPECT_NEAR(*made->late, 10, 1e-6);
  // A straight line believes that there is more time.
  const auto linear = forecast(points, std::exp2(2.9), GrowthModel::Linear);
  ASSERT_TRUE(linear);
  EXPECT_GT(linear->central, made->central);
}

TEST(Forecast, SevenWeeksAreTooFew) {
  EXPECT_EQ(reason_of(weeks_of({1, 2, 3, 4, 5, 6, 7}), 100), NoForecast::TooFewWeeks);
  EXPECT_TRUE(forecast(weeks_of({1, 2, 3, 4, 5, 6, 7, 8}), 100, GrowthModel::Linear));
}

TEST(Forecast, LevelAndFallingTrendsHaveNoDate) {
  EXPECT_EQ(reason_of(weeks_of({5, 5, 5, 5, 5, 5, 5, 5}), 100), NoForecast::NoGrowth);
  EXPECT_EQ(reason_of(weeks_of({8, 7, 6, 5, 4, 3, 2, 1}), 100), NoForecast::NoGrowth);
}

TEST(Forecast, ATrendAtTheLimitIsOverIt) {
  EXPECT_EQ(reason_of(weeks_of({1, 2, 3, 4, 5, 6, 7, 8}), 8), NoForecast::AlreadyOver);
  EXPECT_EQ(reason_of(weeks_of({8, 7, 6, 5, 4, 3, 2, 1}), 1), NoForecast::AlreadyOver);
}

TEST(Forecast, FiveYearsAreTheHorizon) {
  const auto points = weeks_of({1, 2, 3, 4, 5, 6, 7, 8});
  EXPECT_TRUE(forecast(points, 8 + kHorizonWeeks, GrowthModel::Linear));
  EXPECT_EQ(reason_of(points, 9 + kHorizonWeeks), NoForecast::BeyondHorizon);
}

TEST(Forecast, AWeekWithoutTrafficHasNoLogarithm) {
  const auto points = weeks_of({0, 2, 3, 4, 5, 6, 7, 8});
  EXPECT_EQ(reason_of(points, 100, GrowthModel::Exponential), NoForecast::ZeroWeek);
  EXPECT_EQ(weekly_growth(points, GrowthModel::Exponential), std::nullopt);
  EXPECT_TRUE(forecast(points, 100, GrowthModel::Linear));
}

TEST(Forecast, OrderHoldsForAnyScatter) {
  for (int seed = 1; seed < 200; ++seed) {
    const auto points = weeks_by(12, [seed](double week) {
      return 10 + week + 4 * std::sin(seed * 1.7 + week * week * seed);
    });
    for (const auto model : {GrowthModel::Linear, GrowthModel::Exponential}) {
      const auto made = forecast(points, 40, model);
      if (!made) continue;
      EXPECT_GE(made->early, 0) << seed;
      EXPECT_LE(made->early, made->central) << seed;
      EXPECT_GE(made->late.value_or(kHorizonWeeks), made->central) << seed;
    }
  }
}

TEST(WeeklyGrowth, IsTheSlopeOrThePartOfNow) {
  EXPECT_NEAR(*weekly_growth(weeks_of({1, 3, 5, 7, 9, 11, 13, 15}), GrowthModel::Linear), 2, 1e-12);
  const auto doubling = weeks_by(8, [](double week) { return std::exp2(week); });
  EXPECT_NEAR(*weekly_growth(doubling, GrowthModel::Exponential), 128, 1e-9);
  EXPECT_EQ(weekly_growth(weeks_of({1, 2}), GrowthModel::Linear), std::nullopt);
}

TEST(NoForecastName, EachReasonHasItsOwn) {
  std::set<std::string_view> names;
  for (const NoForecast reason : kNoForecasts) names.insert(no_forecast_name(reason));
  EXPECT_EQ(names, (std::set<std::string_view>{"too_few_weeks", "already_over", "no_growth",
                                               "beyond_horizon", "zero_week"}));
}

}  // namespace
}  // namespace weir::billing
