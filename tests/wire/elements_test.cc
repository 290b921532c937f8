#include <gtest/gtest.h>

#include <array>

#include "collector/wire/element_names.h"
#include "tests/wire/decoder_fixture.h"

namespace weir::wire {
namespace {

using test::ByteWriter;
using test::IpfixMessage;
using test::Netflow9Message;
using test::template_record;
using test::TestField;

/// Elements of IPFIX data records beyond the usual ones.
class Elements : public DecoderTest {
 protected:
  const FlowRecord& record_of(std::initializer_list<TestField> fields, const ByteWriter& body) {
    const DecodeOutcome outcome =
        decode(IpfixMessage{.sets = {{.id = 2, .body = template_record(256, fields)},
                                     {.id = 256, .body = body.data()}}});
    EXPECT_EQ(outcome.records, 1U);
    EXPECT_EQ(outcome.malformed_total, 0U);
    return flow(0);
  }
};

TEST_F(Elements, VrfsVlansAndFlowIdentityAreRead) {
  const FlowRecord& record = record_of(
      {{234, 4}, {235, 4}, {243, 2}, {244, 1}, {245, 2}, {255, 2}, {256, 2}, {148, 8}, {136, 1}},
      ByteWriter{}
          .u32(0x6000'0001)
          .u32(2)
          .u16(100)
          .u8(5)
          .u16(200)
          .u16(300)
          .u16(0x0800)
          .u64(77)
          .u8(3));
  EXPECT_EQ(record.ingress_vrf, 0x6000'0001U);
  EXPECT_EQ(record.egress_vrf, 2U);
  EXPECT_EQ(record.input_vlan, 100);
  EXPECT_EQ(record.dot1q_priority, 5);
  EXPECT_EQ(record.customer_vlan, 200);
  EXPECT_EQ(record.post_customer_vlan, 300);
  EXPECT_EQ(record.ether_type, 0x0800);
  EXPECT_EQ(record.flow_id, 77U);
  EXPECT_EQ(record.end_reason, 3);
  EXPECT_EQ(record.proven_tags, 2);
  for (const Detail detail :
       {Detail::IngressVrf, Detail::EgressVrf, Detail::Dot1qPriority, Detail::CustomerVlan,
        Detail::PostCustomerVlan, Detail::EtherType, Detail::FlowId, Detail::EndReason})
    EXPECT_TRUE(record.has(detail)) << static_cast<std::uint32_t>(detail);
  EXPECT_FALSE(record.has(Detail::MplsLabels));
}

TEST_F(Elements, VlanElementsOfZeroProveNoTag) {
  EXPECT_EQ(record_of({{1, 4}, {243, 2}, {245, 2}}, ByteWriter{}.u32(1).u16(0).u16(0)).proven_tags,
            0);
}

TEST_F(Elements, OneTagIsProvenByTheOuterVlanAlone) {
  EXPECT_EQ(record_of({{1, 4}, {243, 2}, {245, 2}}, ByteWriter{}.u32(1).u16(7).u16(0)).proven_tags,
            1);
}

TEST_F(Elements, MplsLabelsAreReadFromTheTopDown) {
  const FlowRecord& record =
      record_of({{70, 3}, {71, 3}, {79, 3}},
                ByteWriter{}.integer(0x01'0010, 3).integer(0x02'0021, 3).integer(9, 3));
  const std::array<std::uint32_t, 10> expected{0x01'0010, 0x02'0021, 0, 0, 0, 0, 0, 0, 0, 9};
  EXPECT_EQ(record.mpls_labels, expected);
  EXPECT_TRUE(record.has(Detail::MplsLabels));
}

TEST_F(Elements, StatusSaysForwardedDroppedOrConsumed) {
  const auto forwarding = [this](std::uint32_t status) {
    sink.flows.clear();
    return record_of({{1, 4}, {10, 4}, {14, 4}, {89, 1}},
                     ByteWriter{}.u32(1).u32(5).u32(6).u8(status))
        .forwarding;
  };
  EXPECT_EQ(forwarding(0), Forwarding::Forwarded);
  EXPECT_EQ(forwarding(64), Forwarding::Forwarded);
  EXPECT_EQ(forwarding(66), Forwarding::Forwarded);
  EXPECT_EQ(forwarding(128), Forwarding::Dropped);
  EXPECT_EQ(forwarding(191), Forwarding::Dropped);
  EXPECT_EQ(forwarding(195), Forwarding::Consumed);
}

TEST_F(Elements, StatusOfFourBytesStandsInTheLast) {
  const FlowRecord& record = record_of({{1, 4}, {89, 4}}, ByteWriter{}.u32(1).u32(195));
  EXPECT_EQ(record.forwarding_status, 195);
  EXPECT_EQ(record.forwarding, Forwarding::Consumed);
}

TEST_F(Elements, PostCountersCountWhereNothingElseDoes) {
  EXPECT_EQ(record_of({{23, 4}, {24, 4}}, ByteWriter{}.u32(900).u32(3)).octets, 900U);
  EXPECT_EQ(flow(0).packets, 3U);
  EXPECT_FALSE(flow(0).has(Has::ReverseOctets));
}

TEST_F(Elements, PostCountersBesideDeltasAreNeitherAddedNorTheReverse) {
  const FlowRecord& record =
      record_of({{23, 4}, {24, 4}, {1, 4}, {2, 4}}, ByteWriter{}.u32(900).u32(3).u32(800).u32(2));
  EXPECT_EQ(record.octets, 800U);
  EXPECT_EQ(record.packets, 2U);
  EXPECT_EQ(record.reverse_octets, 0U);
}

TEST_F(Elements, InitiatorAndResponderAreTwoDirections) {
  const FlowRecord& record = record_of({{231, 4}, {232, 4}, {298, 4}, {299, 4}},
                                       ByteWriter{}.u32(100).u32(9'000).u32(2).u32(7));
  EXPECT_EQ(record.octets, 100U);
  EXPECT_EQ(record.packets, 2U);
  EXPECT_EQ(record.reverse_octets, 9'000U);
  EXPECT_EQ(record.reverse_packets, 7U);
}

TEST_F(Elements, ResponderWithoutInitiatorIsAnotherVendorsNumber) {
  decode(Netflow9Message{.sets = {{.id = 0, .body = template_record(256, {{1, 4}, {232, 2}})},
                                  {.id = 256, .body = ByteWriter{}.u32(200).u16(513).data()}}});
  ASSERT_EQ(sink.flows.size(), 1U);
  EXPECT_FALSE(flow(0).has(Has::ReverseOctets));
  EXPECT_EQ(flow(0).reverse_octets, 0U);
}

TEST_F(Elements, ReverseTotalsAreMarkedAsTotals) {
  const FlowRecord& record =
      record_of({{85, 4}, {85, 4, 29'305}, {61, 1, 29'305}}, ByteWriter{}.u32(10).u32(20).u8(1));
  EXPECT_EQ(record.total_octets, 10U);
  EXPECT_EQ(record.reverse_octets, 20U);
  EXPECT_TRUE(record.has(Detail::ReverseTotals));
  EXPECT_EQ(record.reverse_metered, MeteredDirection::Egress);
}

TEST_F(Elements, TemplateOfTwoHeadersKeepsTheOuterOneAndTheInnerAddresses) {
  const FlowRecord& record = record_of(
      {{1, 4}, {27, 16}, {28, 16}, {7, 2}, {4, 1}, {8, 4}, {12, 4}, {7, 2}, {11, 2}, {4, 1}},
      ByteWriter{}
          .u32(500)
          .address("2001:db8::1")
          .address("2001:db8::2")
          .u16(0)
          .u8(4)
          .address("192.0.2.1")
          .address("198.51.100.2")
          .u16(443)
          .u16(50'000)
          .u8(6));
  EXPECT_EQ(record.source, IpAddress::parse("2001:db8::1"));
  EXPECT_EQ(record.destination, IpAddress::parse("2001:db8::2"));
  EXPECT_EQ(record.ip_version, 6);
  EXPECT_EQ(record.protocol, 4);
  EXPECT_EQ(record.source_port, 0);
  EXPECT_EQ(record.inner_source, IpAddress::parse("192.0.2.1"));
  EXPECT_EQ(record.inner_destination, IpAddress::parse("198.51.100.2"));
  EXPECT_TRUE(record.has(Has::InnerAddresses));
}

TEST_F(Elements, TunnelElementsOfVmwareAreTheInnerAddresses) {
  const FlowRecord& record =
      record_of({{8, 4}, {12, 4}, {4, 1}, {881, 4, 6'876}, {882, 4, 6'876}, {880, 1, 6'876}},
                ByteWriter{}
                    .address("192.0.2.1")
                    .address("192.0.2.2")
                    .u8(17)
                    .address("203.0.113.1")
                    .address("203.0.113.2")
                    .u8(6));
  EXPECT_EQ(record.source, IpAddress::parse("192.0.2.1"));
  EXPECT_EQ(record.inner_source, IpAddress::parse("203.0.113.1"));
  EXPECT_EQ(record.inner_destination, IpAddress::parse("203.0.113.2"));
  EXPECT_EQ(record.protocol, 17);
}

TEST_F(Elements, UnknownEnterpriseElementsArePassedOver) {
  const FlowRecord& record =
      record_of({{128, 4, 5'951}, {1, 8}, {57'590, 7, 35'632}, {2, 8}, {1, 4, 9}},
                ByteWriter{}.u32(1).u64(1'000).zeros(7).u64(10).u32(5));
  EXPECT_EQ(record.octets, 1'000U);
  EXPECT_EQ(record.packets, 10U);
}

TEST(ElementNames, OfTheRegistryOfVendorsAndOfTheReverseDirection) {
  EXPECT_EQ(element_name(0, 1), "octetDeltaCount");
  EXPECT_EQ(element_name(0, 499), "srhIPv6Section");
  EXPECT_EQ(element_name(29'305, 2), "packetDeltaCount");
  EXPECT_EQ(element_name(6'876, 881), "tenantSourceIPv4");
  EXPECT_EQ(element_name(6'876, 1), "");
  EXPECT_EQ(element_name(0, 65'000), "");
  EXPECT_EQ(enterprise_name(2'636), "Juniper");
  EXPECT_EQ(enterprise_name(1), "");
}

}  // namespace
}  // namespace weir::wire
