#include "exporters/ledger/ledger_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <thread>

namespace weir::ledger {
namespace {

using std::chrono::milliseconds;

/// 2012-09-30T15:00:00Z.
constexpr std::int64_t kStart = 1'349'017'200;
constexpr std::chrono::seconds kPatience{60};

IntervalSave save_of(std::int64_t interval, std::uint64_t bytes, bool is_final,
                     std::string contract = "A") {
  const std::int64_t start = kStart + interval * kIntervalSeconds;
  IntervalSave save{.start = start, .batch = {}, .is_final = is_final};
  save.batch.intervals.push_back({.contract = std::move(contract),
                                  .start = start,
                                  .bytes = bytes,
                                  .packets = 1,
                                  .records = 1});
  save.batch.coverage.push_back({.start = start, .seconds = is_final ? 300U : 60U});
  return save;
}

/// A ledger that a test can take away and give back.
class Writer : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "/writer-" +
            testing::UnitTest::GetInstance()->current_test_info()->name() + ".db";
    std::filesystem::remove(path_);
  }
  void TearDown() override { std::filesystem::remove(path_); }

  LedgerUrl url() const { return {.backend = Backend::Sqlite, .target = path_}; }

  LedgerWriter::Open open() {
    return [this]() -> Result<Ledger> {
      ++openings_;
      if (is_away_) return failure(ErrorCode::Unavailable, "the database is away");
      return Ledger::open(url());
    };
  }
  static LedgerWriter::Limits quick(std::uint64_t rows = 1'000) {
    return {.rows = rows,
            .first_pause = milliseconds{1},
            .longest_pause = milliseconds{2},
            .stop_deadline = milliseconds{50}};
  }
  LedgerWriter::Listeners listeners() {
    LedgerWriter::Listeners all;
    all.on_final = [this](const IntervalSave& save) { finals_.push_back(save.start); };
    all.on_failing = [this](const std::string&) { ++complaints_; };
    all.on_recovered = [this] { ++recoveries_; };
    return all;
  }
  std::vector<ContractInterval> stored(const std::string& contract = "A") const {
    return Ledger::open_existing(url())
        .value()
        .intervals(contract, kStart, kStart + 86'400)
        .value();
  }
  template <class Condition>
  static bool comes_true(Condition&& condition) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(milliseconds{1});
    }
    return true;
  }

  std::string path_;
  std::atomic<bool> is_away_{false};
  std::atomic<int> openings_{0};
  std::vector<std::int64_t> finals_;  ///< read after stop()
  int complaints_ = 0;
  int recoveries_ = 0;
};

TEST_F(Writer, WritesWhatWaitsBeforeItStops) {
  LedgerWriter writer("run", open(), listeners(), quick());
  writer.save(save_of(1, 20, true));
  writer.save(save_of(0, 10, true));
  writer.start();
  EXPECT_EQ(writer.stop(), 0U);
  const auto rows = stored();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].from_customer_bytes, 10U);
  EXPECT_EQ(rows[1].from_customer_bytes, 20U);
  EXPECT_THAT(finals_, testing::ElementsAre(kStart, kStart + 300));
  EXPECT_EQ(writer.figures().written_intervals, 2U);
  EXPECT_EQ(writer.figures().last_final_start, kStart + 300);
  EXPECT_EQ(writer.figures().pending_rows, 0U);
}

TEST_F(Writer, WhatIsSavedJustBeforeTheStopIsWritten) {
  constexpr int kRounds = 50;
  for (int round = 0; round < kRounds; ++round) {
    LedgerWriter writer("run", open(), {}, quick());
    writer.start();
    std::promise<void> idle;
    writer.post([&](Ledger&) { idle.set_value(); });
    idle.get_future().wait();
    // The writer is now on its way to look whether anything waits.
    for (int spin = 0; spin < 10 * round; ++spin)
      std::atomic_signal_fence(std::memory_order_seq_cst);
    writer.save(save_of(round, 7, true));
    ASSERT_EQ(writer.stop(), 0U) << round;
  }
  EXPECT_EQ(stored().size(), std::size_t{kRounds});
}

TEST_F(Writer, ALaterSaveOfAnIntervalTakesThePlaceOfTheOneThatWaits) {
  is_away_ = true;
  LedgerWriter writer("run", open(), listeners(), quick());
  writer.start();
  for (std::uint64_t bytes = 1; bytes <= 50; ++bytes) writer.save(save_of(0, bytes, false));
  EXPECT_EQ(writer.figures().pending_rows, 2U);
  EXPECT_EQ(writer.figures().pending_intervals, 1U);
  writer.save(save_of(0, 51, true));
  ASSERT_TRUE(comes_true([&] { return writer.figures().write_errors != 0; }));
  is_away_ = false;
  ASSERT_TRUE(comes_true([&] { return writer.figures().written_intervals == 1; }));
  writer.stop();
  ASSERT_EQ(stored().size(), 1U);
  EXPECT_EQ(stored().front().from_customer_bytes, 51U);
  EXPECT_EQ(complaints_, 1);
  EXPECT_EQ(recoveries_, 1);
  EXPECT_EQ(writer.figures().last_error, "");
  EXPECT_FALSE(writer.figures().failing_since);
}

TEST_F(Writer, ADatabaseThatComesBackGetsEverythingOnceAndInOrder) {
  is_away_ = true;
  LedgerWriter writer("run", open(), listeners(), quick());
  writer.start();
  for (std::int64_t interval = 0; interval < 20; ++interval)
    writer.save(save_of(interval, 100 + static_cast<std::uint64_t>(interval), true));
  ASSERT_TRUE(comes_true([&] { return openings_ >= 3; }));
  EXPECT_TRUE(writer.figures().failing_since);
  EXPECT_EQ(writer.figures().last_error, "the database is away");
  EXPECT_GE(writer.figures().write_errors, 2U);
  is_away_ = false;
  ASSERT_TRUE(comes_true([&] { return writer.figures().written_intervals == 20; }));
  writer.stop();
  const auto rows = stored();
  ASSERT_EQ(rows.size(), 20U);
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i].from_customer_bytes, 100 + i);
  EXPECT_TRUE(std::is_sorted(finals_.begin(), finals_.end()));
  EXPECT_EQ(finals_.size(), 20U);
  EXPECT_EQ(writer.figures().dropped_rows, 0U);
}

TEST_F(Writer, BeyondTheBoundOpenIntervalsGoFirstThenTheOldest) {
  is_away_ = true;
  LedgerWriter writer("run", open(), listeners(), quick(6));  // three intervals of two rows
  writer.save(save_of(0, 1, true));
  writer.save(save_of(3, 4, false));
  writer.save(save_of(1, 2, true));
  EXPECT_EQ(writer.figures().dropped_rows, 0U);
  writer.save(save_of(2, 3, true));  // the open one goes
  EXPECT_EQ(writer.figures().dropped_rows, 2U);
  writer.save(save_of(4, 5, true));  // the oldest goes
  EXPECT_EQ(writer.figures().dropped_rows, 4U);
  EXPECT_EQ(writer.figures().pending_rows, 6U);
  is_away_ = false;
  writer.start();
  writer.stop();
  EXPECT_THAT(finals_, testing::ElementsAre(kStart + 300, kStart + 600, kStart + 1'200));
}

TEST_F(Writer, WhatTheDatabaseRefusesForGoodKeepsNobodyWaiting) {
  LedgerWriter writer("run", open(), listeners(), quick());
  writer.save(save_of(0, UINT64_MAX, true));  // no integer of the database
  writer.save(save_of(1, 2, true));
  writer.save(save_of(2, 3, true));
  writer.start();
  ASSERT_TRUE(comes_true([&] { return writer.figures().written_intervals == 2; }));
  EXPECT_EQ(writer.stop(), 2U);
  EXPECT_EQ(stored().size(), 2U);
}

TEST_F(Writer, AStopWhileTheDatabaseIsAwayEndsAndTellsWhatIsLost) {
  is_away_ = true;
  LedgerWriter writer("run", open(), listeners(), quick());
  writer.start();
  writer.save(save_of(0, 1, true));
  EXPECT_EQ(writer.stop(), 2U);
}

TEST_F(Writer, ObserverAndJobsRunWithTheLedgerOnItsThread) {
  std::vector<std::optional<std::int64_t>> seen;
  int dailies = 0;
  auto all = listeners();
  all.observer = [&](Ledger& ledger, std::optional<std::int64_t> start) {
    if (start) {
      EXPECT_EQ(ledger.last_interval().value(), start);
    }
    seen.push_back(start);
  };
  all.daily = [&](Ledger&) { ++dailies; };
  LedgerWriter writer("run", open(), std::move(all), quick());
  writer.start();
  writer.save(save_of(0, 1, false));
  writer.save(save_of(0, 2, true));
  std::promise<std::uint64_t> answer;
  ASSERT_TRUE(comes_true([&] { return writer.figures().written_intervals == 1; }));
  writer.post([&](Ledger& ledger) {
    answer.set_value(
        ledger.intervals("A", kStart, kStart + 300).value().front().from_customer_bytes);
  });
  EXPECT_EQ(answer.get_future().get(), 2U);
  writer.stop();
  EXPECT_THAT(seen, testing::ElementsAre(std::nullopt, std::optional<std::int64_t>(kStart)));
  EXPECT_EQ(dailies, 1);
}

TEST_F(Writer, JobsDoNotPileUpWhileTheDatabaseIsAway) {
  is_away_ = true;
  std::size_t done = 0;
  LedgerWriter writer("run", open(), listeners(), quick());
  writer.start();
  for (std::size_t i = 0; i < LedgerWriter::kMostJobs + 5; ++i)
    writer.post([&](Ledger&) { ++done; });
  is_away_ = false;
  writer.save(save_of(0, 1, true));
  ASSERT_TRUE(comes_true([&] { return writer.figures().written_intervals == 1; }));
  writer.stop();
  EXPECT_EQ(done, LedgerWriter::kMostJobs);
}

TEST_F(Writer, AnOpenSaveIsOverwrittenByTheFinalOneInTheLedger) {
  LedgerWriter writer("run", open(), listeners(), quick());
  writer.start();
  writer.save(save_of(0, 10, false));
  ASSERT_TRUE(comes_true([&] { return writer.figures().pending_rows == 0; }));
  writer.save(save_of(0, 25, true));
  writer.stop();
  ASSERT_EQ(stored().size(), 1U);
  EXPECT_EQ(stored().front().from_customer_bytes, 25U);
  EXPECT_EQ(
      Ledger::open_existing(url()).value().coverage(kStart, kStart + 300).value().front().seconds,
      300U);
}

std::vector<IntervalRow> late_rows(std::uint64_t bytes) {
  return {{.contract = "A", .start = kStart, .bytes = bytes, .packets = 1, .records = 1}};
}

TEST_F(Writer, AmendmentsWaitWhileTheLedgerIsAwayAndAreWrittenOnce) {
  is_away_ = true;
  std::vector<std::int64_t> amended;
  auto all = listeners();
  all.on_amended = [&](std::int64_t first) { amended.push_back(first); };
  LedgerWriter writer("run", open(), std::move(all), quick());
  writer.save(save_of(0, 10, true));
  writer.amend(late_rows(5));
  writer.start();
  ASSERT_TRUE(comes_true([&] { return openings_ > 3; }));
  auto later = late_rows(7);
  later.insert(later.begin(), later.front());
  later.front().start += 300;
  writer.amend(std::move(later));
  EXPECT_EQ(writer.figures().pending_rows, 5U);
  is_away_ = false;
  ASSERT_TRUE(comes_true([&] { return writer.figures().pending_rows == 0; }));
  EXPECT_EQ(writer.stop(), 0U);
  // The second interval is amended, but nobody measured it.
  EXPECT_THAT(stored(), testing::ElementsAre(ContractInterval{
                            .start = kStart, .from_customer_bytes = 22, .revision = 2}));
  EXPECT_EQ(writer.figures().amended_bytes, 19U);
  EXPECT_EQ(writer.figures().unamended_bytes, 0U);
  EXPECT_THAT(amended, testing::ElementsAre(kStart, kStart));
}

TEST_F(Writer, AmendmentsBeyondTheBoundAreCounted) {
  LedgerWriter writer("run", open(), listeners(), quick(2));
  writer.amend(late_rows(1));
  writer.amend(late_rows(2));
  writer.amend(late_rows(4));
  EXPECT_EQ(writer.figures().unamended_bytes, 1U);
  EXPECT_EQ(writer.figures().dropped_rows, 1U);
  EXPECT_EQ(writer.figures().pending_rows, 2U);
  writer.save(save_of(0, 10, true));
  writer.start();
  EXPECT_EQ(writer.stop(), 0U);
}

TEST_F(Writer, AmendmentsThatPushOutIntervalsCountThemAsGone) {
  LedgerWriter writer("run", open(), listeners(), quick(2));
  writer.save(save_of(0, 10, true));
  EXPECT_EQ(writer.figures().pending_intervals, 1U);
  writer.amend(late_rows(1));
  EXPECT_EQ(writer.figures().pending_intervals, 0U);
  EXPECT_EQ(writer.figures().pending_rows, 1U);
  EXPECT_EQ(writer.figures().dropped_rows, 2U);
}

TEST_F(Writer, AnAmendmentOfGarbageHoldsUpNoOther) {
  constexpr std::uint64_t kGarbage = ~std::uint64_t{0};
  LedgerWriter writer("run", open(), listeners(), quick());
  writer.save(save_of(0, 10, true));
  writer.amend(late_rows(kGarbage));
  writer.amend(late_rows(7));
  writer.start();
  EXPECT_EQ(writer.stop(), 0U);
  EXPECT_THAT(stored(), testing::ElementsAre(ContractInterval{
                            .start = kStart, .from_customer_bytes = 17, .revision = 1}));
  EXPECT_EQ(writer.figures().amended_bytes, 7U);
  EXPECT_EQ(writer.figures().unamended_bytes, kGarbage);
  EXPECT_EQ(writer.figures().write_errors, 0U);
}

}  // namespace
}  // namespace weir::ledger
