#include "collector/billing/interval_grid.h"

#include <gtest/gtest.h>

#include "collector/billing/percentile.h"
#include "collector/billing/rate.h"
#include "tests/billing/grid_builder.h"

namespace weir::billing {
namespace {

TEST(IntervalGrid, HasOneMissingPlaceForEachInterval) {
  const IntervalGrid grid(intervals_from_september(8'640));
  EXPECT_EQ(grid.intervals().size(), 8'640U);
  for (const Interval& interval : grid.intervals()) EXPECT_EQ(interval, Interval{});
}

TEST(IntervalGrid, CircuitsAddUpInTheirInterval) {
  IntervalGrid grid(intervals_from_september(2));
  grid.cover(interval_at(1), kWhole);
  grid.add(interval_at(1), {100, 10}, {3, 0});
  grid.add(interval_at(1), {200, 20}, {4, 5});
  EXPECT_EQ(grid.intervals()[0], Interval{});
  EXPECT_EQ(grid.intervals()[1],
            (Interval{.bytes = {300, 30}, .variance = {25, 25}, .completeness = kWhole}));
}

// Domain requirement 10.
TEST(IntervalGrid, MinutesOfAnIntervalGiveItsMeanAndTheirLargestIsTheHundredthPercentile) {
  const std::vector<std::uint64_t> minutes{100, 100, 100, 100, 600};  // Mbps
  IntervalGrid grid(intervals_from_september(1));
  for (std::size_t minute = 0; minute < minutes.size(); ++minute)
    grid.add(ledger_interval_start(kSeptember + std::chrono::minutes{minute}),
             {bytes_of_mbps(minutes[minute]) / 5, 0}, {});
  EXPECT_EQ(rate_of(grid.intervals()[0].bytes.from_customer), mbps(200));
  EXPECT_EQ(percentile_of(minutes, Percentile{10'000}, PercentileMethod::NearestRank)->value, 600U);
}

TEST(IntervalGrid, PassesOverWhatBelongsToAnotherPeriod) {
  IntervalGrid grid(intervals_from_september(2));
  for (const TrafficTime start :
       {kSeptember - kLedgerInterval, kSeptember - TrafficSpan{1}, interval_at(2)}) {
    grid.cover(start, kWhole);
    grid.add(start, {1, 1}, {});
  }
  EXPECT_EQ(grid.intervals()[0], Interval{});
  EXPECT_EQ(grid.intervals()[1], Interval{});
}

TEST(IntervalGrid, SumsSaturate) {
  IntervalGrid grid(intervals_from_september(1));
  grid.add(kSeptember, {UINT64_MAX, 1}, {UINT64_MAX, 0});
  grid.add(kSeptember, {1, UINT64_MAX}, {UINT64_MAX, 0});
  EXPECT_EQ(grid.intervals()[0],
            (Interval{.bytes = {UINT64_MAX, UINT64_MAX}, .variance = {~Wide{0}, 0}}));
}

TEST(IntervalGrid, MaskTakesEveryIntervalThatItTouches) {
  IntervalGrid grid(intervals_from_september(4));
  const Mask mask{
      .span = {interval_at(1) + std::chrono::seconds{299}, interval_at(2) + TrafficSpan{1}},
      .author = "sato",
      .reason = "attack",
      .made_at = kSeptember};
  grid.mask(mask);
  std::vector<bool> masked;
  for (const Interval& interval : grid.intervals()) masked.push_back(interval.is_masked);
  EXPECT_EQ(masked, (std::vector<bool>{false, true, true, false}));
  EXPECT_EQ(std::vector(grid.masks().begin(), grid.masks().end()), std::vector{mask});
}

TEST(IntervalGrid, MaskOfAnotherPeriodIsNoneOfIts) {
  IntervalGrid grid(intervals_from_september(1));
  grid.mask({.span = {interval_at(1), interval_at(9)}});
  grid.mask({.span = {kSeptember - kLedgerInterval, kSeptember}});
  grid.mask({.span = {kSeptember, kSeptember}});
  EXPECT_FALSE(grid.intervals()[0].is_masked);
  EXPECT_TRUE(grid.masks().empty());
}

TEST(IntervalGrid, MaskThatBeganBeforeThePeriodHoldsInIt) {
  IntervalGrid grid(intervals_from_september(3));
  grid.mask({.span = {kSeptember - std::chrono::hours{5}, interval_at(1)}});
  EXPECT_TRUE(grid.intervals()[0].is_masked);
  EXPECT_FALSE(grid.intervals()[1].is_masked);
}

TEST(IntervalGrid, GivesThePartOfASpan) {
  GridBuilder builder({1, 2, 3, 4});
  const Period part{interval_at(1), interval_at(3)};
  EXPECT_EQ(builder.grid().intervals(part).size(), 2U);
  EXPECT_EQ(builder.grid().intervals(part)[0].bytes.from_customer, bytes_of_mbps(2));
  EXPECT_EQ(builder.grid().first_start(part), interval_at(1));
  EXPECT_EQ(builder.grid().intervals({interval_at(3), interval_at(99)}).size(), 1U);
  EXPECT_TRUE(builder.grid().intervals({interval_at(9), interval_at(99)}).empty());
  EXPECT_TRUE(builder.grid().intervals({traffic_time_ms(0), kSeptember}).empty());
}

// Domain requirement 12.
TEST(IntervalGrid, PhaseOfTrafficAgainstTheIntervalsDecidesWhatIsMeasured) {
  // 300 s on and 300 s off, 1 B for each Mbps and second.
  const auto p95_of_shifted = [](std::int64_t shift) {
    IntervalGrid grid(intervals_from_september(20));
    for (std::int64_t second = 0; second < 20 * 300; ++second)
      if ((second + shift) / 300 % 2 == 0)
        grid.add(ledger_interval_start(kSeptember + std::chrono::seconds{second}), {1'000, 0}, {});
    std::vector<std::uint64_t> means;
    for (const Interval& interval : grid.intervals())
      means.push_back(interval.bytes.from_customer / 300);
    return percentile_of(means, kP95, PercentileMethod::NearestRank)->value;
  };
  EXPECT_EQ(p95_of_shifted(0), 1'000U);
  EXPECT_EQ(p95_of_shifted(150), 500U);
}

}  // namespace
}  // namespace weir::billing
