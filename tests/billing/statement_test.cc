#include "collector/billing/statement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <numeric>

#include "tests/billing/grid_builder.h"

namespace weir::billing {
namespace {

using contracts::DirectionRule;
using ::testing::Optional;

const Subject kSubject{.contract = "IP-1", .customer = "Example Trading", .service = "ip"};

/// The worked example of docs/billing.md, in Mbps.
const std::vector<std::uint64_t> kExample{120, 135, 150, 180, 200, 240, 260, 300, 310, 330,
                                          350, 400, 420, 450, 480, 500, 640, 720, 910, 1'500};

std::vector<std::uint64_t> one_to(std::uint64_t last) {
  std::vector<std::uint64_t> values(last);
  std::iota(values.begin(), values.end(), 1U);
  return values;
}

Statement statement_of_whole(const IntervalGrid& grid, const Terms& terms,
                             const BillingMethod& method = {}) {
  const std::vector spans{TermSpan{.span = grid.period(), .terms = terms}};
  return statement_of(kSubject, grid, spans, method);
}

BitsPerSecond billed(const IntervalGrid& grid, DirectionRule rule) {
  return statement_of_whole(grid, {.rule = rule}).figures->billed.value;
}

TEST(Statement, SaysAllThatItsFiguresRestOn) {
  GridBuilder builder(kExample);
  builder.carried(3, 0, 90).masked(19);
  const Statement statement = statement_of_whole(builder.grid(), {.committed = mbps(500)});

  const auto exactly = [](BitsPerSecond value) {
    return PercentileFigure{.value = value, .low = value, .high = value};
  };
  // 19 intervals are left: none is discarded.
  const Figures figures{.direction = {.from_customer = {.percentile = exactly(mbps(910)),
                                                        .maximum = mbps(910),
                                                        .maximum_at = interval_at(18),
                                                        .mean = BitsPerSecond{373'421'052},
                                                        .bytes = bytes_of_mbps(7'095)},
                                      .to_customer = {.percentile = exactly(mbps(90)),
                                                      .maximum = mbps(90),
                                                      .maximum_at = interval_at(3),
                                                      .mean = BitsPerSecond{4'736'842},
                                                      .bytes = bytes_of_mbps(90)}},
                        .billed = exactly(mbps(910)),
                        .billed_direction = Direction::FromCustomer};
  const IntervalCounts counts{.expected = 20, .measured = 19, .masked = 1};
  const TermSpan span{.span = builder.grid().period(), .terms = {.committed = mbps(500)}};
  const Statement expected{.subject = kSubject,
                           .period = builder.grid().period(),
                           .terms = span.terms,
                           .method = PercentileMethod::NearestRank,
                           .layer = "ethernet",
                           .intervals = counts,
                           .completeness = kWhole,
                           .coverage = kWhole,
                           .is_provisional = false,
                           .is_estimated = false,
                           .figures = figures,
                           .percentile_without_masks = exactly(mbps(910)),
                           .billable = mbps(910),
                           .overage = mbps(410),
                           .spans = {{.terms = span,
                                      .intervals = counts,
                                      .figures = figures,
                                      .billable = mbps(910),
                                      .overage = mbps(410)}},
                           .masks = {builder.grid().masks().begin(), builder.grid().masks().end()}};
  EXPECT_EQ(statement, expected);
}

// Domain requirement 1: each direction has its percentile, and the larger one is billed.
TEST(Statement, BillsTheDirectionWithTheLargerPercentile) {
  GridBuilder builder(20);
  for (std::size_t i = 0; i < 20; ++i)
    builder.carried(i, i < 19 ? 653 : 900, i < 19 ? 1'435 : 2'000);
  const Statement statement = statement_of_whole(builder.grid(), {});
  EXPECT_EQ(statement.figures->direction.from_customer.percentile.value, mbps(653));
  EXPECT_EQ(statement.figures->direction.to_customer.percentile.value, mbps(1'435));
  EXPECT_EQ(statement.figures->billed.value, mbps(1'435));
  EXPECT_EQ(statement.figures->billed_direction, Direction::ToCustomer);
}

// Domain requirement 4.
TEST(Statement, DirectionRulesDiffer) {
  GridBuilder builder(20);
  for (std::size_t i = 0; i < 20; ++i) builder.carried(i, i == 3 ? 900 : 100, i == 12 ? 900 : 80);
  EXPECT_EQ(billed(builder.grid(), DirectionRule::MaxOfPercentiles), mbps(100));
  EXPECT_EQ(billed(builder.grid(), DirectionRule::PercentileOfMax), mbps(900));
  EXPECT_EQ(billed(builder.grid(), DirectionRule::PercentileOfSum), mbps(980));
  EXPECT_EQ(billed(builder.grid(), DirectionRule::FromCustomer), mbps(100));
  EXPECT_EQ(billed(builder.grid(), DirectionRule::ToCustomer), mbps(80));
  // Whoever wants to compare with their sum, 180, has both; no rule bills it.
  const auto apart = statement_of_whole(builder.grid(), {}).figures->direction;
  EXPECT_EQ(apart.from_customer.percentile.value, mbps(100));
  EXPECT_EQ(apart.to_customer.percentile.value, mbps(80));
}

// Domain requirement 5.
TEST(Statement, CircuitsAreSummedInEachIntervalBeforeThePercentile) {
  GridBuilder failover(20);
  for (std::size_t i = 0; i < 20; ++i)
    failover.carried(i, i < 10 ? 100 : 0, 0).carried(i, i < 10 ? 0 : 100, 0);
  EXPECT_EQ(billed(failover.grid(), DirectionRule::MaxOfPercentiles), mbps(100));

  GridBuilder dead_port(20);
  for (std::size_t i = 0; i < 20; ++i) dead_port.carried(i, i + 1, 0).carried(i, 0, 0);
  EXPECT_EQ(billed(dead_port.grid(), DirectionRule::MaxOfPercentiles), mbps(19));
}

// Domain requirement 6.
TEST(Statement, MissingIntervalsAreLeftOutAndReported) {
  GridBuilder gap(20);
  for (std::size_t i = 0; i < 18; ++i) gap.carried(i, i + 1, 0);
  const Statement statement = statement_of_whole(gap.grid(), {});
  EXPECT_EQ(statement.figures->billed.value, mbps(18));
  EXPECT_EQ(statement.intervals, (IntervalCounts{.expected = 20, .measured = 18, .missing = 2}));
  EXPECT_EQ(statement.completeness, Share{900'000});

  EXPECT_EQ(billed(GridBuilder(one_to(20)).grid(), DirectionRule::MaxOfPercentiles), mbps(19));
}

TEST(Statement, MissingIntervalsAreZeroOnlyWhereThatIsSaid) {
  GridBuilder gap(20);
  for (std::size_t i = 0; i < 18; ++i) gap.carried(i, i + 1, 0);
  const Statement statement = statement_of_whole(gap.grid(), {}, {.missing = MissingRule::AsZero});
  EXPECT_EQ(statement.figures->billed.value, mbps(17));
  EXPECT_EQ(statement.intervals.missing, 2U);
  EXPECT_EQ(statement.completeness, Share{900'000});
  EXPECT_TRUE(statement.is_provisional);
}

TEST(Statement, NinetiethPercentileOfNineValuesAndAGapIsNineOrEightWhereTheGapIsZero) {
  GridBuilder gap(10);
  for (std::size_t i = 0; i < 9; ++i) gap.carried(i, i + 1, 0);
  const Terms terms{.percentile = Percentile{9'000}};
  EXPECT_EQ(statement_of_whole(gap.grid(), terms).figures->billed.value, mbps(9));
  EXPECT_EQ(
      statement_of_whole(gap.grid(), terms, {.missing = MissingRule::AsZero}).figures->billed.value,
      mbps(8));
}

TEST(Statement, MeasuredZeroCounts) {
  GridBuilder builder(20);
  for (std::size_t i = 0; i < 20; ++i) builder.carried(i, i < 2 ? 0 : i, 0);
  const Statement statement = statement_of_whole(builder.grid(), {});
  EXPECT_EQ(statement.intervals, (IntervalCounts{.expected = 20, .measured = 20, .zero = 2}));
  EXPECT_EQ(statement.figures->billed.value, mbps(18));
}

// Domain requirement 7.
TEST(Statement, IsProvisionalBelowTheCompletenessLimit) {
  GridBuilder builder(100);
  for (std::size_t i = 0; i < 95; ++i) builder.carried(i, 1, 0);
  EXPECT_FALSE(statement_of_whole(builder.grid(), {}).is_provisional);
  EXPECT_TRUE(statement_of_whole(builder.grid(), {}, {.completeness_limit = Share{950'001}})
                  .is_provisional);
  builder.covered(94, 999'999);
  EXPECT_TRUE(statement_of_whole(builder.grid(), {}).is_provisional);
}

TEST(Statement, PartialIntervalsCountButCoverOnlyTheirPart) {
  GridBuilder builder(one_to(20));
  builder.covered(0, 500'000).covered(1, 0);
  const Statement statement = statement_of_whole(builder.grid(), {});
  EXPECT_EQ(statement.intervals, (IntervalCounts{.expected = 20, .measured = 20, .partial = 2}));
  EXPECT_EQ(statement.completeness, kWhole);
  EXPECT_EQ(statement.coverage, Share{925'000});
  EXPECT_TRUE(statement.is_provisional);
  EXPECT_EQ(statement.figures->billed.value, mbps(19));
}

// Domain requirement 8.
TEST(Statement, MaskedIntervalsLeaveThePercentileAndTheRecordStays) {
  GridBuilder builder(kExample);
  builder.masked(18).masked(19);
  const Statement statement = statement_of_whole(builder.grid(), {});
  EXPECT_EQ(statement.figures->billed.value, mbps(720));
  EXPECT_EQ(statement.percentile_without_masks->value, mbps(910));
  EXPECT_EQ(statement.intervals, (IntervalCounts{.expected = 20, .measured = 18, .masked = 2}));
  EXPECT_EQ(statement.completeness, kWhole);
  EXPECT_FALSE(statement.is_provisional);
  ASSERT_EQ(statement.masks.size(), 2U);
  EXPECT_EQ(statement.masks[0], (Mask{.span = {interval_at(18), interval_at(19)},
                                      .author = "sato",
                                      .reason = "attack",
                                      .made_at = traffic_time_ms(1'349'100'000'000)}));
}

TEST(Statement, WithoutMasksHasNoSecondPercentile) {
  EXPECT_EQ(statement_of_whole(GridBuilder(kExample).grid(), {}).percentile_without_masks,
            std::nullopt);
}

TEST(Statement, OfNothingMeasuredOwesTheCommitAndHasNoFigures) {
  const Statement statement = statement_of_whole(GridBuilder(20).grid(), {.committed = mbps(300)});
  EXPECT_EQ(statement.figures, std::nullopt);
  EXPECT_EQ(statement.billable, mbps(300));
  EXPECT_EQ(statement.overage, mbps(0));
  EXPECT_EQ(statement.completeness, kNone);
  EXPECT_TRUE(statement.is_provisional);
}

TEST(Statement, OfAContractThatDoesNotHoldIsEmpty) {
  const Statement statement = statement_of(kSubject, GridBuilder(kExample).grid(), {}, {});
  EXPECT_EQ(statement.intervals, IntervalCounts{});
  EXPECT_EQ(statement.figures, std::nullopt);
  EXPECT_EQ(statement.billable, mbps(0));
  EXPECT_TRUE(statement.is_provisional);
}

TEST(Statement, ExpectsOnlyWhatItsTermsCover) {
  GridBuilder builder(one_to(20));
  const std::vector spans{TermSpan{.span = {interval_at(10), interval_at(20)}, .terms = {}}};
  const Statement statement = statement_of(kSubject, builder.grid(), spans, {});
  EXPECT_EQ(statement.intervals, (IntervalCounts{.expected = 10, .measured = 10}));
  EXPECT_EQ(statement.figures->direction.from_customer.mean, BitsPerSecond{15'500'000});
}

TEST(Statement, EachSpanOfTermsIsBilledByItsOwnIntervals) {
  // 900 Mbps on a commit of 1 Gbps for 60 intervals, then 2,800 Mbps on 3 Gbps for 40.
  GridBuilder builder(100);
  for (std::size_t i = 0; i < 100; ++i) builder.carried(i, i < 60 ? 900 : 2'800, 0);
  const std::vector spans{
      TermSpan{.span = {interval_at(0), interval_at(60)}, .terms = {.committed = mbps(1'000)}},
      TermSpan{.span = {interval_at(60), interval_at(100)}, .terms = {.committed = mbps(3'000)}}};
  const Statement statement = statement_of(kSubject, builder.grid(), spans, {});
  ASSERT_EQ(statement.spans.size(), 2U);
  EXPECT_EQ(statement.spans[0].billable, mbps(1'000));
  EXPECT_EQ(statement.spans[1].billable, mbps(3'000));
  EXPECT_EQ(statement.billable, mbps(1'800));  // (60 * 1000 + 40 * 3000) / 100
  EXPECT_EQ(statement.overage, mbps(0));
  EXPECT_EQ(statement.terms.committed, mbps(3'000));
  EXPECT_EQ(statement.figures->billed.value, mbps(2'800));
  EXPECT_EQ(statement.intervals, (IntervalCounts{.expected = 100, .measured = 100}));
}

TEST(Statement, OverageOfSpansIsWeightedToo) {
  GridBuilder builder(100);
  for (std::size_t i = 0; i < 100; ++i) builder.carried(i, 1'500, 0);
  const std::vector spans{
      TermSpan{.span = {interval_at(0), interval_at(60)}, .terms = {.committed = mbps(1'000)}},
      TermSpan{.span = {interval_at(60), interval_at(100)}, .terms = {.committed = mbps(3'000)}}};
  const Statement statement = statement_of(kSubject, builder.grid(), spans, {});
  EXPECT_EQ(statement.billable, mbps(2'100));  // (60 * 1500 + 40 * 3000) / 100
  EXPECT_EQ(statement.overage, mbps(300));     // 60 * 500 / 100
}

TEST(Statement, TiersBillTheStepReached) {
  const Statement statement = statement_of_whole(
      GridBuilder(std::vector<std::uint64_t>(20, 2'100)).grid(),
      {.tiers = {mbps(1'000), mbps(2'000), mbps(3'000), mbps(5'000), mbps(10'000)}});
  EXPECT_EQ(statement.billable, mbps(3'000));
  EXPECT_EQ(statement.figures->billed.value, mbps(2'100));
}

TEST(Statement, ComparesByAnotherMethodThatItNames) {
  const Statement statement = statement_of_whole(GridBuilder(kExample).grid(), {},
                                                 {.percentile = PercentileMethod::Linear});
  EXPECT_EQ(statement.method, PercentileMethod::Linear);
  EXPECT_EQ(statement.figures->billed.value, BitsPerSecond{939'500'000});
}

TEST(Statement, PercentileIsBoundedByWhatItsNeighboursMayHaveBeen) {
  // Values 1..20 Mbps; 18 may have been up to 0.98 more, 19 as much less, 20 is certain.
  GridBuilder builder(one_to(20));
  const std::uint64_t deviation = bytes_of_mbps(1) / 2;
  builder.deviates(17, deviation, 0).deviates(18, deviation, 0);
  const Statement statement = statement_of_whole(builder.grid(), {});
  EXPECT_EQ(statement.figures->billed, (PercentileFigure{.value = mbps(19),
                                                         .error = BitsPerSecond{980'000},
                                                         .low = BitsPerSecond{18'020'000},
                                                         .high = BitsPerSecond{19'980'000}}));
  EXPECT_TRUE(statement.is_estimated);
}

TEST(Statement, NeighbourCanBoundThePercentileMoreThanItsOwnInterval) {
  // 19 is exact, but 18 may have been 20 or more: the 19th of 20 then is what it was.
  GridBuilder builder(one_to(20));
  builder.deviates(17, bytes_of_mbps(1), 0);  // 18 +- 1.96
  const Statement statement = statement_of_whole(builder.grid(), {});
  EXPECT_EQ(statement.figures->billed, (PercentileFigure{.value = mbps(19),
                                                         .error = mbps(0),
                                                         .low = mbps(19),
                                                         .high = BitsPerSecond{19'960'000}}));
}

TEST(Statement, ErrorOfEqualIntervalsIsTheWidest) {
  GridBuilder builder(std::vector<std::uint64_t>(20, 5));
  builder.deviates(3, 1'000, 0).deviates(4, 30'000, 0);
  EXPECT_EQ(statement_of_whole(builder.grid(), {}).figures->billed.error, BitsPerSecond{1'568});
}

TEST(Statement, ErrorOfASumJoinsBothDirections) {
  GridBuilder builder(20);
  for (std::size_t i = 0; i < 20; ++i) builder.carried(i, 10, 20).deviates(i, 30'000, 40'000);
  const auto figure =
      statement_of_whole(builder.grid(), {.rule = DirectionRule::PercentileOfSum}).figures->billed;
  EXPECT_EQ(figure, (PercentileFigure{.value = mbps(30),
                                      .error = BitsPerSecond{2'613},
                                      .low = BitsPerSecond{29'997'386},
                                      .high = BitsPerSecond{30'002'613}}));
}

TEST(Statement, OtherDirectionMayBeTheLargerOneWithinItsBounds) {
  GridBuilder builder(20);
  for (std::size_t i = 0; i < 20; ++i) builder.carried(i, 10, 9).deviates(i, 0, bytes_of_mbps(1));
  const auto figures = statement_of_whole(builder.grid(), {}).figures;
  EXPECT_EQ(figures->billed_direction, Direction::FromCustomer);
  EXPECT_EQ(figures->billed, (PercentileFigure{.value = mbps(10),
                                               .error = mbps(0),
                                               .low = mbps(10),
                                               .high = BitsPerSecond{10'960'000}}));
}

TEST(Statement, FiguresHoldAtTheLargestBytes) {
  IntervalGrid grid(intervals_from_september(3));
  for (std::size_t i = 0; i < 3; ++i) {
    grid.cover(interval_at(i), kWhole);
    grid.add(interval_at(i), {UINT64_MAX, UINT64_MAX}, {UINT64_MAX, UINT64_MAX});
  }
  const auto figures = statement_of_whole(grid, {.rule = DirectionRule::PercentileOfSum}).figures;
  EXPECT_EQ(figures->billed.value, rate_of(UINT64_MAX));
  EXPECT_EQ(figures->direction.to_customer.bytes, UINT64_MAX);
  EXPECT_EQ(figures->direction.to_customer.mean, rate_of(UINT64_MAX));
  EXPECT_EQ(figures->direction.to_customer.percentile.low, mbps(0));
}

/// Grids of a few intervals whose values meet often, with gaps.
IntervalGrid any_grid() {
  const auto count = *rc::gen::inRange<std::size_t>(1, 60);
  IntervalGrid grid(intervals_from_september(count));
  for (std::size_t i = 0; i < count; ++i) {
    if (*rc::gen::inRange(0, 8) == 0) continue;
    const auto small = [] { return *rc::gen::inRange<std::uint64_t>(0, 40); };
    grid.cover(interval_at(i), kWhole);
    grid.add(interval_at(i), {bytes_of_mbps(small()), bytes_of_mbps(small())},
             {small() * 1'000'000, small() * 1'000'000});
  }
  return grid;
}

TEST(Statement, PercentileOfMaxIsNeverLowerThanMaxOfPercentiles) {
  EXPECT_TRUE(rc::check([] {
    const IntervalGrid grid = any_grid();
    const auto apart = statement_of_whole(grid, {.rule = DirectionRule::MaxOfPercentiles}).figures;
    const auto joined = statement_of_whole(grid, {.rule = DirectionRule::PercentileOfMax}).figures;
    const auto sum = statement_of_whole(grid, {.rule = DirectionRule::PercentileOfSum}).figures;
    RC_PRE(apart.has_value());
    RC_ASSERT(joined->billed.value >= apart->billed.value);
    RC_ASSERT(sum->billed.value >= joined->billed.value);
  }));
}

TEST(Statement, BoundsHoldWhateverTheIntervalsWereWithinTheirs) {
  EXPECT_TRUE(rc::check([] {
    const IntervalGrid grid = any_grid();
    const auto rule =
        *rc::gen::element(DirectionRule::MaxOfPercentiles, DirectionRule::PercentileOfMax,
                          DirectionRule::FromCustomer, DirectionRule::ToCustomer);
    const auto estimate = statement_of_whole(grid, {.rule = rule}).figures;
    RC_PRE(estimate.has_value());
    IntervalGrid truth(grid.period());
    std::size_t index = 0;
    for (const Interval& interval : grid.intervals()) {
      const TrafficTime start = interval_at(index++);
      truth.cover(start, interval.completeness);
      const auto within = [](std::uint64_t bytes, std::uint64_t deviation) {
        const std::uint64_t width = half_width_bytes(deviation);
        return *rc::gen::inRange<std::uint64_t>(bytes - std::min(bytes, width), bytes + width + 1);
      };
      if (interval.completeness == kNone) continue;
      truth.add(
          start,
          {within(interval.bytes.from_customer, deviation_of(interval.variance.from_customer)),
           within(interval.bytes.to_customer, deviation_of(interval.variance.to_customer))},
          {});
    }
    const auto real = statement_of_whole(truth, {.rule = rule}).figures;
    RC_ASSERT(real->billed.value >= estimate->billed.low);
    RC_ASSERT(real->billed.value <= estimate->billed.high);
  }));
}

// Domain requirement 43.
TEST(Statement, OrderInWhichTheLedgerGivesItsRowsChangesNothing) {
  EXPECT_TRUE(rc::check([] {
    const auto count = *rc::gen::inRange<std::size_t>(1, 40);
    auto order = std::vector<std::size_t>(count * 3);
    std::iota(order.begin(), order.end(), 0U);
    const auto statement = [&] {
      IntervalGrid grid(intervals_from_september(count));
      for (const std::size_t i : order) {
        grid.cover(interval_at(i / 3), kWhole);
        grid.add(interval_at(i / 3), {i * 7'919 % 1'000, i * 104'729 % 1'000}, {i, i * 3});
      }
      return statement_of_whole(grid, {});
    };
    const Statement in_order = statement();
    for (std::size_t i = order.size(); i > 1; --i)
      std::swap(order[i - 1], order[*rc::gen::inRange<std::size_t>(0, i)]);
    RC_ASSERT(statement() == in_order);
  }));
}

}  // namespace
}  // namespace weir::billing
