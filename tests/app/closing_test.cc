#include "collector/app/closing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stop_token>

#include "collector/app/report.h"
#include "collector/app/revisions.h"
#include "collector/app/terms_history.h"
#include "collector/app/terms_text.h"
#include "tests/support/config_files.h"

namespace weir::app {
namespace {

using std::chrono::November;
using std::chrono::September;
using std::chrono::year;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

/// September 2012 of Tokyo.
constexpr std::int64_t kSeptember = 1'346'425'200;
constexpr std::int64_t kOctober = 1'349'017'200;
constexpr std::int64_t kDay = 86'400;
constexpr billing::Month kMonth = year{2012} / September;

TrafficTime at(std::int64_t seconds) { return traffic_time_ms(seconds * 1'000); }

class ClosingTest : public testing::Test {
 protected:
  void SetUp() override {
    config.contracts.push_back(contract("A", "Asia/Tokyo"));
    auto opened =
        ledger::Ledger::open({.backend = ledger::Backend::Sqlite, .target = files.path("weir.db")});
    ASSERT_TRUE(opened) << opened.error().message;
    store.emplace(std::move(*opened));
  }

  static contracts::Contract contract(const std::string& id, const std::string& timezone) {
    contracts::Contract made{.id = id, .customer = "Example", .service = "ip"};
    made.committed = BitsPerSecond{10'000'000};
    made.billing.timezone = timezone;
    made.attach = attachments_at({"r1"});
    return made;
  }

  /// From A, whole intervals of so many Mbps one after the other.
  void carry(std::int64_t start, std::uint64_t first_mbps, std::uint64_t last_mbps,
             const char* run = "run") {
    ledger::Batch batch;
    for (std::uint64_t mbps = first_mbps; mbps <= last_mbps; ++mbps, start += 300) {
      batch.intervals.push_back(
          {.contract = "A", .start = start, .bytes = mbps * 37'500'000, .variance = 1e12});
      batch.coverage.push_back({.start = start, .seconds = 300});
    }
    ASSERT_TRUE(store->write(run, batch));
  }
  void mask(std::int64_t from, std::int64_t until) {
    ASSERT_TRUE(store->add_mask({.contract = "A",
                                 .from = from,
                                 .until = until,
                                 .author = "noc",
                                 .reason = "attack",
                                 .made_at = kOctober}));
  }
  std::vector<ClosedBillLine> close(std::int64_t now, const CloseRequest& request = {},
                                    CloseMode mode = CloseMode::Store) {
    auto closed = close_periods(*store, config, request, at(now), mode);
    EXPECT_TRUE(closed) << closed.error().message;
    return closed ? std::move(*closed) : std::vector<ClosedBillLine>{};
  }
  Report report() {
    ReportRequest request{.month = kMonth, .quarter = std::nullopt, .fiscal = {}, .contract = {}};
    request.now = at(kOctober + kDay * 10);
    auto made = make_report(config, *store, request);
    EXPECT_TRUE(made) << made.error().message;
    return made ? std::move(*made) : Report{};
  }
  std::vector<ledger::ClosedStatement> rows(std::uint32_t month = 201209) {
    auto found = ledger::StatementStore(*store).revisions(month, {});
    EXPECT_TRUE(found) << found.error().message;
    return found ? std::move(*found) : std::vector<ledger::ClosedStatement>{};
  }
  Result<Correction> corrected(std::optional<std::uint64_t> billable = std::nullopt,
                               TermsOf terms = TermsOf::Bill) {
    CorrectionRequest request{.contract = "A",
                              .month = kMonth,
                              .author = "A. Sato",
                              .reason = "ticket 4711",
                              .billable = std::nullopt,
                              .terms = terms};
    if (billable) request.billable = BitsPerSecond{*billable};
    return correct(*store, config, request, at(kOctober + kDay * 7));
  }

  test::ConfigFiles files;
  config::Config config;
  std::optional<ledger::Ledger> store;
};

TEST_F(ClosingTest, APeriodIsClosedFiveDaysAfterItsEndAndOnce) {
  carry(kSeptember, 1, 20);
  EXPECT_THAT(close(kOctober + 5 * kDay - 1), IsEmpty());
  const auto closed = close(kOctober + 5 * kDay);
  ASSERT_THAT(closed, SizeIs(1));
  EXPECT_EQ(closed.front().contract, "A");
  EXPECT_EQ(closed.front().month, kMonth);
  EXPECT_EQ(closed.front().billable.value(), 19'000'000U);
  const auto before = rows();
  EXPECT_THAT(close(kOctober + 6 * kDay), IsEmpty());
  EXPECT_EQ(rows(), before);
}

TEST_F(ClosingTest, TheStoredBillSaysEverythingInPlainColumns) {
  carry(kSeptember, 1, 20);
  mask(kSeptember + 19 * 300, kSeptember + 20 * 300);
  close(kOctober + 5 * kDay, {.month = std::nullopt, .contract = {}, .author = "billing"});
  ASSERT_THAT(rows(), SizeIs(1));
  const auto row = rows().front();
  EXPECT_EQ(row.month, 201209U);
  EXPECT_EQ(row.revision, 1U);
  EXPECT_EQ(row.period_start, kSeptember);
  EXPECT_EQ(row.period_end, kOctober);
  EXPECT_EQ(row.closed_at, kOctober + 5 * kDay);
  EXPECT_EQ(row.author, "billing");
  EXPECT_EQ(row.method, "nearest_rank");
  EXPECT_EQ(row.direction_rule, "max_of_percentiles");
  EXPECT_EQ(row.layer, "ethernet");
  EXPECT_EQ(row.expected, 8'640U);
  EXPECT_EQ(row.measured, 19U);
  EXPECT_EQ(row.missing, 8'620U);
  EXPECT_EQ(row.masked, 1U);
  EXPECT_EQ(row.completeness, 2'199U);  // 19 of 8639
  EXPECT_EQ(row.provisional, 1U);
  EXPECT_EQ(row.committed, 10'000'000U);
  EXPECT_EQ(row.percentile, 19'000'000U);  // of 19 none is discarded
  EXPECT_EQ(row.error, 52'267U);           // 1.96 * 10^6 bytes * 8 / 300 s, rounded up
  EXPECT_EQ(row.from_customer, 19'000'000U);
  EXPECT_EQ(row.to_customer, 0U);
  EXPECT_EQ(row.billable, 19'000'000U);
  EXPECT_EQ(row.overage, 9'000'000U);
  EXPECT_EQ(row.previous_billable, std::nullopt);
  EXPECT_EQ(row.exporters, R"(["r1"])");
  EXPECT_THAT(row.masks, HasSubstr(R"("author":"noc","reason":"attack")"));
  EXPECT_THAT(row.digest, testing::MatchesRegex("xxh3-[0-9a-f]+"));
}

TEST_F(ClosingTest, AClosedBillStandsWhateverHappensToItsRows) {
  carry(kSeptember, 1, 20);
  close(kOctober + 5 * kDay);
  const auto statement = report().contracts.front().statement;
  EXPECT_EQ(statement.billable.value(), 19'000'000U);
  EXPECT_EQ(statement.intervals.expected, 8'640U);
  EXPECT_EQ(report().contracts.front().closed->recomputed_billable, std::nullopt);
  EXPECT_THAT(report_json(report()), Not(HasSubstr("recomputed")));

  mask(kSeptember + 18 * 300, kSeptember + 20 * 300);  // the 19 and the 20
  auto shown = report().contracts.front();
  EXPECT_EQ(shown.statement, statement);
  EXPECT_EQ(shown.closed->recomputed_billable, BitsPerSecond{18'000'000});
  carry(kSeptember + 17 * 300, 5, 5, "another run");  // 18 becomes 23
  shown = report().contracts.front();
  EXPECT_EQ(shown.statement, statement);
  EXPECT_EQ(shown.closed->recomputed_billable, BitsPerSecond{23'000'000});
  ASSERT_TRUE(store->forget_before(kOctober));
  shown = report().contracts.front();
  EXPECT_EQ(shown.statement, statement);
  EXPECT_EQ(shown.closed->recomputed_billable, BitsPerSecond{10'000'000});  // the commit
}

TEST_F(ClosingTest, EveryFormatSaysThatABillIsClosedAndWhatTheRowsGiveNow) {
  carry(kSeptember, 1, 20);
  EXPECT_THAT(report_json(report()), HasSubstr(R"("closed":false)"));
  close(kOctober + 5 * kDay);
  mask(kSeptember + 18 * 300, kSeptember + 20 * 300);
  const Report all = report();
  EXPECT_THAT(report_json(all),
              HasSubstr(R"("closed":true,"closed_at":"2012-10-05T15:00:00Z","revision":1,)"
                        R"("author":"weir","reason":"the period is over",)"
                        R"("recomputed_billable_bits_per_second":18000000)"));
  EXPECT_THAT(report_csv(all), HasSubstr(",2012-10-05T15:00:00Z,1,18000000\r\n"));
  EXPECT_THAT(report_text(all), HasSubstr(" closed"));
  EXPECT_THAT(report_html(all), HasSubstr("closed 2012-10-05T15:00:00Z by weir"));
  EXPECT_THAT(report_html(all), HasSubstr("give 18.000 Mbit/s billable now"));
  ReportRequest one{.month = kMonth, .quarter = std::nullopt, .fiscal = {}, .contract = "A"};
  const auto made = make_report(config, *store, one);
  ASSERT_TRUE(made);
  EXPECT_THAT(report_text(*made), HasSubstr("closed 2012-10-05T15:00:00Z by weir: the period is "
                                            "over (revision 1)"));
  EXPECT_THAT(report_text(*made), HasSubstr("give 18.000 Mbit/s billable now"));
}

TEST_F(ClosingTest, ACorrectionIsARevisionAndTheOldOneStays) {
  carry(kSeptember, 1, 20);
  close(kOctober + 5 * kDay);
  const auto first = rows().front();
  const auto nothing = corrected();
  ASSERT_TRUE(nothing) << nothing.error().message;
  EXPECT_EQ(nothing->after.revision, 1U);

  mask(kSeptember + 18 * 300, kSeptember + 20 * 300);
  const auto done = corrected();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->before, first);
  EXPECT_EQ(done->after.revision, 2U);
  EXPECT_EQ(done->after.billable, 18'000'000U);
  EXPECT_EQ(done->after.previous_billable, 19'000'000U);
  EXPECT_EQ(done->after.author, "A. Sato");
  EXPECT_EQ(done->after.reason, "ticket 4711");
  EXPECT_EQ(done->after.closed_at, kOctober + 7 * kDay);
  EXPECT_EQ(done->after.digest, first.digest);  // a mask changes no row
  ASSERT_THAT(rows(), SizeIs(2));
  EXPECT_EQ(rows()[0], first);
  EXPECT_EQ(rows()[1], done->after);
  const auto shown = report().contracts.front();
  EXPECT_EQ(shown.statement.billable.value(), 18'000'000U);
  EXPECT_EQ(shown.statement.masks.size(), 1U);
  EXPECT_EQ(shown.closed->revision, 2U);
  EXPECT_EQ(shown.closed->recomputed_billable, std::nullopt);
  EXPECT_THAT(revisions_text(rows()),
              HasSubstr("A 2012-09 revision 2, 2012-10-07T15:00:00Z by A. Sato: ticket 4711\n  "
                        "billable 18.000 Mbit/s instead of 19.000, overage 8.000, 18 of 8640 "
                        "intervals measured, 8620 missing, 2 masked\n"));
  EXPECT_THAT(revisions_json(rows()), HasSubstr(R"("previous_billable_bits_per_second":19000000)"));
  EXPECT_EQ(revisions_text({}), "no period of that month is closed\n");
  EXPECT_THAT(close(kOctober + 8 * kDay), IsEmpty());
}

TEST_F(ClosingTest, AnAgreedRateLeavesTheFiguresAsTheyWere) {
  carry(kSeptember, 1, 20);
  close(kOctober + 5 * kDay);
  const auto before = report().contracts.front().statement;
  const auto done = corrected(12'000'000);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->after.overage, 2'000'000U);
  auto expected = before;
  expected.billable = BitsPerSecond{12'000'000};
  expected.overage = BitsPerSecond{2'000'000};
  EXPECT_EQ(report().contracts.front().statement, expected);
  EXPECT_EQ(corrected(0)->after.overage, 0U);
  EXPECT_EQ(report().contracts.front().closed->revision, 3U);
}

TEST_F(ClosingTest, WhatIsNotClosedOrNoLongerThereIsNotCorrected) {
  carry(kSeptember, 1, 20);
  const auto open = corrected();
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().code, ErrorCode::Usage);
  close(kOctober + 5 * kDay);
  ASSERT_TRUE(store->forget_before(kSeptember + 10 * 300));
  const auto gone = corrected();
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, ErrorCode::Unavailable);
  EXPECT_THAT(rows(), SizeIs(1));
  EXPECT_TRUE(corrected(1'000));
}

TEST_F(ClosingTest, TermsThatChangedAfterwardsActOnlyThroughACorrection) {
  ASSERT_TRUE(note_terms(*store, config.contracts, at(kSeptember)));
  carry(kSeptember, 1, 20);
  config.contracts.front().committed = BitsPerSecond{30'000'000};
  ASSERT_TRUE(note_terms(*store, config.contracts, at(kOctober)));
  EXPECT_EQ(report().contracts.front().statement.billable.value(), 19'000'000U);
  close(kOctober + 5 * kDay);
  EXPECT_EQ(rows().front().committed, 10'000'000U);
  EXPECT_EQ(corrected()->after.revision, 1U);
  const auto done = corrected(std::nullopt, TermsOf::Configuration);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->after.billable, 30'000'000U);
  EXPECT_EQ(done->after.committed, 30'000'000U);
}

TEST_F(ClosingTest, MonthsEndWhereTheirTimeZoneSaysWithClockChanges) {
  config.contracts = {contract("N", "America/New_York"), contract("L", "Europe/London")};
  constexpr std::int64_t kNovemberLondon = 1'351'728'000;   // 2012-11-01T00:00:00Z
  constexpr std::int64_t kNovemberNewYork = 1'351'742'400;  // 04:00:00Z
  constexpr std::int64_t kDecemberNewYork = 1'354'338'000;  // 2012-12-01T05:00:00Z
  carry(kNovemberLondon - 300, 1, 1);
  carry(kNovemberNewYork, 1, 1);
  carry(kDecemberNewYork - 300, 1, 1);
  EXPECT_THAT(close(kNovemberLondon + 5 * kDay - 1), IsEmpty());
  EXPECT_THAT(close(kNovemberNewYork + 5 * kDay - 1), SizeIs(1));
  EXPECT_EQ(rows(201210).front().contract, "L");
  EXPECT_EQ(rows(201210).front().expected, 8'940U);
  EXPECT_EQ(rows(201210).front().period_end, kNovemberLondon);
  EXPECT_THAT(close(kNovemberNewYork + 5 * kDay), SizeIs(1));
  const auto london = close(kDecemberNewYork + 5 * kDay - 1);
  ASSERT_THAT(london, SizeIs(1));
  EXPECT_EQ(london.front().contract, "L");
  const auto new_york = close(kDecemberNewYork + 5 * kDay);
  ASSERT_THAT(new_york, SizeIs(1));
  EXPECT_EQ(new_york.front().contract, "N");
  const auto november = rows(201211);
  ASSERT_THAT(november, SizeIs(2));
  EXPECT_EQ(november[1].expected, 8'652U);
  EXPECT_EQ(november[1].period_start, kNovemberNewYork);
  EXPECT_EQ(november[1].period_end, kDecemberNewYork);
}

TEST_F(ClosingTest, AMonthWithoutAnyMeasurementIsClosedOnlyWhenItIsAskedFor) {
  carry(kSeptember, 1, 20);
  EXPECT_THAT(close(kOctober + 100 * kDay), SizeIs(1));
  CloseRequest november{.month = year{2012} / November, .contract = {}};
  const auto asked = close(kOctober + 100 * kDay, november);
  ASSERT_THAT(asked, SizeIs(1));
  EXPECT_EQ(asked.front().billable.value(), 10'000'000U);
  EXPECT_EQ(rows(201211).front().percentile, std::nullopt);
}

TEST_F(ClosingTest, ListingWritesNothing) {
  carry(kSeptember, 1, 20);
  EXPECT_THAT(close(kOctober + 5 * kDay, {}, CloseMode::List), SizeIs(1));
  EXPECT_THAT(rows(), IsEmpty());
}

TEST_F(ClosingTest, AContractThatDidNotHoldHasNoBill) {
  config.contracts.front().valid_from = at(kOctober);
  carry(kSeptember, 1, 20);
  EXPECT_THAT(close(kOctober + 5 * kDay), IsEmpty());
}

TEST_F(ClosingTest, AClosedBillOfAContractThatIsGoneIsStillShown) {
  carry(kSeptember, 1, 20);
  close(kOctober + 5 * kDay);
  config.contracts.front().id = "B";
  const Report all = report();
  ASSERT_THAT(all.contracts, SizeIs(2));
  EXPECT_EQ(all.contracts[0].statement.subject.contract, "B");
  EXPECT_EQ(all.contracts[1].statement.subject.contract, "A");
  EXPECT_EQ(all.contracts[1].statement.billable.value(), 19'000'000U);
}

TEST_F(ClosingTest, AContractThatIsNotConfiguredIsAUsageError) {
  carry(kSeptember, 1, 20);
  const CloseRequest nobody{.month = std::nullopt, .contract = "nobody"};
  const auto closed =
      close_periods(*store, config, nobody, at(kOctober + 5 * kDay), CloseMode::Store);
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, ErrorCode::Usage);
}

TEST_F(ClosingTest, WhatIsStoppedKeepsWhatItHasAndGoesOnNextTime) {
  config.contracts.push_back(contract("B", "Asia/Tokyo"));
  config.contracts.push_back(contract("C", "Asia/Tokyo"));
  carry(kSeptember, 1, 20);
  std::stop_source stop;
  stop.request_stop();
  std::vector<std::string> closed;
  for (int start = 0; start < 4; ++start) {
    const auto lines = close_due(*store, config, at(kOctober + 5 * kDay), stop.get_token());
    ASSERT_TRUE(lines) << lines.error().message;
    EXPECT_LE(lines->size(), 1U);
    for (const auto& line : *lines) closed.push_back(line.contract);
  }
  EXPECT_THAT(closed, testing::UnorderedElementsAre("A", "B", "C"));
  EXPECT_THAT(*ledger::StatementStore(*store).latest(201'209, {}), SizeIs(3));
}

TEST_F(ClosingTest, AnEmptyLedgerHasNothingDue) {
  const auto closed = close_due(*store, config, at(kOctober + 5 * kDay));
  ASSERT_TRUE(closed) << closed.error().message;
  EXPECT_THAT(*closed, IsEmpty());
}

}  // namespace
}  // namespace weir::app
