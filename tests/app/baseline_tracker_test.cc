#include "collector/app/baseline_tracker.h"

#include <gtest/gtest.h>

#include <optional>

#include "tests/support/config_files.h"

namespace weir::app {
namespace {

constexpr std::int64_t kHour = 3'600;
constexpr std::int64_t kWeek = 168 * kHour;
/// 2026-03-11T01:00:00Z, a Wednesday, 10 in the morning of Tokyo.
constexpr std::int64_t kNow = 1'773'190'800;
/// Bytes of five minutes at 1 Mbit/s.
constexpr std::uint64_t kMegabit = 37'500'000;

contracts::Contract contract(const std::string& id, const std::string& timezone) {
  contracts::Contract made{.id = id, .customer = "Example", .service = "ip", .pop = "Tokyo"};
  made.committed = BitsPerSecond{1'000'000'000};
  made.billing.timezone = timezone;
  made.attach.push_back(
      {.where = contracts::InterfaceAttachment{
           .exporter = "r1", .interface = std::uint32_t{1}, .vlan = std::nullopt}});
  return made;
}

/// Contract A carries 410, 430, 395 and 420 Mbit/s to the customer in the hour of kNow, four to one
/// weeks before, and a tenth of that from it.
class BaselineTrackerTest : public testing::Test {
 protected:
  void SetUp() override {
    terms.weeks = 4;
    take_contracts({contract("A", "Asia/Tokyo")});
    auto opened =
        ledger::Ledger::open({.backend = ledger::Backend::Sqlite, .target = files.path("weir.db")});
    ASSERT_TRUE(opened) << opened.error().message;
    store.emplace(std::move(*opened));
    constexpr std::array<std::uint64_t, 4> kUsual{410, 430, 395, 420};
    for (std::size_t i = 0; i < kUsual.size(); ++i)
      carry("A", kNow - static_cast<std::int64_t>(4 - i) * kWeek, kHour, kUsual[i]);
  }

  void take_contracts(std::vector<contracts::Contract> list) {
    contracts::ContractTable::Input input;
    std::uint32_t slot = 0;
    for (auto& one : list)
      input.contracts.push_back({.slot = Slot{slot++}, .contract = std::move(one)});
    table = contracts::ContractTable::build(std::move(input));
  }

  /// So many Mbit/s for so long; nullopt: measured, without traffic.
  void carry(const std::string& id, std::int64_t from, std::int64_t seconds,
             std::optional<std::uint64_t> megabits, std::uint32_t covered = 300) {
    ledger::Batch batch;
    for (std::int64_t start = from; start < from + seconds; start += 300) {
      batch.coverage.push_back({start, covered});
      if (!megabits) continue;
      batch.intervals.push_back({.contract = id,
                                 .start = start,
                                 .direction = Direction::ToCustomer,
                                 .bytes = *megabits * kMegabit});
      batch.intervals.push_back({.contract = id,
                                 .start = start,
                                 .direction = Direction::FromCustomer,
                                 .bytes = *megabits * kMegabit / 10});
    }
    write(batch);
  }
  void write(const ledger::Batch& batch) {
    const auto written = store->write("run", batch);
    ASSERT_TRUE(written) << written.error().message;
  }

  /// The view once all that has closed by `until` has been weighed.
  BaselineTracker::View weigh(BaselineTracker& by, std::int64_t until) {
    by.note_closed(until - 300);
    BaselineTracker::View seen;
    for (steps = 0; by.has_work(); ++steps) {
      auto view = by.step(*store, table);
      EXPECT_TRUE(view) << view.error().message;
      if (!view) return nullptr;
      seen = std::move(*view);
    }
    return seen;
  }
  /// What is told of `id` to the customer; nullopt without a baseline.
  std::optional<billing::DirectionBaseline> told(const BaselineTracker::View& view,
                                                 const std::string& id = "A") {
    const auto* one = view ? view->find(id) : nullptr;
    return one != nullptr ? std::optional(one->directions.to_customer) : std::nullopt;
  }
  /// Whether A is above after these five minutes more.
  std::optional<bool> after(std::int64_t until) {
    const auto one = told(weigh(tracker, until));
    return one ? std::optional(one->is_above) : std::nullopt;
  }

  test::ConfigFiles files;
  config::Baseline terms;
  BaselineTracker::Table table;
  std::optional<ledger::Ledger> store;
  BaselineTracker tracker{[] {
    config::Baseline four;
    four.weeks = 4;
    return four;
  }()};
  int steps = 0;
};

// Domain requirement 39.
TEST_F(BaselineTrackerTest, TheSameHourOfFourWeeksGivesTheLevels) {
  carry("A", kNow, 300, 415);
  const auto view = weigh(tracker, kNow + 300);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->as_of, traffic_time_ms((kNow + 300) * 1'000));
  ASSERT_EQ(view->contracts.size(), 1U);
  const auto& directions = view->contracts[0].directions;
  EXPECT_DOUBLE_EQ(directions.to_customer.levels.median, 415e6);
  EXPECT_DOUBLE_EQ(directions.to_customer.levels.high, 503.956e6);
  EXPECT_DOUBLE_EQ(directions.to_customer.levels.low, 459.478e6);
  EXPECT_DOUBLE_EQ(directions.from_customer.levels.median, 41.5e6);
  EXPECT_DOUBLE_EQ(directions.from_customer.levels.high, 50.3956e6);
  EXPECT_FALSE(directions.to_customer.is_above);
}

TEST_F(BaselineTrackerTest, DigestsOfDaysChangeNothing) {
  carry("A", kNow, 900, 600);
  const auto before = weigh(tracker, kNow + 900);
  ASSERT_GT(store->digest_before(kNow).value_or(0), 0U);
  BaselineTracker other(terms);
  const auto after_digest = weigh(other, kNow + 900);
  ASSERT_TRUE(before && after_digest);
  EXPECT_EQ(*before, *after_digest);
  EXPECT_TRUE(told(before)->is_above);
}

TEST_F(BaselineTrackerTest, ThreeIntervalsRaiseAndTheLowerLevelClears) {
  const std::array<std::uint64_t, 6> rates{504, 504, 504, 470, 459, 470};
  const std::array<bool, 6> above{false, false, true, true, false, false};
  for (std::size_t i = 0; i < rates.size(); ++i) {
    const std::int64_t start = kNow + static_cast<std::int64_t>(i) * 300;
    carry("A", start, 300, rates[i]);
    EXPECT_EQ(after(start + 300), above[i]) << i;
  }
}

TEST_F(BaselineTrackerTest, WhatIsMissingNeitherRaisesNorClears) {
  carry("A", kNow, 600, 600);
  EXPECT_EQ(after(kNow + 600), false);
  EXPECT_EQ(after(kNow + 900), false);  // nothing was measured
  carry("A", kNow + 900, 300, 600);
  EXPECT_EQ(after(kNow + 1'200), true);
  EXPECT_EQ(after(kNow + 1'800), true);
  // Half of an interval cannot clear; a whole one without traffic can.
  carry("A", kNow + 1'800, 300, 100, 150);
  EXPECT_EQ(after(kNow + 2'100), true);
  carry("A", kNow + 2'100, 300, std::nullopt);
  EXPECT_EQ(after(kNow + 2'400), false);
}

TEST_F(BaselineTrackerTest, ALostPartOfExportDoesNotClear) {
  carry("A", kNow, 900, 600);
  EXPECT_EQ(after(kNow + 900), true);
  carry("A", kNow + 900, 300, 300);
  write({.intervals = {},
         .coverage = {},
         .reception = {{.exporter = "r1", .start = kNow + 900, .received = 50, .lost = 50}}});
  EXPECT_EQ(after(kNow + 1'200), true);
}

TEST_F(BaselineTrackerTest, AnAlarmIsRaisedAnewAfterARestart) {
  carry("A", kNow, 900, 600);
  carry("A", kNow + 900, 600, 470);
  EXPECT_EQ(after(kNow + 900), true);
  EXPECT_EQ(after(kNow + 1'500), true);
  BaselineTracker restarted(terms);
  const auto view = weigh(restarted, kNow + 1'500);
  ASSERT_TRUE(told(view));
  EXPECT_TRUE(told(view)->is_above);
  // Three hours, each of four weeks, a look at the masks and the weighing of its intervals.
  EXPECT_EQ(steps, 3 * 6);
}

TEST_F(BaselineTrackerTest, AnHourIsReadOnce) {
  carry("A", kNow, 600, 600);
  weigh(tracker, kNow + 300);
  weigh(tracker, kNow + 600);
  EXPECT_EQ(steps, 1);
}

TEST_F(BaselineTrackerTest, FewerThanThreeWeeksAreNoBaseline) {
  take_contracts({contract("A", "Asia/Tokyo"), contract("N", "Asia/Tokyo")});
  // N was connected two weeks ago: what it did not carry before is not its usual.
  for (const std::int64_t week : {1, 2}) carry("N", kNow - week * kWeek, kHour, 100);
  carry("N", kNow, 900, 900);
  EXPECT_EQ(told(weigh(tracker, kNow + 900), "N"), std::nullopt);
  carry("N", kNow - 3 * kWeek, kHour, 100);
  BaselineTracker other(terms);
  const auto one = told(weigh(other, kNow + 900), "N");
  ASSERT_TRUE(one);
  EXPECT_DOUBLE_EQ(one->levels.high, 120e6);
  EXPECT_TRUE(one->is_above);
}

TEST_F(BaselineTrackerTest, MaskedIntervalsCountNeitherWayNorInHistory) {
  const auto mask = [this](std::int64_t from, std::int64_t until) {
    ASSERT_TRUE(store->add_mask({.contract = "A",
                                 .from = from,
                                 .until = until,
                                 .author = "sato",
                                 .reason = "attack",
                                 .made_at = from}));
  };
  carry("A", kNow - 2 * kWeek, kHour, 9'000);  // instead of 395
  mask(kNow - 2 * kWeek, kNow - 2 * kWeek + kHour);
  carry("A", kNow, 1'800, 900);
  mask(kNow + 600, kNow + 1'200);
  EXPECT_EQ(after(kNow + 1'200), false);
  const auto one = told(weigh(tracker, kNow + 1'500));
  ASSERT_TRUE(one);
  EXPECT_DOUBLE_EQ(one->levels.median, 420e6);  // of 410, 430, 420
  EXPECT_TRUE(one->is_above);
}

TEST_F(BaselineTrackerTest, AWeekOfWhichLessThanHalfAnHourWasMeasuredIsNone) {
  ledger::Batch lost;
  for (std::int64_t i = 0; i < 7; ++i)
    for (const std::int64_t week : {1, 2})
      lost.reception.push_back(
          {.exporter = "r1", .start = kNow - week * kWeek + i * 300, .received = 0, .lost = 1});
  write(lost);
  carry("A", kNow, 300, 415);
  EXPECT_EQ(after(kNow + 300), std::nullopt);
}

TEST_F(BaselineTrackerTest, TheHourIsThatOfTheContractsOwnClock) {
  // Clocks of New York go forward on 2026-03-08, those of Tokyo never.
  take_contracts({contract("A", "Asia/Tokyo"), contract("Y", "America/New_York")});
  for (const std::int64_t week : {1, 2, 3, 4}) {
    carry("Y", kNow - week * kWeek, kHour, 100);
    carry("Y", kNow - week * kWeek + kHour, kHour, 200);
  }
  carry("A", kNow, 300, 415);
  const auto view = weigh(tracker, kNow + 300);
  ASSERT_TRUE(told(view, "Y"));
  // 21:00 in New York is one hour earlier now than it was.
  EXPECT_DOUBLE_EQ(told(view, "Y")->levels.median, 200e6);
  EXPECT_DOUBLE_EQ(told(view, "A")->levels.median, 415e6);
}

TEST_F(BaselineTrackerTest, AReloadKeepsAlarmsAndTakesNewTerms) {
  carry("A", kNow, 900, 600);
  EXPECT_EQ(after(kNow + 900), true);
  carry("A", kNow + 900, 600, 500);
  take_contracts({contract("A", "Asia/Tokyo"), contract("B", "UTC")});
  EXPECT_EQ(after(kNow + 1'200), true);
  terms.k = 20;
  tracker.adopt(terms);
  const auto one = told(weigh(tracker, kNow + 1'500));
  ASSERT_TRUE(one);
  EXPECT_DOUBLE_EQ(one->levels.high, (415 + 20 * 14.826) * 1e6);
  EXPECT_FALSE(one->is_above);
  terms.except = {"A"};
  tracker.adopt(terms);
  carry("A", kNow + 1'500, 300, 500);
  EXPECT_EQ(after(kNow + 1'800), std::nullopt);
}

TEST_F(BaselineTrackerTest, AfterALongGapOnlyTheLastHoursAreWeighed) {
  carry("A", kNow, 900, 600);
  EXPECT_EQ(after(kNow + 900), true);
  weigh(tracker, kNow + 48 * kHour);
  EXPECT_EQ(steps, 3 * 6);
}

}  // namespace
}  // namespace weir::app
