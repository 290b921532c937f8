#include "collector/billing/rate.h"

#include <gtest/gtest.h>

#include <random>

namespace weir::billing {
namespace {

TEST(Rate, IsBytesOverThreeHundredSecondsRoundedDown) {
  EXPECT_EQ(rate_of(37'500'000'000), BitsPerSecond{1'000'000'000});
  EXPECT_EQ(rate_of(37), BitsPerSecond{0});
  EXPECT_EQ(rate_of(38), BitsPerSecond{1});
  EXPECT_EQ(rate_of(UINT64_MAX), BitsPerSecond{491'913'175'298'921'376U});
}

TEST(Rate, BytesAtARateAreTheFewestThatReachIt) {
  for (const std::uint64_t rate : {0U, 1U, 2U, 3U, 999U, 1'000'000'000U}) {
    const std::uint64_t bytes = bytes_at(BitsPerSecond{rate});
    EXPECT_GE(rate_of(bytes), BitsPerSecond{rate});
    if (bytes > 0) {
      EXPECT_LT(rate_of(bytes - 1), BitsPerSecond{rate});
    }
  }
  EXPECT_EQ(bytes_at(BitsPerSecond{UINT64_MAX}), UINT64_MAX);
}

// Domain requirement 13: half width 41,594,894 B of sd 21,221,884 B is 1.109 Mbps.
TEST(HalfWidth, Is196Deviations) {
  EXPECT_EQ(half_width_bytes(21'221'884), 41'594'893U);
  EXPECT_EQ(half_width_rate(21'221'884), BitsPerSecond{1'109'197});
  EXPECT_EQ(half_width_bytes(0), 0U);
  EXPECT_EQ(half_width_bytes(1), 2U);
  EXPECT_EQ(half_width_bytes(UINT64_MAX), UINT64_MAX);
  constexpr std::uint64_t kLargest = (UINT64_MAX - 99) / 196;
  EXPECT_EQ(half_width_bytes(kLargest), kLargest * 196 / 100 + 1);
  EXPECT_EQ(half_width_bytes(kLargest + 1),
            static_cast<std::uint64_t>((Wide{kLargest + 1} * 196 + 99) / 100));
}

TEST(Deviation, IsTheRootOfTheVariance) {
  EXPECT_EQ(deviation_of(0), 0U);
  EXPECT_EQ(deviation_of(2), 1U);  // 1.41
  EXPECT_EQ(deviation_of(3), 2U);  // 1.73
  for (const std::uint64_t root : {std::uint64_t{25}, std::uint64_t{1} << 40,
                                   (std::uint64_t{1} << 63) + 12'345, std::uint64_t{UINT64_MAX}})
    EXPECT_EQ(deviation_of(Wide{root} * root), root);
  EXPECT_EQ(deviation_of(~Wide{0}), UINT64_MAX);
}

TEST(Deviation, IsRoundedToTheNearestAtEverySize) {
  std::mt19937_64 random{20'120'930};
  for (int i = 0; i < 200'000; ++i) {
    const std::uint64_t root = 2 + (random() >> (14 + random() % 49));
    const Wide square = Wide{root} * root;
    ASSERT_EQ(deviation_of(square), root);
    ASSERT_EQ(deviation_of(square - 1), root) << root;     // root - 1 / (2 root)
    ASSERT_EQ(deviation_of(square + root), root) << root;  // a quarter below the half
    ASSERT_EQ(deviation_of(square + root + 1), root + 1) << root;
  }
}

}  // namespace
}  // namespace weir::billing
