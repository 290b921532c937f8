#include "collector/billing/running_period.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "collector/billing/statement.h"
#include "tests/billing/grid_builder.h"

namespace weir::billing {
namespace {

using contracts::DirectionRule;
using Sampling = RunningPeriod::Sampling;

constexpr Share kLimit{950'000};

/// The period of `grid`, whose first `closed` intervals have closed.
RunningPeriod run(const IntervalGrid& grid, const TermSpan& terms, std::size_t closed,
                  Sampling sampling) {
  RunningPeriod running(grid.period(), terms, {grid.masks().begin(), grid.masks().end()}, sampling);
  const TrafficTime until = interval_at(closed);
  for (const Interval& interval : grid.intervals(terms.span)) {
    if (running.next() >= until) break;
    Interval unmasked = interval;
    unmasked.is_masked = false;
    running.close(unmasked);
  }
  return running;
}

struct Case {
  GridBuilder builder;
  TermSpan terms;
};

Case any_case() {
  const auto count = *rc::gen::inRange<std::size_t>(1, 90);
  Case made{.builder = GridBuilder(count), .terms = {}};
  for (std::size_t at = 0; at < count; ++at) {
    switch (*rc::gen::inRange(0, 8)) {
      case 0:
        break;
      case 1:
        made.builder.covered(at, *rc::gen::inRange<std::uint32_t>(0, 1'000'000));
        break;
      case 2:
        made.builder.carried(at, 0, 0);
        break;
      default:
        made.builder.carried(at, *rc::gen::inRange<std::uint64_t>(0, 60),
                             *rc::gen::inRange<std::uint64_t>(0, 60));
        if (*rc::gen::inRange(0, 2) == 0)
          made.builder.deviates(at, *rc::gen::inRange<std::uint64_t>(0, 40'000'000), 1);
    }
    if (*rc::gen::inRange(0, 10) == 0) made.builder.masked(at);
  }
  made.terms.span = {.start = interval_at(*rc::gen::inRange<std::size_t>(0, count / 3 + 1)),
                     .end = interval_at(count - *rc::gen::inRange<std::size_t>(0, count / 3 + 1))};
  made.terms.terms = {
      .committed = mbps(30),
      .ceiling = *rc::gen::element(mbps(0), mbps(50), mbps(100)),
      .percentile = Percentile{*rc::gen::element(5'000U, 9'000U, 9'500U, 9'990U, 10'000U)},
      .rule = *rc::gen::element(DirectionRule::MaxOfPercentiles, DirectionRule::PercentileOfMax,
                                DirectionRule::PercentileOfSum, DirectionRule::FromCustomer,
                                DirectionRule::ToCustomer),
      .tiers = {}};
  return made;
}

TEST(RunningPeriod, SaysWhatTheGridSaysOfThePeriodSoFar) {
  EXPECT_TRUE(rc::check([] {
    const Case made = any_case();
    const IntervalGrid& grid = made.builder.grid();
    const auto closed = *rc::gen::inRange<std::size_t>(0, grid.intervals().size() + 1);
    const PeriodView view = run(grid, made.terms, closed, Sampling::Ignored).view(kLimit);
    RC_ASSERT(view.so_far == so_far(grid, made.terms, interval_at(closed), {}));
  }));
}

TEST(RunningPeriod, SaysWhatTheStatementSaysOfAPeriodThatIsOver) {
  EXPECT_TRUE(rc::check([] {
    const Case made = any_case();
    const IntervalGrid& grid = made.builder.grid();
    const PeriodView view =
        run(grid, made.terms, grid.intervals().size(), Sampling::Bounds).view(kLimit);
    const Statement statement = statement_of({}, grid, {&made.terms, 1}, {});
    RC_ASSERT(view.intervals == statement.intervals);
    RC_ASSERT(view.completeness == statement.completeness);
    RC_ASSERT(view.coverage == statement.coverage);
    RC_ASSERT(view.is_provisional == statement.is_provisional);
    RC_ASSERT(view.is_estimated == statement.is_estimated);
    RC_ASSERT(view.billable == statement.billable);
    RC_ASSERT(view.overage == statement.overage);
    RC_ASSERT(view.so_far.percentile.has_value() == statement.figures.has_value());
    if (!statement.figures) return;
    RC_ASSERT(view.so_far.percentile == statement.figures->billed.value);
    RC_ASSERT(view.low == statement.figures->billed.low);
    RC_ASSERT(view.high == statement.figures->billed.high);
    RC_ASSERT(view.billed_direction == statement.figures->billed_direction);
    RC_ASSERT(view.directions->to_customer ==
              statement.figures->direction.to_customer.percentile.value);
    RC_ASSERT(view.directions->from_customer ==
              statement.figures->direction.from_customer.percentile.value);
  }));
}

TEST(RunningPeriod, KnowsTheStateOfTheLastInterval) {
  GridBuilder builder(3);
  builder.carried(0, 5, 0).masked(1);
  const TermSpan terms{.span = builder.grid().period(), .terms = {.tiers = {}}};
  EXPECT_EQ(run(builder.grid(), terms, 0, Sampling::Ignored).last_state(), IntervalState::Missing);
  EXPECT_EQ(run(builder.grid(), terms, 1, Sampling::Ignored).last_state(), IntervalState::Measured);
  EXPECT_EQ(run(builder.grid(), terms, 2, Sampling::Ignored).last_state(), IntervalState::Masked);
  EXPECT_TRUE(run(builder.grid(), terms, 3, Sampling::Ignored).is_over());
}

TEST(TopValues, KeepsTheLargestAndAnswersForCopies) {
  TopValues top(3);
  for (const std::uint64_t value : {5U, 1U, 9U, 0U, 7U, 7U}) top.add(value);
  EXPECT_EQ(top.at(0), 9U);
  EXPECT_EQ(top.at(1), 7U);
  EXPECT_EQ(top.at(2), 7U);
  EXPECT_EQ(top.at_with(0, 2, 8), 9U);
  EXPECT_EQ(top.at_with(1, 2, 8), 8U);
  EXPECT_EQ(top.at_with(2, 2, 8), 8U);
  EXPECT_EQ(top.at_with(2, 1, 8), 7U);
  EXPECT_EQ(top.largest(), 9U);
  EXPECT_EQ(TopValues(2).at(1), 0U);
}

}  // namespace
}  // namespace weir::billing
