#include "proto/bucket_batch_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <tuple>

#include "proto/bucket_batch.pb.h"

namespace weir::proto {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

/// What tests/proto/data/bucket_batch_v1.bin holds, which `protoc` made of the text beside it.
BucketBatch stored_batch() {
  return {
      .run = "capture-0123456789abcdef",
      .sequence = 7,
      .start = traffic_time_ms(1'714'521'600'000),
      .width = std::chrono::seconds{10},
      .buckets = {{.contract = "IP-000123",
                   .direction = Direction::FromCustomer,
                   .family = Family::Ipv4,
                   .total = {.bytes = 1'500'000, .packets = 1'000, .records = 3, .variance = 1}},
                  {.contract = "IP-000123",
                   .direction = Direction::ToCustomer,
                   .family = Family::Ipv6,
                   .total = {.bytes = kMost,
                             .packets = 300,
                             .records = 2,
                             .variance = core::Wide{5} << 64U | core::Wide{9}}},
                  {.contract = "東京",
                   .direction = Direction::ToCustomer,
                   .family = Family::Ipv4,
                   .total = {.bytes = 0, .packets = 0, .records = 1, .variance = 0}}}};
}

std::string stored_bytes() {
  std::ifstream file("tests/proto/data/bucket_batch_v1.bin", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

v1::BucketBatch message() {
  v1::BucketBatch made;
  EXPECT_TRUE(made.ParseFromString(encode(stored_batch())));
  return made;
}

std::string why_not(const v1::BucketBatch& made) {
  const auto decoded = decode(made.SerializeAsString());
  return decoded ? "decoded" : decoded.error().message;
}

/// By its seed: any values, buckets in order.
BucketBatch random_batch(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto amount = [&random] { return random() >> (random() % 64); };
  std::map<std::tuple<std::string, Direction, Family>, core::CellTotal> totals;
  for (std::uint64_t left = random() % 50; left > 0; --left) {
    const std::string contract = "C" + std::to_string(random() % 20);
    const auto direction = static_cast<Direction>(random() % 2);
    const auto family = static_cast<Family>(random() % 2);
    totals[{contract, direction, family}] = {
        .bytes = amount(),
        .packets = amount(),
        .records = amount(),
        .variance = core::Wide{amount()} << 64U | core::Wide{amount()}};
  }
  BucketBatch batch{.run = "run-" + std::to_string(seed),
                    .sequence = amount(),
                    .start = traffic_time_ms(static_cast<std::int64_t>(random() % (1ULL << 42U))),
                    .width = TrafficSpan{static_cast<std::int64_t>(1 + random() % 300'000)},
                    .buckets = {}};
  for (const auto& [key, total] : totals)
    batch.buckets.push_back({.contract = std::get<0>(key),
                             .direction = std::get<1>(key),
                             .family = std::get<2>(key),
                             .total = total});
  return batch;
}

TEST(BucketBatch, VersionOneIsReadAndWrittenAsItWasStored) {
  const std::string bytes = stored_bytes();
  ASSERT_FALSE(bytes.empty());
  const auto decoded = decode(bytes);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, stored_batch());
  EXPECT_EQ(encode(stored_batch()), bytes);
}

TEST(BucketBatch, ComesBackAsItWentWhateverItHolds) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    const BucketBatch batch = random_batch(seed);
    const auto decoded = decode(encode(batch));
    ASSERT_TRUE(decoded) << "seed " << seed << ": " << decoded.error().message;
    ASSERT_EQ(*decoded, batch) << "seed " << seed;
  }
}

TEST(BucketBatch, MessagesFollowEachOtherBehindTheirLengths) {
  std::string bytes;
  std::vector<BucketBatch> batches;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    batches.push_back(random_batch(seed));
    bytes += encode_delimited(batches.back());
  }
  const auto decoded = decode_delimited(bytes);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, batches);
  EXPECT_EQ(decode_delimited(""), std::vector<BucketBatch>{});
}

TEST(BucketBatch, CutAtAnyLengthIsRefusedOrHoldsWhatCameBefore) {
  const std::string bytes = encode_delimited(stored_batch());
  for (std::size_t length = 1; length < bytes.size(); ++length) {
    const auto decoded = decode_delimited(std::string_view(bytes).substr(0, length));
    ASSERT_FALSE(decoded) << length;
    EXPECT_EQ(decoded.error().code, ErrorCode::Malformed);
  }
}

TEST(BucketBatch, AnUnknownFieldIsPassedOver) {
  // Field 100, a varint: what a later version may add.
  const auto decoded = decode(encode(stored_batch()) + "\xa0\x06\x05");
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, stored_batch());
}

TEST(BucketBatch, WhatBreaksItsPromisesIsRefused) {
  const std::string no_batch = "this is no batch of buckets: ";
  auto made = message();
  made.set_version(2);
  EXPECT_EQ(why_not(made), no_batch + "its version is 2, and this program knows 1");
  made = message();
  made.clear_run();
  EXPECT_EQ(why_not(made), no_batch + "it names no run");
  made = message();
  made.set_start_ms(-1);
  EXPECT_EQ(why_not(made), no_batch + "it starts at -1 ms");
  made = message();
  made.set_width_ms(0);
  EXPECT_EQ(why_not(made), no_batch + "it is 0 ms wide");
  made = message();
  made.mutable_buckets(0)->clear_contract();
  EXPECT_EQ(why_not(made), no_batch + "a bucket names no contract");
  made = message();
  made.mutable_buckets(0)->set_direction(static_cast<v1::Direction>(9));
  EXPECT_EQ(why_not(made), no_batch + "a bucket has no known direction");
  made = message();
  made.mutable_buckets(0)->clear_family();
  EXPECT_EQ(why_not(made), no_batch + "a bucket has no known family");
  made = message();
  *made.add_buckets() = made.buckets(0);
  EXPECT_EQ(why_not(made), no_batch + "its buckets are out of order, or one stands twice");
  const auto garbage = decode("\xff\xff");
  ASSERT_FALSE(garbage);
  EXPECT_EQ(garbage.error().message, no_batch + "it is cut short or no Protobuf message");
}

}  // namespace
}  // namespace weir::proto
