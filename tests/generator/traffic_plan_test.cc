#include "collector/generator/traffic_plan.h"

#include <gtest/gtest.h>

#include "tests/generator/play.h"

namespace weir::generator {
namespace {

using test::SmallScenario;

TrafficPlan plan_of(const SmallScenario& small) {
  const Scenario scenario = test::load(small.text());
  return make_traffic_plan(scenario);
}

TEST(TrafficPlan, CrossesTheRouterBetweenContractAndFarEnd) {
  const TrafficPlan plan = plan_of({.traffic_keys = "peak: 100M, to_share: 100%, from_share: 25%"});
  ASSERT_EQ(plan.streams.size(), 2U);
  const StreamPlan& from = plan.streams[0];
  EXPECT_EQ(from.key, (TruthKey{0, Direction::FromCustomer, Family::Ipv4}));
  EXPECT_EQ(from.source.interface, 1U) << "place of interface 10";
  EXPECT_EQ(from.destination.interface, 0U);
  EXPECT_DOUBLE_EQ(from.peak_bits_per_second, 25e6);
  EXPECT_TRUE(far_hosts(Family::Ipv4).contains(from.destination.hosts.address()));
  const StreamPlan& to = plan.streams[1];
  EXPECT_EQ(to.key, (TruthKey{0, Direction::ToCustomer, Family::Ipv4}));
  EXPECT_EQ(to.source.interface, 0U);
  EXPECT_EQ(to.destination.interface, 1U);
  EXPECT_DOUBLE_EQ(to.peak_bits_per_second, 100e6);
}

TEST(TrafficPlan, SplitsThePeakByFamilyAndAttachment) {
  const TrafficPlan plan = plan_of({.traffic_keys = "peak: 100%, from_share: 0%, ipv6_share: 25%",
                                    .attachment = "{exporter: r1, interface: 10, vlan: 7}, "
                                                  "{exporter: r1, interface: 10, vlan: 8}"});
  ASSERT_EQ(plan.streams.size(), 4U);
  EXPECT_DOUBLE_EQ(plan.streams[0].peak_bits_per_second, 375e6);
  EXPECT_DOUBLE_EQ(plan.streams[1].peak_bits_per_second, 125e6);
  EXPECT_EQ(plan.streams[1].key.family, Family::Ipv6);
  EXPECT_EQ(plan.streams[0].destination.vlan, 7U);
  EXPECT_EQ(plan.streams[2].destination.vlan, 8U);
}

TEST(TrafficPlan, PutsPrefixesAndAsesOnAFreeCustomerPort) {
  const TrafficPlan prefix = plan_of({.attachment = "{prefix: 203.0.113.0/24}"});
  ASSERT_EQ(prefix.streams.size(), 2U);
  EXPECT_EQ(prefix.streams[0].source.interface, 1U);
  EXPECT_EQ(prefix.streams[0].source.hosts, *IpPrefix::parse("203.0.113.0/24"));
  const TrafficPlan as = plan_of({.attachment = "{as: 64512}"});
  ASSERT_EQ(as.streams.size(), 2U);
  EXPECT_EQ(as.streams[0].source.asn, 64'512U);
  EXPECT_EQ(as.streams[1].destination.asn, 64'512U);
}

TEST(TrafficPlan, RefusesPrefixesOfTheFarEnds) {
  const TrafficPlan plan = plan_of({.attachment = "{prefix: 198.18.1.0/24}"});
  ASSERT_EQ(plan.problems.size(), 1U);
  EXPECT_NE(plan.problems[0].find("prefix 198.18.1.0/24 overlaps 198.18.0.0/15"),
            std::string::npos);
}

TEST(TrafficPlan, RefusesVlansThatNetflow5CannotCarry) {
  const TrafficPlan plan =
      plan_of({.protocol = "netflow5", .attachment = "{exporter: r1, interface: 10, vlan: 7}"});
  ASSERT_EQ(plan.problems.size(), 1U);
  EXPECT_NE(plan.problems[0].find("netflow5 carries no VLAN"), std::string::npos);
}

TEST(TrafficPlan, RefusesRulesThatMatchNothing) {
  const TrafficPlan plan = plan_of({.traffic_keys = "contract: X-*"});
  ASSERT_EQ(plan.problems.size(), 1U);
  EXPECT_NE(plan.problems[0].find(":6: traffic for contract 'X-*'"), std::string::npos)
      << plan.problems[0];
}

TEST(TrafficPlan, NotesContractsThatAreNotPlayed) {
  const TrafficPlan plan = plan_of({.attachment = "{exporter: elsewhere, interface: 1}"});
  EXPECT_EQ(plan.notes,
            (std::vector<std::string>{"contract C-1: none of its attachments is played here"}));
}

}  // namespace
}  // namespace weir::generator
