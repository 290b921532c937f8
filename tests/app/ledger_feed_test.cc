#include "collector/app/ledger_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace weir::app {
namespace {

using std::chrono::seconds;

/// 2012-09-30T15:00:00Z.
constexpr std::int64_t kStart = 1'349'017'200;
constexpr TrafficSpan kLateness = seconds{120};

TrafficTime at(std::int64_t second) { return traffic_time_ms((kStart + second) * 1'000); }

/// One worker of ten-second buckets, and time that a test moves.
class Feed : public testing::Test {
 protected:
  Feed() {
    totals_.set_slot_count(2);
    cells_.advance(at(-60), kLateness);
  }

  void count(std::int64_t second, std::uint64_t bytes, std::uint32_t slot = 1) {
    cells_.add(slot, core::kNoSlot, Family::Ipv4, {.bytes = bytes, .packets = 1, .variance = 4},
               {at(second), at(second)});
  }
  /// The clock's thread looks once a second.
  void run(std::int64_t from, std::int64_t until) {
    for (std::int64_t second = from; second <= until; ++second) {
      cells_.advance(at(second), kLateness);
      for (const auto& bucket : totals_.close_due()) feed_.take(*bucket);
      feed_.tick(at(second), Moment{seconds{second + 1'000'000}});
    }
  }
  /// The newest save of an interval.
  const ledger::IntervalSave* last_of(std::int64_t start) const {
    for (auto save = saves_.rbegin(); save != saves_.rend(); ++save)
      if (save->start == kStart + start) return &*save;
    return nullptr;
  }
  std::size_t finals_of(std::int64_t start) const {
    return static_cast<std::size_t>(std::count_if(saves_.begin(), saves_.end(), [&](const auto& s) {
      return s.start == kStart + start && s.is_final;
    }));
  }
  static std::uint64_t bytes_in(const ledger::IntervalSave& save) {
    std::uint64_t sum = 0;
    for (const auto& row : save.batch.intervals) sum += row.bytes;
    return sum;
  }
  static std::uint32_t covered(const ledger::IntervalSave& save) {
    return save.batch.coverage.empty() ? 0 : save.batch.coverage.front().seconds;
  }

  using Moment = LedgerFeed::Moment;

  core::BucketGeometry geometry_{seconds{10}};
  core::WorkerCells cells_{geometry_, 40};
  core::Totals totals_{geometry_, {&cells_}};
  std::vector<ledger::IntervalSave> saves_;
  std::vector<std::vector<ledger::IntervalRow>> amendments_;
  LedgerFeed feed_{
      {.totals = totals_,
       .names =
           [] {
             return pipeline::ContractNames{"A", "B"};
           },
       .reception =
           [](std::int64_t start) {
             return std::vector<ledger::ReceptionRow>{
                 {.exporter = "r", .start = start, .received = 9, .lost = 1}};
           },
       .save = [this](ledger::IntervalSave save) { saves_.push_back(std::move(save)); },
       .late = [this] { return cells_.late().take(); },
       .amend =
           [this](std::vector<ledger::IntervalRow> rows) {
             amendments_.push_back(std::move(rows));
           },
       .exports =
           [](std::int64_t start) {
             return std::vector<ledger::ExportRow>{{.exporter = "r", .start = start, .records = 7}};
           }}};
};

TEST_F(Feed, AnOpenIntervalIsSavedEachMinuteWithWhatStandsInOpenBuckets) {
  run(0, 10);
  count(10, 700);
  run(11, 60);
  const auto* save = last_of(0);
  ASSERT_NE(save, nullptr);
  EXPECT_FALSE(save->is_final);
  ASSERT_EQ(save->batch.intervals.size(), 1U);
  const auto& row = save->batch.intervals.front();
  EXPECT_EQ(row.contract, "B");
  EXPECT_EQ(row.bytes, 700U);
  EXPECT_EQ(row.packets, 1U);
  EXPECT_EQ(row.records, 1U);
  EXPECT_EQ(row.variance, 4);
  EXPECT_EQ(row.direction, Direction::FromCustomer);
  EXPECT_EQ(covered(*save), 55U);
  ASSERT_EQ(save->batch.reception.size(), 1U);
  EXPECT_EQ(save->batch.reception.front().lost, 1U);
}

TEST_F(Feed, AWholeIntervalIsFinalOnceAfterTheLatenessWithAllOfIt) {
  run(0, 100);
  count(100, 1'000);
  run(101, 310);
  count(290, 30);  // late, and still in time
  run(311, 419);
  EXPECT_EQ(finals_of(0), 0U);
  run(420, 700);
  EXPECT_EQ(finals_of(0), 1U);
  const auto* save = last_of(0);
  EXPECT_TRUE(save->is_final);
  EXPECT_EQ(bytes_in(*save), 1'030U);
  EXPECT_EQ(covered(*save), 300U);
  EXPECT_FALSE(last_of(300)->is_final);
}

TEST_F(Feed, AnIntervalWithoutTrafficIsCoveredToo) {
  run(0, 420);
  ASSERT_EQ(finals_of(0), 1U);
  EXPECT_TRUE(last_of(0)->batch.intervals.empty());
  EXPECT_EQ(covered(*last_of(0)), 300U);
}

TEST_F(Feed, WhatTheRunDidNotMeasureIsNotCovered) {
  run(100, 720);
  EXPECT_EQ(covered(*last_of(0)), 200U);
  EXPECT_EQ(covered(*last_of(300)), 300U);
}

TEST_F(Feed, AMachineThatSleptHasMeasuredNothingMeanwhile) {
  run(0, 50);
  run(250, 420);  // 200 s later: nothing proves that sockets were read
  EXPECT_EQ(covered(*last_of(0)), 100U);
}

TEST_F(Feed, AClockThatIsSetForthCoversNothing) {
  run(0, 50);
  // An hour on the wall, a second on the clock that never jumps.
  cells_.advance(at(3'650), kLateness);
  for (const auto& bucket : totals_.close_due()) feed_.take(*bucket);
  feed_.tick(at(3'650), Moment{seconds{1'000'051}});
  EXPECT_EQ(covered(*last_of(0)), 50U);
  EXPECT_EQ(last_of(300), nullptr);
  EXPECT_EQ(last_of(3'300), nullptr);
}

TEST_F(Feed, TrafficFromBeforeTheStartComesWithoutCoverage) {
  cells_.advance(at(10), kLateness);
  count(-30, 44);
  run(10, 430);
  const auto* save = last_of(-300);
  ASSERT_NE(save, nullptr);
  EXPECT_TRUE(save->is_final);
  EXPECT_EQ(bytes_in(*save), 44U);
  EXPECT_EQ(covered(*save), 0U);
}

TEST_F(Feed, ARunSaysNothingOfTheReceptionOfAnIntervalThatItDidNotMeasure) {
  cells_.advance(at(10), kLateness);
  count(-30, 44);
  run(10, 430);
  EXPECT_TRUE(last_of(-300)->batch.reception.empty());
  EXPECT_EQ(last_of(0)->batch.reception.size(), 1U);
}

TEST_F(Feed, EverySaveSaysWhatArrivedInItsInterval) {
  count(0, 44);
  run(0, 730);
  ASSERT_FALSE(saves_.empty());
  for (const auto& save : saves_)
    EXPECT_EQ(
        save.batch.exports,
        (std::vector<ledger::ExportRow>{{.exporter = "r", .start = save.start, .records = 7}}));
}

TEST_F(Feed, AClockThatIsSetBackReopensNoFinalInterval) {
  run(0, 730);
  ASSERT_EQ(finals_of(0), 1U);
  ASSERT_EQ(finals_of(300), 1U);
  const std::size_t before = saves_.size();
  // The wall goes back by ten minutes, the other clock on.
  for (std::int64_t second = 0; second < 50; ++second) {
    cells_.advance(at(130 + second), kLateness);
    feed_.tick(at(130 + second), Moment{seconds{1'000'732 + second}});
  }
  for (auto save = saves_.begin() + static_cast<std::ptrdiff_t>(before); save != saves_.end();
       ++save)
    EXPECT_GE(save->start, kStart + 600);
  EXPECT_EQ(finals_of(0), 1U);
  EXPECT_EQ(finals_of(300), 1U);
}

TEST_F(Feed, ACloseThatOvertakesTheLookMakesAnIntervalFinalOnce) {
  run(0, 419);
  count(295, 9);
  // The worker has come further than the look knows of, which so covers what is final already.
  cells_.advance(at(720), kLateness);
  for (const auto& bucket : totals_.close_due()) feed_.take(*bucket);
  feed_.tick(at(420), Moment{seconds{1'000'420}});
  run(421, 500);
  EXPECT_EQ(finals_of(0), 1U);
  EXPECT_EQ(finals_of(300), 1U);
  EXPECT_EQ(bytes_in(*last_of(0)), 9U);
}

TEST_F(Feed, TheEndSavesWhatIsOpen) {
  run(0, 100);
  count(100, 5);
  count(99, 6);
  feed_.finish(at(101), Moment{seconds{1'000'101}});
  const auto* save = last_of(0);
  EXPECT_FALSE(save->is_final);
  EXPECT_EQ(bytes_in(*save), 11U);
  EXPECT_EQ(covered(*save), 101U);
}

TEST_F(Feed, EveryByteIsInTheLastSavesWheneverItStops) {
  std::uint64_t all = 0;
  for (std::int64_t second = 0; second < 900; ++second) {
    run(second, second);
    count(second - second % 7, static_cast<std::uint64_t>(second), second % 2 == 0 ? 0 : 1);
    all += static_cast<std::uint64_t>(second);
  }
  feed_.finish(at(900), Moment{seconds{1'000'900}});
  std::uint64_t saved = 0;
  for (const std::int64_t start : {0, 300, 600}) saved += bytes_in(*last_of(start));
  EXPECT_EQ(saved, all);
}

// The interval of 15:00 is final at 15:07, with a lateness of 120 s.
TEST_F(Feed, ARecordOfSixFiftyNineIsInTimeAndOneOfSevenOhOneAmends) {
  run(0, 419);
  count(299, 1'000);
  run(420, 421);
  count(299, 70);
  run(422, 500);
  EXPECT_EQ(finals_of(0), 1U);
  EXPECT_EQ(bytes_in(*last_of(0)), 1'000U);
  ASSERT_EQ(amendments_.size(), 1U);
  ASSERT_EQ(amendments_.front().size(), 1U);
  const ledger::IntervalRow& row = amendments_.front().front();
  EXPECT_EQ(row.contract, "B");
  EXPECT_EQ(row.start, kStart);
  EXPECT_EQ(row.direction, Direction::FromCustomer);
  EXPECT_EQ(row.bytes, 70U);
  EXPECT_EQ(row.packets, 1U);
  EXPECT_EQ(row.records, 1U);
  EXPECT_EQ(row.variance, 4);
}

TEST_F(Feed, WhatIsLateJustBeforeTheStopAmendsToo) {
  run(0, 421);
  count(10, 5);
  count(10, 6);
  feed_.finish(at(422), Moment{seconds{1'000'422}});
  ASSERT_EQ(amendments_.size(), 1U);
  ASSERT_EQ(amendments_.front().size(), 1U);
  EXPECT_EQ(amendments_.front().front().bytes, 11U);
  EXPECT_EQ(amendments_.front().front().records, 2U);
}

}  // namespace
}  // namespace weir::app
