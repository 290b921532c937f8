#include "collector/billing/capacity.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace weir::billing {
namespace {

constexpr std::int64_t kMonday = 1'767'571'200;
constexpr std::int64_t kWeekSeconds = 604'800;

TrafficTime at(std::int64_t seconds) { return traffic_time_ms(seconds * 1'000); }

std::vector<Period> calendar_of(std::size_t weeks) {
  std::vector<Period> calendar;
  for (std::size_t i = 0; i < weeks; ++i) {
    const std::int64_t start = kMonday + static_cast<std::int64_t>(i) * kWeekSeconds;
    calendar.push_back({at(start), at(start + kWeekSeconds)});
  }
  return calendar;
}

WeekFigure week(std::uint32_t number, std::uint64_t rate, Share completeness = kWhole) {
  return {.number = number, .completeness = completeness, .percentile = BitsPerSecond{rate}};
}

constexpr std::array kLimit{
    AskedLimit{.limit = CapacityLimit::Committed, .reached_at = BitsPerSecond{200}}};

TEST(CapacityTrend, DatesCountFromTheEndOfTheLastWeek) {
  std::vector<WeekFigure> weeks;
  for (std::uint32_t i = 0; i < 10; ++i) weeks.push_back(week(i, 100 + 5 * i));
  const auto calendar = calendar_of(10);
  const auto trend = trend_of(weeks, calendar, kLimit, GrowthModel::Linear);
  EXPECT_EQ(trend.last, BitsPerSecond{145});
  ASSERT_TRUE(trend.growth);
  EXPECT_NEAR(*trend.growth, 5, 1e-9);
  // 55 more at 5 a week.
  const TrafficTime in_11_weeks = calendar.back().end + std::chrono::hours{11 * 168};
  EXPECT_EQ(trend.forecasts, (std::vector{LimitForecast{.limit = CapacityLimit::Committed,
                                                        .reached_at = BitsPerSecond{200},
                                                        .reason = std::nullopt,
                                                        .early = in_11_weeks,
                                                        .central = in_11_weeks,
                                                        .late = in_11_weeks}}));
}

TEST(CapacityTrend, AWeekMeasuredBelow90PercentIsLeftOutAndSaid) {
  std::vector<WeekFigure> weeks;
  for (std::uint32_t i = 0; i < 10; ++i) weeks.push_back(week(i, 100 + 5 * i));
  weeks[4] = week(4, 7'000, Share{899'999});
  weeks[9] = week(9, 0, Share{1});
  const auto calendar = calendar_of(10);
  const auto trend = trend_of(weeks, calendar, kLimit, GrowthModel::Linear);
  EXPECT_EQ(trend.weeks_left_out, 2U);
  EXPECT_EQ(trend.last, std::nullopt);
  EXPECT_EQ(trend.weeks, weeks);
  ASSERT_TRUE(trend.growth);
  EXPECT_NEAR(*trend.growth, 5, 1e-9);
  EXPECT_EQ(trend.forecasts.front().central, calendar[8].end + std::chrono::hours{12 * 168});
  weeks[4].completeness = Share{900'000};
  EXPECT_EQ(trend_of(weeks, calendar, kLimit, GrowthModel::Linear).weeks_left_out, 1U);
}

TEST(CapacityTrend, WeeksBeforeTheFirstMeasuredOneAreNotMissed) {
  std::vector<WeekFigure> weeks;
  for (std::uint32_t i = 0; i < 10; ++i) weeks.push_back(week(i, 0, kNone));
  weeks[8] = week(8, 10);
  weeks[9] = week(9, 20);
  const auto trend = trend_of(weeks, calendar_of(10), kLimit, GrowthModel::Linear);
  EXPECT_EQ(trend.weeks.size(), 2U);
  EXPECT_EQ(trend.weeks_left_out, 0U);
  EXPECT_EQ(trend.last, BitsPerSecond{20});
  EXPECT_EQ(trend.growth, std::nullopt);
  EXPECT_EQ(trend.forecasts.front().reason, NoForecast::TooFewWeeks);
  EXPECT_EQ(trend.forecasts.front().central, std::nullopt);
}

TEST(CapacityTrend, NothingMeasuredGivesNothing) {
  const auto trend = trend_of({}, calendar_of(52), kLimit, GrowthModel::Exponential);
  EXPECT_TRUE(trend.weeks.empty());
  EXPECT_EQ(trend.last, std::nullopt);
  EXPECT_EQ(trend.forecasts.front().reason, NoForecast::TooFewWeeks);
}

}  // namespace
}  // namespace weir::billing
