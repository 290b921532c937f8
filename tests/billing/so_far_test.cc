#include "collector/billing/so_far.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "tests/billing/grid_builder.h"

namespace weir::billing {
namespace {

using contracts::DirectionRule;

SoFar so_far_of(const GridBuilder& builder, std::size_t closed, const Terms& terms) {
  return so_far(builder.grid(), {.span = builder.grid().period(), .terms = terms},
                interval_at(closed), {});
}

/// A month of 8,640 intervals: `above` at 2 Gbps, then 500 Mbps up to `closed`.
GridBuilder month(std::size_t closed, std::size_t above) {
  GridBuilder builder(8'640);
  for (std::size_t i = 0; i < closed; ++i) builder.carried(i, i < above ? 2'000 : 500, 0);
  return builder;
}

constexpr Terms kOneGigabit{.committed = mbps(1'000), .ceiling = mbps(10'000), .tiers = {}};

// Domain requirement 38.
TEST(SoFar, SaysHowMuchOfTheBurstIsUsed) {
  EXPECT_EQ(so_far_of(month(4'320, 310), 4'320, kOneGigabit), (SoFar{.intervals_expected = 8'640,
                                                                     .intervals_measured = 4'320,
                                                                     .intervals_remaining = 4'320,
                                                                     .percentile = mbps(2'000),
                                                                     .low = mbps(500),
                                                                     .high = mbps(10'000),
                                                                     .burst_intervals_used = 310,
                                                                     .burst_intervals_allowed = 432,
                                                                     .is_over_commit = false}));
}

TEST(SoFar, IsOverTheCommitForCertainOnceTheBurstIsExceeded) {
  const SoFar at_limit = so_far_of(month(4'320, 432), 4'320, kOneGigabit);
  EXPECT_EQ(at_limit.burst_intervals_used, 432U);
  EXPECT_FALSE(at_limit.is_over_commit);
  const SoFar beyond = so_far_of(month(4'320, 433), 4'320, kOneGigabit);
  EXPECT_EQ(beyond.burst_intervals_used, 433U);
  EXPECT_TRUE(beyond.is_over_commit);
  EXPECT_EQ(beyond.low, mbps(2'000));
}

TEST(SoFar, HasAValueFromTheFirstInterval) {
  const SoFar first = so_far_of(month(1, 1), 1, kOneGigabit);
  EXPECT_EQ(first.percentile, mbps(2'000));
  EXPECT_EQ(first.low, mbps(0));
  EXPECT_EQ(first.high, mbps(10'000));
}

TEST(SoFar, HasNoValueBeforeTheFirstInterval) {
  EXPECT_EQ(so_far_of(GridBuilder(20), 0, kOneGigabit), (SoFar{.intervals_expected = 20,
                                                               .intervals_remaining = 20,
                                                               .high = mbps(10'000),
                                                               .burst_intervals_allowed = 1}));
}

TEST(SoFar, BoundsMeetAtTheEnd) {
  const SoFar end = so_far_of(month(8'640, 433), 8'640, kOneGigabit);
  EXPECT_EQ(end.intervals_remaining, 0U);
  EXPECT_EQ(end.percentile, mbps(2'000));
  EXPECT_EQ(end.low, mbps(2'000));
  EXPECT_EQ(end.high, mbps(2'000));
}

TEST(SoFar, AtTheEndIsWhatTheStatementSaysUnderEachRule) {
  GridBuilder builder(40);
  for (std::size_t i = 0; i < 40; ++i) builder.carried(i, i * 7 % 40, i * 11 % 40 * 2);
  for (const auto rule :
       {DirectionRule::MaxOfPercentiles, DirectionRule::PercentileOfMax,
        DirectionRule::PercentileOfSum, DirectionRule::FromCustomer, DirectionRule::ToCustomer}) {
    const std::vector spans{TermSpan{.span = builder.grid().period(), .terms = {.rule = rule}}};
    const auto figures = statement_of({}, builder.grid(), spans, {}).figures;
    const SoFar end = so_far_of(builder, 40, spans[0].terms);
    EXPECT_EQ(end.percentile, figures->billed.value);
    EXPECT_EQ(end.low, figures->billed.value);
    EXPECT_EQ(end.high, figures->billed.value);
  }
}

TEST(SoFar, WithoutACeilingIsBoundedOnlyOnceLittleRemains) {
  const Terms open{.committed = mbps(1'000)};
  EXPECT_EQ(so_far_of(month(4'320, 310), 4'320, open).high, std::nullopt);
  // 432 that remain may all be above: the highest of what is measured is left.
  EXPECT_EQ(so_far_of(month(8'208, 310), 8'208, open).high, mbps(2'000));
  EXPECT_EQ(so_far_of(month(8'207, 310), 8'207, open).high, std::nullopt);
}

TEST(SoFar, ClosedIntervalsThatAreMissingDoNotRemain) {
  GridBuilder builder(20);
  for (std::size_t i = 0; i < 8; ++i) builder.carried(i, 100, 0);
  const SoFar result = so_far_of(builder, 10, kOneGigabit);
  EXPECT_EQ(result.intervals_measured, 8U);
  EXPECT_EQ(result.intervals_remaining, 10U);
  // floor(18 / 20): nothing may be above any more.
  EXPECT_EQ(result.burst_intervals_allowed, 0U);
}

TEST(SoFar, IntervalThatHasNotEndedRemains) {
  GridBuilder builder(20);
  for (std::size_t i = 0; i < 20; ++i) builder.carried(i, 100, 0);
  const SoFar result =
      so_far(builder.grid(), {.span = builder.grid().period(), .terms = kOneGigabit},
             interval_at(10) - TrafficSpan{1}, {});
  EXPECT_EQ(result.intervals_measured, 9U);
  EXPECT_EQ(result.intervals_remaining, 11U);
}

TEST(SoFar, DirectionsThatAreBilledApartHaveEachTheirBurst) {
  GridBuilder builder(40);
  for (std::size_t i = 0; i < 10; ++i) builder.carried(i, i < 2 ? 2'000 : 0, i < 5 ? 0 : 2'000);
  const auto used = [&](DirectionRule rule) {
    return so_far_of(builder, 10, {.committed = mbps(1'000), .rule = rule}).burst_intervals_used;
  };
  EXPECT_EQ(used(DirectionRule::MaxOfPercentiles), 5U);
  EXPECT_EQ(used(DirectionRule::FromCustomer), 2U);
  EXPECT_EQ(used(DirectionRule::ToCustomer), 5U);
  EXPECT_EQ(used(DirectionRule::PercentileOfMax), 7U);
  EXPECT_EQ(used(DirectionRule::PercentileOfSum), 7U);
}

TEST(SoFar, BoundsContainTheFinalValueHoweverThePeriodEnds) {
  EXPECT_TRUE(rc::check([] {
    const auto count = *rc::gen::inRange<std::size_t>(1, 80);
    const auto closed = *rc::gen::inRange<std::size_t>(0, count + 1);
    const auto rule = *rc::gen::element(
        DirectionRule::MaxOfPercentiles, DirectionRule::PercentileOfMax,
        DirectionRule::PercentileOfSum, DirectionRule::FromCustomer, DirectionRule::ToCustomer);
    const Terms terms{.committed = mbps(20),
                      .ceiling = *rc::gen::element(mbps(0), mbps(50)),
                      .percentile = Percentile{*rc::gen::element(5'000U, 9'000U, 9'500U)},
                      .rule = rule};
    GridBuilder builder(count);
    std::size_t at = 0;
    const auto carry_until = [&](std::size_t end) {
      for (; at < end; ++at)
        if (*rc::gen::inRange(0, 6) != 0)
          builder.carried(at, *rc::gen::inRange<std::uint64_t>(0, 51),
                          *rc::gen::inRange<std::uint64_t>(0, 51));
    };
    carry_until(closed);
    const SoFar running = so_far_of(builder, closed, terms);
    carry_until(count);
    const std::vector spans{TermSpan{.span = builder.grid().period(), .terms = terms}};
    const Statement final = statement_of({}, builder.grid(), spans, {});
    RC_PRE(final.figures.has_value());
    RC_ASSERT(final.figures->billed.value >= running.low);
    if (running.high) RC_ASSERT(final.figures->billed.value <= *running.high);
    if (running.is_over_commit) RC_ASSERT(final.overage > mbps(0));
    if (running.percentile) {
      RC_ASSERT(*running.percentile >= running.low);
      if (running.high) RC_ASSERT(*running.percentile <= *running.high);
    }
  }));
}

}  // namespace
}  // namespace weir::billing
