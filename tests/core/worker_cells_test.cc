#include "collector/core/worker_cells.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace weir::core {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Refused = WorkerCells::Refused;

constexpr std::uint32_t kSlot = 3;
constexpr TrafficSpan kFiveMinutes = minutes{5};

constexpr TrafficTime at_second(std::int64_t second) { return traffic_time_ms(second * 1'000); }
constexpr TimeRange seconds_from(std::int64_t start, std::int64_t end) {
  return {at_second(start), at_second(end)};
}
constexpr Amount bytes(std::uint64_t count) {
  return {.bytes = count, .packets = 0, .variance = 0};
}

/// Cells of 32 buckets of five minutes, all of them open from 1970 on.
class FiveMinuteCells : public ::testing::Test {
 protected:
  FiveMinuteCells() : cells(BucketGeometry{kFiveMinutes}, 32) {
    cells.advance(at_second(0), TrafficSpan{0});
  }

  Refused add(const Amount& amount, const TimeRange& range) {
    return cells.add(kSlot, kNoSlot, Family::Ipv4, amount, range);
  }
  CellTotal total(BucketNumber bucket) const {
    return cells.cell(bucket, Slot{kSlot}, cell_position(Direction::FromCustomer, Family::Ipv4))
        .read();
  }
  std::vector<std::uint64_t> bytes_of(std::initializer_list<BucketNumber> buckets) const {
    std::vector<std::uint64_t> all;
    for (const BucketNumber bucket : buckets) all.push_back(total(bucket).bytes);
    return all;
  }
  using Bytes = std::vector<std::uint64_t>;

  WorkerCells cells;
};

// Domain requirement 23.
TEST_F(FiveMinuteCells, FlowOfAQuarterHourIsSpreadOverItsQuarterHour) {
  EXPECT_EQ(add(bytes(90'000'000), seconds_from(120, 1'020)), Refused{});
  EXPECT_EQ(bytes_of({0, 1, 2, 3, 4}), (Bytes{18'000'000, 30'000'000, 30'000'000, 12'000'000, 0}));
}

TEST_F(FiveMinuteCells, ShortFlowOverABorderIsShared) {
  EXPECT_EQ(add(bytes(1'000), seconds_from(298, 301)), Refused{});
  EXPECT_EQ(bytes_of({0, 1}), (Bytes{666, 334}));
}

TEST_F(FiveMinuteCells, PartsSumToTheWholeExactly) {
  EXPECT_EQ(add(bytes(10'000'001), seconds_from(100, 1'900)), Refused{});
  EXPECT_EQ(bytes_of({0, 1, 2, 3, 4, 5, 6}),
            (Bytes{1'111'111, 1'666'667, 1'666'666, 1'666'667, 1'666'667, 1'666'667, 555'556}));
}

TEST_F(FiveMinuteCells, FlowThatEndsAtABorderStaysBeforeIt) {
  EXPECT_EQ(add(bytes(1'000), seconds_from(0, 300)), Refused{});
  EXPECT_EQ(bytes_of({0, 1}), (Bytes{1'000, 0}));
  EXPECT_FALSE(cells.is_touched(1));
}

TEST_F(FiveMinuteCells, FlowWithoutDurationLiesInTheBucketOfItsStart) {
  EXPECT_EQ(add(bytes(1'000), seconds_from(300, 300)), Refused{});
  EXPECT_EQ(bytes_of({0, 1}), (Bytes{0, 1'000}));
}

TEST_F(FiveMinuteCells, PacketsAndVarianceAreSpreadLikeBytesAndTheRecordCountsOnce) {
  EXPECT_EQ(add({.bytes = 1'000, .packets = 10, .variance = 70}, seconds_from(298, 301)),
            Refused{});
  EXPECT_EQ(total(0), (CellTotal{.bytes = 666, .packets = 6, .records = 1, .variance = 46}));
  EXPECT_EQ(total(1), (CellTotal{.bytes = 334, .packets = 4, .records = 0, .variance = 24}));
}

TEST_F(FiveMinuteCells, BothCustomersOfARecordCountIt) {
  EXPECT_EQ(cells.add(1, 2, Family::Ipv6, bytes(500), seconds_from(10, 20)), Refused{});
  const CellTotal counted{.bytes = 500, .packets = 0, .records = 1, .variance = 0};
  for (std::uint32_t slot = 1; slot <= 2; ++slot) {
    for (std::size_t position = 0; position < kCellsPerSlot; ++position) {
      const bool is_counted =
          position ==
          cell_position(slot == 1 ? Direction::FromCustomer : Direction::ToCustomer, Family::Ipv6);
      EXPECT_EQ(cells.cell(0, Slot{slot}, position).read(), is_counted ? counted : CellTotal{});
    }
  }
}

TEST_F(FiveMinuteCells, LargestSlotHasCells) {
  EXPECT_EQ(cells.add(kNoSlot, kMaxSlots - 1, Family::Ipv6, bytes(5), seconds_from(9'599, 9'599)),
            Refused{});
  EXPECT_EQ(cells.cell(31, Slot{kMaxSlots - 1}, 3).read().bytes, 5U);
}

// Domain requirement 25.
TEST_F(FiveMinuteCells, RecordIsLateOnceItsBucketsEndPlusTheLatenessHasCome) {
  const TrafficTime noon = at_second(12 * 3'600);
  const TimeRange in_noons_bucket{noon + seconds{10}, noon + seconds{20}};
  cells.advance(noon + minutes{6} + seconds{59}, seconds{120});
  EXPECT_EQ(add(bytes(1'000), in_noons_bucket), Refused{});
  cells.advance(noon + minutes{7} + seconds{1}, seconds{120});
  EXPECT_EQ(add(bytes(300), in_noons_bucket), (Refused{.late_bytes = 300, .overrun_bytes = 0}));
  EXPECT_EQ(total(144).bytes, 1'000U);
}

TEST_F(FiveMinuteCells, PartBeforeTheFrontierIsLateAndTheRestCounts) {
  cells.advance(at_second(600), TrafficSpan{0});
  EXPECT_EQ(add(bytes(10'000'001), seconds_from(100, 1'900)),
            (Refused{.late_bytes = 2'777'778, .overrun_bytes = 0}));
  EXPECT_EQ(bytes_of({2, 3, 4, 5, 6}),
            (Bytes{1'666'666, 1'666'667, 1'666'667, 1'666'667, 555'556}));
  EXPECT_EQ(total(2).records, 1U);
}

TEST_F(FiveMinuteCells, FlowOfAYearBeforeTheFrontierIsLateInOneStep) {
  cells.advance(at_second(0) + hours{24 * 366}, TrafficSpan{0});
  EXPECT_EQ(add(bytes(1'000), {at_second(0), at_second(300)}),
            (Refused{.late_bytes = 1'000, .overrun_bytes = 0}));
  EXPECT_EQ(add(bytes(366), {at_second(0), at_second(0) + hours{24 * 366} + seconds{1}}),
            (Refused{.late_bytes = 365, .overrun_bytes = 0}));
}

TEST_F(FiveMinuteCells, InstantAtTheFrontierIsInTime) {
  cells.advance(at_second(600), TrafficSpan{0});
  EXPECT_EQ(add(bytes(1), seconds_from(600, 600)), Refused{});
  EXPECT_EQ(add(bytes(1), {at_second(600) - TrafficSpan{1}, at_second(600) - TrafficSpan{1}}),
            (Refused{.late_bytes = 1, .overrun_bytes = 0}));
}

TEST_F(FiveMinuteCells, GrowingLatenessNeverReopensABucket) {
  cells.advance(at_second(3'600), seconds{10});
  EXPECT_EQ(cells.frontier(), 11);
  cells.advance(at_second(3'601), seconds{1'200});
  EXPECT_EQ(cells.frontier(), 11);
  cells.advance(at_second(3'000), seconds{0});
  EXPECT_EQ(cells.frontier(), 11);
  cells.advance(at_second(4'800), seconds{1'200});
  EXPECT_EQ(cells.frontier(), 12);
}

TEST_F(FiveMinuteCells, PartBeyondTheRingIsAnOverrun) {
  // 32 buckets end at second 9600.
  EXPECT_EQ(add(bytes(300), seconds_from(9'500, 9'800)),
            (Refused{.late_bytes = 0, .overrun_bytes = 200}));
  EXPECT_EQ(add(bytes(300), seconds_from(9'600, 9'600)),
            (Refused{.late_bytes = 0, .overrun_bytes = 300}));
  EXPECT_EQ(bytes_of({31, 0}), (Bytes{100, 0}));
}

TEST_F(FiveMinuteCells, BucketWhosePlaceIsTakenIsAnOverrunAndChangesNothing) {
  EXPECT_EQ(add(bytes(7), seconds_from(0, 0)), Refused{});
  cells.advance(at_second(9'600), TrafficSpan{0});
  EXPECT_EQ(add(bytes(5), seconds_from(9'600, 9'600)),
            (Refused{.late_bytes = 0, .overrun_bytes = 5}));
  EXPECT_EQ(add(bytes(600), seconds_from(9'600, 10'200)),
            (Refused{.late_bytes = 0, .overrun_bytes = 300}));
  EXPECT_TRUE(cells.is_touched(0));
  EXPECT_FALSE(cells.is_touched(32));
  EXPECT_EQ(bytes_of({0, 33}), (Bytes{7, 300}));
  EXPECT_EQ(total(33).records, 1U);
}

TEST_F(FiveMinuteCells, ClearedPlaceTakesTheNextBucket) {
  EXPECT_EQ(add(bytes(7), seconds_from(0, 0)), Refused{});
  cells.advance(at_second(9'600), TrafficSpan{0});
  cells.clear(0, kSlot + 1);
  EXPECT_FALSE(cells.is_touched(0));
  EXPECT_EQ(add(bytes(5), seconds_from(9'600, 9'600)), Refused{});
  EXPECT_EQ(total(32), (CellTotal{.bytes = 5, .packets = 0, .records = 1, .variance = 0}));
}

TEST(WorkerCells, EverythingIsLateBeforeTheFirstAdvance) {
  WorkerCells cells{BucketGeometry{seconds{10}}, 8};
  EXPECT_EQ(cells.frontier(), kNoBucket);
  EXPECT_EQ(cells.add(kSlot, kNoSlot, Family::Ipv4, bytes(9), seconds_from(100, 130)),
            (Refused{.late_bytes = 9, .overrun_bytes = 0}));
}

TEST(WorkerCells, TimesBefore1970HaveBucketsToo) {
  WorkerCells cells{BucketGeometry{seconds{10}}, 8};
  cells.advance(at_second(-35), TrafficSpan{0});
  EXPECT_EQ(cells.frontier(), -4);
  EXPECT_EQ(cells.add(kSlot, kNoSlot, Family::Ipv4, bytes(90), seconds_from(-40, 50)),
            (Refused{.late_bytes = 0, .overrun_bytes = 10}));
  for (BucketNumber bucket = -4; bucket < 4; ++bucket)
    EXPECT_EQ(cells.cell(bucket, Slot{kSlot}, 0).read().bytes, 10U);
}

TEST(WorkerCells, PrefetchAcceptsAnyTimeAndNobody) {
  WorkerCells cells{BucketGeometry{seconds{10}}, 8};
  cells.prefetch(kSlot, kNoSlot, Family::Ipv4, at_second(0));
  cells.advance(at_second(1'000), TrafficSpan{0});
  cells.prefetch(kNoSlot, kSlot, Family::Ipv6, at_second(-5'000));
  cells.prefetch(kSlot, kSlot, Family::Ipv6, at_second(500'000));
  EXPECT_EQ(cells.cell(100, Slot{kSlot}, 0).read(), CellTotal{});
}

}  // namespace
}  // namespace weir::core
