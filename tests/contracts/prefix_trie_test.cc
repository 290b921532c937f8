#include "collector/contracts/prefix_trie.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <chrono>
#include <cstdio>
#include <random>
#include <vector>

namespace weir::contracts {
namespace {

IpPrefix prefix(std::string_view text) { return IpPrefix::parse(text).value(); }
IpAddress address(std::string_view text) { return IpAddress::parse(text).value(); }

/// The obvious way.
std::uint32_t scan(const std::vector<PrefixTrie::Entry>& entries, const IpAddress& wanted) {
  std::uint32_t best = 0;
  int best_length = -1;
  for (const auto& entry : entries) {
    if (!entry.prefix.contains(wanted) || entry.prefix.length() < best_length) continue;
    best = entry.value;
    best_length = entry.prefix.length();
  }
  return best;
}

/// Prefixes and addresses that share few leading bytes, so that they nest and meet.
IpAddress crowded_address(std::mt19937_64& random) {
  const auto byte = [&] { return random() % 4 * 85; };
  std::uint64_t word = 0;
  for (int i = 0; i < 8; ++i) word = word << 8 | byte();
  if (random() % 2 == 0) return IpAddress::v4(static_cast<std::uint32_t>(word));
  return IpAddress::v6(0x2001'0000'0000'0000ULL | (word >> 16), word * 3);
}

TEST(PrefixTrie, FindsNothingWhenEmpty) {
  const PrefixTrie trie;
  EXPECT_EQ(trie.find(address("192.0.2.1")), 0U);
  EXPECT_EQ(trie.find(address("2001:db8::1")), 0U);
}

TEST(PrefixTrie, TheLongestPrefixWins) {
  const PrefixTrie trie({{prefix("0.0.0.0/0"), 1},
                         {prefix("203.0.113.0/24"), 2},
                         {prefix("203.0.113.64/26"), 3},
                         {prefix("203.0.113.65/32"), 4},
                         {prefix("203.0.0.0/15"), 5}});
  EXPECT_EQ(trie.find(address("198.51.100.1")), 1U);
  EXPECT_EQ(trie.find(address("203.0.112.255")), 5U);
  EXPECT_EQ(trie.find(address("203.0.113.1")), 2U);
  EXPECT_EQ(trie.find(address("203.0.113.64")), 3U);
  EXPECT_EQ(trie.find(address("203.0.113.65")), 4U);
  EXPECT_EQ(trie.find(address("203.0.113.128")), 2U);
}

TEST(PrefixTrie, FamiliesDoNotMix) {
  const PrefixTrie trie({{prefix("::/0"), 1}, {prefix("10.0.0.0/8"), 2}});
  EXPECT_EQ(trie.find(address("192.0.2.1")), 0U);
  EXPECT_EQ(trie.find(address("10.1.2.3")), 2U);
  EXPECT_EQ(trie.find(address("::ffff:10.1.2.3")), 2U);
  EXPECT_EQ(trie.find(address("2001:db8::1")), 1U);
}

TEST(PrefixTrie, Ipv6ReachesDownToHosts) {
  const PrefixTrie trie({{prefix("2001:db8::/32"), 1},
                         {prefix("2001:db8:1::/48"), 2},
                         {prefix("2001:db8:1:2::/64"), 3},
                         {prefix("2001:db8:1:2::3/128"), 4}});
  EXPECT_EQ(trie.find(address("2001:db8:2::1")), 1U);
  EXPECT_EQ(trie.find(address("2001:db8:1:3::1")), 2U);
  EXPECT_EQ(trie.find(address("2001:db8:1:2::4")), 3U);
  EXPECT_EQ(trie.find(address("2001:db8:1:2::3")), 4U);
}

TEST(PrefixTrie, TheLastOfEqualPrefixesStands) {
  const PrefixTrie trie({{prefix("10.0.0.0/8"), 1}, {prefix("10.0.0.0/8"), 2}});
  EXPECT_EQ(trie.find(address("10.0.0.1")), 2U);
}

TEST(PrefixTrie, AgreesWithALinearScan) {
  EXPECT_TRUE(rc::check("trie and scan agree", [](std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<PrefixTrie::Entry> entries;
    const std::size_t count = random() % 60;
    for (std::uint32_t value = 1; value <= count; ++value) {
      const IpAddress where = crowded_address(random);
      const auto length = static_cast<std::uint8_t>(random() % (where.is_v4() ? 33 : 129));
      entries.push_back({IpPrefix(where, length), value});
    }
    const PrefixTrie trie(entries);
    for (int i = 0; i < 200; ++i) {
      const IpAddress wanted = crowded_address(random);
      RC_ASSERT(trie.find(wanted) == scan(entries, wanted));
    }
    for (const auto& entry : entries)
      RC_ASSERT(trie.find(entry.prefix.address()) == scan(entries, entry.prefix.address()));
  }));
}

TEST(PrefixTrie, BuildsAHundredThousandPrefixes) {
  std::mt19937_64 random(1);
  std::vector<PrefixTrie::Entry> entries;
  for (std::uint32_t value = 1; value <= 100'000; ++value) {
    const auto v4 = static_cast<std::uint32_t>(random());
    entries.push_back({value % 4 == 0
                           ? IpPrefix(IpAddress::v6(0x2001'0db8'0000'0000ULL | v4, 0),
                                      static_cast<std::uint8_t>(48 + value % 17))
                           : IpPrefix(IpAddress::v4(v4), static_cast<std::uint8_t>(16 + value % 9)),
                       value});
  }
  const auto start = std::chrono::steady_clock::now();
  const PrefixTrie trie(entries);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  std::printf("100000 prefixes: %.3f s, %.1f MB\n", elapsed.count(),
              static_cast<double>(trie.memory_bytes()) / 1e6);
  EXPECT_NE(trie.find(entries.front().prefix.address()), 0U);
  EXPECT_NE(trie.find(entries.back().prefix.address()), 0U);
}

}  // namespace
}  // namespace weir::contracts
