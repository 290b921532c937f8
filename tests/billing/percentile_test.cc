#include "collector/billing/percentile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <numeric>

namespace weir::billing {
namespace {

using ::testing::Optional;
using Values = std::vector<std::uint64_t>;

/// The worked example of docs/billing.md, "The percentile".
const Values kExample{120, 135, 150, 180, 200, 240, 260, 300, 310, 330,
                      350, 400, 420, 450, 480, 500, 640, 720, 910, 1'500};

Values one_to(std::uint64_t last) {
  Values values(last);
  std::iota(values.begin(), values.end(), 1U);
  return values;
}

std::uint64_t p95(Values values, PercentileMethod method = PercentileMethod::NearestRank) {
  return percentile_of(std::move(values), kP95, method)->value;
}

// Domain requirement 1.
TEST(Percentile, DiscardsTheTopTwentiethRoundedDown) {
  EXPECT_THAT(
      percentile_of(kExample, kP95, PercentileMethod::NearestRank),
      Optional(RankedValue{.value = 910, .at_rank = 910, .rank = 19, .count = 20, .discarded = 1}));
  EXPECT_EQ(p95(one_to(19)), 19U);  // floor(0.95) = 0 are discarded
  EXPECT_EQ(p95(one_to(39)), 38U);
}

// Domain requirement 2.
TEST(Percentile, MethodsGiveTheirOwnValues) {
  EXPECT_EQ(p95(kExample, PercentileMethod::Librenms), 910U);
  EXPECT_THAT(percentile_of(kExample, kP95, PercentileMethod::Linear),
              Optional(RankedValue{.value = 939,
                                   .ten_thousandths = 5'000,
                                   .at_rank = 910,
                                   .rank = 19,
                                   .count = 20,
                                   .discarded = 1}));
  EXPECT_THAT(percentile_of(kExample, kP95, PercentileMethod::Weibull),
              Optional(RankedValue{.value = 1'470,
                                   .ten_thousandths = 5'000,
                                   .at_rank = 910,
                                   .rank = 19,
                                   .count = 20,
                                   .discarded = 1}));

  EXPECT_EQ(p95(one_to(19), PercentileMethod::Librenms), 18U);
  EXPECT_THAT(percentile_of(one_to(19), kP95, PercentileMethod::Linear),
              Optional(RankedValue{.value = 18,
                                   .ten_thousandths = 1'000,
                                   .at_rank = 18,
                                   .rank = 18,
                                   .count = 19,
                                   .discarded = 1}));
  EXPECT_EQ(p95(one_to(8'352)), 7'935U);
  EXPECT_EQ(p95(one_to(8'352), PercentileMethod::Librenms), 7'934U);
}

// Domain requirement 3.
TEST(Percentile, RanksOfAMonthAreThoseOfTheTable) {
  struct Row {
    std::uint64_t count, discarded, rank, librenms;
  };
  for (const Row& row : {Row{8'064, 403, 7'661, 7'661}, Row{8'352, 417, 7'935, 7'934},
                         Row{8'640, 432, 8'208, 8'208}, Row{8'928, 446, 8'482, 8'482}}) {
    EXPECT_THAT(percentile_of(one_to(row.count), kP95, PercentileMethod::NearestRank),
                Optional(RankedValue{.value = row.rank,
                                     .at_rank = row.rank,
                                     .rank = row.rank,
                                     .count = row.count,
                                     .discarded = row.discarded}));
    EXPECT_EQ(p95(one_to(row.count), PercentileMethod::Librenms), row.librenms);
  }
  EXPECT_EQ(p95(one_to(8'652)), 8'220U);
  EXPECT_EQ(p95(one_to(8'916)), 8'471U);
  EXPECT_EQ(p95(one_to(8'940)), 8'493U);
}

// Domain requirement 10.
TEST(Percentile, TakesOtherPercentilesAndCadences) {
  EXPECT_EQ(discarded_of(43'200, kP95), 2'160U);
  const auto at = [](std::uint32_t hundredths) {
    return percentile_of(one_to(1'000), Percentile{hundredths}, PercentileMethod::NearestRank)
        ->value;
  };
  EXPECT_EQ(at(9'000), 900U);
  EXPECT_EQ(at(9'800), 980U);
  EXPECT_EQ(at(9'900), 990U);
  EXPECT_EQ(at(9'990), 999U);
  EXPECT_EQ(at(10'000), 1'000U);
  EXPECT_EQ(at(5'000), 500U);
  EXPECT_EQ(at(1), 1U);
}

TEST(Percentile, OfOneValueIsThatValueByEveryMethod) {
  for (const auto method : {PercentileMethod::NearestRank, PercentileMethod::Librenms,
                            PercentileMethod::Linear, PercentileMethod::Weibull})
    for (const std::uint32_t hundredths : {1U, 5'000U, 9'500U, 10'000U})
      EXPECT_THAT(
          percentile_of({7}, Percentile{hundredths}, method),
          Optional(RankedValue{.value = 7, .at_rank = 7, .rank = 1, .count = 1, .discarded = 0}));
}

TEST(Percentile, OfNothingIsNothing) {
  EXPECT_EQ(percentile_of({}, kP95, PercentileMethod::NearestRank), std::nullopt);
}

TEST(Percentile, HoldsForTheLargestValues) {
  EXPECT_EQ(p95({UINT64_MAX, UINT64_MAX, 0}), UINT64_MAX);
  EXPECT_THAT(percentile_of({UINT64_MAX, 0}, Percentile{5'000}, PercentileMethod::Linear),
              Optional(RankedValue{.value = UINT64_MAX / 2,
                                   .ten_thousandths = 5'000,
                                   .at_rank = 0,
                                   .rank = 1,
                                   .count = 2,
                                   .discarded = 1}));
}

TEST(Percentile, MethodsHaveNames) {
  for (const std::string_view name : {"nearest_rank", "librenms", "linear", "weibull"})
    EXPECT_EQ(method_name(parse_method(name).value()), name);
  EXPECT_EQ(parse_method("drop_top"), PercentileMethod::NearestRank);
  EXPECT_EQ(parse_method("p95"), std::nullopt);
}

TEST(Percentile, NearestRankEqualsANaiveSort) {
  EXPECT_TRUE(rc::check([](Values values) {
    RC_PRE(!values.empty());
    const auto hundredths = *rc::gen::inRange<std::uint32_t>(1, 10'001);
    const auto result =
        percentile_of(values, Percentile{hundredths}, PercentileMethod::NearestRank);
    std::sort(values.begin(), values.end());
    // The definition of the other name: the smallest rank that is at least p n.
    std::size_t rank = 1;
    while (rank * 10'000 < std::size_t{hundredths} * values.size()) ++rank;
    RC_ASSERT(result->rank == rank);
    RC_ASSERT(result->value == values[rank - 1]);
  }));
}

TEST(Percentile, LiesBetweenItsRankAndTheNext) {
  EXPECT_TRUE(rc::check([](Values values) {
    RC_PRE(!values.empty());
    const auto hundredths = *rc::gen::inRange<std::uint32_t>(1, 10'001);
    const auto method = *rc::gen::element(PercentileMethod::Librenms, PercentileMethod::Linear,
                                          PercentileMethod::Weibull);
    const auto result = percentile_of(values, Percentile{hundredths}, method);
    std::sort(values.begin(), values.end());
    RC_ASSERT(result->at_rank == values[result->rank - 1]);
    RC_ASSERT(result->value >= result->at_rank);
    RC_ASSERT(result->value <= values[std::min<std::size_t>(result->rank, values.size() - 1)]);
  }));
}

}  // namespace
}  // namespace weir::billing
