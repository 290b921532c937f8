#include "collector/accounting/error.h"

#include <gtest/gtest.h>

namespace weir::accounting {
namespace {

TEST(HalfWidth, IsZeroWithoutVariance) { EXPECT_EQ(half_width_95(0), 0U); }

TEST(HalfWidth, Is196StandardDeviationsRoundedToTheNearestByte) {
  EXPECT_EQ(half_width_95(10'000), 196U);
  EXPECT_EQ(half_width_95(4), 4U);  // 3.92
  EXPECT_EQ(half_width_95(1), 2U);  // 1.96
}

TEST(HalfWidth, HoldsForVariancesBeyond64Bits) {
  // A deviation of 2^50: 1.96 * 2^50.
  EXPECT_EQ(half_width_95(WideVariance{1} << 100), 2'206'763'817'411'543U);
}

TEST(HalfWidth, SaturatesWhereTheWidthExceeds64Bits) {
  EXPECT_EQ(half_width_95(~WideVariance{0}), UINT64_MAX);
}

}  // namespace
}  // namespace weir::accounting
