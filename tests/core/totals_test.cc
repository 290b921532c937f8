#include "collector/core/totals.h"

#include <gtest/gtest.h>

namespace weir::core {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr std::uint32_t kSlots = 4;
constexpr TrafficSpan kNone{0};

constexpr TrafficTime at_second(std::int64_t second) { return traffic_time_ms(second * 1'000); }

/// Two workers of eight ten-second buckets.
class TotalsOfTwo : public ::testing::Test {
 protected:
  TotalsOfTwo() { totals.set_slot_count(kSlots); }

  static WorkerCells::Refused count(WorkerCells& worker, std::int64_t second, std::uint64_t bytes) {
    return worker.add(1, kNoSlot, Family::Ipv4, {.bytes = bytes, .packets = 1, .variance = bytes},
                      {at_second(second), at_second(second)});
  }
  void advance_both(std::int64_t second) {
    one.advance(at_second(second), kNone);
    two.advance(at_second(second), kNone);
  }
  std::uint64_t live() const { return totals.snapshot().live[1][0].bytes; }

  BucketGeometry geometry{seconds{10}};
  WorkerCells one{geometry, 8};
  WorkerCells two{geometry, 8};
  Totals totals{geometry, {&one, &two}};
};

TEST_F(TotalsOfTwo, NothingClosesBeforeEveryWorkerHasBegun) {
  one.advance(at_second(1'000), kNone);
  count(one, 1'000, 5);
  one.advance(at_second(1'100), kNone);
  EXPECT_TRUE(totals.close_due().empty());
  EXPECT_EQ(live(), 5U);
  EXPECT_FALSE(totals.snapshot().has_minute);
}

TEST_F(TotalsOfTwo, BucketClosesOnceTheSlowestWorkerHasLeftIt) {
  advance_both(1'000);
  count(one, 1'005, 5);
  count(two, 1'009, 7);
  one.advance(at_second(1'010), kNone);
  EXPECT_TRUE(totals.close_due().empty());
  two.advance(at_second(1'010), kNone);
  const auto closed = totals.close_due();
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(closed[0]->number, 100);
  EXPECT_EQ(closed[0]->start, at_second(1'000));
  EXPECT_EQ(closed[0]->width, seconds{10});
  ASSERT_EQ(closed[0]->slots.size(), 1U);
  EXPECT_EQ(closed[0]->slots[0].slot, Slot{1});
  EXPECT_EQ(closed[0]->slots[0].totals,
            (SlotTotals{CellTotal{.bytes = 12, .packets = 2, .records = 2, .variance = 12}}));
  EXPECT_EQ(live(), 12U);
  EXPECT_TRUE(totals.close_due().empty());
}

TEST_F(TotalsOfTwo, OpenBucketsHoldWhatHasNotClosedYet) {
  EXPECT_EQ(totals.closed_until(), std::nullopt);
  advance_both(1'000);
  count(one, 1'005, 5);
  count(two, 1'009, 7);
  count(two, 1'021, 1);
  advance_both(1'010);
  ASSERT_EQ(totals.close_due().size(), 1U);
  EXPECT_EQ(totals.closed_until(), at_second(1'010));
  count(one, 1'020, 2);
  const auto open = totals.open_buckets();
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].start, at_second(1'020));
  ASSERT_EQ(open[0].slots.size(), 1U);
  EXPECT_EQ(open[0].slots[0].slot, Slot{1});
  EXPECT_EQ(open[0].slots[0].totals,
            (SlotTotals{CellTotal{.bytes = 3, .packets = 2, .records = 2, .variance = 3}}));
}

TEST_F(TotalsOfTwo, BucketsComeOldestFirstAndUntouchedOnesAreAbsent) {
  advance_both(1'000);
  count(one, 1'040, 1);
  count(two, 1'010, 2);
  count(one, 1'000, 3);
  advance_both(1'070);
  const auto closed = totals.close_due();
  ASSERT_EQ(closed.size(), 3U);
  EXPECT_EQ(closed[0]->number, 100);
  EXPECT_EQ(closed[1]->number, 101);
  EXPECT_EQ(closed[2]->number, 104);
  const auto snapshot = totals.snapshot();
  EXPECT_EQ(snapshot.closed_buckets, 3U);
  EXPECT_EQ(snapshot.closed_until, at_second(1'070));
}

TEST_F(TotalsOfTwo, SnapshotSumsClosedAndOpenBuckets) {
  advance_both(1'000);
  count(one, 1'000, 3);
  count(two, 1'030, 4);
  advance_both(1'010);
  EXPECT_EQ(totals.close_due().size(), 1U);
  count(one, 1'010, 5);
  EXPECT_EQ(totals.snapshot().live[1],
            (SlotTotals{CellTotal{.bytes = 12, .packets = 3, .records = 3, .variance = 12}}));
}

TEST_F(TotalsOfTwo, ClosedPlacesTakeNewBuckets) {
  advance_both(0);
  std::uint64_t sum = 0;
  for (std::int64_t second = 0; second < 1'000; second += 10) {
    advance_both(second);
    static_cast<void>(totals.close_due());
    EXPECT_EQ(count(one, second, 1), WorkerCells::Refused{});
    EXPECT_EQ(count(two, second + 70, 2), WorkerCells::Refused{});
    sum += 3;
  }
  EXPECT_EQ(live(), sum);
}

TEST_F(TotalsOfTwo, JumpOfYearsClosesWhatWasOpenAndLeavesTheRingFree) {
  advance_both(0);
  count(one, 0, 1);
  count(two, 79, 2);
  const std::int64_t later = std::chrono::seconds{hours{24 * 365 * 50}}.count();
  advance_both(later);
  const auto closed = totals.close_due();
  ASSERT_EQ(closed.size(), 2U);
  EXPECT_EQ(closed[0]->number, 0);
  EXPECT_EQ(closed[1]->number, 7);
  for (std::int64_t bucket = 0; bucket < 8; ++bucket)
    EXPECT_EQ(count(one, later + bucket * 10, 1), WorkerCells::Refused{});
}

TEST_F(TotalsOfTwo, WorkerThatBeginsFarBehindOthersLosesNothing) {
  one.advance(at_second(5'000), kNone);
  count(one, 5'000, 1);
  // Shares its place in the ring with the bucket above.
  two.advance(at_second(4'520), kNone);
  count(two, 4'520, 2);
  EXPECT_TRUE(totals.close_due().empty());
  two.advance(at_second(5'000), kNone);
  const auto first = totals.close_due();
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0]->number, 452);
  EXPECT_EQ(first[0]->slots[0].totals[0].bytes, 2U);
  advance_both(5'010);
  const auto second = totals.close_due();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0]->number, 500);
  EXPECT_EQ(second[0]->slots[0].totals[0].bytes, 1U);
}

TEST_F(TotalsOfTwo, MinuteIsTheNewestWholeOne) {
  advance_both(1'020);  // 1020 = 17 * 60
  static_cast<void>(totals.close_due());
  EXPECT_FALSE(totals.snapshot().has_minute);
  count(one, 1'020, 100);
  count(two, 1'079, 10);
  count(two, 1'080, 1);
  advance_both(1'070);
  static_cast<void>(totals.close_due());
  EXPECT_FALSE(totals.snapshot().has_minute);
  advance_both(1'090);
  static_cast<void>(totals.close_due());
  const auto snapshot = totals.snapshot();
  ASSERT_TRUE(snapshot.has_minute);
  EXPECT_EQ(snapshot.minute_start, at_second(1'020));
  EXPECT_EQ(snapshot.minute_span, seconds{60});
  ASSERT_EQ(snapshot.minute.size(), kSlots);
  EXPECT_EQ(snapshot.minute[1], (ClosedMinute{.bytes = {110, 0}, .variance = {110, 0}}));
  EXPECT_EQ(snapshot.minute[0], ClosedMinute{});
}

// At its start a collector leaves behind the buckets of its lateness, in which it measured nothing.
TEST_F(TotalsOfTwo, AMinuteThatBeganBeforeTheStartIsNotShownAsZero) {
  totals.set_measured_since(at_second(1'030));
  advance_both(900);
  static_cast<void>(totals.close_due());
  advance_both(1'080);
  static_cast<void>(totals.close_due());
  EXPECT_FALSE(totals.snapshot().has_minute);
  count(one, 1'085, 7);
  advance_both(1'140);
  static_cast<void>(totals.close_due());
  const auto snapshot = totals.snapshot();
  ASSERT_TRUE(snapshot.has_minute);
  EXPECT_EQ(snapshot.minute_start, at_second(1'080));
  EXPECT_EQ(snapshot.minute[1].bytes[0], 7U);
}

TEST_F(TotalsOfTwo, MinuteMovesOnWhenNobodyWrites) {
  advance_both(1'020);
  count(one, 1'020, 100);
  static_cast<void>(totals.close_due());
  advance_both(1'080);
  static_cast<void>(totals.close_due());
  EXPECT_EQ(totals.snapshot().minute[1].bytes[0], 100U);
  advance_both(1'140);
  static_cast<void>(totals.close_due());
  const auto snapshot = totals.snapshot();
  EXPECT_EQ(snapshot.minute_start, at_second(1'080));
  EXPECT_TRUE(snapshot.has_minute);
  EXPECT_EQ(snapshot.minute[1], ClosedMinute{});
}

TEST_F(TotalsOfTwo, MinuteOfFamiliesIsOne) {
  advance_both(0);
  static_cast<void>(totals.close_due());
  const TimeRange range{at_second(5), at_second(5)};
  static_cast<void>(one.add(2, 3, Family::Ipv4, {.bytes = 1, .packets = 1, .variance = 10}, range));
  static_cast<void>(two.add(2, 3, Family::Ipv6, {.bytes = 2, .packets = 1, .variance = 20}, range));
  advance_both(60);
  static_cast<void>(totals.close_due());
  const auto snapshot = totals.snapshot();
  EXPECT_EQ(snapshot.minute[2], (ClosedMinute{.bytes = {3, 0}, .variance = {30, 0}}));
  EXPECT_EQ(snapshot.minute[3], (ClosedMinute{.bytes = {0, 3}, .variance = {0, 30}}));
}

TEST(Totals, BucketsThatDoNotTileAMinuteGiveTheShortestLongerSpan) {
  const BucketGeometry geometry{seconds{25}};
  WorkerCells cells{geometry, 8};
  Totals totals{geometry, {&cells}};
  totals.set_slot_count(2);
  cells.advance(at_second(75), kNone);
  static_cast<void>(totals.close_due());
  static_cast<void>(cells.add(1, kNoSlot, Family::Ipv4, {.bytes = 75, .packets = 1, .variance = 0},
                              {at_second(75), at_second(150)}));
  cells.advance(at_second(150), kNone);
  static_cast<void>(totals.close_due());
  const auto snapshot = totals.snapshot();
  EXPECT_EQ(snapshot.minute_span, seconds{75});
  EXPECT_EQ(snapshot.minute_start, at_second(75));
  EXPECT_EQ(snapshot.minute[1].bytes[0], 75U);
}

TEST(Totals, SlotCountNeverFalls) {
  const BucketGeometry geometry{seconds{10}};
  WorkerCells cells{geometry, 8};
  Totals totals{geometry, {&cells}};
  totals.set_slot_count(5);
  totals.set_slot_count(3);
  EXPECT_EQ(totals.snapshot().live.size(), 5U);
  totals.set_slot_count(kMaxSlots + 1);
  EXPECT_EQ(totals.snapshot().live.size(), kMaxSlots);
}

TEST(Totals, SlotsThatComeLaterCountFromThenOn) {
  const BucketGeometry geometry{seconds{10}};
  WorkerCells cells{geometry, 8};
  Totals totals{geometry, {&cells}};
  totals.set_slot_count(1);
  cells.advance(at_second(0), kNone);
  totals.set_slot_count(2);
  static_cast<void>(cells.add(0, 1, Family::Ipv6, {.bytes = 9, .packets = 1, .variance = 0},
                              {at_second(1), at_second(2)}));
  cells.advance(at_second(10), kNone);
  const auto closed = totals.close_due();
  ASSERT_EQ(closed.size(), 1U);
  ASSERT_EQ(closed[0]->slots.size(), 2U);
  EXPECT_EQ(closed[0]->slots[1].slot, Slot{1});
  EXPECT_EQ(closed[0]->slots[1].totals[3].bytes, 9U);
}

TEST(Totals, WithoutWorkersNothingEverCloses) {
  Totals totals{BucketGeometry{seconds{10}}, {}};
  EXPECT_TRUE(totals.close_due().empty());
  EXPECT_FALSE(totals.snapshot().has_minute);
}

}  // namespace
}  // namespace weir::core
