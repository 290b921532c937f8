#include "collector/pipeline/pop_matrix.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "collector/pipeline/attributor.h"

namespace weir::pipeline {
namespace {

using contracts::InterfaceRole;
using Matrix = std::map<std::pair<std::string, std::string>, std::uint64_t>;

TEST(PopRegistry, ANameKeepsItsPlaceAndTheEmptyOneIsUnknown) {
  PopRegistry pops;
  EXPECT_EQ(pops.place_of(""), kUnknownPop);
  EXPECT_EQ(pops.place_of("Tokyo"), 0);
  EXPECT_EQ(pops.place_of("Osaka"), 1);
  EXPECT_EQ(pops.place_of("Tokyo"), 0);
  const auto places = pops.places();
  ASSERT_EQ(places.size(), 3U);
  EXPECT_EQ(places[0].name, "Tokyo");
  EXPECT_EQ(places[1].name, "Osaka");
  EXPECT_EQ(places[2].name, "unknown");
  EXPECT_EQ(places[2].place, kUnknownPop);
}

TEST(PopRegistry, BeyondThirtyTwoAllAreOther) {
  PopRegistry pops;
  for (std::size_t i = 0; i < kMostPops; ++i) EXPECT_EQ(pops.place_of("P" + std::to_string(i)), i);
  EXPECT_EQ(pops.places().size(), kMostPops + 1);
  EXPECT_EQ(pops.place_of("one more"), kOtherPop);
  EXPECT_EQ(pops.place_of("and one"), kOtherPop);
  EXPECT_EQ(pops.place_of("P31"), 31);
  ASSERT_EQ(pops.places().size(), kPopPlaces);
  EXPECT_EQ(pops.places().back().name, "other");
}

constexpr IpAddress kTokyo = IpAddress::v4(0xc000'0201);
constexpr IpAddress kOsaka = IpAddress::v4(0xc000'0202);
constexpr IpAddress kNowhere = IpAddress::v4(0xc000'0203);
constexpr TrafficTime kNow = traffic_time_ms(1'714'521'600'000);

/// Two POPs and a router without one; each has customers on 1, peers on 2, the backbone on 9.
/// 203.0.113.0/24 is a customer in Osaka, AS 64500 one in Nagoya, where no router is.
class PopMatrixTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::vector<contracts::InterfaceTerms> interfaces{
        {.index = 1, .role = InterfaceRole::Customer},
        {.index = 2, .role = InterfaceRole::Peer},
        {.index = 9, .role = InterfaceRole::Backbone}};
    config_.accounting.layer = Layer::Ip;
    config_.accounting.lateness = std::chrono::seconds{120};
    config_.exporters.routers = {
        {.address = kTokyo, .name = "t", .pop = "Tokyo", .interfaces = interfaces},
        {.address = kOsaka, .name = "o", .pop = "Osaka", .interfaces = interfaces},
        {.address = kNowhere, .name = "n", .interfaces = interfaces}};
    config_.contracts = {
        {.id = "A",
         .pop = "Osaka",
         .attach = {{.where = contracts::PrefixAttachment{*IpPrefix::parse("203.0.113.0/24")}}}},
        {.id = "B", .pop = "Nagoya", .attach = {{.where = contracts::AsAttachment{64'500}}}},
        {.id = "C",
         .attach = {{.where = contracts::PrefixAttachment{*IpPrefix::parse("198.51.100.0/24")}}}}};
    make();
  }

  void make() {
    policy_ = std::make_unique<Published<Policy>>(make_policy(config_, registries_).value());
    attributor_ = std::make_unique<Attributor>(Attributor::Parts{.cells = cells_,
                                                                 .books = books_,
                                                                 .interfaces = interfaces_,
                                                                 .exporters = registries_.exporters,
                                                                 .metering = registries_.metering,
                                                                 .policy = *policy_,
                                                                 .pops = pops_.get()});
  }

  static FlowRecord flow(std::uint32_t input, std::uint32_t output, std::uint64_t octets,
                         const char* destination = "192.0.2.200") {
    FlowRecord record;
    for (const Has field : {Has::Octets, Has::Packets, Has::Input, Has::Output, Has::First,
                            Has::Last, Has::DestinationAddress})
      record.set(field);
    record.input = input;
    record.output = output;
    record.octets = octets;
    record.packets = 1;
    record.destination = *IpAddress::parse(destination);
    record.time_format = TimeFormat::Milliseconds;
    record.first = static_cast<std::uint64_t>(since_epoch_ms(kNow));
    record.last = record.first;
    record.sampling_interval = 10;
    record.sampling_source = SamplingSource::Domain;
    return record;
  }

  void send(const IpAddress& router, std::vector<FlowRecord> records) {
    cells_.advance(kNow, std::chrono::seconds{120});
    ASSERT_TRUE(attributor_->admit(router));
    const MessageContext context{.source = router,
                                 .agent = router,
                                 .protocol = Protocol::Ipfix,
                                 .arrival = kNow,
                                 .released = kNow,
                                 .export_time = kNow,
                                 .has_export_time = true};
    attributor_->take(context, records);
  }

  /// What is not zero.
  Matrix matrix() const {
    Matrix found;
    for (const auto& from : registries_.pops.places())
      for (const auto& to : registries_.pops.places())
        if (const auto bytes = pops_->read(from.place, to.place); bytes != 0)
          found[{from.name, to.name}] = bytes;
    return found;
  }

  config::Config config_;
  Registries registries_;
  core::WorkerBooks books_;
  InterfaceCounters interfaces_;
  core::WorkerCells cells_{core::BucketGeometry{std::chrono::seconds{10}}, 64};
  std::unique_ptr<PopCounters> pops_ = std::make_unique<PopCounters>();
  std::unique_ptr<Published<Policy>> policy_;
  std::unique_ptr<Attributor> attributor_;
};

TEST_F(PopMatrixTest, WhatCrossesOneRouterStaysInItsPop) {
  send(kTokyo, {flow(2, 1, 100, "203.0.113.5")});
  EXPECT_EQ(matrix(), (Matrix{{{"Tokyo", "Tokyo"}, 1'000}}));
}

TEST_F(PopMatrixTest, WhatGoesOnThroughTheBackboneLeavesWhereItsOwnerIs) {
  FlowRecord to_as = flow(1, 9, 20);
  to_as.set(Has::DestinationAs);
  to_as.destination_as = 64'500;
  send(kTokyo,
       {flow(2, 9, 100, "203.0.113.5"), to_as, flow(2, 9, 3), flow(2, 9, 4, "198.51.100.1")});
  EXPECT_EQ(matrix(), (Matrix{{{"Tokyo", "Osaka"}, 1'000},
                              {{"Tokyo", "Nagoya"}, 200},
                              // Nobody's, and of a contract that says no POP.
                              {{"Tokyo", "unknown"}, 70}}));
}

TEST_F(PopMatrixTest, APacketThatCrossesTwoRoutersCountsWhereItEnters) {
  send(kTokyo, {flow(2, 9, 100, "203.0.113.5")});
  send(kOsaka, {flow(9, 1, 100, "203.0.113.5")});
  EXPECT_EQ(matrix(), (Matrix{{{"Tokyo", "Osaka"}, 1'000}}));
}

TEST_F(PopMatrixTest, ARouterWithoutPopIsUnknown) {
  send(kNowhere, {flow(2, 9, 100, "203.0.113.5"), flow(2, 1, 1)});
  EXPECT_EQ(matrix(), (Matrix{{{"unknown", "Osaka"}, 1'000}, {{"unknown", "unknown"}, 10}}));
}

TEST_F(PopMatrixTest, TwinsAndDroppedPacketsAddNothing) {
  FlowRecord ingress = flow(2, 1, 100);
  ingress.metered = MeteredDirection::Ingress;
  FlowRecord egress = flow(2, 1, 100);
  egress.metered = MeteredDirection::Egress;
  FlowRecord dropped = flow(2, 1, 7);
  dropped.forwarding = Forwarding::Dropped;
  send(kTokyo, {ingress, egress, dropped});
  EXPECT_EQ(matrix(), (Matrix{{{"Tokyo", "Tokyo"}, 1'000}}));
}

TEST_F(PopMatrixTest, CountersGoOnOverAReload) {
  send(kTokyo, {flow(2, 1, 100)});
  std::swap(config_.exporters.routers[0], config_.exporters.routers[1]);
  make();
  send(kTokyo, {flow(2, 1, 1)});
  EXPECT_EQ(matrix(), (Matrix{{{"Tokyo", "Tokyo"}, 1'010}}));
}

TEST_F(PopMatrixTest, WithoutAnyPopNothingIsCounted) {
  for (auto& router : config_.exporters.routers) router.pop.clear();
  make();
  send(kTokyo, {flow(2, 1, 100), flow(2, 9, 100, "203.0.113.5")});
  for (std::size_t from = 0; from < kPopPlaces; ++from)
    for (std::size_t to = 0; to < kPopPlaces; ++to)
      EXPECT_EQ(pops_->read(static_cast<PopPlace>(from), static_cast<PopPlace>(to)), 0U);
}

}  // namespace
}  // namespace weir::pipeline
