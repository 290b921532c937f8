#include "collector/accounting/biflow.h"

#include <gtest/gtest.h>

namespace weir::accounting {
namespace {

const IpAddress kClient = IpAddress::v4(0xc000'0201);
const IpAddress kServer = IpAddress::v4(0xc633'6402);

FlowRecord conversation() {
  FlowRecord record;
  record.source = kClient;
  record.destination = kServer;
  record.source_port = 50'000;
  record.destination_port = 443;
  record.octets = 100;
  record.packets = 2;
  record.reverse_octets = 9'000;
  record.reverse_packets = 7;
  record.input = 1;
  record.output = 2;
  record.input_vlan = 10;
  record.source_as = 64'500;
  record.ingress_vrf = 5;
  record.metered = MeteredDirection::Ingress;
  record.forwarding_status = 64;
  record.proven_tags = 1;
  for (const Has has :
       {Has::SourceAddress, Has::DestinationAddress, Has::Octets, Has::Packets, Has::ReverseOctets,
        Has::ReversePackets, Has::Input, Has::Output, Has::InputVlan, Has::SourceAs,
        Has::MeteredDirection, Has::ForwardingStatus})
    record.set(has);
  record.set(Detail::IngressVrf);
  return record;
}

TEST(Biflow, ReverseGoesFromTheDestinationToTheSource) {
  const FlowRecord reverse = reversed(conversation());
  EXPECT_EQ(reverse.source, kServer);
  EXPECT_EQ(reverse.destination, kClient);
  EXPECT_EQ(reverse.source_port, 443);
  EXPECT_EQ(reverse.destination_port, 50'000);
  EXPECT_EQ(reverse.octets, 9'000U);
  EXPECT_EQ(reverse.packets, 7U);
  EXPECT_EQ(reverse.input, 2U);
  EXPECT_EQ(reverse.output, 1U);
  EXPECT_EQ(reverse.input_vlan, 0);
  EXPECT_EQ(reverse.output_vlan, 10);
  EXPECT_FALSE(reverse.has(Has::InputVlan));
  EXPECT_TRUE(reverse.has(Has::OutputVlan));
  EXPECT_EQ(reverse.destination_as, 64'500U);
  EXPECT_TRUE(reverse.has(Has::DestinationAs));
  EXPECT_FALSE(reverse.has(Has::SourceAs));
  EXPECT_EQ(reverse.egress_vrf, 5U);
  EXPECT_TRUE(reverse.has(Detail::EgressVrf));
  EXPECT_FALSE(reverse.has(Detail::IngressVrf));
}

TEST(Biflow, WhatIsSaidOfTheForwardPacketsIsNotSaidOfTheReverseOnes) {
  const FlowRecord reverse = reversed(conversation());
  EXPECT_EQ(reverse.metered, MeteredDirection::Unknown);
  EXPECT_FALSE(reverse.has(Has::MeteredDirection));
  EXPECT_FALSE(reverse.has(Has::ForwardingStatus));
  EXPECT_EQ(reverse.proven_tags, 0);
  EXPECT_FALSE(has_reverse(reverse));
  EXPECT_TRUE(has_reverse(conversation()));
}

TEST(Biflow, ReverseElement61SaysWhereTheReverseWasMetered) {
  FlowRecord record = conversation();
  record.reverse_metered = MeteredDirection::Egress;
  record.set(Detail::ReverseMetered);
  EXPECT_EQ(reversed(record).metered, MeteredDirection::Egress);
}

TEST(Biflow, ReverseTotalsStayTotals) {
  FlowRecord record = conversation();
  record.set(Detail::ReverseTotals);
  const FlowRecord reverse = reversed(record);
  EXPECT_FALSE(reverse.has(Has::Octets));
  EXPECT_EQ(reverse.octets, 0U);
  EXPECT_TRUE(reverse.has(Has::TotalOctets));
  EXPECT_EQ(reverse.total_octets, 9'000U);
  EXPECT_EQ(reverse.total_packets, 7U);
}

TEST(Biflow, RecordWhoseReverseSawNothingHasNone) {
  FlowRecord record = conversation();
  record.reverse_octets = record.reverse_packets = 0;
  EXPECT_FALSE(has_reverse(record));
}

}  // namespace
}  // namespace weir::accounting
