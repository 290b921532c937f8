#include "collector/billing/baseline.h"

#include <gtest/gtest.h>

#include <vector>

namespace weir::billing {
namespace {

BaselineLevels levels_of(std::vector<double> values, BaselineRule rule) {
  const auto baseline = baseline_of(values);
  EXPECT_TRUE(baseline);
  return baseline ? baseline_levels(*baseline, rule) : BaselineLevels{};
}

// Domain requirement 39.
TEST(Baseline, SixDeviationsAboveTheMedian) {
  std::vector<double> values{410, 430, 395, 420};
  const auto baseline = baseline_of(values);
  ASSERT_TRUE(baseline);
  EXPECT_DOUBLE_EQ(baseline->median, 415);
  EXPECT_DOUBLE_EQ(baseline->deviation, 14.826);  // of a median absolute deviation of 10
  const auto levels = baseline_levels(*baseline, {.k = 6});
  EXPECT_DOUBLE_EQ(levels.median, 415);
  EXPECT_DOUBLE_EQ(levels.high, 503.956);
  EXPECT_DOUBLE_EQ(levels.low, 459.478);
}

TEST(Baseline, OneOddValueMovesItLittle) {
  const auto levels = levels_of({100, 120, 110, 9'000, 90}, {.k = 6});
  EXPECT_DOUBLE_EQ(levels.median, 110);
  EXPECT_DOUBLE_EQ(levels.high, 110 + 6 * 1.4826 * 10);
}

TEST(Baseline, ValuesThatAgreeLeaveAFifth) {
  EXPECT_EQ(levels_of({500, 500, 500}, {.k = 6}),
            (BaselineLevels{.median = 500, .high = 600, .low = 550}));
}

TEST(Baseline, NothingBelowTheFloorIsHigh) {
  EXPECT_EQ(levels_of({0, 0, 0}, {.k = 6, .floor = BitsPerSecond{1'000}}),
            (BaselineLevels{.median = 0, .high = 1'000, .low = 500}));
}

TEST(Baseline, NoValuesHaveNone) {
  std::vector<double> none;
  EXPECT_EQ(baseline_of(none), std::nullopt);
}

class AboveBaselineTest : public testing::Test {
 protected:
  /// Whether it is above after each.
  std::vector<bool> take(const std::vector<double>& rates, Heard heard = Heard::Whole) {
    std::vector<bool> after;
    for (const double rate : rates) {
      state.take(rate, heard, kLevels, 3);
      after.push_back(state.is_above());
    }
    return after;
  }

  static constexpr BaselineLevels kLevels{.median = 415, .high = 503.956, .low = 459.478};
  AboveBaseline state;
};

TEST_F(AboveBaselineTest, ThreeInARowRaise) {
  EXPECT_EQ(take({504, 504, 503, 504, 504, 504}),
            (std::vector{false, false, false, false, false, true}));
}

TEST_F(AboveBaselineTest, OnlyTheLowerLevelClears) {
  EXPECT_EQ(take({900, 900, 900, 500, 460, 459, 460}),
            (std::vector{false, false, true, true, true, false, false}));
}

TEST_F(AboveBaselineTest, AfterItHasClearedItTakesThreeAgain) {
  EXPECT_EQ(take({900, 900, 900, 100, 900, 900, 900}),
            (std::vector{false, false, true, false, false, false, true}));
}

TEST_F(AboveBaselineTest, APartOnlyRaises) {
  EXPECT_EQ(take({900, 900}), (std::vector{false, false}));
  EXPECT_EQ(take({10}, Heard::Part), std::vector{false});
  EXPECT_EQ(take({900}, Heard::Part), std::vector{true});
  EXPECT_EQ(take({10}, Heard::Part), std::vector{true});
  EXPECT_EQ(take({10}), std::vector{false});
}

}  // namespace
}  // namespace weir::billing
