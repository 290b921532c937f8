#include "collector/billing/terms.h"

#include <gtest/gtest.h>

#include "tests/billing/grid_builder.h"

namespace weir::billing {
namespace {

using contracts::Contract;
using contracts::DirectionRule;

Contract version(std::uint64_t committed_mbps, TrafficTime from, TrafficTime until) {
  Contract contract;
  contract.id = "IP-1";
  contract.committed = mbps(committed_mbps);
  contract.valid_from = from;
  contract.valid_until = until;
  return contract;
}

TermSpan span(std::uint64_t committed_mbps, std::size_t from, std::size_t until) {
  return {.span = {interval_at(from), interval_at(until)},
          .terms = {.committed = mbps(committed_mbps)}};
}

const Period kPeriod = intervals_from_september(100);

// Domain requirement 9.
TEST(Terms, BillTheLargerOfCommitAndPercentile) {
  const Terms terms{.committed = mbps(1'000)};
  EXPECT_EQ(billable(terms, mbps(1'500)), mbps(1'500));
  EXPECT_EQ(overage(terms, mbps(1'500)), mbps(500));
  EXPECT_EQ(billable(terms, mbps(700)), mbps(1'000));
  EXPECT_EQ(overage(terms, mbps(700)), mbps(0));
}

TEST(Terms, InTiersTheStepThatIsReachedIsBilled) {
  const Terms terms{.tiers = {mbps(1'000), mbps(2'000), mbps(3'000), mbps(5'000), mbps(10'000)}};
  EXPECT_EQ(billable(terms, mbps(2'100)), mbps(3'000));
  EXPECT_EQ(billable(terms, mbps(3'000)), mbps(3'000));
  EXPECT_EQ(billable(terms, mbps(0)), mbps(1'000));
  EXPECT_EQ(billable(terms, mbps(12'000)), mbps(12'000));
}

TEST(Terms, InTiersTheCommitIsTheLeast) {
  const Terms terms{.committed = mbps(2'000), .tiers = {mbps(1'000), mbps(2'000), mbps(3'000)}};
  EXPECT_EQ(billable(terms, mbps(100)), mbps(2'000));
  EXPECT_EQ(overage(terms, mbps(100)), mbps(0));
  EXPECT_EQ(overage(terms, mbps(2'100)), mbps(1'000));
}

TEST(Terms, ComeFromTheContract) {
  Contract contract = version(3'000, TrafficTime::min(), TrafficTime::max());
  contract.ceiling = mbps(10'000);
  contract.billing.percentile_hundredths = 9'990;
  contract.billing.direction = DirectionRule::PercentileOfSum;
  EXPECT_EQ(terms_of(contract), (Terms{.committed = mbps(3'000),
                                       .ceiling = mbps(10'000),
                                       .percentile = Percentile{9'990},
                                       .rule = DirectionRule::PercentileOfSum}));
}

TEST(TermSpans, AreThePeriodWhereTheContractAlwaysHolds) {
  const std::vector versions{version(1, TrafficTime::min(), TrafficTime::max())};
  EXPECT_EQ(term_spans(versions, kPeriod), std::vector{span(1, 0, 100)});
}

TEST(TermSpans, AreCutToWhatHoldsInThePeriod) {
  const std::vector versions{version(1, interval_at(10), interval_at(90))};
  EXPECT_EQ(term_spans(versions, kPeriod), std::vector{span(1, 10, 90)});
}

TEST(TermSpans, ChangeWhereTheNextVersionBegins) {
  const std::vector versions{version(3, interval_at(40), TrafficTime::max()),
                             version(1, TrafficTime::min(), interval_at(40))};
  EXPECT_EQ(term_spans(versions, kPeriod), (std::vector{span(1, 0, 40), span(3, 40, 100)}));
}

TEST(TermSpans, LaterVersionEndsAnEarlierOneThatOverlaps) {
  const std::vector versions{version(1, TrafficTime::min(), TrafficTime::max()),
                             version(3, interval_at(40), TrafficTime::max())};
  EXPECT_EQ(term_spans(versions, kPeriod), (std::vector{span(1, 0, 40), span(3, 40, 100)}));
}

TEST(TermSpans, NewNameDoesNotSplitABill) {
  std::vector versions{version(1, TrafficTime::min(), interval_at(40)),
                       version(1, interval_at(40), TrafficTime::max())};
  versions[1].customer = "Renamed Trading";
  EXPECT_EQ(term_spans(versions, kPeriod), std::vector{span(1, 0, 100)});
}

TEST(TermSpans, GapBetweenVersionsStaysOne) {
  const std::vector versions{version(1, TrafficTime::min(), interval_at(40)),
                             version(1, interval_at(60), TrafficTime::max())};
  EXPECT_EQ(term_spans(versions, kPeriod), (std::vector{span(1, 0, 40), span(1, 60, 100)}));
}

TEST(TermSpans, AreNoneOfAnotherPeriod) {
  const std::vector versions{version(1, interval_at(100), TrafficTime::max())};
  EXPECT_TRUE(term_spans(versions, kPeriod).empty());
}

}  // namespace
}  // namespace weir::billing
