#include "collector/wire/packet_header.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <ostream>

#include "collector/wire/decoder.h"
#include "tests/support/sflow_frame.h"

namespace weir::wire {

/// For failed comparisons.
void PrintTo(const ParsedHeader& header, std::ostream* out) {
  *out << header.source.to_string() << ':' << header.source_port << " -> "
       << header.destination.to_string() << ':' << header.destination_port << " link "
       << header.link_bytes << " ip " << header.ip_bytes << " type " << header.ether_type
       << " vlan " << header.vlan << " tags " << int{header.vlan_tags} << " labels "
       << int{header.mpls_labels} << " version " << int{header.ip_version} << " protocol "
       << int{header.protocol} << " tos " << int{header.tos} << " ttl " << int{header.ttl}
       << " flags " << int{header.tcp_flags} << " later " << header.is_later_fragment;
}

namespace {

using test::Bytes;
using test::FrameBuilder;

const IpAddress kSource4 = IpAddress::v4(0xc000'0201);
const IpAddress kDestination4 = IpAddress::v4(0xc633'6402);
const IpAddress kSource6 = IpAddress::v6(0x2001'0db8'0000'0000, 1);
const IpAddress kDestination6 = IpAddress::v6(0x2001'0db8'0000'0000, 2);

/// Parses a copy that ends where its memory ends, so that an over-read is seen.
ParsedHeader parse(LinkLayer link, std::span<const std::byte> bytes) {
  const auto exact = std::make_unique<std::byte[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), exact.get());
  return parse_packet_header(link, {exact.get(), bytes.size()});
}

FrameBuilder tcp4_frame() {
  FrameBuilder frame;
  frame.ethernet().ether_type(0x0800).ipv4({.total_length = 1'400, .tos = 0xb8, .ttl = 61});
  frame.tcp(443, 50'000, 0x18);
  return frame;
}

ParsedHeader tcp4_header() {
  return {.source = kSource4,
          .destination = kDestination4,
          .link_bytes = 14,
          .ip_bytes = 1'400,
          .ether_type = 0x0800,
          .source_port = 443,
          .destination_port = 50'000,
          .ip_version = 4,
          .protocol = 6,
          .tos = 0xb8,
          .ttl = 61,
          .tcp_flags = 0x18};
}

TEST(PacketHeader, ReadsIpv4AndTcpBehindEthernet) {
  EXPECT_EQ(parse(LinkLayer::Ethernet, tcp4_frame().build()), tcp4_header());
}

TEST(PacketHeader, ReadsIpv6AndUdpBehindTwoTags) {
  FrameBuilder frame;
  frame.ethernet().vlan(100, 0x88a8).vlan(0x6000 | 200).ether_type(0x86dd);
  frame.ipv6({.payload_length = 1'200, .next_header = 17, .traffic_class = 0x2e, .hop_limit = 9});
  frame.udp(53, 4'000);
  const ParsedHeader expected{.source = kSource6,
                              .destination = kDestination6,
                              .link_bytes = 22,
                              .ip_bytes = 1'240,
                              .ether_type = 0x86dd,
                              .vlan = 100,
                              .source_port = 53,
                              .destination_port = 4'000,
                              .vlan_tags = 2,
                              .ip_version = 6,
                              .protocol = 17,
                              .tos = 0x2e,
                              .ttl = 9};
  EXPECT_EQ(parse(LinkLayer::Ethernet, frame.build()), expected);
}

TEST(PacketHeader, ReadsIpBehindALabelStackByItsVersionNibble) {
  for (const std::uint32_t type : {0x8847U, 0x8848U}) {
    FrameBuilder frame;
    frame.ethernet().vlan(7).ether_type(type);
    frame.mpls(16, FrameBuilder::Bottom::No).mpls(17, FrameBuilder::Bottom::Yes);
    frame.ipv4({.total_length = 1'400, .tos = 0xb8, .ttl = 61}).tcp(443, 50'000, 0x18);
    ParsedHeader expected = tcp4_header();
    expected.link_bytes = 14 + 4 + 8;
    expected.ether_type = static_cast<std::uint16_t>(type);
    expected.vlan = 7;
    expected.vlan_tags = 1;
    expected.mpls_labels = 2;
    EXPECT_EQ(parse(LinkLayer::Ethernet, frame.build()), expected);
  }
}

TEST(PacketHeader, PriorityTagIsATagButNoVlan) {
  FrameBuilder frame;
  frame.ethernet().vlan(0xe000).ether_type(0x0806);
  const ParsedHeader expected{.link_bytes = 18, .ether_type = 0x0806, .vlan_tags = 1};
  EXPECT_EQ(parse(LinkLayer::Ethernet, frame.build()), expected);
}

TEST(PacketHeader, ReadsRawIpOfEitherVersion) {
  FrameBuilder v4;
  v4.ipv4({.total_length = 84, .protocol = 1}).icmp(8, 0);
  const ParsedHeader expected4{.source = kSource4,
                               .destination = kDestination4,
                               .ip_bytes = 84,
                               .destination_port = 8 * 256,
                               .ip_version = 4,
                               .protocol = 1,
                               .ttl = 64};
  EXPECT_EQ(parse(LinkLayer::Ip, v4.build()), expected4);

  FrameBuilder v6;
  v6.ipv6({.payload_length = 8, .next_header = 58}).icmp(1, 4);
  const ParsedHeader expected6{.source = kSource6,
                               .destination = kDestination6,
                               .ip_bytes = 48,
                               .destination_port = 260,
                               .ip_version = 6,
                               .protocol = 58,
                               .ttl = 64};
  EXPECT_EQ(parse(LinkLayer::Ip, v6.build()), expected6);
}

TEST(PacketHeader, FollowsExtensionHeadersOfLengthZero) {
  FrameBuilder frame;
  frame.ipv6({.payload_length = 100, .next_header = 0});
  frame.ipv6_extension(43, 0).ipv6_extension(60, 2).ipv6_fragment(6, 0).tcp(1, 2, 4);
  const ParsedHeader header = parse(LinkLayer::Ip, frame.build());
  EXPECT_EQ(header.protocol, 6);
  EXPECT_EQ(header.source_port, 1);
  EXPECT_EQ(header.destination_port, 2);
  EXPECT_EQ(header.tcp_flags, 4);
  EXPECT_FALSE(header.is_later_fragment);
}

TEST(PacketHeader, StopsAfterEightExtensionHeaders) {
  const auto with_extensions = [](int count) {
    FrameBuilder frame;
    frame.ipv6({.payload_length = 500, .next_header = 60});
    for (int i = 1; i < count; ++i) frame.ipv6_extension(60, 0);
    frame.ipv6_extension(17, 0).udp(53, 54);
    return parse(LinkLayer::Ip, frame.build());
  };
  EXPECT_EQ(with_extensions(7).source_port, 53);
  EXPECT_EQ(with_extensions(8).source_port, 0);
  EXPECT_EQ(with_extensions(8).protocol, 17);
  EXPECT_EQ(with_extensions(100).protocol, 60);
  EXPECT_EQ(with_extensions(100).ip_bytes, 540U);
}

TEST(PacketHeader, LaterFragmentHasNoPorts) {
  FrameBuilder v4;
  v4.ipv4({.total_length = 1'400, .protocol = 17, .fragment_offset = 185}).udp(53, 54);
  const ParsedHeader header4 = parse(LinkLayer::Ip, v4.build());
  EXPECT_TRUE(header4.is_later_fragment);
  EXPECT_EQ(header4.source_port, 0);
  EXPECT_EQ(header4.ip_bytes, 1'400U);

  FrameBuilder v6;
  v6.ipv6({.payload_length = 1'400, .next_header = 44}).ipv6_fragment(17, 185).udp(53, 54);
  const ParsedHeader header6 = parse(LinkLayer::Ip, v6.build());
  EXPECT_TRUE(header6.is_later_fragment);
  EXPECT_EQ(header6.protocol, 17);
  EXPECT_EQ(header6.source_port, 0);
}

TEST(PacketHeader, FragmentHeaderCutAtFourBytesLeavesTheRest) {
  FrameBuilder frame;
  frame.ipv6({.payload_length = 1'400, .next_header = 44}).ipv6_fragment(17, 0);
  Bytes cut = frame.build();
  cut.resize(44);
  const ParsedHeader header = parse(LinkLayer::Ip, cut);
  EXPECT_EQ(header.ip_bytes, 1'440U);
  EXPECT_EQ(header.protocol, 17);
  EXPECT_EQ(header.source_port, 0);
  cut.resize(43);
  EXPECT_EQ(parse(LinkLayer::Ip, cut).protocol, 44);
}

TEST(PacketHeader, TcpCutAtEightBytesKeepsItsPorts) {
  Bytes cut = tcp4_frame().build();
  cut.resize(14 + 20 + 8);
  ParsedHeader expected = tcp4_header();
  expected.tcp_flags = 0;
  EXPECT_EQ(parse(LinkLayer::Ethernet, cut), expected);
}

TEST(PacketHeader, Ipv4HeaderLengthIsBelieved) {
  const auto with_words = [](std::uint32_t words) {
    FrameBuilder frame;
    frame.ipv4({.total_length = 1'400, .protocol = 17, .header_words = words}).udp(53, 54);
    return parse(LinkLayer::Ip, frame.build());
  };
  EXPECT_EQ(with_words(15).source_port, 53);
  EXPECT_EQ(with_words(15).ip_bytes, 1'400U);
  // Shorter than the header itself: no IP header.
  EXPECT_EQ(with_words(4), ParsedHeader{});
  EXPECT_EQ(with_words(0), ParsedHeader{});
}

TEST(PacketHeader, LengthZeroDoesNotSayALength) {
  FrameBuilder v4;
  v4.ipv4({.total_length = 0});
  EXPECT_EQ(parse(LinkLayer::Ip, v4.build()).ip_bytes, 0U);
  EXPECT_EQ(parse(LinkLayer::Ip, v4.build()).ip_version, 4);
  FrameBuilder v6;
  v6.ipv6({.payload_length = 0});
  EXPECT_EQ(parse(LinkLayer::Ip, v6.build()).ip_bytes, 0U);
}

TEST(PacketHeader, StopsAfterFourTags) {
  const auto with_tags = [](int count) {
    FrameBuilder frame;
    frame.ethernet();
    for (int i = 0; i < count; ++i) frame.vlan(static_cast<std::uint32_t>(10 + i));
    frame.ether_type(0x0800).ipv4({.total_length = 1'400});
    return parse(LinkLayer::Ethernet, frame.build());
  };
  EXPECT_EQ(with_tags(4).ip_version, 4);
  const ParsedHeader expected{.link_bytes = 30, .ether_type = 0x8100, .vlan = 10, .vlan_tags = 4};
  EXPECT_EQ(with_tags(5), expected);
  EXPECT_EQ(with_tags(100), expected);
}

TEST(PacketHeader, StopsAfterEightLabels) {
  const auto with_labels = [](int count, FrameBuilder::Bottom last) {
    FrameBuilder frame;
    frame.ethernet().ether_type(0x8847);
    for (int i = 1; i < count; ++i) frame.mpls(16, FrameBuilder::Bottom::No);
    frame.mpls(17, last).ipv4({.total_length = 1'400});
    return parse(LinkLayer::Ethernet, frame.build());
  };
  EXPECT_EQ(with_labels(8, FrameBuilder::Bottom::Yes).ip_version, 4);
  const ParsedHeader expected{.link_bytes = 46, .ether_type = 0x8847, .mpls_labels = 8};
  EXPECT_EQ(with_labels(9, FrameBuilder::Bottom::Yes), expected);
  EXPECT_EQ(with_labels(30, FrameBuilder::Bottom::No), expected);
}

TEST(PacketHeader, FrameOfUpToFourteenBytesIsNoIp) {
  const Bytes frame = tcp4_frame().build();
  for (std::size_t length = 0; length < 14; ++length)
    EXPECT_EQ(parse(LinkLayer::Ethernet, std::span{frame}.first(length)), ParsedHeader{})
        << length << " bytes";
  const ParsedHeader type_only{.link_bytes = 14, .ether_type = 0x0800};
  EXPECT_EQ(parse(LinkLayer::Ethernet, std::span{frame}.first(14)), type_only);
}

TEST(PacketHeader, EveryCutReadsNoMoreThanTheWhole) {
  FrameBuilder deep;
  deep.ethernet().vlan(1).vlan(2).ether_type(0x8847);
  deep.mpls(16, FrameBuilder::Bottom::No).mpls(17, FrameBuilder::Bottom::Yes);
  deep.ipv6({.payload_length = 300, .next_header = 0}).ipv6_extension(51, 1);
  deep.ipv6_extension(44, 2).ipv6_fragment(6, 0).tcp(443, 50'000, 0x12);
  for (const Bytes& frame : {tcp4_frame().build(), deep.build()}) {
    const ParsedHeader whole = parse(LinkLayer::Ethernet, frame);
    for (std::size_t length = 0; length <= frame.size(); ++length) {
      const ParsedHeader cut = parse(LinkLayer::Ethernet, std::span{frame}.first(length));
      EXPECT_LE(cut.link_bytes, length);
      EXPECT_TRUE(cut.ip_version == 0 || cut.ip_version == whole.ip_version);
      EXPECT_TRUE(cut.ip_version == 0 || cut.ip_bytes == whole.ip_bytes);
      EXPECT_TRUE(cut.source_port == 0 || cut.source_port == whole.source_port);
    }
  }
}

TEST(PacketHeader, EveryByteMayBeAnything) {
  const Bytes frame = tcp4_frame().build();
  for (std::size_t at = 0; at < frame.size(); ++at) {
    for (unsigned value = 0; value < 256; ++value) {
      Bytes changed = frame;
      changed[at] = static_cast<std::byte>(value);
      EXPECT_LE(parse(LinkLayer::Ethernet, changed).link_bytes, frame.size());
      EXPECT_EQ(parse(LinkLayer::Ip, changed).link_bytes, 0U);
    }
  }
}

CapturedPacket packet_of(const Bytes& bytes, int link_type, std::uint32_t original_length) {
  return {
      .bytes = bytes, .original_length = original_length, .link_type = link_type, .arrival = {}};
}

TEST(RecordFromPacket, EthernetFrameGainsItsCheckSequence) {
  FrameBuilder frame;
  frame.ethernet().vlan(100).ether_type(0x0800).ipv4({.total_length = 1'000, .protocol = 17});
  frame.udp(53, 4'000);
  const Bytes bytes = frame.build();
  FlowRecord record;
  ASSERT_TRUE(record_from_packet(packet_of(bytes, 1, 1'018), 512, record));
  EXPECT_EQ(record.layer2_octets, 1'022U);
  EXPECT_EQ(record.octets, 1'000U);
  EXPECT_EQ(record.packets, 1U);
  EXPECT_EQ(record.sampling_interval, 512U);
  EXPECT_EQ(record.sampling_source, SamplingSource::Record);
  EXPECT_EQ(record.input_vlan, 100);
  EXPECT_EQ(record.proven_tags, 1);
  EXPECT_EQ(record.source, kSource4);
  EXPECT_EQ(record.destination_port, 4'000);
  for (const Has field : {Has::Octets, Has::Packets, Has::Layer2Octets, Has::IpLength,
                          Has::InputVlan, Has::SourceAddress, Has::IpVersion})
    EXPECT_TRUE(record.has(field));
  EXPECT_FALSE(record.has(Has::Input));
}

TEST(RecordFromPacket, PaddingOfShortFramesIsNoIp) {
  FrameBuilder frame;
  frame.ethernet().ether_type(0x0800).ipv4({.total_length = 40}).tcp(1, 2, 2).zeros(6);
  const Bytes bytes = frame.build();
  FlowRecord record;
  ASSERT_TRUE(record_from_packet(packet_of(bytes, 1, 60), 1, record));
  EXPECT_EQ(record.octets, 40U);
  EXPECT_EQ(record.layer2_octets, 64U);
}

TEST(RecordFromPacket, CookedAndRawPacketsCountIpAlone) {
  FrameBuilder ip;
  ip.ipv4({.total_length = 500}).tcp(1, 2, 2);

  test::WordWriter cooked1;
  cooked1.u16(0).u16(1).u16(6).zeros(8).u16(0x0800).bytes(ip.build());
  test::WordWriter cooked2;
  cooked2.u16(0x0800).u16(0).u32(7).u16(1).u8(4).u8(6).zeros(8).bytes(ip.build());
  struct Case {
    Bytes bytes;
    int link_type;
    std::uint32_t pseudo_bytes;
  };
  for (const Case& c : {Case{ip.build(), 12, 0}, Case{ip.build(), 101, 0}, Case{ip.build(), 228, 0},
                        Case{cooked1.written(), 113, 16}, Case{cooked2.written(), 276, 20}}) {
    FlowRecord record;
    ASSERT_TRUE(
        record_from_packet(packet_of(c.bytes, c.link_type, 500 + c.pseudo_bytes), 1, record));
    EXPECT_EQ(record.octets, 500U) << c.link_type;
    EXPECT_TRUE(record.has(Has::IpLength)) << c.link_type;
    EXPECT_FALSE(record.has(Has::Layer2Octets)) << c.link_type;
    EXPECT_EQ(record.destination, kDestination4) << c.link_type;
    EXPECT_EQ(record.has(Has::Output), c.link_type == 276);
    EXPECT_EQ(record.output, c.link_type == 276 ? 7U : 0U);
  }
}

TEST(RecordFromPacket, UnknownLinkAndCutLinkHeaderAreRefused) {
  const Bytes bytes = tcp4_frame().build();
  FlowRecord record;
  EXPECT_FALSE(record_from_packet(packet_of(bytes, 105, 60), 1, record));  // IEEE 802.11
  for (const int link_type : {1, 113, 276}) {
    const Bytes cut(13);
    EXPECT_FALSE(record_from_packet(packet_of(cut, link_type, 60), 1, record)) << link_type;
  }
}

}  // namespace
}  // namespace weir::wire
