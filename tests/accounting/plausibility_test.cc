#include "collector/accounting/plausibility.h"

#include <gtest/gtest.h>

namespace weir::accounting {
namespace {

constexpr BitsPerSecond kGigabit{1'000'000'000};

TimeRange range_of(std::chrono::seconds duration) {
  const TrafficTime start = traffic_time_ms(1'700'000'000'000);
  return {start, start + duration};
}

TEST(Plausibility, TwiceTheSpeedInTheTimeAndItsSlackIsTheMost) {
  // 125 MB a second, 30 s and 60 s of slack, twice.
  constexpr std::uint64_t kMost = 125'000'000ULL * 90 * 2;
  EXPECT_TRUE(is_plausible(kMost, range_of(std::chrono::seconds{30}), kGigabit));
  EXPECT_FALSE(is_plausible(kMost + 1, range_of(std::chrono::seconds{30}), kGigabit));
}

TEST(Plausibility, RecordThatTookNoTimeHasTheSlack) {
  constexpr std::uint64_t kMost = 125'000'000ULL * 60 * 2;
  EXPECT_TRUE(is_plausible(kMost, range_of(std::chrono::seconds{0}), kGigabit));
  EXPECT_FALSE(is_plausible(kMost + 1, range_of(std::chrono::seconds{0}), kGigabit));
}

// 100 Tbit/s for a minute of slack, doubled.
TEST(Plausibility, UnknownSpeedIsThatOfTheFastestBundle) {
  constexpr std::uint64_t kMost = 1'500'000'000'000'000;
  EXPECT_TRUE(is_plausible(kMost, range_of(std::chrono::seconds{0}), BitsPerSecond{0}));
  EXPECT_FALSE(is_plausible(kMost + 1, range_of(std::chrono::seconds{0}), BitsPerSecond{0}));
}

TEST(Plausibility, LargestAmountsAndSpeedsDoNotWrap) {
  EXPECT_FALSE(is_plausible(UINT64_MAX, range_of(std::chrono::hours{24}), kGigabit));
  EXPECT_TRUE(
      is_plausible(UINT64_MAX, range_of(std::chrono::hours{24}), BitsPerSecond{UINT64_MAX}));
}

TEST(Plausibility, SmallAmountsPassOnAnyLink) {
  EXPECT_TRUE(
      is_plausible(kAlwaysPlausibleBytes, range_of(std::chrono::seconds{0}), BitsPerSecond{9'600}));
}

// Domain requirement 26.
TEST(LongestFlow, IsTheTimeoutInWholeMinutesAndOneMore) {
  using std::chrono::seconds;
  EXPECT_EQ(longest_flow(seconds{60}), seconds{60 + 60});
  EXPECT_EQ(longest_flow(seconds{90}), seconds{120 + 60});
  EXPECT_EQ(longest_flow(seconds{150}), seconds{180 + 60});
}

}  // namespace
}  // namespace weir::accounting
