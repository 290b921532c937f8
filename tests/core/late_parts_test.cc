#include "collector/core/late_parts.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

namespace weir::core {
namespace {

constexpr std::int64_t kNoon = 1'767'268'800'000;  // a multiple of 300 s

TimeRange range_ms(std::int64_t start, std::int64_t end) {
  return {.start = traffic_time_ms(start), .end = traffic_time_ms(end)};
}

void add(LateParts& late, std::uint64_t bytes, const TimeRange& range, std::int64_t until) {
  late.add(3, kNoSlot, Family{}, {.bytes = bytes, .packets = 0, .variance = 0}, range,
           traffic_time_ms(until));
}

using Parts = std::vector<std::pair<std::int64_t, std::uint64_t>>;

Parts taken(LateParts& late) {
  Parts parts;
  for (const LatePart& part : late.take())
    parts.emplace_back(since_epoch_ms(part.start) - kNoon, part.amount.bytes);
  return parts;
}

TEST(LateParts, OnlyWhatLiesBeforeTheFrontierIsSharedOverTheIntervals) {
  LateParts late(8);
  // 900 s of 1,000 bytes from 12:01:40 on; late until 12:10:00, that is 500 s.
  add(late, 1000, range_ms(kNoon + 100'000, kNoon + 1'000'000), kNoon + 600'000);
  EXPECT_EQ(taken(late), (Parts{{0, 222}, {300'000, 333}}));
  EXPECT_EQ(late.unamended_bytes(), 0U);
  EXPECT_EQ(taken(late), Parts{});
}

TEST(LateParts, AnInstantLiesInTheIntervalOfItsStart) {
  LateParts late(8);
  add(late, 77, range_ms(kNoon, kNoon), kNoon + 421'000);
  EXPECT_EQ(taken(late), (Parts{{0, 77}}));
}

TEST(LateParts, WhatFindsNoRoomIsCounted) {
  LateParts late(2);
  add(late, 1000, range_ms(kNoon, kNoon + 1'200'000), kNoon + 1'200'000);
  EXPECT_EQ(taken(late), (Parts{{0, 250}, {300'000, 250}}));
  EXPECT_EQ(late.unamended_bytes(), 500U);
}

TEST(LateParts, WhatIsOlderThanThirtyFiveDaysIsCounted) {
  LateParts late(8);
  add(late, 50, range_ms(kNoon, kNoon + 1000), kNoon + LateParts::kOldestMs + 300'000);
  EXPECT_EQ(taken(late), Parts{});
  EXPECT_EQ(late.unamended_bytes(), 50U);
}

TEST(LateParts, EveryByteIsTakenOnceOrCountedWhileBothSidesRun) {
  constexpr std::uint64_t kRecords = 50'000;
  LateParts late(64);
  std::atomic<bool> done{false};
  std::thread worker([&] {
    for (std::uint64_t i = 0; i < kRecords; ++i)
      add(late, 7, range_ms(kNoon, kNoon + 600'000), kNoon + 600'000);
    done.store(true, std::memory_order_release);
  });
  std::uint64_t bytes = 0;
  for (bool last = false; !last;) {
    last = done.load(std::memory_order_acquire);
    for (const LatePart& part : late.take()) bytes += part.amount.bytes;
  }
  worker.join();
  EXPECT_EQ(bytes + late.unamended_bytes(), kRecords * 7);
}

TEST(LateParts, BytesFromOneCustomerToAnotherAreLostToBoth) {
  LateParts late(1);
  late.add(3, 4, Family{}, {.bytes = 1000, .packets = 10, .variance = 0},
           range_ms(kNoon, kNoon + 600'000), traffic_time_ms(kNoon + 600'000));
  EXPECT_EQ(taken(late), (Parts{{0, 500}}));
  EXPECT_EQ(late.unamended_bytes(), 2 * 500U);
}

TEST(LateParts, ARecordCountsOnceAndOnlyWhereNoPartOfItWasInTime) {
  LateParts late(8);
  add(late, 1000, range_ms(kNoon, kNoon + 600'000), kNoon + 600'000);
  add(late, 1000, range_ms(kNoon, kNoon + 600'000), kNoon + 300'000);
  std::vector<std::uint64_t> records;
  for (const LatePart& part : late.take()) records.push_back(part.records);
  EXPECT_EQ(records, (std::vector<std::uint64_t>{1, 0, 0}));
}

}  // namespace
}  // namespace weir::core
