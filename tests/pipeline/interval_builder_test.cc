#include "collector/pipeline/interval_builder.h"

#include <gtest/gtest.h>

namespace weir::pipeline {
namespace {

constexpr TrafficSpan kWidth = std::chrono::seconds{10};

core::ClosedBucket bucket(std::int64_t start_s, std::uint32_t slot, std::uint64_t v4_bytes,
                          std::uint64_t v6_bytes) {
  core::ClosedBucket closed{
      .number = start_s / 10, .start = traffic_time_ms(start_s * 1'000), .width = kWidth};
  core::ClosedBucket::SlotEntry entry{.slot = Slot{slot}};
  entry.totals[core::cell_position(Direction::FromCustomer, Family::Ipv4)] = {
      .bytes = v4_bytes, .packets = 1, .records = 1, .variance = 4};
  entry.totals[core::cell_position(Direction::FromCustomer, Family::Ipv6)] = {
      .bytes = v6_bytes, .packets = 2, .records = 1, .variance = 5};
  closed.slots.push_back(entry);
  return closed;
}

TEST(IntervalBuilder, FoldsBucketsAndFamiliesIntoFiveMinutes) {
  IntervalBuilder builder;
  builder.add(bucket(300, 7, 100, 10));
  builder.add(bucket(590, 7, 1'000, 0));
  builder.add(bucket(600, 7, 5, 0));
  const auto whole = builder.take_until(traffic_time_ms(600'000));
  ASSERT_EQ(whole.size(), 1U);
  EXPECT_EQ(whole[0].slot, Slot{7});
  EXPECT_EQ(whole[0].start, traffic_time_ms(300'000));
  const auto from = whole[0].of(Direction::FromCustomer);
  EXPECT_EQ(from.bytes, 1'110U);
  EXPECT_EQ(from.packets, 6U);
  EXPECT_EQ(from.records, 4U);
  EXPECT_TRUE(from.variance == 18);
  EXPECT_EQ(whole[0].totals[core::cell_position(Direction::FromCustomer, Family::Ipv6)].bytes, 10U);
  EXPECT_EQ(whole[0].of(Direction::ToCustomer), core::CellTotal{});
}

TEST(IntervalBuilder, GivesNothingBeforeTheIntervalIsWhole) {
  IntervalBuilder builder;
  builder.add(bucket(300, 1, 100, 0));
  EXPECT_TRUE(builder.take_until(traffic_time_ms(599'999)).empty());
  EXPECT_EQ(builder.take_until(traffic_time_ms(600'000)).size(), 1U);
  EXPECT_TRUE(builder.take_until(traffic_time_ms(900'000)).empty());
}

TEST(IntervalBuilder, ShowsWhatHasComeOfAnOpenInterval) {
  IntervalBuilder builder;
  builder.add(bucket(300, 7, 100, 10));
  builder.add(bucket(310, 7, 1, 0));
  const auto open = builder.open();
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].start, traffic_time_ms(300'000));
  EXPECT_EQ(open[0].of(Direction::FromCustomer).bytes, 111U);
}

TEST(IntervalBuilder, IntervalsBeforeTheEpochStartOnMultiplesToo) {
  IntervalBuilder builder;
  builder.add(bucket(-10, 1, 100, 0));
  const auto whole = builder.take_until(traffic_time_ms(0));
  ASSERT_EQ(whole.size(), 1U);
  EXPECT_EQ(whole[0].start, traffic_time_ms(-300'000));
}

}  // namespace
}  // namespace weir::pipeline
