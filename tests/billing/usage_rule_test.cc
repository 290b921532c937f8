#include "collector/billing/usage_rule.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/billing/grid_builder.h"

namespace weir::billing {
namespace {

constexpr BitsPerSecond kCommit = mbps(1'000);

Usage complete(std::uint64_t value) { return {.percentile = mbps(value), .completeness = kWhole}; }
Usage incomplete(std::uint64_t value) {
  return {.percentile = mbps(value), .completeness = Share{899'999}};
}

std::vector<Usage> days(std::size_t quiet, std::size_t busy) {
  std::vector<Usage> list(quiet, complete(500));
  list.insert(list.end(), busy, complete(800));
  return list;
}

// Domain requirement 37.
TEST(Upgrade, NeedsTenOfTheLastThirtyDaysNearTheCommit) {
  EXPECT_FALSE(is_upgrade_candidate(days(21, 9), kCommit, {}));
  EXPECT_TRUE(is_upgrade_candidate(days(20, 10), kCommit, {}));
}

TEST(Upgrade, ForgetsDaysBeforeTheLastThirty) {
  auto list = days(0, 10);
  list.insert(list.end(), 21, complete(799));
  EXPECT_FALSE(is_upgrade_candidate(list, kCommit, {}));
}

TEST(Upgrade, IncompleteDayCountsForNeither) {
  auto list = days(20, 9);
  list.push_back(incomplete(900));
  EXPECT_FALSE(is_upgrade_candidate(list, kCommit, {}));
  // Nor does it push a busy day out of the last thirty.
  list = days(0, 10);
  list.insert(list.end(), 20, complete(100));
  list.insert(list.end(), 5, incomplete(100));
  EXPECT_TRUE(is_upgrade_candidate(list, kCommit, {}));
}

TEST(UsageLevel, IsNearFromEightyPercentAndOverAboveTheCommit) {
  EXPECT_EQ(usage_level(BitsPerSecond{799'999'999}, kCommit, {}), UsageLevel::Below);
  EXPECT_EQ(usage_level(mbps(800), kCommit, {}), UsageLevel::Near);
  EXPECT_EQ(usage_level(kCommit, kCommit, {}), UsageLevel::Near);
  EXPECT_EQ(usage_level(BitsPerSecond{1'000'000'001}, kCommit, {}), UsageLevel::Over);
}

TEST(UnderUse, NeedsThreeCompleteMonthsBelowThirtyPercent) {
  EXPECT_TRUE(is_under_used(std::vector{complete(299), complete(0), complete(100)}, kCommit, {}));
  EXPECT_FALSE(is_under_used(std::vector{complete(300), complete(0), complete(100)}, kCommit, {}));
  EXPECT_FALSE(is_under_used(std::vector{complete(0), complete(100)}, kCommit, {}));
  EXPECT_FALSE(is_under_used(std::vector{complete(1), incomplete(1), complete(1)}, kCommit, {}));
  EXPECT_TRUE(is_under_used(std::vector{complete(1), complete(1), incomplete(900), complete(1)},
                            kCommit, {}));
}

TEST(OverCommit, FirstMonthIsAWarningAndTheSecondInARowTheNextTier) {
  EXPECT_EQ(over_commit_action(std::vector{complete(1'001)}, kCommit), OverCommitAction::Warning);
  EXPECT_EQ(over_commit_action(std::vector{complete(1'001), complete(1'001)}, kCommit),
            OverCommitAction::NextTier);
  EXPECT_EQ(over_commit_action(std::vector{complete(1'001), complete(1'000)}, kCommit),
            OverCommitAction::None);
  EXPECT_EQ(
      over_commit_action(std::vector{complete(1'001), complete(900), complete(1'001)}, kCommit),
      OverCommitAction::Warning);
  EXPECT_EQ(over_commit_action({}, kCommit), OverCommitAction::None);
}

}  // namespace
}  // namespace weir::billing
