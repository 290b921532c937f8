#include "collector/core/bucket_ring.h"

#include <gtest/gtest.h>

namespace weir::core {
namespace {

using std::chrono::seconds;

TEST(BucketGeometry, TilesTimeFrom1970) {
  const BucketGeometry geometry{seconds{10}};
  EXPECT_EQ(geometry.number_of(traffic_time_ms(0)), 0);
  EXPECT_EQ(geometry.number_of(traffic_time_ms(9'999)), 0);
  EXPECT_EQ(geometry.number_of(traffic_time_ms(10'000)), 1);
  EXPECT_EQ(geometry.number_of(traffic_time_ms(-1)), -1);
  EXPECT_EQ(geometry.number_of(traffic_time_ms(-10'000)), -1);
  EXPECT_EQ(geometry.number_of(traffic_time_ms(-10'001)), -2);
  EXPECT_EQ(geometry.start_of(-1), traffic_time_ms(-10'000));
}

TEST(BucketGeometry, BucketIsBehindOnceItsEndPlusTheLatenessHasCome) {
  const BucketGeometry geometry{seconds{10}};
  EXPECT_EQ(geometry.frontier(traffic_time_ms(129'999), seconds{120}), 0);
  EXPECT_EQ(geometry.frontier(traffic_time_ms(130'000), seconds{120}), 1);
}

}  // namespace
}  // namespace weir::core
