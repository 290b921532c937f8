#include "collector/app/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "collector/app/csv_text.h"
#include "tests/support/config_files.h"

namespace weir::app {
namespace {

using testing::HasSubstr;
using testing::Not;

/// 2012-09-01T00:00:00+09:00, and the start of October there.
constexpr std::int64_t kSeptember = 1'346'425'200;
constexpr std::int64_t kOctober = 1'349'017'200;

contracts::Contract contract(const std::string& id, const std::string& exporter) {
  contracts::Contract made{.id = id, .customer = "=Example & <Sons>", .service = "ip"};
  made.committed = BitsPerSecond{1'000};
  made.billing.timezone = "Asia/Tokyo";
  made.attach.push_back(
      {.where = contracts::InterfaceAttachment{
           .exporter = exporter, .interface = std::uint32_t{1}, .vlan = std::nullopt}});
  return made;
}

class ReportTest : public testing::Test {
 protected:
  void SetUp() override {
    config.contracts.push_back(contract("A", "r1"));
    auto opened =
        ledger::Ledger::open({.backend = ledger::Backend::Sqlite, .target = files.path("weir.db")});
    ASSERT_TRUE(opened) << opened.error().message;
    store.emplace(std::move(*opened));
  }

  /// One interval of A in both directions, measured for so many seconds.
  void carry(std::int64_t start, std::uint64_t from_bytes, std::uint64_t to_bytes,
             std::uint32_t seconds = 300) {
    ledger::Batch batch{.intervals = {}, .coverage = {{start, seconds}}, .reception = {}};
    if (from_bytes != 0)
      batch.intervals.push_back({.contract = "A", .start = start, .bytes = from_bytes});
    if (to_bytes != 0)
      batch.intervals.push_back(
          {.contract = "A", .start = start, .direction = Direction::ToCustomer, .bytes = to_bytes});
    ASSERT_TRUE(store->write("run", batch));
  }
  Report report(const char* month = "2012-09", const std::string& only = {}) {
    const ReportRequest request{.month = *billing::parse_month(month),
                                .quarter = std::nullopt,
                                .fiscal = {},
                                .contract = only};
    auto made = make_report(config, *store, request);
    EXPECT_TRUE(made) << made.error().message;
    return made ? std::move(*made) : Report{};
  }

  test::ConfigFiles files;
  config::Config config;
  std::optional<ledger::Ledger> store;
};

TEST_F(ReportTest, AnIntervalBelongsToTheMonthOfItsContractsTimeZone) {
  carry(kOctober - 300, 37'500, 0);  // 2012-09-30T14:55:00Z
  carry(kOctober, 75'000, 0);        // 15:00:00Z
  const auto september = report("2012-09").contracts.front().statement;
  // It is over, since the ledger goes on behind it.
  ASSERT_TRUE(september.figures);
  EXPECT_EQ(september.figures->direction.from_customer.bytes, 37'500U);
  EXPECT_EQ(september.period.start, traffic_time_ms(kSeptember * 1'000));
  EXPECT_EQ(september.intervals.expected, 8'640U);
  const auto october = report("2012-10").contracts.front().statement;
  EXPECT_EQ(october.figures->direction.from_customer.bytes, 75'000U);
  // What is running is expected up to its last closed interval.
  EXPECT_EQ(october.intervals.expected, 1U);
}

TEST_F(ReportTest, AnAmendmentCountsInTheMonthOfItsContractsTimeZoneAlone) {
  config.contracts.push_back(contract("B", "r1"));
  config.contracts.back().billing.timezone = "UTC";
  carry(kOctober - 300, 37'500, 0);
  carry(kOctober, 37'500, 0);  // still September in UTC
  const ledger::Amendments late{.number = 1,
                                .rows = {{.contract = "A", .start = kOctober, .bytes = 300},
                                         {.contract = "B", .start = kOctober, .bytes = 300}}};
  ASSERT_TRUE(store->amend("run", late));
  const auto september = report("2012-09");
  EXPECT_EQ(september.contracts[0].amended_intervals, 0U);
  EXPECT_EQ(september.contracts[1].amended_intervals, 1U);
  EXPECT_EQ(report("2012-10").contracts[0].amended_intervals, 1U);
}

TEST_F(ReportTest, MissingIsNotZeroAndPartialCounts) {
  carry(kSeptember, 37'500, 0);
  carry(kSeptember + 300, 0, 0);            // measured, and nothing came
  carry(kSeptember + 900, 37'500, 0, 150);  // half measured; +600 is missing
  const auto statement = report().contracts.front().statement;
  EXPECT_EQ(statement.intervals.expected, 4U);
  EXPECT_EQ(statement.intervals.measured, 3U);
  EXPECT_EQ(statement.intervals.zero, 1U);
  EXPECT_EQ(statement.intervals.partial, 1U);
  EXPECT_EQ(statement.intervals.missing, 1U);
  EXPECT_TRUE(statement.is_provisional);
  EXPECT_EQ(statement.figures->billed.value.value(), 1'000U);
}

TEST_F(ReportTest, APortIsBilledFromItsCountersAndFlowsStandBeside) {
  config.contracts.front().billing.source = contracts::BillingSource::Counter;
  for (std::int64_t i = 0; i < 3; ++i) carry(kSeptember + i * 300, 37'500, 0);
  ledger::Batch batch{.intervals = {}, .coverage = {}, .reception = {}};
  const auto count = [&](std::int64_t start, InterfaceSide side,
                         std::optional<std::uint64_t> bytes) {
    batch.interfaces.push_back({.exporter = "r1",
                                .interface = 1,
                                .side = side,
                                .start = start,
                                .flow_bytes = 37'500,
                                .counter_bytes = bytes});
  };
  count(kSeptember, InterfaceSide::Ingress, 75'000);  // 2,000 bit/s from the customer
  count(kSeptember, InterfaceSide::Egress, 112'500);  // 3,000 bit/s to it
  count(kSeptember + 300, InterfaceSide::Ingress, 0);
  count(kSeptember + 300, InterfaceSide::Egress, 0);
  // Flows know this one, counters do not: it is missing.
  count(kSeptember + 600, InterfaceSide::Ingress, 75'000);
  count(kSeptember + 600, InterfaceSide::Egress, std::nullopt);
  ASSERT_TRUE(store->write("run", batch));
  const Report made = report("2012-09", "A");
  const auto& one = made.contracts.front();
  EXPECT_EQ(one.statement.intervals.expected, 3U);
  EXPECT_EQ(one.statement.intervals.measured, 2U);
  EXPECT_EQ(one.statement.intervals.zero, 1U);
  EXPECT_EQ(one.statement.intervals.missing, 1U);
  EXPECT_EQ(one.statement.figures->direction.from_customer.percentile.value.value(), 2'000U);
  EXPECT_EQ(one.statement.figures->billed.value.value(), 3'000U);
  EXPECT_EQ(one.statement.overage.value(), 2'000U);
  EXPECT_FALSE(one.statement.is_estimated);
  EXPECT_EQ(one.by_flow->figures->billed.value.value(), 1'000U);
  EXPECT_EQ(one.by_flow->intervals.measured, 3U);
  EXPECT_THAT(report_json(made), HasSubstr(R"("source":"counter")"));
  EXPECT_THAT(report_json(made), HasSubstr(R"("by_flow":{"layer":"ethernet",)"
                                           R"("percentile_bits_per_second":1000,)"));
  EXPECT_THAT(report_html(made), HasSubstr("from the interface's counters</p>"));
  EXPECT_THAT(report_html(made), HasSubstr("by flows, not billed: percentile 0.001 Mbit/s of 3"));
  EXPECT_THAT(report_csv(made), HasSubstr(",false,counter,2000,3000,"));
  EXPECT_THAT(report_text(made), HasSubstr("source counter"));
  EXPECT_THAT(report_text(made), HasSubstr("by flows (not billed): percentile 0.001 Mbit/s"));
}

// Domain requirement 8.
TEST_F(ReportTest, AMaskIsNamedWithItsAuthorReasonAndTimeAndTheUnmaskedValueStays) {
  constexpr std::array<std::uint64_t, 20> kMbps{120, 135, 150, 180, 200, 240, 260, 300, 310, 330,
                                                350, 400, 420, 450, 480, 500, 640, 720, 910, 1'500};
  for (std::size_t i = 0; i < kMbps.size(); ++i)
    carry(kSeptember + static_cast<std::int64_t>(i) * 300, kMbps[i] * 37'500'000, 0);
  ASSERT_TRUE(store->add_mask({.contract = "A",
                               .from = kSeptember + 18 * 300,
                               .until = kSeptember + 20 * 300,
                               .author = "sato",
                               .reason = "attack",
                               .made_at = kOctober}));
  const Report made = report("2012-09", "A");
  EXPECT_EQ(made.contracts.front().statement.intervals.masked, 2U);
  const std::string json = report_json(made);
  EXPECT_THAT(json, HasSubstr(R"("percentile_bits_per_second":720000000,)"));
  EXPECT_THAT(json, HasSubstr(R"("percentile_without_masks_bits_per_second":910000000)"));
  EXPECT_THAT(json, HasSubstr(R"("masks":[{"from":"2012-08-31T16:30:00Z",)"
                              R"("until":"2012-08-31T16:40:00Z","author":"sato",)"
                              R"("reason":"attack","made_at":"2012-09-30T15:00:00Z"}])"));
  EXPECT_THAT(report_text(made),
              HasSubstr("masked 2012-08-31T16:30:00Z to 2012-08-31T16:40:00Z by sato at "
                        "2012-09-30T15:00:00Z: attack\nwithout masks: 910.000 Mbit/s\n"));
  EXPECT_THAT(report_html(made),
              HasSubstr("masked 2012-08-31T16:30:00Z to 2012-08-31T16:40:00Z by sato at "
                        "2012-09-30T15:00:00Z: attack"));
}

TEST_F(ReportTest, LossCountsOnlyOnTheExportersThatTheContractHangsOn) {
  carry(kSeptember, 37'500, 0);
  ledger::Batch lost{.intervals = {}, .coverage = {}, .reception = {}};
  lost.reception.push_back({.exporter = "r2", .start = kSeptember, .received = 1, .lost = 9});
  ASSERT_TRUE(store->write("run", lost));
  EXPECT_EQ(report().contracts.front().statement.intervals.partial, 0U);
  lost.reception.front().exporter = "r1";
  ASSERT_TRUE(store->write("run", lost));
  EXPECT_EQ(report().contracts.front().statement.intervals.partial, 1U);
}

TEST_F(ReportTest, AContractThatIsNotConfiguredIsAUsageError) {
  const auto made = make_report(config, *store,
                                {.month = *billing::parse_month("2012-09"),
                                 .quarter = std::nullopt,
                                 .fiscal = {},
                                 .contract = "nobody"});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::Usage);
}

TEST_F(ReportTest, WithoutDataEveryFormatSaysSoAndTheCommitIsOwed) {
  const Report empty = report();
  EXPECT_THAT(report_json(empty), HasSubstr(R"("percentile_bits_per_second":null)"));
  EXPECT_THAT(report_json(empty), HasSubstr(R"("billable_bits_per_second":1000)"));
  EXPECT_THAT(report_csv(empty), HasSubstr(",nearest_rank,ethernet,,1000,0,8640,0,8640,0,"));
  EXPECT_THAT(report_text(empty), HasSubstr("no data"));
  EXPECT_THAT(report_html(empty), HasSubstr("no data"));
}

TEST_F(ReportTest, TextOfTheContractIsSafeInEveryFormat) {
  carry(kSeptember, 37'500, 75'000);
  const Report made = report();
  EXPECT_THAT(report_csv(made), HasSubstr("'=Example & <Sons>"));
  EXPECT_THAT(report_html(made), HasSubstr("=Example &amp; &lt;Sons&gt;"));
  EXPECT_THAT(report_html(made), Not(HasSubstr("<Sons>")));
  EXPECT_THAT(report_json(made), HasSubstr(R"("customer":"=Example & <Sons>")"));
}

TEST_F(ReportTest, OneContractHasAChartWithItsCommitAndPercentile) {
  carry(kSeptember, 37'500, 75'000);
  const std::string text = report_text(report("2012-09", "A"));
  EXPECT_THAT(text, HasSubstr("2012-08-31 |"));
  EXPECT_THAT(text, HasSubstr("C"));
  EXPECT_THAT(text, HasSubstr("percentile 0.002"));
}

TEST(CsvText, GuardsSpreadsheetsAndQuotes) {
  EXPECT_EQ(csv_text("plain"), "plain");
  EXPECT_EQ(csv_text("a,\"b\"\n"), "\"a,\"\"b\"\"\n\"");
  EXPECT_EQ(csv_text("-1+2"), "'-1+2");
  EXPECT_EQ(csv_text("@x"), "'@x");
  EXPECT_EQ(csv_text(""), "");
}

}  // namespace
}  // namespace weir::app
