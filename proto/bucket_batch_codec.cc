#include "proto/bucket_batch_codec.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <cassert>
#include <optional>
#include <tuple>

#include "proto/bucket_batch.pb.h"

namespace weir::proto {
namespace {

constexpr std::uint32_t kVersion = 1;
/// A day: no bucket or interval is wider.
constexpr std::uint32_t kWidestMs = 86'400'000;
/// 9999-12-31: later times do not print.
constexpr std::int64_t kLatestMs = 253'402'300'799'000;

v1::Direction message_of(Direction direction) noexcept {
  return direction == Direction::FromCustomer ? v1::DIRECTION_FROM_CUSTOMER
                                              : v1::DIRECTION_TO_CUSTOMER;
}

v1::Family message_of(Family family) noexcept {
  return family == Family::Ipv4 ? v1::FAMILY_IPV4 : v1::FAMILY_IPV6;
}

std::optional<Direction> direction_of(v1::Direction direction) noexcept {
  if (direction == v1::DIRECTION_FROM_CUSTOMER) return Direction::FromCustomer;
  if (direction == v1::DIRECTION_TO_CUSTOMER) return Direction::ToCustomer;
  return std::nullopt;
}

std::optional<Family> family_of(v1::Family family) noexcept {
  if (family == v1::FAMILY_IPV4) return Family::Ipv4;
  if (family == v1::FAMILY_IPV6) return Family::Ipv6;
  return std::nullopt;
}

v1::BucketBatch message_of(const BucketBatch& batch) {
  v1::BucketBatch message;
  message.set_version(kVersion);
  message.set_run(batch.run);
  message.set_sequence(batch.sequence);
  message.set_start_ms(since_epoch_ms(batch.start));
  assert(batch.width.count() > 0 && batch.width.count() <= kWidestMs);
  message.set_width_ms(static_cast<std::uint32_t>(batch.width.count()));
  message.mutable_buckets()->Reserve(static_cast<int>(batch.buckets.size()));
  for (const ContractBucket& bucket : batch.buckets) {
    v1::ContractBucket& made = *message.add_buckets();
    made.set_contract(bucket.contract);
    made.set_direction(message_of(bucket.direction));
    made.set_family(message_of(bucket.family));
    made.set_bytes(bucket.total.bytes);
    made.set_packets(bucket.total.packets);
    made.set_records(bucket.total.records);
    made.set_variance_low(static_cast<std::uint64_t>(bucket.total.variance));
    made.set_variance_high(static_cast<std::uint64_t>(bucket.total.variance >> 64U));
  }
  return message;
}

tl::unexpected<Error> malformed(std::string_view why) {
  return failure(ErrorCode::Malformed, fmt::format("this is no batch of buckets: {}", why));
}

Result<ContractBucket> bucket_of(const v1::ContractBucket& message) {
  const auto direction = direction_of(message.direction());
  const auto family = family_of(message.family());
  if (message.contract().empty()) return malformed("a bucket names no contract");
  if (!direction) return malformed("a bucket has no known direction");
  if (!family) return malformed("a bucket has no known family");
  return ContractBucket{.contract = message.contract(),
                        .direction = *direction,
                        .family = *family,
                        .total = {.bytes = message.bytes(),
                                  .packets = message.packets(),
                                  .records = message.records(),
                                  .variance = core::Wide{message.variance_high()} << 64U |
                                              core::Wide{message.variance_low()}}};
}

auto key_of(const ContractBucket& bucket) noexcept {
  return std::tuple(std::string_view(bucket.contract), bucket.direction, bucket.family);
}

}  // namespace

std::string encode(const BucketBatch& batch) { return message_of(batch).SerializeAsString(); }

std::string encode_delimited(const BucketBatch& batch) {
  const v1::BucketBatch message = message_of(batch);
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.WriteVarint32(static_cast<std::uint32_t>(message.ByteSizeLong()));
    message.SerializeWithCachedSizes(&coded);
  }
  return bytes;
}

Result<BucketBatch> decode(std::string_view bytes) {
  if (bytes.size() > kMostBatchBytes)
    return malformed(fmt::format("it has {} bytes, more than {}", bytes.size(), kMostBatchBytes));
  v1::BucketBatch message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return malformed("it is cut short or no Protobuf message");
  if (message.version() != kVersion)
    return malformed(
        fmt::format("its version is {}, and this program knows {}", message.version(), kVersion));
  if (message.run().empty()) return malformed("it names no run");
  if (message.start_ms() < 0 || message.start_ms() > kLatestMs)
    return malformed(fmt::format("it starts at {} ms", message.start_ms()));
  if (message.width_ms() == 0 || message.width_ms() > kWidestMs)
    return malformed(fmt::format("it is {} ms wide", message.width_ms()));
  BucketBatch batch{.run = message.run(),
                    .sequence = message.sequence(),
                    .start = traffic_time_ms(message.start_ms()),
                    .width = TrafficSpan{message.width_ms()},
                    .buckets = {}};
  batch.buckets.reserve(static_cast<std::size_t>(message.buckets_size()));
  for (const v1::ContractBucket& one : message.buckets()) {
    auto bucket = bucket_of(one);
    if (!bucket) return tl::unexpected(bucket.error());
    if (!batch.buckets.empty() && key_of(batch.buckets.back()) >= key_of(*bucket))
      return malformed("its buckets are out of order, or one stands twice");
    batch.buckets.push_back(std::move(*bucket));
  }
  return batch;
}

Result<std::vector<BucketBatch>> decode_delimited(std::string_view bytes) {
  std::vector<BucketBatch> batches;
  while (!bytes.empty()) {
    // No varint is longer than ten bytes.
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    google::protobuf::io::CodedInputStream coded(
        data, static_cast<int>(std::min<std::size_t>(bytes.size(), 10)));
    std::uint32_t length = 0;
    if (!coded.ReadVarint32(&length)) return malformed("the length before it is cut short");
    bytes.remove_prefix(static_cast<std::size_t>(coded.CurrentPosition()));
    if (length > bytes.size()) return malformed("it is cut short");
    auto batch = decode(bytes.substr(0, length));
    if (!batch) return tl::unexpected(batch.error());
    batches.push_back(std::move(*batch));
    bytes.remove_prefix(length);
  }
  return batches;
}

}  // namespace weir::proto
