#include "collector/contracts/tier.h"

#include <gtest/gtest.h>

namespace weir::contracts {
namespace {

TEST(Tier, OverOneGigabitIsStrict) {
  EXPECT_EQ(tier_of(BitsPerSecond{100'000'000}), Tier::UpTo100M);
  EXPECT_EQ(tier_of(BitsPerSecond{100'000'001}), Tier::UpTo1G);
  EXPECT_EQ(tier_of(BitsPerSecond{1'000'000'000}), Tier::UpTo1G);
  EXPECT_EQ(tier_of(BitsPerSecond{1'000'000'001}), Tier::Over1G);
}

TEST(Tier, NamesAreTheLabelValues) {
  EXPECT_EQ(tier_name(Tier::UpTo100M), "le_100m");
  EXPECT_EQ(tier_name(Tier::UpTo1G), "le_1g");
  EXPECT_EQ(tier_name(Tier::Over1G), "gt_1g");
}

}  // namespace
}  // namespace weir::contracts
