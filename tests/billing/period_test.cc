#include "collector/billing/period.h"

#include <gtest/gtest.h>

namespace weir::billing {
namespace {

TrafficTime at(std::int64_t seconds) { return traffic_time_ms(seconds * 1'000); }

TEST(LedgerInterval, StartsOnMultiplesOfThreeHundredSecondsOfUtc) {
  EXPECT_EQ(ledger_interval_start(at(0)), at(0));
  EXPECT_EQ(ledger_interval_start(traffic_time_ms(299'999)), at(0));
  EXPECT_EQ(ledger_interval_start(at(300)), at(300));
  EXPECT_EQ(ledger_interval_start(traffic_time_ms(-1)), at(-300));
  EXPECT_EQ(first_ledger_interval_from(at(300)), at(300));
  EXPECT_EQ(first_ledger_interval_from(traffic_time_ms(300'001)), at(600));
}

TEST(Period, HoldsTheIntervalsThatStartInIt) {
  EXPECT_EQ((Period{at(0), at(900)}.intervals()), 3U);
  // [299, 901) holds the starts 300, 600 and 900.
  EXPECT_EQ((Period{at(299), at(901)}.intervals()), 3U);
  EXPECT_EQ((Period{at(299), at(901)}.first_interval()), at(300));
  EXPECT_EQ((Period{at(301), at(599)}.intervals()), 0U);
  EXPECT_EQ((Period{at(600), at(600)}.intervals()), 0U);
  EXPECT_EQ((Period{at(600), at(300)}.intervals()), 0U);
}

TEST(Period, NeighboursShareNoIntervalWhereverTheirBorderFalls) {
  for (std::int64_t border = 1'000; border <= 1'600; ++border) {
    const Period before{at(0), at(border)};
    const Period after{at(border), at(3'000)};
    EXPECT_EQ(before.intervals() + after.intervals(), 10U) << border;
  }
}

TEST(Period, IsHalfOpen) {
  const Period period{at(300), at(600)};
  EXPECT_TRUE(period.contains(at(300)));
  EXPECT_FALSE(period.contains(at(600)));
}

TEST(Period, ClosedPartEndsWithTheLastIntervalThatHasEnded) {
  const Period period{at(0), at(3'000)};
  EXPECT_EQ(period.closed_part(at(899)).intervals(), 2U);
  EXPECT_EQ(period.closed_part(at(900)).intervals(), 3U);
  EXPECT_EQ(period.closed_part(at(9'000)), period);
  EXPECT_TRUE(period.closed_part(at(-5)).is_empty());
}

}  // namespace
}  // namespace weir::billing
