#include "collector/wire/packet_section.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/sflow_frame.h"
#include "tests/wire/decoder_fixture.h"

namespace weir::wire {
namespace {

using test::ByteWriter;
using test::FrameBuilder;
using test::IpfixMessage;
using test::template_record;
using test::TestField;

/// A sampled Ethernet frame of an IP packet of 1,400 bytes with one tag.
std::vector<std::byte> tagged_frame() {
  FrameBuilder frame;
  frame.ethernet().vlan(42).ether_type(0x0800).ipv4({.total_length = 1'400});
  frame.tcp(443, 50'000, 0x18);
  return frame.build();
}

class PacketSections : public DecoderTest {
 protected:
  const FlowRecord& record_of(std::initializer_list<TestField> fields, const ByteWriter& body) {
    outcome = decode(IpfixMessage{.sets = {{.id = 2, .body = template_record(256, fields)},
                                           {.id = 256, .body = body.data()}}});
    EXPECT_EQ(outcome.malformed_total, 0U);
    return flow(0);
  }
  static void expect_packet(const FlowRecord& record) {
    EXPECT_EQ(record.source, IpAddress::parse("192.0.2.1"));
    EXPECT_EQ(record.destination, IpAddress::parse("198.51.100.2"));
    EXPECT_EQ(record.source_port, 443);
    EXPECT_EQ(record.destination_port, 50'000);
    EXPECT_EQ(record.ip_version, 4);
    EXPECT_EQ(record.packets, 1U);
    EXPECT_EQ(record.octets, 1'400U);
    EXPECT_TRUE(record.has(Has::PacketSection));
    EXPECT_TRUE(record.has(Has::Octets));
    EXPECT_TRUE(record.has(Has::IpLength));
  }

  DecodeOutcome outcome;
};

TEST_F(PacketSections, VariableSectionIsReadAsAPacket) {
  const auto frame = tagged_frame();
  const FlowRecord& record =
      record_of({{10, 4}, {14, 4}, {312, 2}, {315, 65'535}},
                ByteWriter{}.u32(7).u32(0).u16(1'418).u8(frame.size()).bytes(frame));
  expect_packet(record);
  EXPECT_EQ(record.input_vlan, 42);
  EXPECT_EQ(record.proven_tags, 1);
  // 312 is the frame without its checksum.
  EXPECT_EQ(record.layer2_octets, 1'422U);
  // A packet that is selected before its way is known has no egress interface yet.
  EXPECT_EQ(record.forwarding, Forwarding::Forwarded);
}

TEST_F(PacketSections, FixedSectionIsReadAsAPacketWithoutItsPadding) {
  auto frame = tagged_frame();
  const std::size_t length = frame.size();
  frame.resize(128);
  const FlowRecord& record =
      record_of({{104, 128}, {410, 2}}, ByteWriter{}.bytes(frame).u16(length));
  expect_packet(record);
  // Nothing says how long the frame was but the IP header.
  EXPECT_EQ(record.layer2_octets, 1'400U + 18 + 4);
}

TEST_F(PacketSections, SeveralRecordsOfOneSetAreReadOneByOne) {
  const auto frame = tagged_frame();
  ByteWriter body;
  for (int i = 0; i < 70; ++i) body.u16(1'418).u8(frame.size()).bytes(frame);
  record_of({{312, 2}, {315, 65'535}}, body);
  EXPECT_EQ(outcome.records, 70U);
  ASSERT_EQ(sink.flows.size(), 70U);
  expect_packet(flow(69));
}

TEST_F(PacketSections, IpSectionHasNoLinkLayer) {
  FrameBuilder packet;
  packet.ipv4({.total_length = 1'400}).tcp(443, 50'000, 0x18);
  const auto bytes = packet.build();
  const FlowRecord& record = record_of({{313, 65'535}}, ByteWriter{}.u8(bytes.size()).bytes(bytes));
  expect_packet(record);
  EXPECT_FALSE(record.has(Has::Layer2Octets));
}

TEST_F(PacketSections, CountersOfTheRecordGoBeforeTheSection) {
  const auto frame = tagged_frame();
  const FlowRecord& record =
      record_of({{1, 8}, {2, 8}, {8, 4}, {12, 4}, {315, 65'535}}, ByteWriter{}
                                                                      .u64(9'000)
                                                                      .u64(6)
                                                                      .address("203.0.113.1")
                                                                      .address("203.0.113.2")
                                                                      .u8(frame.size())
                                                                      .bytes(frame));
  EXPECT_EQ(record.octets, 9'000U);
  EXPECT_EQ(record.packets, 6U);
  EXPECT_EQ(record.source, IpAddress::parse("203.0.113.1"));
  EXPECT_FALSE(record.has(Has::PacketSection));
  EXPECT_FALSE(record.has(Has::Layer2Octets));
}

TEST_F(PacketSections, UnreadableSectionIsALowerBound) {
  const std::vector<std::byte> noise(90, std::byte{0xff});
  const FlowRecord& record =
      record_of({{408, 2}, {315, 65'535}}, ByteWriter{}.u16(2).u8(noise.size()).bytes(noise));
  EXPECT_FALSE(record.has(Has::SourceAddress));
  EXPECT_EQ(record.packets, 1U);
  EXPECT_EQ(record.layer2_octets, 94U);
}

TEST_F(PacketSections, ShortFrameIsPaddedAsOnTheWire) {
  FrameBuilder frame;
  frame.ethernet().ether_type(0x0800).ipv4({.total_length = 28});
  const auto bytes = frame.build();
  const FlowRecord& record = record_of({{315, 65'535}}, ByteWriter{}.u8(bytes.size()).bytes(bytes));
  EXPECT_EQ(record.octets, 28U);
  EXPECT_EQ(record.layer2_octets, 64U);
}

TEST_F(PacketSections, SectionThatRunsPastItsSetIsRefused) {
  const DecodeOutcome cut = decode(
      IpfixMessage{.sets = {{.id = 2, .body = template_record(256, {{312, 2}, {315, 65'535}})},
                            {.id = 256, .body = ByteWriter{}.u16(60).u8(200).u8(1).data()}}});
  EXPECT_EQ(refused(cut, DecodeError::BadVariableLength), 1U);
  EXPECT_TRUE(sink.flows.empty());
}

}  // namespace
}  // namespace weir::wire
