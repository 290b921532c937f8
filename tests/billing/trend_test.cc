#include "collector/billing/trend.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <vector>

namespace weir::billing {
namespace {

std::vector<TrendPoint> weeks_of(std::initializer_list<double> values) {
  std::vector<TrendPoint> points;
  for (const double value : values)
    points.push_back({.week = static_cast<double>(points.size()), .value = value});
  return points;
}

TEST(TheilSen, OneOddWeekMovesNothing) {
  const auto points = weeks_of({6.0, 6.1, 6.2, 6.3, 9.0, 6.5, 6.6, 6.7});
  const auto line = theil_sen(points);
  ASSERT_TRUE(line);
  EXPECT_NEAR(line->slope, 0.1, 1e-12);
  EXPECT_NEAR(line->at(7), 6.7, 1e-12);
  // Least squares lets itself be moved: 6.6 weeks to 8.0, in place of 13.
  const auto squares = least_squares(points);
  ASSERT_TRUE(squares);
  const auto crossing = squares->line_reaches(8.0, 7, 100);
  ASSERT_TRUE(crossing);
  EXPECT_NEAR(*crossing - 7, 6.6, 0.05);
}

TEST(TheilSen, AHoleInTheWeeksIsNoHoleInTime) {
  const std::vector<TrendPoint> points{{0, 10}, {1, 12}, {5, 20}};
  const auto line = theil_sen(points);
  ASSERT_TRUE(line);
  EXPECT_DOUBLE_EQ(line->slope, 2);
  EXPECT_DOUBLE_EQ(line->intercept, 10);
}

TEST(TheilSen, OnePointAndPointsOfOneWeekHaveNoSlope) {
  EXPECT_FALSE(theil_sen(weeks_of({1})));
  EXPECT_FALSE(theil_sen(std::vector<TrendPoint>{{3, 1}, {3, 2}}));
  EXPECT_FALSE(least_squares(weeks_of({1, 2})));
  EXPECT_FALSE(least_squares(std::vector<TrendPoint>{{3, 1}, {3, 2}, {3, 3}}));
}

TEST(LeastSquaresLine, HasThePublishedInterval) {
  const auto line = least_squares(weeks_of({6.02, 6.07, 6.23, 6.28, 6.41, 6.48, 6.63, 6.66}));
  ASSERT_TRUE(line);
  EXPECT_NEAR(line->slope, 0.097143, 5e-7);
  EXPECT_NEAR(line->deviation, 0.029459, 5e-7);
  EXPECT_NEAR(line->quantile, 2.446912, 5e-7);
  EXPECT_NEAR(line->at(13), 7.270, 5e-4);
  EXPECT_NEAR(line->at(13) - line->half_width(13), 7.140, 5e-4);
  EXPECT_NEAR(line->at(13) + line->half_width(13), 7.401, 5e-4);
}

TEST(LeastSquaresLine, CrossesEarlyCentralAndLate) {
  const auto line = least_squares(weeks_of({6.02, 6.07, 6.23, 6.28, 6.41, 6.48, 6.63, 6.66}));
  ASSERT_TRUE(line);
  EXPECT_NEAR(line->upper_reaches(8.0, 7, 300).value_or(0) - 7, 11.6, 0.05);
  EXPECT_NEAR(line->line_reaches(8.0, 7, 300).value_or(0) - 7, 13.5, 0.05);
  EXPECT_NEAR(line->lower_reaches(8.0, 7, 300).value_or(0) - 7, 15.9, 0.05);
}

TEST(LeastSquaresLine, WhatIsReachedNeverOrTooLateIsNothing) {
  const auto rising = least_squares(weeks_of({1, 2, 3, 4, 5, 6, 7, 8.5}));
  ASSERT_TRUE(rising);
  EXPECT_FALSE(rising->line_reaches(1'000, 7, 100));
  EXPECT_EQ(rising->line_reaches(2, 7, 100), 7.0);
  const auto falling = least_squares(weeks_of({8, 7, 6, 5, 4, 3, 2, 0.5}));
  ASSERT_TRUE(falling);
  EXPECT_FALSE(falling->line_reaches(9, 7, 261));
  EXPECT_FALSE(falling->lower_reaches(9, 7, 261));
}

TEST(LeastSquaresLine, WhereTheScatterOutgrowsTheTrendTheLowerBoundNeverArrives) {
  const auto line = least_squares(weeks_of({5, 9, 4, 8, 5, 9, 6, 9}));
  ASSERT_TRUE(line);
  EXPECT_GT(line->slope, 0);
  EXPECT_TRUE(line->upper_reaches(12, 7, 261));
  EXPECT_TRUE(line->line_reaches(12, 7, 261));
  EXPECT_FALSE(line->lower_reaches(12, 7, 261));
}

}  // namespace
}  // namespace weir::billing
