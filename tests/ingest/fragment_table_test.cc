#include "collector/ingest/fragment_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "tests/support/pcap_builder.h"

namespace weir::ingest {
namespace {

using test::Octets;
using test::pattern;

struct Place {
  std::size_t offset = 0;
  std::size_t bytes = 0;
  bool is_last = false;
  std::uint32_t identification = 1;
  std::int64_t at_ms = 0;
};

std::optional<FragmentTable::Whole> add(FragmentTable& table, const Octets& from,
                                        const Place& place) {
  return table.add({.key = {.source = IpAddress::v4(1),
                            .destination = IpAddress::v4(2),
                            .identification = place.identification,
                            .protocol = 17},
                    .offset = place.offset,
                    .is_last = place.is_last,
                    .bytes = std::span(from).subspan(place.offset, place.bytes),
                    .arrival = traffic_time_ms(place.at_ms)});
}

Octets bytes_of(const FragmentTable::Whole& whole) {
  return {whole.bytes.begin(), whole.bytes.end()};
}

TEST(FragmentTable, PutsFragmentsTogetherInEveryOrder) {
  const Octets payload = pattern(3'000);
  std::vector<Place> places{{0, 800}, {800, 800}, {1'600, 800}, {2'400, 600, true}};
  std::vector<std::size_t> order(places.size());
  std::iota(order.begin(), order.end(), 0);
  do {
    FragmentTable table;
    for (std::size_t i = 0; i + 1 < order.size(); ++i)
      EXPECT_FALSE(add(table, payload, places[order[i]]));
    const auto whole = add(table, payload, places[order.back()]);
    ASSERT_TRUE(whole);
    EXPECT_EQ(bytes_of(*whole), payload);
    EXPECT_EQ(whole->fragments, 4U);
    EXPECT_EQ(table.held_datagrams(), 0U);
    EXPECT_EQ(table.held_bytes(), 0U);
    EXPECT_EQ(table.dropped(), 0U);
  } while (std::ranges::next_permutation(order).found);
}

TEST(FragmentTable, KeepsDatagramsApart) {
  const Octets one = pattern(160);
  const Octets two(160, std::byte{9});
  FragmentTable table;
  EXPECT_FALSE(add(table, one, {0, 80, false, 1}));
  EXPECT_FALSE(add(table, two, {0, 80, false, 2}));
  EXPECT_EQ(table.held_datagrams(), 2U);
  EXPECT_EQ(bytes_of(add(table, one, {80, 80, true, 1}).value()), one);
  EXPECT_EQ(bytes_of(add(table, two, {80, 80, true, 2}).value()), two);
}

TEST(FragmentTable, DropsARepetitionAlone) {
  const Octets payload = pattern(160);
  FragmentTable table;
  EXPECT_FALSE(add(table, payload, {0, 80}));
  EXPECT_FALSE(add(table, payload, {0, 80}));
  EXPECT_EQ(table.dropped(), 1U);
  EXPECT_EQ(bytes_of(add(table, payload, {80, 80, true}).value()), payload);
}

TEST(FragmentTable, AnOverlapDropsTheWholeDatagram) {
  const Octets payload = pattern(400);
  FragmentTable table;
  EXPECT_FALSE(add(table, payload, {0, 160}));
  EXPECT_FALSE(add(table, payload, {240, 80}));
  EXPECT_FALSE(add(table, payload, {152, 96}));
  EXPECT_EQ(table.dropped(), 3U);
  EXPECT_EQ(table.held_datagrams(), 0U);
  EXPECT_EQ(table.held_bytes(), 0U);
}

TEST(FragmentTable, TwoEndsDropTheWholeDatagram) {
  const Octets payload = pattern(400);
  FragmentTable table;
  EXPECT_FALSE(add(table, payload, {80, 80, true}));
  EXPECT_FALSE(add(table, payload, {240, 80, true}));
  EXPECT_EQ(table.dropped(), 2U);
  EXPECT_EQ(table.held_datagrams(), 0U);
}

TEST(FragmentTable, WhatLiesBeyondTheEndDropsTheWholeDatagram) {
  const Octets payload = pattern(400);
  FragmentTable end_first;
  EXPECT_FALSE(add(end_first, payload, {80, 80, true}));
  EXPECT_FALSE(add(end_first, payload, {160, 80}));
  EXPECT_EQ(end_first.dropped(), 2U);
  FragmentTable end_second;
  EXPECT_FALSE(add(end_second, payload, {160, 80}));
  EXPECT_FALSE(add(end_second, payload, {80, 80, true}));
  EXPECT_EQ(end_second.dropped(), 2U);
}

TEST(FragmentTable, RefusesImpossibleFragments) {
  const Octets payload = pattern(70'000);
  FragmentTable table;
  EXPECT_FALSE(add(table, payload, {0, 0}));
  EXPECT_FALSE(add(table, payload, {0, 81})) << "not the last, and no multiple of eight";
  EXPECT_FALSE(add(table, payload, {65'528, 8})) << "ends beyond 65,535";
  EXPECT_FALSE(add(table, payload, {0, 65'536}));
  EXPECT_EQ(table.dropped(), 4U);
  EXPECT_EQ(table.held_datagrams(), 0U);
}

TEST(FragmentTable, TheOldestGivesWayAtTheLimitOfDatagrams) {
  const Octets payload = pattern(160);
  FragmentTable table({.datagrams = 3});
  for (std::uint32_t id = 1; id <= 4; ++id) EXPECT_FALSE(add(table, payload, {0, 80, false, id}));
  EXPECT_EQ(table.held_datagrams(), 3U);
  EXPECT_EQ(table.dropped(), 1U);
  EXPECT_FALSE(add(table, payload, {80, 80, true, 1})) << "its first half is gone";
  EXPECT_TRUE(add(table, payload, {80, 80, true, 4}));
}

TEST(FragmentTable, TheOldestGivesWayAtTheLimitOfBytes) {
  const Octets payload = pattern(65'535);
  FragmentTable table({.bytes = 131'072});
  for (std::uint32_t id = 1; id <= 10; ++id) {
    EXPECT_FALSE(add(table, payload, {65'520, 15, true, id}));
    EXPECT_LE(table.held_bytes(), 131'072U);
  }
  EXPECT_EQ(table.held_datagrams(), 2U);
  EXPECT_EQ(table.dropped(), 8U);
}

TEST(FragmentTable, ADatagramAboveTheLimitOfBytesIsDropped) {
  const Octets payload = pattern(65'535);
  FragmentTable table({.bytes = 1'000});
  EXPECT_FALSE(add(table, payload, {0, 800}));
  EXPECT_FALSE(add(table, payload, {800, 800}));
  EXPECT_EQ(table.dropped(), 2U);
  EXPECT_EQ(table.held_datagrams(), 0U);
  EXPECT_EQ(table.held_bytes(), 0U);
}

TEST(FragmentTable, ADatagramInTooManyFragmentsIsDropped) {
  const Octets payload = pattern(65'535);
  FragmentTable table({.fragments_per_datagram = 256});
  for (std::size_t i = 0; i < 256; ++i) EXPECT_FALSE(add(table, payload, {i * 8, 8}));
  EXPECT_EQ(table.dropped(), 0U);
  EXPECT_FALSE(add(table, payload, {256 * 8, 8}));
  EXPECT_EQ(table.dropped(), 257U);
  EXPECT_EQ(table.held_datagrams(), 0U);
}

TEST(FragmentTable, ForgetsWhatIsOlderThanTheLimitByCaptureTime) {
  const Octets payload = pattern(160);
  FragmentTable table({.age = std::chrono::seconds(30)});
  EXPECT_FALSE(add(table, payload, {0, 80, false, 1, 1'000}));
  EXPECT_FALSE(add(table, payload, {0, 80, false, 2, 2'000}));
  EXPECT_FALSE(add(table, payload, {80, 80, true, 1, 31'001}));
  EXPECT_EQ(table.dropped(), 1U);
  EXPECT_TRUE(add(table, payload, {80, 80, true, 2, 32'000}));
}

TEST(FragmentTable, ForgetsWhatLiesFarAhead) {
  const Octets payload = pattern(160);
  FragmentTable table;
  EXPECT_FALSE(add(table, payload, {0, 80, false, 1, 100'000}));
  EXPECT_FALSE(add(table, payload, {0, 80, false, 2, 1'000}));
  EXPECT_EQ(table.dropped(), 1U);
  EXPECT_EQ(table.held_datagrams(), 1U);
}

TEST(FragmentTable, HostileFragmentsStayWithinEveryBound) {
  // Fixed, so that a failure repeats.
  std::mt19937 random(7'919);
  const Octets payload = pattern(65'535);
  const FragmentLimits limits{.datagrams = 16, .bytes = 300'000, .fragments_per_datagram = 32};
  FragmentTable table(limits);
  std::uint64_t added = 0;
  std::uint64_t completed = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::size_t offset = random() % 8'191 * 8;
    const std::size_t bytes = random() % (65'535 - offset + 1);
    ++added;
    if (const auto whole =
            add(table, payload,
                {offset, bytes, random() % 4 == 0, static_cast<std::uint32_t>(random() % 64)})) {
      completed += whole->fragments;
      EXPECT_TRUE(std::ranges::equal(whole->bytes, std::span(payload).first(whole->bytes.size())));
    }
    ASSERT_LE(table.held_datagrams(), limits.datagrams);
    ASSERT_LE(table.held_bytes(), limits.bytes);
  }
  table.drop_all();
  EXPECT_EQ(table.dropped() + completed, added) << "each fragment ends once";
  EXPECT_EQ(table.held_bytes(), 0U);
}

}  // namespace
}  // namespace weir::ingest
