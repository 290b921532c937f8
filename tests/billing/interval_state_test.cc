#include "collector/billing/interval_state.h"

#include <gtest/gtest.h>

namespace weir::billing {
namespace {

TEST(IntervalState, MissingIsNotZero) {
  EXPECT_EQ(Interval{}.state(), IntervalState::Missing);
  EXPECT_EQ(Interval{.completeness = kWhole}.state(), IntervalState::MeasuredZero);
}

TEST(IntervalState, FollowsFromBytesAndCompleteness) {
  EXPECT_EQ((Interval{.bytes = {1, 0}, .completeness = kWhole}.state()), IntervalState::Measured);
  EXPECT_EQ((Interval{.bytes = {0, 1}, .completeness = kWhole}.state()), IntervalState::Measured);
  EXPECT_EQ((Interval{.bytes = {1, 1}, .completeness = Share{999'999}}.state()),
            IntervalState::Partial);
  EXPECT_EQ(Interval{.completeness = Share{1}}.state(), IntervalState::Partial);
}

TEST(IntervalState, BytesThatArrivedAreNeverMissing) {
  EXPECT_EQ((Interval{.bytes = {1, 0}}.state()), IntervalState::Partial);
}

TEST(IntervalState, MaskGoesBeforeAllElse) {
  const Interval masked{.bytes = {1, 0}, .completeness = kWhole, .is_masked = true};
  EXPECT_EQ(masked.state(), IntervalState::Masked);
  EXPECT_EQ(masked.state_unmasked(), IntervalState::Measured);
}

TEST(IntervalState, MeasuredZeroAndPartialCountInThePercentile) {
  EXPECT_TRUE(is_counted(IntervalState::Measured));
  EXPECT_TRUE(is_counted(IntervalState::MeasuredZero));
  EXPECT_TRUE(is_counted(IntervalState::Partial));
  EXPECT_FALSE(is_counted(IntervalState::Missing));
  EXPECT_FALSE(is_counted(IntervalState::Masked));
}

TEST(IntervalState, HasAName) {
  EXPECT_EQ(interval_state_name(IntervalState::Measured), "measured");
  EXPECT_EQ(interval_state_name(IntervalState::MeasuredZero), "measured_zero");
  EXPECT_EQ(interval_state_name(IntervalState::Partial), "partial");
  EXPECT_EQ(interval_state_name(IntervalState::Missing), "missing");
  EXPECT_EQ(interval_state_name(IntervalState::Masked), "masked");
}

TEST(Completeness, IsTheShareOfTimeTimesTheShareThatArrived) {
  using std::chrono::seconds;
  EXPECT_EQ(interval_completeness(seconds{300}, 100, 100), kWhole);
  EXPECT_EQ(interval_completeness(seconds{300}, 0, 0), kWhole);
  EXPECT_EQ(interval_completeness(seconds{150}, 0, 0), Share{500'000});
  EXPECT_EQ(interval_completeness(seconds{150}, 98, 100), Share{490'000});
  EXPECT_EQ(interval_completeness(seconds{0}, 98, 100), kNone);
  EXPECT_EQ(interval_completeness(seconds{-1}, 98, 100), kNone);
  EXPECT_EQ(interval_completeness(seconds{301}, 101, 100), kWhole);
}

TEST(Share, IsWholeOnlyIfNothingLacks) {
  EXPECT_EQ(share_of(UINT64_MAX - 1, UINT64_MAX), Share{999'999});
  EXPECT_EQ(share_of(2, 3), Share{666'666});
  EXPECT_EQ(share_of(3, 3), kWhole);
  EXPECT_EQ(share_of(0, 0), kNone);
}

}  // namespace
}  // namespace weir::billing
