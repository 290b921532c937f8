#include "collector/core/spread.h"

#include <gtest/gtest.h>

#include <random>

#include "collector/core/amounts.h"

namespace weir::core {
namespace {

/// The definition, in arithmetic wide enough for anything.
SpanDivider::Share obvious_share(std::uint64_t amount, std::uint64_t part, std::uint64_t span) {
  const Wide product = Wide{amount} * part;
  return {.quotient = static_cast<std::uint64_t>(product / span),
          .remainder = static_cast<std::uint64_t>(product % span)};
}

void expect_obvious(std::uint64_t amount, std::uint64_t part, std::uint64_t span) {
  const auto expected = obvious_share(amount, part, span);
  const auto share = SpanDivider{span}.share(amount, part);
  ASSERT_EQ(share.quotient, expected.quotient) << amount << " * " << part << " / " << span;
  ASSERT_EQ(share.remainder, expected.remainder) << amount << " * " << part << " / " << span;
}

TEST(SpanDivider, IsExactAtTheEdges) {
  for (const std::uint64_t span :
       {std::uint64_t{2}, std::uint64_t{3}, std::uint64_t{60'000}, std::uint64_t{86'400'000},
        (std::uint64_t{1} << 48) - 1, std::uint64_t{1} << 48, UINT64_MAX}) {
    for (const std::uint64_t part : {std::uint64_t{0}, std::uint64_t{1}, span / 2, span - 1}) {
      for (const std::uint64_t amount : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 53,
                                         std::uint64_t{1} << 63, UINT64_MAX - 1, UINT64_MAX})
        expect_obvious(amount, part, span);
    }
  }
}

TEST(SpanDivider, IsExactForRandomValuesOfEverySize) {
  std::mt19937_64 random{20'260'101};
  const auto any_size = [&random] { return random() >> (random() % 64); };
  for (int i = 0; i < 300'000; ++i) {
    const std::uint64_t span = std::max<std::uint64_t>(any_size() >> (random() % 30), 2);
    expect_obvious(any_size(), random() % span, span);
  }
}

TEST(SpanDivider, IsExactWhereTheShareIsAWholeNumber) {
  std::mt19937_64 random{20'260'102};
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t span = 2 + random() % 86'400'000;
    const std::uint64_t multiple = random() % (UINT64_MAX / span);
    for (const std::uint64_t near : {multiple * span, multiple * span + 1, multiple * span - 1})
      expect_obvious(near, random() % span, span);
  }
}

TEST(ShareRamp, EqualsADivisionAtEveryStep) {
  std::mt19937_64 random{20'260'103};
  for (int i = 0; i < 2'000; ++i) {
    const std::uint64_t span = 2 + random() % 1'800'000;
    const std::uint64_t step = random() % span;
    const std::uint64_t amount = random() >> (random() % 64);
    std::uint64_t at = random() % span;
    ShareRamp ramp(SpanDivider{span}, amount, at, step);
    for (; at < span; at += step) {
      ASSERT_EQ(ramp.value(), obvious_share(amount, at, span).quotient);
      ramp.step();
      if (step == 0) break;
    }
  }
}

TEST(ShareUntil, IsNothingBeforeTheStartAndAllAfterTheEnd) {
  const Amount amount{.bytes = 1'000, .packets = 10, .variance = 77};
  const TimeRange range{traffic_time_ms(1'000), traffic_time_ms(2'000)};
  EXPECT_EQ(share_until(amount, range, traffic_time_ms(1'000)), Amount{});
  EXPECT_EQ(share_until(amount, range, traffic_time_ms(2'000)), amount);
  EXPECT_EQ(share_until(amount, range, traffic_time_ms(1'500)),
            (Amount{.bytes = 500, .packets = 5, .variance = 38}));
}

TEST(ShareUntil, InstantLiesAtItsStart) {
  const Amount amount{.bytes = 1'000, .packets = 10, .variance = 77};
  const TimeRange instant{traffic_time_ms(1'000), traffic_time_ms(1'000)};
  EXPECT_EQ(share_until(amount, instant, traffic_time_ms(1'000)), Amount{});
  EXPECT_EQ(share_until(amount, instant, traffic_time_ms(1'001)), amount);
}

// Domain requirement 30: a flow that spans the instant at which its prefix changes hands.
TEST(ShareUntil, SplitsAFlowAtTheInstantAContractChanges) {
  const TimeRange range{traffic_time_ms(100'000), traffic_time_ms(1'900'000)};
  const Amount before = share_until({.bytes = 10'000'001, .packets = 9, .variance = 0}, range,
                                    traffic_time_ms(300'000));
  EXPECT_EQ(before, (Amount{.bytes = 1'111'111, .packets = 1, .variance = 0}));
}

}  // namespace
}  // namespace weir::core
