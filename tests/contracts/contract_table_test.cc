#include "collector/contracts/contract_table.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <initializer_list>
#include <string>
#include <utility>

#include "collector/model/published.h"

namespace weir::contracts {
namespace {

constexpr ExporterId kEdge{0};
constexpr ExporterId kCore{1};
constexpr ExporterId kPlain{2};
constexpr ExporterId kStranger{9};
constexpr TrafficTime kNow = traffic_time_ms(1'700'000'000'000);

IpAddress address(std::string_view text) { return IpAddress::parse(text).value(); }

InterfaceTerms port(std::uint32_t index, std::string name, InterfaceRole role) {
  InterfaceTerms terms;
  terms.index = index;
  terms.name = std::move(name);
  terms.role = role;
  return terms;
}

std::vector<RouterTerms> routers() {
  RouterTerms edge;
  edge.exporter = kEdge;
  edge.address = address("192.0.2.1");
  edge.name = "edge1";
  edge.interfaces = {
      port(1, "xe-0/0/1", InterfaceRole::Customer), port(2, "xe-0/0/2", InterfaceRole::Backbone),
      port(3, "xe-0/0/3", InterfaceRole::Unknown), port(70'000, "xe-0/0/9", InterfaceRole::Peer)};
  edge.interfaces[3].tagged = true;
  RouterTerms core;
  core.exporter = kCore;
  core.address = address("192.0.2.2");
  core.name = "core1";
  core.interfaces = {port(1, "ae1", InterfaceRole::Backbone),
                     port(2, "ae2", InterfaceRole::Backbone)};
  RouterTerms plain;
  plain.exporter = kPlain;
  plain.address = address("192.0.2.3");
  plain.name = "plain1";
  plain.interfaces = {port(1, "eth1", InterfaceRole::Unknown)};
  return {edge, core, plain};
}

Attachment at_index(std::string exporter, std::uint32_t index,
                    std::optional<std::uint16_t> vlan = {}) {
  return {InterfaceAttachment{std::move(exporter), index, vlan}, 0};
}
Attachment at_name(std::string exporter, std::string name) {
  return {InterfaceAttachment{std::move(exporter), std::move(name), {}}, 0};
}
Attachment at_prefix(std::string_view text) {
  return {PrefixAttachment{IpPrefix::parse(text).value()}, 0};
}
Attachment at_as(std::uint32_t asn) { return {AsAttachment{asn}, 0}; }

struct Terms {
  std::vector<Attachment> attach;
  TrafficTime from = TrafficTime::min();
  TrafficTime until = TrafficTime::max();
};

/// Contracts get slots 0, 1, 2, ... in order.
std::shared_ptr<const ContractTable> table_of(const std::vector<Terms>& all) {
  ContractTable::Input input;
  input.routers = routers();
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    Contract contract;
    contract.id = "C-" + std::to_string(i);
    contract.attach = all[i].attach;
    contract.valid_from = all[i].from;
    contract.valid_until = all[i].until;
    input.contracts.push_back({Slot{i}, contract});
  }
  return ContractTable::build(std::move(input));
}

/// From a source on an input interface of the edge router, to nowhere known.
std::uint32_t sender(const ContractTable& table, std::uint32_t ifindex, std::uint16_t vlan,
                     std::string_view source, std::uint32_t asn, TrafficTime time = kNow) {
  MatchKey key;
  key.input = &table.interface(kEdge, ifindex);
  key.input_vlan = vlan;
  key.source = address(source);
  key.source_as = asn;
  key.destination = address("198.51.100.99");
  key.output = &table.interface(kEdge, 2);
  return table.match(key, time).from;
}

TEST(ContractTable, AnInterfaceWithItsVlanGoesBeforeAllElse) {
  const auto table = table_of({{{at_as(64'500)}},
                               {{at_prefix("203.0.113.0/24")}},
                               {{at_index("edge1", 1)}},
                               {{at_index("edge1", 1, 100)}}});
  EXPECT_EQ(sender(*table, 1, 100, "203.0.113.1", 64'500), 3U);
  EXPECT_EQ(sender(*table, 1, 200, "203.0.113.1", 64'500), 2U);
  EXPECT_EQ(sender(*table, 1, 0, "203.0.113.1", 64'500), 2U);
  EXPECT_EQ(sender(*table, 70'000, 100, "203.0.113.1", 64'500), 1U);
  EXPECT_EQ(sender(*table, 70'000, 100, "198.51.100.1", 64'500), 0U);
  EXPECT_EQ(sender(*table, 70'000, 100, "198.51.100.1", 0), kNoSlot);
}

TEST(ContractTable, AnInterfaceWithoutContractForTheVlanFallsThrough) {
  const auto table = table_of({{{at_index("edge1", 1, 100)}}, {{at_prefix("203.0.113.0/24")}}});
  EXPECT_EQ(sender(*table, 1, 101, "203.0.113.1", 0), 1U);
}

TEST(ContractTable, TheLongestPrefixWinsAndItsFamilyCounts) {
  const auto table = table_of(
      {{{at_prefix("203.0.0.0/16")}}, {{at_prefix("203.0.113.0/24"), at_prefix("2001:db8::/32")}}});
  EXPECT_EQ(sender(*table, 1, 0, "203.0.113.1", 0), 1U);
  EXPECT_EQ(sender(*table, 1, 0, "203.0.1.1", 0), 0U);
  EXPECT_EQ(sender(*table, 1, 0, "2001:db8::1", 0), 1U);
}

TEST(ContractTable, AmongEqualsTheFirstInTheFileWins) {
  const auto table = table_of({{{at_index("edge1", 1), at_prefix("10.0.0.0/8"), at_as(1)}},
                               {{at_index("edge1", 1), at_prefix("10.0.0.0/8"), at_as(1)}}});
  EXPECT_EQ(sender(*table, 1, 0, "192.0.2.9", 0), 0U);
  EXPECT_EQ(sender(*table, 70'000, 0, "10.0.0.1", 0), 0U);
  EXPECT_EQ(sender(*table, 70'000, 0, "192.0.2.9", 1), 0U);
}

TEST(ContractTable, BothEndsCountForTheirOwnContract) {
  const auto table = table_of({{{at_prefix("10.1.0.0/16")}}, {{at_prefix("10.2.0.0/16")}}});
  MatchKey key;
  key.source = address("10.1.0.1");
  key.destination = address("10.2.0.1");
  key.input = &table->interface(kEdge, 1);
  key.output = &table->interface(kEdge, 70'000);
  const Match match = table->match(key, kNow);
  EXPECT_EQ(match.from, 0U);
  EXPECT_EQ(match.to, 1U);
  EXPECT_EQ(match.fate, Fate::Attributed);
}

TEST(ContractTable, TheOutputVlanAndDestinationAsDecideTheReceiver) {
  const auto table = table_of({{{at_index("edge1", 1, 7)}}, {{at_as(64'500)}}});
  MatchKey key;
  key.source = address("192.0.2.200");
  key.destination = address("192.0.2.201");
  key.input = &table->interface(kEdge, 2);
  key.output = &table->interface(kEdge, 1);
  key.output_vlan = 7;
  key.destination_as = 64'500;
  EXPECT_EQ(table->match(key, kNow).to, 0U);
  key.output_vlan = 8;
  EXPECT_EQ(table->match(key, kNow).to, 1U);
  EXPECT_EQ(table->match(key, kNow).from, kNoSlot);
}

TEST(ContractTable, PrefixesDoNotCountInsideTheBackbone) {
  const auto table = table_of({{{at_prefix("10.0.0.0/8"), at_as(64'500)}}});
  MatchKey key;
  key.source = address("10.0.0.1");
  key.destination = address("10.0.0.2");
  key.source_as = key.destination_as = 64'500;
  key.input = &table->interface(kCore, 1);
  key.output = &table->interface(kCore, 2);
  const Match match = table->match(key, kNow);
  EXPECT_EQ(match.from, kNoSlot);
  EXPECT_EQ(match.to, kNoSlot);
  EXPECT_EQ(match.fate, Fate::Transit);
}

TEST(ContractTable, APacketAcrossRoutersCountsOnceForItsPrefix) {
  const auto table = table_of({{{at_prefix("10.0.0.0/8")}}});
  int counted = 0;
  for (const auto& [exporter, input, output] :
       {std::tuple{kEdge, 1U, 2U}, std::tuple{kCore, 1U, 2U}, std::tuple{kEdge, 2U, 70'000U}}) {
    MatchKey key;
    key.source = address("10.0.0.1");
    key.destination = address("198.51.100.1");
    key.input = &table->interface(exporter, input);
    key.output = &table->interface(exporter, output);
    const Match match = table->match(key, kNow);
    counted += match.from == 0 ? 1 : 0;
    EXPECT_EQ(match.to, kNoSlot);
  }
  EXPECT_EQ(counted, 1);
}

TEST(ContractTable, AnInterfaceAttachmentCountsWhateverTheRole) {
  const auto table = table_of({{{at_index("core1", 1)}}});
  MatchKey key;
  key.input = &table->interface(kCore, 1);
  key.output = &table->interface(kCore, 2);
  EXPECT_EQ(table->match(key, kNow).from, 0U);
}

// Right value 31: what no contract claims is a fate of its own, never dropped.
TEST(ContractTable, UnmatchedTrafficHasAReason) {
  const auto table = table_of({{{at_prefix("10.0.0.0/8")}}});
  MatchKey key;
  key.source = address("192.0.2.200");
  key.destination = address("192.0.2.201");
  key.input = &table->interface(kEdge, 1);
  key.output = &table->interface(kEdge, 2);
  EXPECT_EQ(table->match(key, kNow).fate, Fate::NoContract);
  key.input = &kNoInterfaceView;
  EXPECT_EQ(table->match(key, kNow).fate, Fate::NoContract);
  key.input = &table->interface(kEdge, 3);
  EXPECT_EQ(table->match(key, kNow).fate, Fate::Transit);
}

// Right value 30: a prefix moves from one contract to another at T.
TEST(ContractTable, APrefixThatMovesSplitsAtTheMove) {
  const auto table = table_of({{{at_prefix("10.0.0.0/8")}, TrafficTime::min(), kNow},
                               {{at_prefix("10.0.0.0/8")}, kNow, TrafficTime::max()}});
  const TrafficTime before = kNow - TrafficSpan{1};
  EXPECT_EQ(sender(*table, 1, 0, "10.0.0.1", 0, before), 0U);
  EXPECT_EQ(sender(*table, 1, 0, "10.0.0.1", 0, kNow), 1U);
  EXPECT_EQ(table->next_change_after(before - TrafficSpan{60'000}), kNow);
  EXPECT_EQ(table->next_change_after(before), kNow);
  EXPECT_EQ(table->next_change_after(kNow), TrafficTime::max());
}

TEST(ContractTable, WhereAPrefixDoesNotHoldTheOneAroundItAnswers) {
  const auto table = table_of({{{at_prefix("10.1.0.0/16")}, kNow, TrafficTime::max()},
                               {{at_prefix("10.0.0.0/8")}},
                               {{at_prefix("::/0")}},
                               {{at_prefix("2001:db8::/32")}, kNow, TrafficTime::max()}});
  const TrafficTime before = kNow - TrafficSpan{1};
  EXPECT_EQ(sender(*table, 1, 0, "10.1.0.1", 0, before), 1U);
  EXPECT_EQ(sender(*table, 1, 0, "10.1.0.1", 0, kNow), 0U);
  EXPECT_EQ(sender(*table, 1, 0, "2001:db8::1", 0, before), 2U);
  EXPECT_EQ(sender(*table, 1, 0, "2001:db8::1", 0, kNow), 3U);
}

TEST(ContractTable, WhereAnInterfaceContractDoesNotHoldThePrefixAnswers) {
  const auto table = table_of({{{at_index("edge1", 1)}, kNow, TrafficTime::max()},
                               {{at_prefix("10.0.0.0/8")}},
                               {{at_index("edge1", 70'000)}, TrafficTime::min(), kNow},
                               {{at_as(64'500)}}});
  EXPECT_EQ(sender(*table, 1, 0, "10.0.0.1", 0, kNow - TrafficSpan{1}), 1U);
  EXPECT_EQ(sender(*table, 1, 0, "10.0.0.1", 0, kNow), 0U);
  EXPECT_EQ(sender(*table, 70'000, 0, "192.0.2.9", 64'500, kNow - TrafficSpan{1}), 2U);
  EXPECT_EQ(sender(*table, 70'000, 0, "192.0.2.9", 64'500, kNow), 3U);
}

TEST(ContractTable, RoutersAnswerToNameAndAddressInterfacesToIndexAndName) {
  const auto table = table_of({{{at_name("edge1", "xe-0/0/1")}},
                               {{at_index("192.0.2.1", 3)}},
                               {{at_index("edge1", 70'000)}},
                               {{at_index("nobody", 1), at_name("edge1", "no such")}}});
  EXPECT_EQ(sender(*table, 1, 0, "192.0.2.9", 0), 0U);
  EXPECT_EQ(sender(*table, 3, 0, "192.0.2.9", 0), 1U);
  EXPECT_EQ(sender(*table, 70'000, 0, "192.0.2.9", 0), 2U);
  EXPECT_EQ(table->slot_count(), 4U);
}

TEST(ContractTable, EdgesFollowRolesAndUnknownRoutersAreEdges) {
  const auto table = table_of({});
  EXPECT_TRUE(table->interface(kEdge, 1).is_edge);
  EXPECT_FALSE(table->interface(kEdge, 2).is_edge);
  EXPECT_FALSE(table->interface(kEdge, 3).is_edge);
  EXPECT_FALSE(table->interface(kEdge, 12'345).is_edge);
  EXPECT_TRUE(table->interface(kEdge, 70'000).is_edge);
  EXPECT_TRUE(table->interface(kEdge, 70'000).tagged);
  EXPECT_TRUE(table->interface(kPlain, 1).is_edge);
  EXPECT_TRUE(table->interface(kPlain, 77).is_edge);
  EXPECT_TRUE(table->interface(kStranger, 1).is_edge);
  EXPECT_EQ(table->interface(kStranger, 1).number, kNoInterface);
}

TEST(ContractTable, TracksConfiguredAndAttachedInterfacesOnce) {
  const auto table = table_of({{{at_index("plain1", 1), at_index("plain1", 90'000)}}});
  const auto tracked = table->tracked_interfaces();
  ASSERT_EQ(tracked.size(), 8U);
  EXPECT_EQ(tracked[7].exporter, kPlain);
  EXPECT_EQ(tracked[7].exporter_name, "plain1");
  EXPECT_EQ(tracked[7].terms.index, 90'000U);
  for (std::uint32_t number = 0; number < tracked.size(); ++number) {
    const auto view = table->interface(tracked[number].exporter, tracked[number].terms.index);
    EXPECT_EQ(view.number, number);
  }
}

TEST(ContractTable, ReadersSeeTheTableThatIsPublished) {
  Published<ContractTable> holder(table_of({}));
  Published<ContractTable>::Reader reader(holder);
  EXPECT_FALSE(reader.refresh());
  holder.publish(table_of({{{at_as(1)}}}));
  EXPECT_EQ(reader->slot_count(), 0U);
  EXPECT_TRUE(reader.refresh());
  EXPECT_EQ(reader->slot_count(), 1U);
}

TEST(ContractTable, BuildsTenThousandContractsWithAHundredThousandPrefixes) {
  ContractTable::Input input;
  input.routers = routers();
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    Contract contract;
    contract.id = "C-" + std::to_string(i);
    for (std::uint32_t k = 0; k < 10; ++k)
      contract.attach.push_back(
          {PrefixAttachment{IpPrefix(IpAddress::v4(0x1000'0000U + ((i * 10 + k) << 8)), 24)}, 0});
    input.contracts.push_back({Slot{i}, contract});
  }
  const auto start = std::chrono::steady_clock::now();
  const auto table = ContractTable::build(std::move(input));
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  std::printf("10000 contracts, 100000 prefixes: %.3f s\n", elapsed.count());
  EXPECT_EQ(sender(*table, 1, 0, "16.0.0.1", 0), 0U);
  EXPECT_EQ(sender(*table, 1, 0, "17.134.159.1", 0), 9'999U);
}

}  // namespace
}  // namespace weir::contracts
