#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "collector/wire/packet_header.h"
#include "tests/support/sflow_frame.h"

namespace weir::wire {
namespace {

using test::Bytes;
using test::FrameBuilder;
using test::WordWriter;

const IpAddress kInnerSource4 = IpAddress::v4(0xcb00'7101);       // 203.0.113.1
const IpAddress kInnerDestination4 = IpAddress::v4(0xcb00'7102);  // 203.0.113.2
const IpAddress kInnerSource6 = IpAddress::v6(0x2001'0db8'00ff'0000, 1);
const IpAddress kInnerDestination6 = IpAddress::v6(0x2001'0db8'00ff'0000, 2);

Bytes inner_packet4() {
  FrameBuilder packet;
  packet.ipv4({.source = kInnerSource4, .destination = kInnerDestination4, .total_length = 1'300});
  return packet.tcp(80, 40'000, 0x10).build();
}

Bytes inner_packet6() {
  FrameBuilder packet;
  packet.ipv6(
      {.source = kInnerSource6, .destination = kInnerDestination6, .payload_length = 1'200});
  return packet.build();
}

Bytes inner_frame4() {
  FrameBuilder link;
  link.ethernet().vlan(5).ether_type(0x0800);
  return WordWriter{}.bytes(link.build()).bytes(inner_packet4()).written();
}

/// What follows the outer IPv4 header, whose protocol it is.
Bytes outer4(std::uint32_t protocol, const Bytes& payload) {
  FrameBuilder outer;
  outer.ethernet().ether_type(0x0800).ipv4({.total_length = 1'400, .protocol = protocol});
  return WordWriter{}.bytes(outer.build()).bytes(payload).written();
}

Bytes udp_to(std::uint32_t port, const Bytes& payload) {
  FrameBuilder udp;
  udp.udp(50'000, port);
  return WordWriter{}.bytes(udp.build()).bytes(payload).written();
}

/// Parses a copy that ends where its memory ends, so that an over-read is seen.
ParsedHeader parse(const Bytes& frame) {
  const auto exact = std::make_unique<std::byte[]>(frame.size());
  std::copy(frame.begin(), frame.end(), exact.get());
  return parse_packet_header(LinkLayer::Ethernet, {exact.get(), frame.size()});
}

/// The outer packet is what it was; inside is an IPv4 packet. Cut anywhere, it is read or not.
void expect_inner4(const Bytes& frame) {
  const ParsedHeader header = parse(frame);
  EXPECT_EQ(header.source, IpAddress::v4(0xc000'0201));
  EXPECT_EQ(header.ip_bytes, 1'400U);
  EXPECT_EQ(header.inner_source, kInnerSource4);
  EXPECT_EQ(header.inner_destination, kInnerDestination4);
  for (std::size_t length = 0; length < frame.size(); ++length) {
    const ParsedHeader cut = parse(Bytes(frame.begin(), frame.begin() + length));
    EXPECT_TRUE(cut.inner_source.is_unspecified() || cut.inner_source == kInnerSource4) << length;
    EXPECT_EQ(cut.inner_source.is_unspecified(), cut.inner_destination.is_unspecified()) << length;
  }
}

TEST(PacketTunnel, IpInIp) {
  expect_inner4(outer4(4, inner_packet4()));
  EXPECT_EQ(parse(outer4(4, inner_packet4())).protocol, 4);
}

TEST(PacketTunnel, Ipv6InIpv4) {
  const ParsedHeader header = parse(outer4(41, inner_packet6()));
  EXPECT_EQ(header.inner_source, kInnerSource6);
  EXPECT_EQ(header.inner_destination, kInnerDestination6);
}

TEST(PacketTunnel, Ipv4BehindASegmentRoutingHeader) {
  FrameBuilder outer;
  outer.ethernet().ether_type(0x86dd).ipv6({.payload_length = 1'360, .next_header = 43});
  outer.ipv6_extension(4, 2);
  const ParsedHeader header =
      parse(WordWriter{}.bytes(outer.build()).bytes(inner_packet4()).written());
  EXPECT_EQ(header.ip_version, 6);
  EXPECT_EQ(header.inner_source, kInnerSource4);
}

TEST(PacketTunnel, GreWithAndWithoutItsOptionalFields) {
  expect_inner4(outer4(47, WordWriter{}.u16(0).u16(0x0800).bytes(inner_packet4()).written()));
  expect_inner4(outer4(47, WordWriter{}
                               .u16(0xb000)  // checksum, key, sequence number
                               .u16(0x0800)
                               .zeros(12)
                               .bytes(inner_packet4())
                               .written()));
  expect_inner4(
      outer4(47, WordWriter{}.u16(0x2000).u16(0x6558).zeros(4).bytes(inner_frame4()).written()));
}

TEST(PacketTunnel, GreOfAnotherVersionIsNotEntered) {
  const ParsedHeader header =
      parse(outer4(47, WordWriter{}.u16(1).u16(0x0800).bytes(inner_packet4()).written()));
  EXPECT_TRUE(header.inner_source.is_unspecified());
}

TEST(PacketTunnel, Vxlan) {
  expect_inner4(outer4(
      17, udp_to(4'789, WordWriter{}.u32(0x0800'0000).u32(77).bytes(inner_frame4()).written())));
  const ParsedHeader header =
      parse(outer4(17, udp_to(4'789, WordWriter{}.u32(0).u32(77).bytes(inner_frame4()).written())));
  EXPECT_TRUE(header.inner_source.is_unspecified());  // the I flag is not set
  EXPECT_EQ(header.destination_port, 4'789);
}

TEST(PacketTunnel, GenevePassesItsOptions) {
  expect_inner4(outer4(17, udp_to(6'081, WordWriter{}
                                             .u8(2)  // eight bytes of options
                                             .u8(0)
                                             .u16(0x6558)
                                             .u32(77)
                                             .zeros(8)
                                             .bytes(inner_frame4())
                                             .written())));
}

TEST(PacketTunnel, GtpPassesItsExtensionHeaders) {
  expect_inner4(outer4(
      17,
      udp_to(2'152,
             WordWriter{}.u8(0x30).u8(255).u16(1'300).u32(9).bytes(inner_packet4()).written())));
  expect_inner4(outer4(17, udp_to(2'152, WordWriter{}
                                             .u8(0x34)
                                             .u8(255)
                                             .u16(1'308)
                                             .u32(9)
                                             .u16(0)
                                             .u8(0)
                                             .u8(0x85)  // PDU session container
                                             .u8(1)
                                             .u16(0x1001)
                                             .u8(0)
                                             .bytes(inner_packet4())
                                             .written())));
}

TEST(PacketTunnel, MplsInIp) {
  FrameBuilder labels;
  labels.mpls(16, FrameBuilder::Bottom::No).mpls(17, FrameBuilder::Bottom::Yes);
  expect_inner4(outer4(137, WordWriter{}.bytes(labels.build()).bytes(inner_packet4()).written()));
}

TEST(PacketTunnel, TunnelInsideATunnelIsNotEntered) {
  FrameBuilder middle;
  middle.ipv4({.source = kInnerSource4, .destination = kInnerDestination4, .protocol = 4});
  const ParsedHeader header =
      parse(outer4(4, WordWriter{}.bytes(middle.build()).bytes(inner_packet6()).written()));
  EXPECT_EQ(header.inner_source, kInnerSource4);
  EXPECT_EQ(header.inner_destination, kInnerDestination4);
}

TEST(PacketTunnel, RecordTakesTheInnerAddresses) {
  FlowRecord record;
  describe_packet(parse(outer4(4, inner_packet4())), record);
  EXPECT_TRUE(record.has(Has::InnerAddresses));
  EXPECT_EQ(record.inner_source, kInnerSource4);
  EXPECT_EQ(record.inner_destination, kInnerDestination4);
  FlowRecord plain;
  describe_packet(parse(outer4(6, {})), plain);
  EXPECT_FALSE(plain.has(Has::InnerAddresses));
}

}  // namespace
}  // namespace weir::wire
