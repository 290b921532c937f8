#include "collector/ingest/wrapping_count.h"

#include <gtest/gtest.h>

namespace weir::ingest {
namespace {

TEST(WrappingCount, GrowsWithTheReading) {
  WrappingCount count;
  EXPECT_EQ(count.advance(0), 0U);
  EXPECT_EQ(count.advance(5), 5U);
  EXPECT_EQ(count.advance(5), 5U);
  EXPECT_EQ(count.total(), 5U);
}

TEST(WrappingCount, GoesOnOverTheWrapOf32Bits) {
  WrappingCount count;
  EXPECT_EQ(count.advance(0xffff'fff0), 0xffff'fff0U);
  EXPECT_EQ(count.advance(0x10), 0x1'0000'0010U);
  EXPECT_EQ(count.advance(0xf), 0x2'0000'000fU);
}

}  // namespace
}  // namespace weir::ingest
