#include "exporters/ledger/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "tests/support/postgres_shell.h"

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

/// The store on SQLite; on PostgreSQL where WEIR_TEST_POSTGRES names a database, which is emptied
/// for each test.
class LedgerTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto server = test::postgres_url();
    if (!server) return use_file();
    test::PostgresShell(*server).empty();
    url_ = {.backend = Backend::Postgresql, .target = *server};
  }
  void use_file() {
    path_ = testing::TempDir() + "/ledger-" +
            testing::UnitTest::GetInstance()->current_test_info()->name() + ".db";
    std::filesystem::remove(path_);
    url_ = {.backend = Backend::Sqlite, .target = path_};
  }
  void TearDown() override {
    if (!path_.empty()) std::filesystem::remove(path_);
  }

  [[nodiscard]] const LedgerUrl& url() const { return url_; }
  [[nodiscard]] Ledger opened() const {
    auto ledger = Ledger::open(url());
    EXPECT_TRUE(ledger) << ledger.error().message;
    return std::move(*ledger);
  }

  std::string path_;  ///< empty on PostgreSQL
  LedgerUrl url_;
};

/// What only a file has.
class LedgerFileTest : public LedgerTest {
 protected:
  void SetUp() override { use_file(); }
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

TEST_F(LedgerFileTest, LateRecordsAmendExactlyOnceAlsoWhatIsDigestedOrSavedAgain) {
  const IntervalRow row{.contract = "IP-1", .start = kStart, .bytes = 1'000};
  ASSERT_TRUE(opened().write("run-a", batch_of({row})));
  ASSERT_TRUE(opened().digest_before(kStart + 3 * 86'400));
  IntervalRow late = row;
  late.bytes = 77;
  const Amendments first{.number = 1, .rows = {late}};
  const auto amended = opened().amend("run-a", first);
  ASSERT_TRUE(amended) << amended.error().message;
  EXPECT_EQ(*amended, (Amended{.written_bytes = 77, .closed_bytes = 0}));

  const std::string before = bytes_of(path_);
  const auto again = opened().amend("run-a", first);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, Amended{});
  ASSERT_TRUE(opened().write("run-a", batch_of({row})));
  EXPECT_EQ(bytes_of(path_), before);

  ASSERT_TRUE(opened().amend("run-a", {.number = 2, .rows = {late}}));
  const auto intervals = opened().intervals("IP-1", kStart, kStart + 300);
  ASSERT_TRUE(intervals) << intervals.error().message;
  EXPECT_THAT(*intervals, testing::ElementsAre(ContractInterval{
                              .start = kStart, .from_customer_bytes = 1'154, .revision = 2}));
}

TEST_F(LedgerFileTest, WritingAgainChangesNoByteOfTheFile) {
  const Batch batch = batch_of({{.contract = "IP-1", .start = kStart, .bytes = 1'000}});
  ASSERT_TRUE(opened().write("run-a", batch));
  const std::string before = bytes_of(path_);
  ASSERT_TRUE(opened().write("run-a", batch));
  EXPECT_EQ(bytes_of(path_), before);
}

TEST_F(LedgerFileTest, ARunThatIsMadeAnewLosesTheRowsThatItHasNoMore) {
  const IntervalRow kept{.contract = "IP-1", .start = kStart, .bytes = 5};
  IntervalRow other_family = kept;
  other_family.family = Family::Ipv6;
  IntervalRow other_contract = kept;
  other_contract.contract = "IP-2";
  ASSERT_TRUE(opened().write("run", batch_of({kept})));
  ASSERT_TRUE(opened().write("run late", batch_of({kept, other_family, other_contract})));
  ASSERT_TRUE(opened().digest_before(kStart + 3 * 86'400));
  ASSERT_TRUE(opened().forget_others("nobody", {}, 0, kStart + 300));
  ASSERT_TRUE(opened().forget_others("run late", {}, 0, kStart));
  ASSERT_TRUE(opened().forget_others("run late", {}, kStart + 300, kStart + 600));
  EXPECT_EQ(opened().intervals("IP-1", kStart, kStart + 300)->front().from_customer_bytes, 15U);
  ASSERT_TRUE(opened().forget_others("run late", {kept}, kStart, kStart + 300));
  EXPECT_EQ(opened().intervals("IP-1", kStart, kStart + 300)->front().from_customer_bytes, 10U);
  EXPECT_EQ(opened().intervals("IP-2", kStart, kStart + 300)->size(), 0U);

  const std::string before = bytes_of(path_);
  ASSERT_TRUE(opened().forget_others("run late", {kept}, kStart, kStart + 300));
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
  const auto made = ledger.digest_before(day + 86'399);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(*made, 1U);  // the day before
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

TEST_F(LedgerTest, ADigestThatIsForgottenTakesItsDayAlong) {
  Ledger ledger = opened();
  const std::int64_t day = kStart - kStart % 86'400;
  for (const std::int64_t start : {day, day + 300, day + 86'400})
    ASSERT_TRUE(ledger.write("run", batch_of({{.contract = "A", .start = start, .bytes = 1}})));
  ASSERT_EQ(*ledger.digest_before(day + 2 * 86'400), 2U);
  ASSERT_EQ(*ledger.forget_before(day + 300), 1U);
  EXPECT_EQ(ledger.intervals("A", day, day + 2 * 86'400)->size(), 2U);
  EXPECT_EQ(*ledger.digest_before(day + 2 * 86'400), 1U);
  EXPECT_EQ(ledger.intervals("A", day, day + 2 * 86'400)->size(), 2U);
}

TEST_F(LedgerTest, ManyContractsOfADigestAreReadInParts) {
  Ledger ledger = opened();
  const std::int64_t day = kStart - kStart % 86'400;
  std::vector<std::string> names;
  std::vector<IntervalRow> rows;
  for (unsigned i = 0; i < 1'100; ++i) {
    names.push_back("C" + std::to_string(i));
    rows.push_back({.contract = names.back(), .start = day, .bytes = i + 1});
  }
  ASSERT_TRUE(ledger.write("run", batch_of(rows)));
  const auto sum = [&] {
    std::uint64_t bytes = 0;
    EXPECT_TRUE(ledger.each_interval(names, day, day + 86'400,
                                     [&](std::size_t contract, const ContractInterval& interval) {
                                       EXPECT_EQ(interval.from_customer_bytes, contract + 1);
                                       bytes += interval.from_customer_bytes;
                                     }));
    return bytes;
  };
  EXPECT_EQ(sum(), 1'100U * 1'101 / 2);
  ASSERT_EQ(*ledger.digest_before(day + 86'400), 1U);
  EXPECT_EQ(sum(), 1'100U * 1'101 / 2);
}

TEST_F(LedgerTest, SumsBeyondTheDatabasesIntegersAreExact) {
  Ledger ledger = opened();
  constexpr std::uint64_t kMost = 9'000'000'000'000'000'000;
  ASSERT_TRUE(ledger.write("a", batch_of({{.contract = "A", .start = kStart, .bytes = kMost}})));
  ASSERT_TRUE(ledger.write("b", batch_of({{.contract = "A", .start = kStart, .bytes = kMost}})));
  const auto intervals = ledger.intervals("A", kStart, kStart + 300);
  ASSERT_TRUE(intervals) << intervals.error().message;
  EXPECT_EQ(intervals->front().from_customer_bytes, kMost * 2);
}

TEST_F(LedgerTest, TimesBeyond32BitsAreKept) {
  Ledger ledger = opened();
  constexpr std::int64_t kLater = 4'102'444'800;  // 2100-01-01
  Batch batch = batch_of({{.contract = "A", .start = kLater, .bytes = 5}});
  batch.reception.push_back({.exporter = "r1", .start = kLater, .received = 1});
  ASSERT_TRUE(ledger.write("a", batch));
  EXPECT_EQ(ledger.intervals("A", kLater, kLater + 300)->at(0).start, kLater);
  EXPECT_EQ(ledger.coverage(kLater, kLater + 300)->at(0).start, kLater);
  EXPECT_EQ(ledger.reception(kLater, kLater + 300)->at(0).start, kLater);
}

TEST_F(LedgerTest, ContractsComeInTheOrderOfTheirNumbers) {
  Ledger ledger = opened();
  ASSERT_TRUE(ledger.write("a", batch_of({{.contract = "B", .start = kStart, .bytes = 5},
                                          {.contract = "A", .start = kStart, .bytes = 5}})));
  const std::vector<std::string> asked{"A", "unknown", "B"};
  EXPECT_THAT(*ledger.in_order(asked), testing::ElementsAre(2, 0, 1));
}

TEST_F(LedgerTest, ALedgerOfANewerVersionIsRefused) {
  ASSERT_TRUE(opened().write("a", batch_of({{.contract = "A", .start = kStart, .bytes = 5}})));
  const char* const newer = "UPDATE schema_version SET version = 1000";
  if (path_.empty()) {
    test::PostgresShell(url().target).run(newer);
  } else {
    sqlite3* file = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &file), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(file, newer, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(file);
  }
  const auto again = Ledger::open(url());
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::Usage) << again.error().message;
}

TEST_F(LedgerTest, InterfacesAddUpByFlowsAndKeepOneCounter) {
  Ledger ledger = opened();
  Batch batch{.intervals = {}, .coverage = {{kStart, 300}, {kStart + 300, 300}}, .reception = {}};
  batch.interfaces = {{.exporter = "r1",
                       .interface = 512,
                       .start = kStart,
                       .flow_bytes = 900,
                       .counter_bytes = 1'000},
                      {.exporter = "r1",
                       .interface = 512,
                       .side = InterfaceSide::Egress,
                       .start = kStart,
                       .flow_bytes = 5},
                      {.exporter = "r1", .interface = 512, .start = kStart + 300, .flow_bytes = 7},
                      {.exporter = "r2", .interface = 512, .start = kStart, .flow_bytes = 99},
                      {.exporter = "r1", .interface = 513, .start = kStart, .flow_bytes = 99}};
  ASSERT_TRUE(ledger.write("run-a", batch));
  const std::string before = bytes_of(path_);
  ASSERT_TRUE(ledger.write("run-a", batch));
  EXPECT_EQ(bytes_of(path_), before);
  Batch second{.intervals = {}, .coverage = {}, .reception = {}};
  second.interfaces = {{.exporter = "r1",
                        .interface = 512,
                        .start = kStart,
                        .flow_bytes = 50,
                        .counter_bytes = 1'001}};
  ASSERT_TRUE(ledger.write("run-b", second));
  const auto totals = ledger.interface_totals("r1", 512, kStart, kStart + 600);
  ASSERT_TRUE(totals) << totals.error().message;
  EXPECT_EQ(*totals, (std::vector<InterfaceTotal>{
                         {.start = kStart, .flow_bytes = {950, 5}, .counter_bytes = {1'001, {}}},
                         {.start = kStart + 300, .flow_bytes = {7, 0}, .counter_bytes = {}}}));
  EXPECT_TRUE(ledger.interface_totals("r3", 512, kStart, kStart + 600)->empty());
  // All at once give the same, and what the others carried.
  std::map<std::string, std::vector<InterfaceTotal>> all;
  ASSERT_TRUE(ledger.each_interface_total(
      kStart, kStart + 600,
      [&](const std::string& exporter, std::uint32_t interface, const InterfaceTotal& total) {
        all[exporter + "/" + std::to_string(interface)].push_back(total);
      }));
  EXPECT_EQ(all.at("r1/512"), *totals);
  std::size_t intervals = 0;
  for (const auto& [name, some] : all) {
    const std::size_t slash = name.find('/');
    const auto interface = static_cast<std::uint32_t>(std::stoul(name.substr(slash + 1)));
    EXPECT_EQ(some,
              *ledger.interface_totals(name.substr(0, slash), interface, kStart, kStart + 600));
    intervals += some.size();
  }
  EXPECT_GT(intervals, totals->size());
  // A counter that is taken back is none again.
  second.interfaces.front().counter_bytes.reset();
  ASSERT_TRUE(ledger.write("run-b", second));
  EXPECT_EQ(ledger.interface_totals("r1", 512, kStart, kStart + 300)->front().counter_bytes[0],
            1'000U);
  ASSERT_TRUE(ledger.forget_before(kStart + 300));
  EXPECT_EQ(ledger.interface_totals("r1", 512, kStart, kStart + 600)->size(), 1U);
}

TEST_F(LedgerTest, WhatArrivedFromAnExporterAddsUpOverRuns) {
  Ledger ledger = opened();
  ExportRow first{.exporter = "r1",
                  .protocol = Protocol::Netflow9,
                  .start = kStart,
                  .datagrams = 10,
                  .records = 200,
                  .received = 10,
                  .lost = 2,
                  .duplicate_datagrams = 1,
                  .restarts = 1,
                  .smallest_sampling = 1'000,
                  .largest_sampling = 2'000,
                  .bytes = {1, 2, 3, 4, 5, 6, 7, 8, 9}};
  const ExportRow unscaled{.exporter = "r1",
                           .protocol = Protocol::Netflow9,
                           .start = kStart,
                           .datagrams = 1,
                           .records = 5,
                           .received = 1,
                           .bytes = {10, 0, 0, 0, 0, 20, 0, 0, 0}};
  const ExportRow samples{.exporter = "r1",
                          .protocol = Protocol::Sflow5,
                          .start = kStart,
                          .datagrams = 3,
                          .smallest_sampling = 512,
                          .largest_sampling = 512};
  const auto write = [&](const char* run, std::vector<ExportRow> rows) {
    Batch batch{.intervals = {}, .coverage = {}, .reception = {}};
    batch.exports = std::move(rows);
    const auto written = ledger.write(run, batch);
    EXPECT_TRUE(written) << written.error().message;
  };
  write("a", {{.exporter = "r1", .protocol = Protocol::Netflow9, .start = kStart, .datagrams = 9}});
  write("a", {first, samples});
  write("a", {first, samples});
  write("b", {unscaled});
  first.datagrams = 11;
  first.records = 205;
  first.received = 11;
  first.bytes = {11, 2, 3, 4, 5, 26, 7, 8, 9};
  EXPECT_EQ(ledger.exports(kStart).value(), (std::vector{first, samples}));
  EXPECT_EQ(ledger.exports(kStart + 300).value(), std::vector<ExportRow>{});
  ASSERT_TRUE(ledger.forget_before(kStart + 300));
  EXPECT_EQ(ledger.exports(kStart).value(), std::vector<ExportRow>{});
}

TEST_F(LedgerTest, AnAmountOfGarbageIsCutAndKeepsNothingFromBeingWritten) {
  Ledger ledger = opened();
  ExportRow row{.exporter = "r1", .start = kStart};
  row.bytes[static_cast<std::size_t>(Fate::Implausible)] = ~std::uint64_t{0};
  Batch batch = batch_of({{.contract = "A", .start = kStart, .bytes = 5}});
  batch.exports = {row};
  for (const char* const run : {"a", "b", "c"}) ASSERT_TRUE(ledger.write(run, batch));
  row.bytes[static_cast<std::size_t>(Fate::Implausible)] = 3 * (std::uint64_t{1} << 56U);
  EXPECT_EQ(ledger.exports(kStart).value(), std::vector{row});
  EXPECT_EQ(ledger.intervals("A", kStart, kStart + 300)->front().from_customer_bytes, 15U);
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

TEST_F(LedgerFileTest, AFileThatIsNoLedgerIsRefusedAndLeftAsItIs) {
  {
    std::ofstream file(path_);
    file << std::string(8'192, 'x');
  }
  const auto ledger = Ledger::open(url());
  ASSERT_FALSE(ledger);
  EXPECT_EQ(ledger.error().code, ErrorCode::Malformed) << ledger.error().message;
  EXPECT_EQ(bytes_of(path_), std::string(8'192, 'x'));
}

TEST_F(LedgerFileTest, ALedgerThatIsNotThereIsNotMadeByAReader) {
  const auto ledger = Ledger::open_existing(url());
  ASSERT_FALSE(ledger);
  EXPECT_EQ(ledger.error().code, ErrorCode::NotFound);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

// One record of garbage must not keep an interval of all contracts from being written.
TEST_F(LedgerTest, PacketsThatNoRouterCarriesAreCut) {
  Ledger ledger = opened();
  ASSERT_TRUE(ledger.write("a", batch_of({{.contract = "A",
                                           .start = kStart,
                                           .bytes = 5,
                                           .packets = ~std::uint64_t{0},
                                           .records = 1}})));
  const auto rows = ledger.rows_of("A", kStart);
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->front().row.bytes, 5U);
  EXPECT_EQ(rows->front().row.packets, std::uint64_t{1} << 56U);
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
