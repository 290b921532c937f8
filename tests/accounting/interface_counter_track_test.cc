#include "collector/accounting/interface_counter_track.h"

#include <gtest/gtest.h>

#include <limits>

namespace weir::accounting {
namespace {

using Verdict = InterfaceCounterTrack::Verdict;

constexpr std::int64_t kStart = 1'760'000'100;  // a multiple of 300
constexpr BitsPerSecond kFast{10'000'000'000};
constexpr BitsPerSecond kSlow{100'000'000};

TrafficTime at(std::int64_t seconds) { return traffic_time_ms((kStart + seconds) * 1'000); }

CounterReading reading(std::int64_t seconds, std::uint64_t in, std::uint64_t out = 0,
                       BitsPerSecond speed = kFast) {
  return {
      .time = at(seconds), .speed = speed, .ingress = {.octets = in}, .egress = {.octets = out}};
}

TEST(InterfaceCounterTrack, ReadingsOnTheEdgesGiveTheirDifference) {
  InterfaceCounterTrack track;
  EXPECT_EQ(track.take(reading(0, 1'000, 50)), Verdict::First);
  EXPECT_EQ(track.interval(at(0)), std::nullopt);
  EXPECT_EQ(track.take(reading(300, 4'000, 57)), Verdict::Counted);
  EXPECT_EQ(track.interval(at(0)),
            (CounterInterval{.ingress = {.octets = 3'000}, .egress = {.octets = 7}}));
  EXPECT_EQ(track.interval(at(300)), std::nullopt);
  EXPECT_TRUE(track.is_past(at(0)));
  EXPECT_FALSE(track.is_past(at(300)));
}

TEST(InterfaceCounterTrack, ADifferenceIsSharedByTimeAndLosesNothing) {
  InterfaceCounterTrack track;
  (void)track.take(reading(-10, 0));
  // 31 octets over 30 s: 10 s before the edge have floor(310 / 30) = 10, the rest 21.
  (void)track.take(reading(20, 31));
  // 100 octets over 290 s: 280 s have floor(28000 / 290) = 96, the last 10 s have 4.
  (void)track.take(reading(310, 131));
  EXPECT_EQ(track.interval(at(0))->ingress.octets, 21U + 96U);
  EXPECT_EQ(track.total().ingress.octets, 131U);
  (void)track.take(reading(600, 231));
  EXPECT_EQ(track.interval(at(300))->ingress.octets, 4U + 100U);
}

TEST(InterfaceCounterTrack, DiscardsAreSharedAlike) {
  InterfaceCounterTrack track;
  CounterReading first = reading(0, 0);
  first.egress.discards = 0xffff'fff0;
  CounterReading second = reading(600, 600);
  second.egress.discards = 0x10;  // 32 more, over the wrap
  (void)track.take(first);
  (void)track.take(second);
  EXPECT_EQ(track.interval(at(0))->egress.discards, 16U);
  EXPECT_EQ(track.interval(at(300))->egress.discards, 16U);
}

TEST(InterfaceCounterTrack, ReadingsMoreThanTenMinutesApartGiveNothing) {
  InterfaceCounterTrack track;
  (void)track.take(reading(0, 0));
  EXPECT_EQ(track.take(reading(600, 600)), Verdict::Counted);
  EXPECT_EQ(track.take(reading(1'201, 1'200)), Verdict::Gap);
  EXPECT_EQ(track.take(reading(1'800, 1'800)), Verdict::Counted);
  EXPECT_EQ(track.interval(at(300))->ingress.octets, 300U);
  EXPECT_EQ(track.interval(at(600)), std::nullopt);
  EXPECT_EQ(track.interval(at(900)), std::nullopt);
  // 1 s of it is not covered.
  EXPECT_EQ(track.interval(at(1'200)), std::nullopt);
  EXPECT_TRUE(track.interval(at(1'500)));
}

TEST(InterfaceCounterTrack, AReadingThatIsNotLaterIsIgnored) {
  InterfaceCounterTrack track;
  (void)track.take(reading(0, 100));
  EXPECT_EQ(track.take(reading(0, 900)), Verdict::Ignored);
  EXPECT_EQ(track.take(reading(-5, 900)), Verdict::Ignored);
  (void)track.take(reading(300, 400));
  EXPECT_EQ(track.interval(at(0))->ingress.octets, 300U);
}

TEST(InterfaceCounterTrack, SixtyFourBitsMayWrap) {
  InterfaceCounterTrack track;
  (void)track.take(reading(0, std::numeric_limits<std::uint64_t>::max() - 99));
  EXPECT_EQ(track.take(reading(300, 900)), Verdict::Counted);
  EXPECT_EQ(track.interval(at(0))->ingress.octets, 1'000U);
}

TEST(InterfaceCounterTrack, AResetLeavesItsTimeWithoutAFigure) {
  InterfaceCounterTrack track;
  (void)track.take(reading(0, 5'000'000'000));
  EXPECT_EQ(track.take(reading(200, 1'000)), Verdict::Reset);
  EXPECT_EQ(track.take(reading(300, 2'000)), Verdict::Counted);
  EXPECT_EQ(track.take(reading(600, 3'000)), Verdict::Counted);
  EXPECT_EQ(track.interval(at(0)), std::nullopt);
  EXPECT_EQ(track.interval(at(300))->ingress.octets, 1'000U);
  EXPECT_FALSE(track.is_narrow());
}

TEST(InterfaceCounterTrack, AStepThatThePortCannotHaveCarriedIsAReset) {
  InterfaceCounterTrack track;
  (void)track.take(reading(0, 0));
  // 10 Gbit/s for 302 s are 377.5 GB.
  EXPECT_EQ(track.take(reading(300, 377'500'000'001)), Verdict::Reset);
  EXPECT_EQ(track.take(reading(600, 755'000'000'001)), Verdict::Counted);
  EXPECT_EQ(track.interval(at(0)), std::nullopt);
}

TEST(InterfaceCounterTrack, ThirtyTwoBitsAreRefusedFromOneGigabitOn) {
  InterfaceCounterTrack track;
  const BitsPerSecond gigabit{1'000'000'000};
  (void)track.take(reading(0, 4'294'967'000, 0, gigabit));
  EXPECT_EQ(track.take(reading(30, 500, 0, gigabit)), Verdict::Narrow);
  EXPECT_TRUE(track.is_narrow());
  EXPECT_EQ(track.take(reading(300, 1'000, 0, gigabit)), Verdict::Narrow);
  EXPECT_EQ(track.take(reading(600, 2'000, 0, gigabit)), Verdict::Narrow);
  EXPECT_EQ(track.interval(at(300)), std::nullopt);
  // What has an upper half is of 64 bits: it had been reset.
  EXPECT_EQ(track.take(reading(630, 4'294'967'296, 0, gigabit)), Verdict::Reset);
  EXPECT_EQ(track.take(reading(900, 4'294'967'396, 0, gigabit)), Verdict::Counted);
  EXPECT_FALSE(track.is_narrow());
}

TEST(InterfaceCounterTrack, ThirtyTwoBitsWrapOnASlowPort) {
  InterfaceCounterTrack track;
  (void)track.take(reading(0, 4'294'967'000, 0, kSlow));
  EXPECT_EQ(track.take(reading(150, 704, 0, kSlow)), Verdict::Counted);
  EXPECT_EQ(track.take(reading(300, 1'704, 0, kSlow)), Verdict::Counted);
  // 296 to the wrap, 704 after it, and 1,000.
  EXPECT_EQ(track.interval(at(0))->ingress.octets, 2'000U);
  // 100 Mbit/s wrap 32 bits in 344 s: what fell back after 400 s may have gone round twice.
  EXPECT_EQ(track.take(reading(700, 1'000, 0, kSlow)), Verdict::Reset);
}

}  // namespace
}  // namespace weir::accounting
