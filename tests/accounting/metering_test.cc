#include "collector/accounting/metering.h"

#include <gtest/gtest.h>

#include <array>

namespace weir::accounting {
namespace {

constexpr std::uint32_t kA = 512;
constexpr std::uint32_t kB = 70'000;

FlowRecord metered(MeteredDirection direction, std::uint32_t input = kA,
                   std::uint32_t output = kB) {
  FlowRecord record;
  record.input = input;
  record.output = output;
  record.metered = direction;
  record.set(Has::Input);
  record.set(Has::Output);
  return record;
}

TEST(Metering, IngressRecordCountsForBothSidesWhereNothingIsMeteredAtEgress) {
  MeteringPoints points;
  EXPECT_EQ(points.see(metered(MeteredDirection::Ingress)), (Sides{true, true}));
}

TEST(Metering, EgressRecordCountsForBothSidesWhereNothingIsMeteredAtIngress) {
  MeteringPoints points;
  EXPECT_EQ(points.see(metered(MeteredDirection::Egress)), (Sides{true, true}));
}

// Domain requirement 28: a flow exported as direction 0 and 1 counts once for each customer.
TEST(Metering, FlowMeteredOnBothWaysCountsOnceForEachSide) {
  const std::array both{metered(MeteredDirection::Ingress), metered(MeteredDirection::Egress)};
  MeteringPoints points;
  points.learn(both);
  EXPECT_EQ(points.sides_of(both[0]), (Sides{true, false}));
  EXPECT_EQ(points.sides_of(both[1]), (Sides{false, true}));
}

TEST(Metering, EgressMeteringOfAnotherInterfaceChangesNothing) {
  MeteringPoints points;
  static_cast<void>(points.see(metered(MeteredDirection::Egress, kB, kA)));
  EXPECT_EQ(points.see(metered(MeteredDirection::Ingress)), (Sides{true, true}));
}

TEST(Metering, RecordWithoutDirectionCountsForBothSides) {
  MeteringPoints points;
  static_cast<void>(points.see(metered(MeteredDirection::Egress)));
  EXPECT_EQ(points.see(metered(MeteredDirection::Unknown)), (Sides{true, true}));
}

TEST(Metering, RecordWithoutInterfacesTeachesNothing) {
  FlowRecord bare;
  bare.metered = MeteredDirection::Egress;
  MeteringPoints points;
  EXPECT_EQ(points.see(bare), (Sides{true, true}));
  EXPECT_EQ(points.see(metered(MeteredDirection::Ingress, kA, 0)), (Sides{true, true}));
}

// Domain requirement 29.
TEST(Metering, DroppedPacketsNeverCountForTheReceiver) {
  FlowRecord dropped = metered(MeteredDirection::Unknown);
  dropped.forwarding = Forwarding::Dropped;
  MeteringPoints points;
  EXPECT_EQ(points.see(dropped), (Sides{true, false}));
}

TEST(InterfaceSet, HoldsSmallAndLargeIndexes) {
  InterfaceSet set;
  EXPECT_TRUE(set.is_empty());
  for (const std::uint32_t index : {0U, 63U, 64U, 65'535U, 65'536U, 4'294'967'295U}) {
    EXPECT_FALSE(set.contains(index));
    set.insert(index);
    EXPECT_TRUE(set.contains(index));
  }
  EXPECT_FALSE(set.contains(1));
  EXPECT_FALSE(set.contains(65'537));
  EXPECT_FALSE(set.is_empty());
}

TEST(InterfaceSet, ForgetsLargeIndexesBeyondItsBound) {
  InterfaceSet set;
  for (std::uint32_t i = 0; i <= InterfaceSet::kMostSparse; ++i)
    set.insert(InterfaceSet::kDense + i);
  EXPECT_TRUE(set.contains(InterfaceSet::kDense + InterfaceSet::kMostSparse - 1));
  EXPECT_FALSE(set.contains(InterfaceSet::kDense + InterfaceSet::kMostSparse));
}

}  // namespace
}  // namespace weir::accounting
