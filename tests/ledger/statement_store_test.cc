#include "exporters/ledger/statement_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace weir::ledger {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// September 2012 of Tokyo.
constexpr std::int64_t kStart = 1'346'425'200;
constexpr std::int64_t kEnd = 1'349'017'200;

ClosedStatement bill(const std::string& contract, std::uint32_t revision = 1) {
  return {.contract = contract,
          .month = 201209,
          .revision = revision,
          .period_start = kStart,
          .period_end = kEnd,
          .closed_at = kEnd + 432'000,
          .author = "weir",
          .reason = "it's over",
          .method = "nearest_rank",
          .direction_rule = "max_of_percentiles",
          .layer = "ethernet",
          .expected = 8'640,
          .measured = 8'639,
          .partial = 2,
          .missing = 1,
          .masked = 0,
          .completeness = 999'884,
          .provisional = 0,
          .committed = 1'000,
          .percentile = 1'500,
          .error = 7,
          .from_customer = 1'500,
          .to_customer = 0,
          .billable = 1'500,
          .overage = 500,
          .previous_billable = std::nullopt,
          .exporters = R"(["r1"])",
          .masks = "[]",
          .digest = "xxh3-0",
          .statement = "{}"};
}

NotedTerms terms(const std::string& contract, std::int64_t noted_at, const std::string& text) {
  return {.contract = contract,
          .revision = 1,
          .noted_at = noted_at,
          .valid_from = kStart,
          .committed = 1'000,
          .terms = text};
}

class StatementStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    path = testing::TempDir() + "/statements-" +
           testing::UnitTest::GetInstance()->current_test_info()->name() + ".db";
    std::filesystem::remove(path);
    auto opened = Ledger::open({.backend = Backend::Sqlite, .target = path});
    ASSERT_TRUE(opened) << opened.error().message;
    ledger.emplace(std::move(*opened));
    store.emplace(*ledger);
  }
  void TearDown() override { std::filesystem::remove(path); }

  [[nodiscard]] std::string file() const {
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
  }

  std::string path;
  std::optional<Ledger> ledger;
  std::optional<StatementStore> store;
};

TEST_F(StatementStoreTest, TermsAreStoredOnlyWhereTheyDifferFromTheLatest) {
  EXPECT_EQ(store->note(std::vector{terms("A", 1, "x"), terms("B", 1, "x")}), 2U);
  const std::string before = file();
  EXPECT_EQ(store->note(std::vector{terms("A", 2, "x"), terms("B", 2, "x")}), 0U);
  EXPECT_EQ(file(), before);
  EXPECT_EQ(store->note(std::vector{terms("A", 3, "y")}), 1U);
  NotedTerms back = terms("A", 4, "x");
  back.valid_from = std::nullopt;
  EXPECT_EQ(store->note(std::vector{back}), 1U);
  NotedTerms second = terms("A", 3, "y");
  second.revision = 2;
  back.revision = 3;
  const auto noted = store->noted();
  ASSERT_TRUE(noted) << noted.error().message;
  EXPECT_THAT(*noted, ElementsAre(terms("A", 1, "x"), second, back, terms("B", 1, "x")));
}

TEST_F(StatementStoreTest, WhatIsClosedStaysAsItIs) {
  ClosedStatement empty = bill("B");
  empty.percentile = empty.error = empty.from_customer = empty.to_customer = std::nullopt;
  EXPECT_EQ(store->add(std::vector{bill("A"), empty}), 2U);
  const std::string before = file();
  ClosedStatement other = bill("A");
  other.billable = 9'999;
  EXPECT_EQ(store->add(std::vector{other}), 0U);
  EXPECT_EQ(file(), before);
  const auto latest = store->latest(201209, {});
  ASSERT_TRUE(latest) << latest.error().message;
  EXPECT_THAT(*latest, ElementsAre(bill("A"), empty));
  EXPECT_THAT(*store->latest(201210, {}), IsEmpty());
}

TEST_F(StatementStoreTest, EveryRevisionStaysReadable) {
  ClosedStatement corrected = bill("A", 2);
  corrected.author = "A. Sato";
  corrected.billable = 1'400;
  corrected.previous_billable = 1'500;
  EXPECT_EQ(store->add(std::vector{bill("A"), bill("B")}), 2U);
  EXPECT_EQ(store->add(std::vector{corrected}), 1U);
  EXPECT_THAT(*store->revisions(201209, {}), ElementsAre(bill("A"), corrected, bill("B")));
  EXPECT_THAT(*store->revisions(201209, "A"), ElementsAre(bill("A"), corrected));
  EXPECT_THAT(*store->latest(201209, "A"), ElementsAre(corrected));
  EXPECT_THAT(*store->latest(201209, "nobody"), IsEmpty());
}

TEST_F(StatementStoreTest, ClosedPeriodsAreFoundByTheTimeThatTheyTouch) {
  EXPECT_EQ(store->add(std::vector{bill("A"), bill("A", 2), bill("B")}), 3U);
  const ClosedPeriod of_a{.contract = "A", .month = 201209};
  const ClosedPeriod of_b{.contract = "B", .month = 201209};
  EXPECT_THAT(*store->closed_periods({}, kEnd - 1, kEnd + 1), ElementsAre(of_a, of_b));
  EXPECT_THAT(*store->closed_periods("B", 0, kStart + 1), ElementsAre(of_b));
  EXPECT_THAT(*store->closed_periods({}, kEnd, kEnd + 1), IsEmpty());
  EXPECT_THAT(*store->closed_periods({}, 0, kStart), IsEmpty());
  EXPECT_EQ(ledger->closed_until("A"), kEnd);
  EXPECT_EQ(ledger->closed_until("nobody"), 0);
}

TEST_F(StatementStoreTest, LateRecordsAmendNoClosedPeriod) {
  EXPECT_EQ(store->add(std::vector{bill("A")}), 1U);
  const IntervalRow closed{.contract = "A", .start = kEnd - 300, .bytes = 5};
  const IntervalRow next{.contract = "A", .start = kEnd, .bytes = 7};
  const IntervalRow other{.contract = "B", .start = kEnd - 300, .bytes = 11};
  const auto amended = ledger->amend("run", {.number = 1, .rows = {closed, next, other}});
  ASSERT_TRUE(amended) << amended.error().message;
  EXPECT_EQ(*amended, (Amended{.written_bytes = 18, .closed_bytes = 5}));
  EXPECT_THAT(*ledger->rows_of("A", kEnd - 300), IsEmpty());
  EXPECT_EQ(ledger->rows_of("A", kEnd)->size(), 1U);
}

TEST_F(StatementStoreTest, RetentionLeavesBillsAndTerms) {
  const IntervalRow row{.contract = "A", .start = kStart, .bytes = 1};
  ASSERT_TRUE(
      ledger->write("run", {.intervals = {row}, .coverage = {{kStart, 300}}, .reception = {}}));
  EXPECT_EQ(*ledger->first_interval(), kStart);
  EXPECT_EQ(store->add(std::vector{bill("A")}), 1U);
  EXPECT_EQ(store->note(std::vector{terms("A", 1, "x")}), 1U);
  EXPECT_EQ(ledger->forget_before(kEnd), 1U);
  EXPECT_EQ(*ledger->first_interval(), std::nullopt);
  EXPECT_THAT(*store->latest(201209, {}), ElementsAre(bill("A")));
  EXPECT_THAT(*store->noted(), ElementsAre(terms("A", 1, "x")));
}

}  // namespace
}  // namespace weir::ledger
