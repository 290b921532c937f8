#include "exporters/ledger/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace weir::ledger {
namespace {

/// 2012-09-30T15:00:00Z.
constexpr std::int64_t kStart = 1'349'017'200;

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class LedgerTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "/ledger-" +
            testing::UnitTest::GetInstance()->current_test_info()->name() + ".db";
    std::filesystem::remove(path_);
  }
  void TearDown() override { std::filesystem::remove(path_); }

  [[nodiscard]] LedgerUrl url() const { return {.backend = Backend::Sqlite, .target = path_}; }
  [[nodiscard]] Ledger opened() const {
    auto ledger = Ledger::open(url());
    EXPECT_TRUE(ledger) << ledger.error().message;
    return std::move(*ledger);
  }

  std::string path_;
};

Batch batch_of(std::vector<IntervalRow> rows) {
  Batch batch{.intervals = std::move(rows), .coverage = {}, .reception = {}};
  for (const auto& row : batch.intervals)
    batch.coverage.push_back({.start = row.start, .seconds = 300});
  return batch;
}

TEST_F(LedgerTest, RowsOfSeveralRunsAndFamiliesAddUp) {
  Ledger ledger = opened();
  const IntervalRow v4{.contract = "IP-1",
                       .start = kStart,
                       .bytes = 1'000,
                       .packets = 10,
                       .records = 1,
                       .variance = 2.5};
  IntervalRow v6 = v4;
  v6.family = Family::Ipv6;
  v6.bytes = 30;
  IntervalRow to = v4;
  to.direction = Direction::ToCustomer;
  to.bytes = 7;
  ASSERT_TRUE(ledger.write("run-a", batch_of({v4, v6, to})));
  ASSERT_TRUE(ledger.write("run-b", batch_of({v4})));

  const auto intervals = ledger.intervals("IP-1", kStart, kStart + 300);
  ASSERT_TRUE(intervals) << intervals.error().message;
  ASSERT_EQ(intervals->size(), 1U);
  EXPECT_EQ(intervals->front().start, kStart);
  EXPECT_EQ(intervals->front().from_customer_bytes, 2'030U);
  EXPECT_EQ(intervals->front().to_customer_bytes, 7U);
  EXPECT_EQ(intervals->front().from_customer_deviation, 3U);  // the root of 7.5
}

TEST_F(LedgerTest, LateRecordsAmendExactlyOnceAlsoWhatIsDigestedOrSavedAgain) {
  const IntervalRow row{.contract = "IP-1", .start = kStart, .bytes = 1'000};
  ASSERT_TRUE(opened().write("run-a", batch_of({row})));
  ASSERT_TRUE(opened().digest_before(kStart + 3 * 86'400));
  IntervalRow late = row;
  late.bytes = 77;
  IntervalRow closed = late;
  closed.contract = "IP-2";
  const auto is_closed = [](std::string_view contract, std::int64_t) { return contract == "IP-2"; };
  const Amendments first{.number = 1, .rows = {late, closed}};
  const auto amended = opened().amend("run-a", first, is_closed);
  ASSERT_TRUE(amended) << amended.error().message;
  EXPECT_EQ(*amended, (Amended{.written_bytes = 77, .closed_bytes = 77}));

  const std::string before = bytes_of(path_);
  const auto again = opened().amend("run-a", first, is_closed);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, Amended{});
  ASSERT_TRUE(opened().write("run-a", batch_of({row})));
  EXPECT_EQ(bytes_of(path_), before);

  ASSERT_TRUE(opened().amend("run-a", {.number = 2, .rows = {late}}, is_closed));
  const auto intervals = opened().intervals("IP-1", kStart, kStart + 300);
  ASSERT_TRUE(intervals) << intervals.error().message;
  EXPECT_THAT(*intervals, testing::ElementsAre(ContractInterval{
                              .start = kStart, .from_customer_bytes = 1'154, .revision = 2}));
}

TEST_F(LedgerTest, WritingAgainChangesNoByteOfTheFile) {
  const Batch batch = batch_of({{.contract = "IP-1", .start = kStart, .bytes = 1'000}});
  ASSERT_TRUE(opened().write("run-a", batch));
  const std::string before = bytes_of(path_);
  ASSERT_TRUE(opened().write("run-a", batch));
  EXPECT_EQ(bytes_of(path_), before);
}

TEST_F(LedgerTest, AnAmendedRowReplacesTheOldOneAndSaysSo) {
  Ledger ledger = opened();
  ASSERT_TRUE(
      ledger.write("run-a", batch_of({{.contract = "IP-1", .start = kStart, .bytes = 1'000}})));
  ASSERT_TRUE(ledger.write(
      "run-a", batch_of({{.contract = "IP-1", .start = kStart, .bytes = 1'500, .revision = 1}})));
  const auto intervals = ledger.intervals("IP-1", kStart, kStart + 300);
  ASSERT_TRUE(intervals);
  ASSERT_EQ(intervals->size(), 1U);
  EXPECT_EQ(intervals->front().from_customer_bytes, 1'500U);
  EXPECT_EQ(intervals->front().revision, 1U);
}

TEST_F(LedgerTest, OneContractAndAllContractsAreReadAlike) {
  Ledger ledger = opened();
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(ledger.write(
        "run",
        batch_of(
            {{.contract = "A", .start = kStart + 300 * i, .bytes = 10U + static_cast<unsigned>(i)},
             {.contract = "B", .start = kStart + 300 * i, .bytes = 20}})));
  const std::vector<std::string> both{"B", "A", "unknown"};
  std::vector<std::uint64_t> of_a;
  std::vector<std::uint64_t> of_b;
  ASSERT_TRUE(
      ledger.each_interval(both, kStart + 300, kStart + 900,
                           [&](std::size_t contract, const ContractInterval& interval) {
                             (contract == 1 ? of_a : of_b).push_back(interval.from_customer_bytes);
                           }));
  EXPECT_THAT(of_a, testing::ElementsAre(11, 12));
  EXPECT_THAT(of_b, testing::ElementsAre(20, 20));
  EXPECT_EQ(ledger.intervals("A", kStart + 300, kStart + 900)->size(), 2U);
  EXPECT_EQ(ledger.intervals("unknown", kStart, kStart + 900)->size(), 0U);
}

TEST_F(LedgerTest, CoverageOfRunsAddsUpToAWholeIntervalAtMost) {
  Ledger ledger = opened();
  ASSERT_TRUE(ledger.write(
      "a", {.intervals = {}, .coverage = {{.start = kStart, .seconds = 120}}, .reception = {}}));
  ASSERT_TRUE(ledger.write(
      "b", {.intervals = {}, .coverage = {{.start = kStart, .seconds = 150}}, .reception = {}}));
  EXPECT_EQ(ledger.coverage(kStart, kStart + 300)->front().seconds, 270U);
  ASSERT_TRUE(ledger.write(
      "c", {.intervals = {}, .coverage = {{.start = kStart, .seconds = 300}}, .reception = {}}));
  EXPECT_EQ(ledger.coverage(kStart, kStart + 300)->front().seconds, 300U);
}

TEST_F(LedgerTest, ADigestGivesWhatTheRowsGiveUntilTheyChange) {
  Ledger ledger = opened();
  const std::int64_t day = kStart - kStart % 86'400;
  const std::vector<std::string> both{"A", "B"};
  const auto read = [&](std::int64_t from, std::int64_t until) {
    std::vector<std::pair<std::size_t, ContractInterval>> found;
    EXPECT_TRUE(ledger.each_interval(both, from, until,
                                     [&](std::size_t contract, const ContractInterval& interval) {
                                       found.emplace_back(contract, interval);
                                     }));
    std::ranges::sort(found, {},
                      [](const auto& entry) { return std::pair(entry.second.start, entry.first); });
    return found;
  };
  for (int i = -1; i < 289; ++i)
    ASSERT_TRUE(ledger.write("run", batch_of({{.contract = "A",
                                               .start = day + 300 * i,
                                               .bytes = 10U + static_cast<unsigned>(i),
                                               .variance = 400},
                                              {.contract = i % 7 == 0 ? "B" : "C",
                                               .start = day + 300 * i,
                                               .direction = Direction::ToCustomer,
                                               .bytes = 20,
                                               .revision = 2}})));
  const auto rows = read(day - 300, day + 86'700);
  const auto part = read(day + 600, day + 1'500);
  const auto of_one = ledger.intervals("A", day + 600, day + 1'500);
  EXPECT_EQ(*ledger.digest_before(day + 86'399), 1U);  // the day before
  EXPECT_EQ(*ledger.digest_before(day + 86'400), 1U);
  EXPECT_EQ(*ledger.digest_before(day + 86'400), 0U);
  EXPECT_EQ(read(day - 300, day + 86'700), rows);
  EXPECT_EQ(read(day + 600, day + 1'500), part);
  EXPECT_EQ(*ledger.intervals("A", day + 600, day + 1'500), *of_one);

  ASSERT_TRUE(ledger.write(
      "run", batch_of({{.contract = "A", .start = day + 600, .bytes = 99, .revision = 1}})));
  EXPECT_EQ(ledger.intervals("A", day + 600, day + 900)->front().from_customer_bytes, 99U);
  EXPECT_EQ(*ledger.digest_before(day + 86'400), 1U);
  EXPECT_EQ(ledger.intervals("A", day + 600, day + 900)->front().from_customer_bytes, 99U);
}

TEST_F(LedgerTest, AMaskHoldsForItsContractOrForAll) {
  Ledger ledger = opened();
  ASSERT_TRUE(ledger.add_mask({.contract = "A",
                               .from = kStart,
                               .until = kStart + 300,
                               .author = "noc",
                               .reason = "tests of the line",
                               .made_at = kStart + 1'000}));
  ASSERT_TRUE(ledger.add_mask({.contract = "",
                               .from = kStart + 600,
                               .until = kStart + 900,
                               .author = "noc",
                               .reason = "move",
                               .made_at = kStart + 1'001}));
  const auto of_a = ledger.masks("A", kStart, kStart + 900);
  ASSERT_TRUE(of_a);
  ASSERT_EQ(of_a->size(), 2U);
  EXPECT_EQ(of_a->front().reason, "tests of the line");
  EXPECT_EQ(ledger.masks("B", kStart, kStart + 900)->size(), 1U);
  EXPECT_EQ(ledger.masks("A", kStart + 300, kStart + 600)->size(), 0U);
}

TEST_F(LedgerTest, IsFoundSoundAfterEveryKindOfWrite) {
  {
    Ledger ledger = opened();
    Batch batch = batch_of({{.contract = "A", .start = kStart, .bytes = 1, .variance = 2.5}});
    batch.reception.push_back({.exporter = "r1", .start = kStart, .received = 99, .lost = 1});
    ASSERT_TRUE(ledger.write("run", batch));
    ASSERT_TRUE(ledger.add_mask({.contract = "A",
                                 .from = kStart,
                                 .until = kStart + 300,
                                 .author = "noc",
                                 .reason = "test",
                                 .made_at = kStart}));
    ASSERT_TRUE(ledger.digest_before(kStart + 2 * 86'400));
  }
  Ledger again = opened();
  const auto reception = again.reception(kStart, kStart + 300);
  ASSERT_TRUE(reception);
  ASSERT_EQ(reception->size(), 1U);
  EXPECT_EQ(reception->front().exporter, "r1");
  EXPECT_EQ(reception->front().received, 99U);
  EXPECT_EQ(reception->front().lost, 1U);
  const auto rows = again.rows_of("A", kStart);
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->front().run, "run");
  EXPECT_DOUBLE_EQ(rows->front().row.variance, 2.5);
  EXPECT_EQ(again.coverage_by_run(kStart)->front().seconds, 300U);
}

TEST_F(LedgerTest, WhatIsOlderThanTheRetentionIsForgotten) {
  Ledger ledger = opened();
  ASSERT_TRUE(ledger.write("a", batch_of({{.contract = "A", .start = kStart, .bytes = 1},
                                          {.contract = "A", .start = kStart + 300, .bytes = 2}})));
  EXPECT_EQ(*ledger.forget_before(kStart + 300), 1U);
  EXPECT_EQ(ledger.intervals("A", kStart, kStart + 600)->size(), 1U);
  EXPECT_EQ(ledger.coverage(kStart, kStart + 600)->size(), 1U);
}

TEST_F(LedgerTest, AFileThatIsNoLedgerIsRefusedAndLeftAsItIs) {
  {
    std::ofstream file(path_);
    file << std::string(8'192, 'x');
  }
  const auto ledger = Ledger::open(url());
  ASSERT_FALSE(ledger);
  EXPECT_EQ(ledger.error().code, ErrorCode::Malformed) << ledger.error().message;
  EXPECT_EQ(bytes_of(path_), std::string(8'192, 'x'));
}

TEST_F(LedgerTest, ALedgerThatIsNotThereIsNotMadeByAReader) {
  const auto ledger = Ledger::open_existing(url());
  ASSERT_FALSE(ledger);
  EXPECT_EQ(ledger.error().code, ErrorCode::NotFound);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(LedgerTest, AnAmountBeyondTheDatabasesIntegersUndoesTheWholeBatch) {
  Ledger ledger = opened();
  const auto written = ledger.write(
      "a", batch_of({{.contract = "A", .start = kStart, .bytes = 5},
                     {.contract = "A", .start = kStart + 300, .bytes = ~std::uint64_t{0}}}));
  EXPECT_FALSE(written);
  EXPECT_EQ(ledger.intervals("A", kStart, kStart + 600)->size(), 0U);
  ASSERT_TRUE(ledger.write("a", batch_of({{.contract = "A", .start = kStart, .bytes = 5}})));
  EXPECT_EQ(ledger.intervals("A", kStart, kStart + 600)->size(), 1U);
}

}  // namespace
}  // namespace weir::ledger
