#include "collector/accounting/metering.h"

#include <gtest/gtest.h>

#include <array>

#include "collector/accounting/metering_registry.h"

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

TEST(Metering, OneExportersPointsAreTheSameForAll) {
  MeteringRegistry registry;
  MeteringPoints& points = registry.of(ExporterId{5});
  EXPECT_EQ(&points, &registry.of(ExporterId{5}));
  EXPECT_NE(&points, &registry.of(ExporterId{0}));
  static_cast<void>(registry.of(ExporterId{kMaxExporters - 1}));
  EXPECT_EQ(&points, &registry.of(ExporterId{5}));
}

// Domain requirement 29.
TEST(Metering, DroppedPacketsNeverCountForTheReceiver) {
  FlowRecord dropped = metered(MeteredDirection::Unknown);
  dropped.forwarding = Forwarding::Dropped;
  MeteringPoints points;
  EXPECT_EQ(points.see(dropped), (Sides{true, false}));
}

}  // namespace
}  // namespace weir::accounting
