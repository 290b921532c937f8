#include "collector/ingest/link_layer.h"

#include <gtest/gtest.h>
#include <pcap/dlt.h>

#include <vector>

#include "tests/support/pcap_builder.h"

namespace weir::ingest {
namespace {

using test::ByteOrder;
using test::Octets;
using test::octets;
using test::VlanTag;

const Octets kV4 = test::ipv4(test::udp(octets("four")));
const Octets kV6 = test::ipv6(test::udp(octets("six")));

Octets found(int link_type, const Octets& frame) {
  const auto ip = find_ip(link_type, frame);
  if (!ip) return {};
  return {ip->begin(), ip->end()};
}

LinkError error_of(int link_type, const Octets& frame) {
  const auto ip = find_ip(link_type, frame);
  EXPECT_FALSE(ip);
  return ip ? LinkError{} : ip.error();
}

TEST(LinkLayer, FindsIpBehindEveryLinkHeader) {
  for (const Octets& packet : {kV4, kV6}) {
    EXPECT_EQ(found(DLT_EN10MB, test::ethernet(packet)), packet);
    EXPECT_EQ(found(DLT_LINUX_SLL, test::linux_cooked(packet)), packet);
    EXPECT_EQ(found(DLT_LINUX_SLL2, test::linux_cooked_2(packet)), packet);
    EXPECT_EQ(found(DLT_RAW, packet), packet);
    EXPECT_EQ(found(14, packet), packet);
    EXPECT_EQ(found(DLT_IPV4, packet), packet);
    EXPECT_EQ(found(DLT_IPV6, packet), packet);
  }
}

TEST(LinkLayer, ReadsBsdLoopbackOfEitherByteOrder) {
  for (const ByteOrder order : {ByteOrder::Little, ByteOrder::Big}) {
    for (const int link_type : {DLT_NULL, DLT_LOOP}) {
      EXPECT_EQ(found(link_type, test::bsd_loopback(kV4, 2, order)), kV4);
      for (const std::uint32_t family : {10U, 24U, 28U, 30U})
        EXPECT_EQ(found(link_type, test::bsd_loopback(kV6, family, order)), kV6);
      EXPECT_EQ(error_of(link_type, test::bsd_loopback(kV4, 7, order)), LinkError::NotIp);
    }
  }
}

TEST(LinkLayer, SkipsVlanStacks) {
  const std::vector<std::vector<VlanTag>> stacks{
      {{0x8100, 100}},
      {{0x88a8, 200}, {0x8100, 100}},
      {{0x9100, 1}, {0x8100, 2}, {0x8100, 3}},
      std::vector<VlanTag>(8),
  };
  for (const auto& stack : stacks) {
    EXPECT_EQ(found(DLT_EN10MB, test::ethernet(kV4, stack)), kV4) << stack.size();
    EXPECT_EQ(found(DLT_EN10MB, test::ethernet(kV6, stack)), kV6) << stack.size();
  }
}

TEST(LinkLayer, BoundsTheStackOfTags) {
  EXPECT_EQ(error_of(DLT_EN10MB, test::ethernet(kV4, std::vector<VlanTag>(9))), LinkError::NotIp);
}

TEST(LinkLayer, ReadsIpInsideASnapFrame) {
  const Octets snap{std::byte{0xaa}, std::byte{0xaa}, std::byte{3}, std::byte{0},
                    std::byte{0},    std::byte{0},    std::byte{8}, std::byte{0}};
  const Octets rest = test::join({snap, kV4});
  EXPECT_EQ(
      found(DLT_EN10MB, test::ethernet_of_type(static_cast<std::uint16_t>(rest.size()), rest)),
      kV4);
}

TEST(LinkLayer, OtherProtocolsAreNotIp) {
  EXPECT_EQ(error_of(DLT_EN10MB, test::ethernet_of_type(0x0806, Octets(28))), LinkError::NotIp);
  // A spanning tree frame: IEEE 802.3 length and a service access point of its own.
  EXPECT_EQ(error_of(DLT_EN10MB, test::ethernet_of_type(38, Octets(38, std::byte{0x42}))),
            LinkError::NotIp);
}

TEST(LinkLayer, EveryCutInsideTheLinkHeaderIsTruncated) {
  const Octets whole = test::ethernet(kV4, {{0x88a8, 1}, {0x8100, 2}});
  for (std::size_t length = 0; length < 22; ++length) {
    const Octets cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_EQ(error_of(DLT_EN10MB, cut), LinkError::Truncated) << length;
  }
  EXPECT_EQ(error_of(DLT_LINUX_SLL, Octets(15)), LinkError::Truncated);
  EXPECT_EQ(error_of(DLT_LINUX_SLL2, Octets(19)), LinkError::Truncated);
  EXPECT_EQ(error_of(DLT_NULL, Octets(3)), LinkError::Truncated);
}

TEST(LinkLayer, SaysWhichLinkTypesItReads) {
  for (const int link_type :
       {DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_RAW, DLT_IPV4, DLT_IPV6, DLT_NULL, DLT_LOOP})
    EXPECT_TRUE(is_link_type_supported(link_type)) << link_type;
  EXPECT_FALSE(is_link_type_supported(DLT_IEEE802_11));
  EXPECT_EQ(error_of(DLT_IEEE802_11, kV4), LinkError::NotIp);
}

}  // namespace
}  // namespace weir::ingest
