#include "exporters/remote_write/bucket_samples.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::remote_write {
namespace {

constexpr std::int64_t kWidthMs = 10'000;

core::SlotTotals totals(std::uint64_t from_v4, std::uint64_t to_v6) {
  core::SlotTotals made{};
  made[0].bytes = from_v4;
  made[3].bytes = to_v6;
  return made;
}

core::ClosedBucket bucket(core::BucketNumber number,
                          std::vector<core::ClosedBucket::SlotEntry> slots) {
  return {.number = number,
          .start = traffic_time_ms(static_cast<std::int64_t>(number) * kWidthMs),
          .width = TrafficSpan{kWidthMs},
          .slots = std::move(slots)};
}

/// "20000 4=7 7=stale" for each batch.
std::vector<std::string> lines(const std::vector<SampleBatch>& batches) {
  std::vector<std::string> made;
  for (const SampleBatch& batch : batches) {
    std::string line = std::to_string(batch.time_ms);
    for (const CellSample& sample : batch.samples)
      line += " " + std::to_string(sample.cell) + "=" +
              (is_stale_marker(sample.value)
                   ? "stale"
                   : std::to_string(static_cast<std::uint64_t>(sample.value)));
    made.push_back(std::move(line));
  }
  return made;
}

using Lines = std::vector<std::string>;

TEST(BucketSamples, EachCellThatCountedIsASampleAtTheBucketsEnd) {
  BucketSamples samples{TrafficTime{}};
  EXPECT_EQ(
      lines(samples.take(bucket(1, {{Slot{0}, totals(5, 0)}, {Slot{2}, totals(6, 1ULL << 52U)}}))),
      (Lines{"20000 0=5 8=6 11=4503599627370496"}));
}

TEST(BucketSamples, ABucketThatWasMeasuredInPartIsPassedOver) {
  BucketSamples samples{traffic_time_ms(2 * kWidthMs)};
  EXPECT_EQ(lines(samples.take(bucket(1, {{Slot{0}, totals(5, 6)}}))), Lines{});
  EXPECT_EQ(lines(samples.take(bucket(2, {{Slot{1}, totals(7, 0)}}))), (Lines{"30000 4=7"}));
  BucketSamples later{traffic_time_ms(2 * kWidthMs + 1)};
  EXPECT_EQ(lines(later.take(bucket(2, {{Slot{1}, totals(7, 0)}}))), Lines{});
  EXPECT_EQ(lines(later.take(bucket(3, {{Slot{1}, totals(8, 0)}}))), (Lines{"40000 4=8"}));
}

TEST(BucketSamples, ABatchTakesNoMoreMemoryThanItCounts) {
  BucketSamples samples{TrafficTime{}};
  const auto batches = samples.take(
      bucket(1, {{Slot{0}, totals(5, 6)}, {Slot{1}, totals(7, 8)}, {Slot{2}, totals(9, 0)}}));
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_EQ(batches[0].samples.capacity(), 5U);
  EXPECT_EQ(batches[0].bytes(), sizeof(SampleBatch) + 5 * 16);
}

TEST(BucketSamples, ACellThatStopsEndsOnceAndGoesOnAnew) {
  BucketSamples samples{TrafficTime{}};
  static_cast<void>(samples.take(bucket(1, {{Slot{0}, totals(5, 6)}, {Slot{1}, totals(7, 0)}})));
  EXPECT_EQ(lines(samples.take(bucket(2, {{Slot{1}, totals(8, 9)}}))),
            (Lines{"30000 0=stale 3=stale 4=8 7=9"}));
  EXPECT_EQ(lines(samples.take(bucket(3, {{Slot{1}, totals(1, 0)}}))),
            (Lines{"40000 4=1 7=stale"}));
  EXPECT_EQ(lines(samples.take(bucket(4, {{Slot{0}, totals(2, 0)}}))),
            (Lines{"50000 0=2 4=stale"}));
}

TEST(BucketSamples, WhatWasPassedOverEndsTheSeriesAtItsFirstBucket) {
  BucketSamples samples{TrafficTime{}};
  static_cast<void>(samples.take(bucket(1, {{Slot{0}, totals(5, 0)}})));
  EXPECT_EQ(lines(samples.take(bucket(4, {{Slot{0}, totals(6, 0)}}))),
            (Lines{"30000 0=stale", "50000 0=6"}));
}

}  // namespace
}  // namespace weir::remote_write
