#include "collector/app/billing_tracker.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <boost/json.hpp>
#include <random>

#include "collector/app/closing.h"
#include "collector/app/report.h"
#include "collector/config/config.h"
#include "exporters/http/contracts_json.h"
#include "exporters/prometheus/traffic_collectable.h"
#include "tests/support/config_files.h"

namespace weir::app {
namespace {

namespace json = boost::json;

/// 2012-10-01T00:00:00+09:00.
constexpr std::int64_t kOctober = 1'349'017'200;

contracts::Contract contract(std::string id, std::string exporter, contracts::DirectionRule rule,
                             std::string timezone = "Asia/Tokyo") {
  contracts::Contract made{.id = std::move(id), .customer = "Example", .service = "ip"};
  made.committed = BitsPerSecond{1'000'000};
  made.ceiling = BitsPerSecond{40'000'000};
  made.billing.direction = rule;
  made.billing.timezone = std::move(timezone);
  made.attach.push_back(
      {.where = contracts::InterfaceAttachment{
           .exporter = std::move(exporter), .interface = std::uint32_t{1}, .vlan = std::nullopt}});
  return made;
}

class BillingTrackerTest : public testing::Test {
 protected:
  void SetUp() override {
    using contracts::DirectionRule;
    config.contracts = {contract("B", "r1", DirectionRule::MaxOfPercentiles),
                        contract("A", "r2", DirectionRule::PercentileOfSum),
                        contract("C", "r1", DirectionRule::PercentileOfMax, "UTC")};
    config.contracts[1].valid_from = time_of(kOctober - 86'400);
    take_contracts();
    auto opened =
        ledger::Ledger::open({.backend = ledger::Backend::Sqlite, .target = files.path("weir.db")});
    ASSERT_TRUE(opened) << opened.error().message;
    store.emplace(std::move(*opened));
  }

  static TrafficTime time_of(std::int64_t seconds) { return traffic_time_ms(seconds * 1'000); }

  void take_contracts() {
    contracts::ContractTable::Input input;
    std::uint32_t slot = 0;
    for (const auto& one : config.contracts)
      input.contracts.push_back({.slot = Slot{slot++}, .contract = one});
    table = contracts::ContractTable::build(std::move(input));
  }

  /// Intervals of [from, until): gaps, parts, loss, zeros and traffic with errors.
  void carry_anything(std::int64_t from, std::int64_t until) {
    ledger::Batch batch;
    const auto any = [this](std::uint64_t below) { return random() % below; };
    for (std::int64_t start = from; start < until; start += 300) {
      if (any(12) == 0) continue;
      batch.coverage.push_back(
          {.start = start, .seconds = any(6) == 0 ? static_cast<std::uint32_t>(any(301)) : 300U});
      batch.reception.push_back({.exporter = any(2) == 0 ? "r1" : "r2",
                                 .start = start,
                                 .received = 100,
                                 .lost = any(3) == 0 ? any(9) : 0});
      for (const auto& one : config.contracts) {
        if (any(5) == 0) continue;
        for (const Direction direction : {Direction::FromCustomer, Direction::ToCustomer})
          batch.intervals.push_back({.contract = one.id,
                                     .start = start,
                                     .direction = direction,
                                     .bytes = any(1'500'000'000),
                                     .packets = 1,
                                     .records = 1,
                                     .variance = static_cast<double>(any(1'000'000'000'000))});
      }
    }
    ASSERT_TRUE(store->write("run", batch));
  }

  BillingTracker::View update(BillingTracker& tracker, std::int64_t closed_until) {
    auto view = tracker.update(*store, table, time_of(closed_until));
    EXPECT_TRUE(view) << view.error().message;
    return view ? *view : nullptr;
  }
  /// By a tracker that has seen nothing.
  BillingTracker::View from_scratch(std::int64_t closed_until) {
    BillingTracker fresh;
    return update(fresh, closed_until);
  }
  json::object reported(const char* month, std::string_view id) {
    const auto made = make_report(config, *store,
                                  {.month = *billing::parse_month(month),
                                   .quarter = std::nullopt,
                                   .fiscal = {},
                                   .contract = std::string(id)});
    EXPECT_TRUE(made);
    return json::parse(report_json(*made)).at("contracts").at(0).as_object();
  }
  static void expect_same(const json::object& report, const billing::PeriodView& view) {
    EXPECT_EQ(report.at("percentile_bits_per_second").to_number<std::uint64_t>(),
              view.so_far.percentile->value());
    EXPECT_EQ(report.at("billable_bits_per_second").to_number<std::uint64_t>(),
              view.billable.value());
    EXPECT_EQ(report.at("overage_bits_per_second").to_number<std::uint64_t>(),
              view.overage.value());
    EXPECT_EQ(report.at("intervals_expected").to_number<std::uint64_t>(), view.intervals.expected);
    EXPECT_EQ(report.at("intervals_measured").to_number<std::uint64_t>(), view.intervals.measured);
    EXPECT_EQ(report.at("intervals_partial").to_number<std::uint64_t>(), view.intervals.partial);
    EXPECT_EQ(report.at("intervals_missing").to_number<std::uint64_t>(), view.intervals.missing);
    EXPECT_EQ(report.at("intervals_masked").to_number<std::uint64_t>(), view.intervals.masked);
    EXPECT_EQ(report.at("provisional").as_bool(), view.is_provisional);
    EXPECT_EQ(report.at("estimated").as_bool(), view.is_estimated);
    EXPECT_EQ(report.at("to_customer").at("percentile_bits_per_second").to_number<std::uint64_t>(),
              view.directions->to_customer.value());
  }

  static double metric(const prometheus::MetricSet& set, const char* name, std::string_view id,
                       const char* period) {
    const auto* family = set.find(name);
    if (family == nullptr) return -1;
    const std::string labels = fmt::format(R"(contract="{}",period="{}")", id, period);
    for (const auto& sample : family->samples)
      if (sample.labels == labels)
        return std::visit([](auto value) { return static_cast<double>(value); }, sample.value);
    return -1;
  }
  prometheus::MetricSet metrics(const BillingTracker::View& view) {
    prometheus::Sources sources;
    sources.table = [this] { return table; };
    sources.billing = [view] { return view; };
    return prometheus::TrafficCollectable(std::move(sources)).gather();
  }
  static json::object in_api(const contracts::Contract& contract,
                             const BillingTracker::View& view) {
    return http::contract_json(
        {.contract = &contract, .rate = std::nullopt, .billed = view->find(contract.id)},
        http::CustomerNames::Hidden);
  }

  test::ConfigFiles files;
  config::Config config;
  BillingTracker::Table table;
  std::optional<ledger::Ledger> store;
  std::mt19937_64 random{20'121'001};
};

// Domain requirement 42.
TEST_F(BillingTrackerTest, ReportAndMetricGiveTheSamePercentileToTheBit) {
  constexpr std::int64_t kNow = kOctober + 20 * 3'600;
  carry_anything(kOctober - 3 * 86'400, kNow);
  ASSERT_TRUE(store->add_mask({.contract = "B",
                               .from = kOctober + 1'000,
                               .until = kOctober + 9'000,
                               .author = "sato",
                               .reason = "attack",
                               .made_at = kOctober}));
  ASSERT_TRUE(store->digest_before(kNow));
  const auto view = from_scratch(kNow);
  const auto set = metrics(view);
  for (const char* const id : {"A", "B", "C"}) {
    const auto* one = view->find(id);
    ASSERT_NE(one, nullptr);
    const auto current = reported("2012-10", id);
    expect_same(current, one->current);
    const auto previous = reported("2012-09", id);
    expect_same(previous, *one->previous);
    const auto bits = [&](const char* period) {
      return metric(set, "weir_contract_percentile_bytes_per_second", id, period) * 8;
    };
    EXPECT_EQ(bits("current"), current.at("percentile_bits_per_second").to_number<double>());
    EXPECT_EQ(bits("previous"), previous.at("percentile_bits_per_second").to_number<double>());
  }
  EXPECT_EQ(view->find("nobody"), nullptr);
}

// Domain requirements 7 and 42.
TEST_F(BillingTrackerTest, ReportMetricAndApiSayAlikeWhatIsProvisionalAndEstimated) {
  // Of twenty intervals one is missing, and then one more: 0.95 and 0.90.
  const auto carry = [&](std::int64_t index, double variance) {
    ledger::Batch batch;
    batch.coverage.push_back({.start = kOctober + index * 300, .seconds = 300});
    batch.intervals.push_back({.contract = "B",
                               .start = kOctober + index * 300,
                               .bytes = 37'500'000,
                               .packets = 1,
                               .records = 1,
                               .variance = variance});
    ASSERT_TRUE(store->write("run", batch));
  };
  const auto expect = [&](std::int64_t closed_until, bool is_provisional, bool is_estimated) {
    const auto view = from_scratch(closed_until);
    const auto set = metrics(view);
    EXPECT_EQ(reported("2012-10", "B").at("provisional"), is_provisional);
    EXPECT_EQ(reported("2012-10", "B").at("estimated"), is_estimated);
    const auto api = in_api(config.contracts[0], view).at("current").as_object();
    EXPECT_EQ(api.at("provisional"), is_provisional);
    EXPECT_EQ(api.at("estimated"), is_estimated);
    EXPECT_EQ(metric(set, "weir_contract_month_provisional", "B", "current"), is_provisional);
    EXPECT_EQ(metric(set, "weir_contract_month_estimated", "B", "current"), is_estimated);
  };
  for (std::int64_t i = 0; i < 20; ++i)
    if (i != 7) carry(i, 0);
  expect(kOctober + 20 * 300, false, false);
  carry(21, 1'000'000'000'000);
  expect(kOctober + 22 * 300, true, true);
}

// Domain requirements 25 and 42.
TEST_F(BillingTrackerTest, AClosedMonthIsTheStoredBillWhateverItsRowsSaySince) {
  const std::int64_t now = kOctober + 6 * 86'400;
  carry_anything(kOctober - 86'400, kOctober + 3'600);
  ASSERT_TRUE(close_due(*store, config, time_of(now)));
  const auto closed = reported("2012-09", "B");
  ASSERT_TRUE(store->add_mask({.contract = "B",
                               .from = kOctober - 86'400,
                               .until = kOctober - 7'200,
                               .author = "sato",
                               .reason = "attack",
                               .made_at = now}));
  const auto view = from_scratch(kOctober + 3'600);
  const auto shown = reported("2012-09", "B");
  EXPECT_EQ(shown.at("percentile_bits_per_second"), closed.at("percentile_bits_per_second"));
  expect_same(shown, *view->find("B")->previous);
  EXPECT_EQ(metric(metrics(view), "weir_contract_percentile_bytes_per_second", "B", "previous") * 8,
            shown.at("percentile_bits_per_second").to_number<double>());
  const auto again = from_scratch(kOctober + 3'600);
  EXPECT_EQ(*again, *view);
}

// Domain requirement 42.
TEST_F(BillingTrackerTest, APortBilledFromItsCountersHasTheSamePercentileEverywhere) {
  config.contracts[0].billing.source = contracts::BillingSource::Counter;
  take_contracts();
  const auto count = [&](std::int64_t index, std::optional<std::uint64_t> egress) {
    ledger::Batch batch;
    batch.coverage.push_back({.start = kOctober + index * 300, .seconds = 300});
    batch.intervals.push_back(
        {.contract = "B", .start = kOctober + index * 300, .bytes = 37'500'000});
    for (const auto side : {InterfaceSide::Ingress, InterfaceSide::Egress})
      batch.interfaces.push_back({.exporter = "r1",
                                  .interface = 1,
                                  .side = side,
                                  .start = kOctober + index * 300,
                                  .flow_bytes = 37'500'000,
                                  .counter_bytes = side == InterfaceSide::Egress
                                                       ? egress
                                                       : std::optional<std::uint64_t>(1'000'000)});
    ASSERT_TRUE(store->write("run", batch));
  };
  BillingTracker tracker;
  for (std::int64_t i = 0; i < 30; ++i) {
    // Interval i has closed by flows; counters have come up to the one before.
    const auto view = update(tracker, kOctober + (i + 1) * 300);
    if (i > 0) {
      const auto report = reported("2012-10", "B");
      const auto& current = view->find("B")->current;
      EXPECT_EQ(report.at("source"), "counter");
      EXPECT_EQ(report.at("percentile_bits_per_second").to_number<std::uint64_t>(),
                current.so_far.percentile->value());
      EXPECT_EQ(report.at("intervals_measured").to_number<std::uint64_t>(),
                current.intervals.measured);
      EXPECT_FALSE(current.is_estimated);
    }
    // Every fifth has no reading.
    const auto egress = static_cast<std::uint64_t>(38'000'000 + 7'919 * (i * 7 % 30));
    count(i, i % 5 == 3 ? std::nullopt : std::optional(egress));
  }
  // What has no row is missing once it cannot come any more.
  const auto later = update(tracker, kOctober + 40 * 300)->find("B")->current;
  EXPECT_EQ(later.intervals.expected, 36U);
  EXPECT_EQ(later.intervals.measured, 24U);
  EXPECT_EQ(later.intervals.missing, 12U);
}

TEST_F(BillingTrackerTest, IntervalByIntervalIsAsFromScratch) {
  std::int64_t now = kOctober - 2 * 3'600;
  carry_anything(now - 86'400, now);
  BillingTracker tracker;
  EXPECT_EQ(*update(tracker, now), *from_scratch(now));
  // Over the border of the month, of Tokyo and not of UTC.
  for (int step = 0; step < 60; ++step) {
    const std::int64_t next = now + 300 * static_cast<std::int64_t>(1 + random() % 3);
    carry_anything(now, next);
    now = next;
    ASSERT_EQ(*update(tracker, now), *from_scratch(now)) << step;
  }
}

TEST_F(BillingTrackerTest, AnAmendmentAndAMaskComeInWithinTheirTime) {
  const std::int64_t now = kOctober + 7'200;
  carry_anything(kOctober, now);
  BillingTracker tracker;
  ASSERT_NE(update(tracker, now), nullptr);
  ledger::Batch late;
  late.intervals.push_back(
      {.contract = "B", .start = kOctober, .bytes = 90'000'000'000, .revision = 1});
  late.coverage.push_back({.start = kOctober, .seconds = 300});
  ASSERT_TRUE(store->write("late", late));
  // An interval in the past says that it has changed.
  ASSERT_NE(update(tracker, kOctober + 300), nullptr);
  EXPECT_NE(*update(tracker, now + 300), *from_scratch(now + 300));
  EXPECT_EQ(*update(tracker, now + 600), *from_scratch(now + 600));

  ASSERT_TRUE(store->add_mask({.contract = "",
                               .from = kOctober,
                               .until = kOctober + 600,
                               .author = "sato",
                               .reason = "attack",
                               .made_at = kOctober}));
  EXPECT_NE(*update(tracker, now + 900), *from_scratch(now + 900));
  EXPECT_EQ(*update(tracker, now + 600 + 3'600), *from_scratch(now + 600 + 3'600));
}

TEST_F(BillingTrackerTest, APreviousPeriodIsReadAgainOnceOneOfItsIntervalsHasChanged) {
  const std::int64_t now = kOctober + 7'200;
  carry_anything(kOctober - 3 * 86'400, now);
  BillingTracker tracker;
  const auto before = update(tracker, now)->find("B")->previous;
  ledger::Batch late;
  late.intervals.push_back(
      {.contract = "B", .start = kOctober - 600, .bytes = 90'000'000'000, .revision = 1});
  late.coverage.push_back({.start = kOctober - 600, .seconds = 300});
  ASSERT_TRUE(store->write("late", late));
  // Of the current period: the other one is not read for it.
  tracker.note_amendment(kOctober);
  EXPECT_EQ(update(tracker, now + 600)->find("B")->previous, before);
  tracker.note_amendment(kOctober - 600);
  EXPECT_EQ(*update(tracker, now + 1'200), *from_scratch(now + 1'200));
  EXPECT_NE(*from_scratch(now + 1'200)->find("B")->previous, *before);
}

TEST_F(BillingTrackerTest, NewContractsAreTakenAndForgettingReadsAgain) {
  const std::int64_t now = kOctober + 7'200;
  carry_anything(kOctober - 86'400, now);
  BillingTracker tracker;
  EXPECT_EQ(update(tracker, now)->contracts.size(), 3U);
  config.contracts.pop_back();
  take_contracts();
  EXPECT_EQ(*update(tracker, now), *from_scratch(now));
  ASSERT_TRUE(store->add_mask({.contract = "B",
                               .from = kOctober - 3'600,
                               .until = kOctober + 600,
                               .author = "sato",
                               .reason = "attack",
                               .made_at = kOctober}));
  tracker.forget();
  EXPECT_EQ(*update(tracker, now), *from_scratch(now));
}

TEST_F(BillingTrackerTest, AnEmptyLedgerGivesContractsWithoutFigures) {
  BillingTracker tracker;
  const auto view = tracker.observe(*store, table, 0);
  ASSERT_TRUE(view);
  ASSERT_EQ((*view)->contracts.size(), 3U);
  EXPECT_EQ((*view)->contracts[0].subject.contract, "A");
  EXPECT_EQ((*view)->contracts[0].current.so_far.percentile, std::nullopt);
  EXPECT_EQ((*view)->contracts[0].state, billing::IntervalState::Missing);
}

}  // namespace
}  // namespace weir::app
