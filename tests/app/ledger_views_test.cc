#include "collector/app/ledger_views.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/null_sink.h>

#include <deque>
#include <optional>

#include "collector/app/capacity_report.h"
#include "tests/support/config_files.h"

namespace weir::app {
namespace {

constexpr std::int64_t kWeek = 7 * 86'400;
constexpr std::int64_t kWeeks = 9;

/// A ledger of nine weeks that have just gone by, of contract A and interface 1 of r1.
class LedgerViewsTest : public testing::Test {
 protected:
  void SetUp() override {
    contracts::Contract contract{.id = "A", .customer = "Example", .service = "ip", .pop = "Tokyo"};
    contract.committed = BitsPerSecond{1'000'000'000};
    contract.attach.push_back(
        {.where = contracts::InterfaceAttachment{
             .exporter = "r1", .interface = std::uint32_t{1}, .vlan = std::nullopt}});
    config.contracts.push_back(contract);
    config.exporters.routers.push_back(
        {.name = "r1", .interfaces = {{.index = 1, .speed = BitsPerSecond{10'000'000'000}}}});
    auto opened =
        ledger::Ledger::open({.backend = ledger::Backend::Sqlite, .target = files.path("weir.db")});
    ASSERT_TRUE(opened) << opened.error().message;
    store.emplace(std::move(*opened));
    last = since_epoch_ms(traffic_now()) / 300'000 * 300 - 300;
    ledger::Batch batch;
    for (std::int64_t start = last - kWeeks * kWeek; start <= last; start += 300) {
      const auto bytes = static_cast<std::uint64_t>(1'000'000 + (start - last) / 300 * 10);
      batch.coverage.push_back({start, 300});
      batch.intervals.push_back(
          {.contract = "A", .start = start, .direction = Direction::ToCustomer, .bytes = bytes});
      batch.interfaces.push_back(
          {.exporter = "r1", .interface = 1, .start = start, .flow_bytes = bytes});
    }
    ASSERT_TRUE(store->write("run", batch));
  }

  /// Whose turns are of one step.
  LedgerViews views_of() {
    return LedgerViews(
        config, [this] { return table; }, [this](auto job) { jobs.push_back(std::move(job)); },
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::null_sink_mt>()),
        std::chrono::milliseconds{0});
  }
  void run_next() {
    const auto job = std::move(jobs.front());
    jobs.pop_front();
    job(*store);
  }

  std::shared_ptr<const contracts::ContractTable> table = contracts::ContractTable::build({});
  std::deque<std::function<void(ledger::Ledger&)>> jobs;
  test::ConfigFiles files;
  config::Config config;
  std::optional<ledger::Ledger> store;
  std::int64_t last = 0;
};

TEST_F(LedgerViewsTest, ForecastsComeInTurnsThatLeaveTheLedgerFree) {
  LedgerViews views = views_of();
  views.observe(*store, std::nullopt);
  EXPECT_TRUE(jobs.empty());
  views.observe(*store, last);
  std::size_t turns = 1;
  for (; !jobs.empty(); ++turns) {
    // Of forecasts, and of what contracts usually carry.
    EXPECT_LE(jobs.size(), 2U);
    EXPECT_EQ(views.capacity(), nullptr);
    // What waits for the ledger goes in between.
    ASSERT_TRUE(store->write("other", {.coverage = {{last + 300, 300}}}));
    run_next();
  }
  EXPECT_GE(turns, 364U + 7 + 364);
  const auto made = views.capacity();
  ASSERT_NE(made, nullptr);
  const auto at_once = make_capacity_view(config, *store, made->made_at, interfaces_of(*store));
  ASSERT_TRUE(at_once) << at_once.error().message;
  EXPECT_EQ(capacity_json(*made), capacity_json(*at_once));
  ASSERT_EQ(made->interfaces.size(), 1U);
  EXPECT_EQ(made->interfaces.front().trend.weeks.size(), 9U);
}

TEST_F(LedgerViewsTest, ATurnThatWasForgottenIsMadeUpForByTheNextInterval) {
  LedgerViews views = views_of();
  views.observe(*store, last);
  ASSERT_EQ(jobs.size(), 2U);
  const auto forgotten = std::move(jobs.back());
  jobs.pop_back();
  views.observe(*store, last + 300);
  ASSERT_EQ(jobs.size(), 3U);
  // If it comes after all, there are not two that go on.
  forgotten(*store);
  EXPECT_EQ(jobs.size(), 3U);
  while (!jobs.empty()) run_next();
  EXPECT_NE(views.capacity(), nullptr);
}

TEST_F(LedgerViewsTest, AStepIsADayAtMost) {
  CapacityViewMaker maker(std::make_shared<const config::Config>(config), traffic_now());
  std::int64_t longest = 0;
  const EachInterfaceInterval spans = [&](auto, std::int64_t from, std::int64_t until,
                                          const auto&) -> Result<void> {
    longest = std::max(longest, until - from);
    return {};
  };
  std::size_t steps = 0;
  for (bool is_done = false; !is_done; ++steps) {
    const auto step = maker.step(*store, spans);
    ASSERT_TRUE(step) << step.error().message;
    is_done = *step;
  }
  EXPECT_EQ(longest, 86'400);
  // A year of contracts, a week of diversity, a year of interfaces.
  EXPECT_GE(steps, 364U + 7 + 364);
}

}  // namespace
}  // namespace weir::app
