#include "collector/model/ip_address.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(IpAddress, ReadsDottedDecimal) {
  const auto address = IpAddress::parse("192.0.2.1");
  ASSERT_TRUE(address);
  EXPECT_TRUE(address->is_v4());
  EXPECT_EQ(address->v4_value(), 0xc000'0201U);
  EXPECT_EQ(address->to_string(), "192.0.2.1");
}

TEST(IpAddress, ReadsIpv6AndWritesItAsRfc5952) {
  const auto address = IpAddress::parse("2001:0DB8:0:0:0:0:0:1");
  ASSERT_TRUE(address);
  EXPECT_FALSE(address->is_v4());
  EXPECT_EQ(address->high(), 0x2001'0db8'0000'0000ULL);
  EXPECT_EQ(address->low(), 1U);
  EXPECT_EQ(address->to_string(), "2001:db8::1");
}

TEST(IpAddress, MappedAddressIsTheIpv4Address) {
  EXPECT_EQ(IpAddress::parse("::ffff:192.0.2.1"), IpAddress::v4(0xc000'0201));
}

TEST(IpAddress, RefusesEverythingElse) {
  for (const auto* text : {"", "192.0.2", "192.0.2.256", "192.0.2.1/24", "fe80::1%eth0", "host",
                           "2001:db8::1::2", " 192.0.2.1"})
    EXPECT_FALSE(IpAddress::parse(text)) << text;
}

TEST(IpPrefix, ContainsItsOwnAddressesOnly) {
  const auto prefix = IpPrefix::parse("203.0.113.128/25");
  ASSERT_TRUE(prefix);
  EXPECT_TRUE(prefix->contains(*IpAddress::parse("203.0.113.128")));
  EXPECT_TRUE(prefix->contains(*IpAddress::parse("203.0.113.255")));
  EXPECT_FALSE(prefix->contains(*IpAddress::parse("203.0.113.127")));
  EXPECT_FALSE(prefix->contains(*IpAddress::parse("2001:db8::1")));
}

TEST(IpPrefix, ZeroLengthHoldsTheWholeFamily) {
  EXPECT_TRUE(IpPrefix::parse("0.0.0.0/0")->contains(*IpAddress::parse("255.255.255.255")));
  EXPECT_FALSE(IpPrefix::parse("0.0.0.0/0")->contains(*IpAddress::parse("2001:db8::1")));
  EXPECT_TRUE(IpPrefix::parse("::/0")->contains(*IpAddress::parse("2001:db8::1")));
  EXPECT_FALSE(IpPrefix::parse("::/0")->contains(*IpAddress::parse("192.0.2.1")));
}

TEST(IpPrefix, LongIpv6LengthsReachTheLowWord) {
  const auto prefix = IpPrefix::parse("2001:db8::8000:0:0:0/65");
  ASSERT_TRUE(prefix);
  EXPECT_TRUE(prefix->contains(*IpAddress::parse("2001:db8::ffff:0:0:1")));
  EXPECT_FALSE(prefix->contains(*IpAddress::parse("2001:db8::7fff:0:0:1")));
  EXPECT_EQ(prefix->to_string(), "2001:db8:0:0:8000::/65");
}

TEST(IpPrefix, BareAddressIsAFullLengthPrefix) {
  EXPECT_EQ(IpPrefix::parse("192.0.2.1")->to_string(), "192.0.2.1/32");
  EXPECT_EQ(IpPrefix::parse("2001:db8::1")->to_string(), "2001:db8::1/128");
}

TEST(IpPrefix, RefusesHostBitsAndBadLengths) {
  for (const auto* text : {"192.0.2.1/24", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/-1",
                           "192.0.2.0/2x", "2001:db8::/129", "2001:db8::1/64"})
    EXPECT_FALSE(IpPrefix::parse(text)) << text;
}

TEST(HashAddress, SeedChangesTheOrder) {
  const auto address = IpAddress::v4(0xc000'0201);
  EXPECT_NE(hash_address(address, 1), hash_address(address, 2));
  EXPECT_NE(hash_address(address, 1), hash_address(IpAddress::v4(0xc000'0202), 1));
}

}  // namespace
}  // namespace weir
