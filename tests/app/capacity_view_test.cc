#include "collector/app/capacity_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collector/app/capacity_report.h"
#include "tests/support/config_files.h"

namespace weir::app {
namespace {

using billing::CapacityLimit;
using billing::CapacityView;
using billing::NoForecast;
using testing::HasSubstr;

constexpr std::int64_t kHour = 3'600;
constexpr std::int64_t kWeek = 168 * kHour;
constexpr std::int64_t kPerWeek = kWeek / 300;
/// 2026-01-05T00:00:00+09:00, a Monday of Tokyo.
constexpr std::int64_t kFirst = 1'767'571'200 - 9 * kHour;
constexpr std::int64_t kWeeks = 10;
constexpr std::int64_t kEnd = kFirst + kWeeks * kWeek;
/// Bytes of five minutes at 1,000 bit/s.
constexpr std::uint64_t kKilobit = 37'500;

TrafficTime at(std::int64_t seconds) { return traffic_time_ms(seconds * 1'000); }

contracts::Contract contract(const std::string& id) {
  contracts::Contract made{.id = id, .customer = "Example", .service = "ip", .pop = "Tokyo"};
  made.committed = BitsPerSecond{250'000};
  made.ceiling = BitsPerSecond{100'000'000};
  made.billing.timezone = "Asia/Tokyo";
  made.attach.push_back(
      {.where = contracts::InterfaceAttachment{
           .exporter = "r1", .interface = std::uint32_t{1}, .vlan = std::nullopt}});
  return made;
}

/// Ten weeks of Tokyo: contract A carries 100, 105, 110 ... kbit/s to the customer, and ten times
/// that in the 100 intervals that the percentile of a week discards.
class CapacityViewTest : public testing::Test {
 protected:
  void SetUp() override {
    config.contracts.push_back(contract("A"));
    auto opened =
        ledger::Ledger::open({.backend = ledger::Backend::Sqlite, .target = files.path("weir.db")});
    ASSERT_TRUE(opened) << opened.error().message;
    store.emplace(std::move(*opened));
    ledger::Batch batch;
    for (std::int64_t week = 0; week < kWeeks; ++week) {
      for (std::int64_t i = 0; i < kPerWeek; ++i) {
        const std::int64_t start = kFirst + week * kWeek + i * 300;
        batch.coverage.push_back({start, 300});
        const std::uint64_t bytes = (100 + 5 * static_cast<std::uint64_t>(week)) * kKilobit;
        batch.intervals.push_back({.contract = "A",
                                   .start = start,
                                   .direction = Direction::ToCustomer,
                                   .bytes = i < 100 ? 10 * bytes : bytes});
      }
    }
    write(batch);
  }

  void write(const ledger::Batch& batch) {
    const auto written = store->write("run", batch);
    ASSERT_TRUE(written) << written.error().message;
  }
  CapacityView view(const EachInterfaceInterval& each_interface = {},
                    TrafficTime now = at(kEnd + 300)) {
    auto made = make_capacity_view(config, *store, now, each_interface);
    EXPECT_TRUE(made) << made.error().message;
    return made ? std::move(*made) : CapacityView{};
  }

  test::ConfigFiles files;
  config::Config config;
  std::optional<ledger::Ledger> store;
};

TEST_F(CapacityViewTest, AContractReaches80PercentOfItsCommitByItsTrend) {
  const CapacityView made = view();
  ASSERT_EQ(made.contracts.size(), 1U);
  const auto& trend = made.contracts.front().trend;
  ASSERT_EQ(trend.weeks.size(), 10U);
  for (std::size_t week = 0; week < trend.weeks.size(); ++week) {
    EXPECT_EQ(trend.weeks[week].percentile.value(), 100'000 + 5'000 * week);
    EXPECT_EQ(trend.weeks[week].completeness, billing::kWhole);
  }
  EXPECT_EQ(trend.weeks_left_out, 0U);
  EXPECT_EQ(trend.last, BitsPerSecond{145'000});
  EXPECT_NEAR(trend.growth.value_or(0), 5'000, 1e-6);
  ASSERT_EQ(trend.forecasts.size(), 2U);
  EXPECT_EQ(trend.forecasts[0].limit, CapacityLimit::Committed);
  EXPECT_EQ(trend.forecasts[0].reached_at, BitsPerSecond{200'000});
  EXPECT_EQ(trend.forecasts[0].central, at(kEnd + 11 * kWeek));
  EXPECT_EQ(trend.forecasts[0].early, at(kEnd + 11 * kWeek));
  EXPECT_EQ(trend.forecasts[0].late, at(kEnd + 11 * kWeek));
  EXPECT_EQ(trend.forecasts[1].limit, CapacityLimit::Ceiling);
  EXPECT_EQ(trend.forecasts[1].reason, NoForecast::BeyondHorizon);
}

TEST_F(CapacityViewTest, DigestsOfDaysChangeNothing) {
  const std::string before = capacity_json(view());
  ASSERT_GT(store->digest_before(kEnd).value_or(0), 60U);
  EXPECT_EQ(capacity_json(view()), before);
}

TEST_F(CapacityViewTest, AWeekOfLostExportIsLeftOut) {
  ledger::Batch lost;
  for (std::int64_t i = 0; i < kPerWeek; ++i)
    lost.reception.push_back(
        {.exporter = "r1", .start = kFirst + 4 * kWeek + i * 300, .received = 80, .lost = 20});
  write(lost);
  const auto trend = view().contracts.front().trend;
  EXPECT_EQ(trend.weeks_left_out, 1U);
  EXPECT_EQ(trend.weeks[4].completeness, billing::Share{800'000});
  EXPECT_EQ(trend.forecasts[0].central, at(kEnd + 11 * kWeek));
  // What others lose is nothing to this contract.
  for (auto& row : lost.reception) row.exporter = "r2";
  write(lost);
  EXPECT_EQ(view().contracts.front().trend.weeks_left_out, 1U);
}

TEST_F(CapacityViewTest, MaskedIntervalsAreNeitherTrafficNorMissing) {
  ledger::Batch attack;
  for (std::int64_t i = 1'000; i < 1'288; ++i)
    attack.intervals.push_back({.contract = "A",
                                .start = kFirst + 9 * kWeek + i * 300,
                                .direction = Direction::FromCustomer,
                                .bytes = 90'000 * kKilobit});
  write(attack);
  EXPECT_EQ(view().contracts.front().trend.last, BitsPerSecond{90'000'000});
  ASSERT_TRUE(store->add_mask({.contract = "A",
                               .from = kFirst + 9 * kWeek + 1'000 * 300,
                               .until = kFirst + 9 * kWeek + 1'288 * 300,
                               .author = "noc",
                               .reason = "attack",
                               .made_at = kEnd}));
  const auto trend = view().contracts.front().trend;
  // Of 1,728 intervals 86 are discarded, so that one of the 100 high ones is left.
  EXPECT_EQ(trend.last, BitsPerSecond{1'450'000});
  EXPECT_EQ(trend.weeks.back().completeness, billing::kWhole);
}

TEST_F(CapacityViewTest, AContractThatBeganMidweekHasNoFigureOfThatWeek) {
  config.contracts.front().valid_from = at(kFirst + 5 * kWeek + kWeek / 2);
  const auto trend = view().contracts.front().trend;
  ASSERT_EQ(trend.weeks.size(), 5U);
  EXPECT_EQ(trend.weeks_left_out, 1U);
  EXPECT_EQ(trend.weeks.front().completeness, billing::Share{500'000});
  EXPECT_EQ(trend.forecasts.front().reason, NoForecast::TooFewWeeks);
  config.contracts.front().valid_until = at(kEnd);
  EXPECT_TRUE(view().contracts.empty());
}

TEST_F(CapacityViewTest, DiversityIsTheSumOfPeaksOverThePeakOfTheSum) {
  // Two contracts that peak in different intervals of the last week of UTC.
  config.contracts.clear();
  for (const char* id : {"B", "C"}) config.contracts.push_back(contract(id));
  ledger::Batch batch;
  const std::int64_t start = kFirst + 9 * kWeek + 24 * kHour;
  for (const auto& [id, peak] : {std::pair{"B", start}, std::pair{"C", start + 300}}) {
    for (const std::int64_t i : {start, start + 300})
      batch.intervals.push_back(
          {.contract = id, .start = i, .bytes = i == peak ? 300 * kKilobit : 100 * kKilobit});
  }
  write(batch);
  const CapacityView made = view({}, at(kEnd + 9 * kHour));
  ASSERT_EQ(made.services.size(), 1U);
  EXPECT_EQ(made.services[0].name, "ip");
  EXPECT_EQ(made.services[0].from_customer, 1.5);
  EXPECT_EQ(made.services[0].to_customer, std::nullopt);
  ASSERT_EQ(made.pops.size(), 1U);
  EXPECT_EQ(made.pops[0].name, "Tokyo");
  EXPECT_EQ(made.pops[0].from_customer, 1.5);
}

TEST_F(CapacityViewTest, AGroupOfFourLinksAt70PercentHas93PercentWithOneDown) {
  config::Router router{.name = "r1"};
  config::LinkGroup group{.name = "tyo-osa"};
  for (std::uint32_t i = 1; i <= 4; ++i) {
    router.interfaces.push_back({.index = i, .speed = BitsPerSecond{10'000'000'000}});
    group.links.push_back({.exporter = "r1", .interface = i});
  }
  config.exporters.routers.push_back(router);
  config.groups.push_back(group);
  const auto carry = [](std::span<const WantedInterface> wanted, std::int64_t from,
                        std::int64_t until, const TakeInterface& take) -> Result<void> {
    EXPECT_EQ(wanted.size(), 4U);
    for (std::int64_t start = from; start < until; start += 300)
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        take(i, {.start = start, .ingress_bytes = 7'000'000 * kKilobit});
        take(i, {.start = start, .egress_bytes = 1'000'000 * kKilobit});
      }
    return {};
  };
  const CapacityView made = view(carry, at(kEnd + 9 * kHour));
  ASSERT_EQ(made.groups.size(), 1U);
  const auto& found = made.groups.front();
  EXPECT_EQ(found.links, 4U);
  EXPECT_EQ(found.speed, BitsPerSecond{40'000'000'000});
  EXPECT_EQ(found.trend.last, BitsPerSecond{28'000'000'000});
  ASSERT_TRUE(found.headroom);
  EXPECT_DOUBLE_EQ(found.headroom->load, 0.7);
  EXPECT_NEAR(found.headroom->load_after_failure.value_or(0), 0.9333, 5e-5);
  EXPECT_NEAR(found.headroom->allowed_load, 0.675, 1e-12);
  ASSERT_EQ(found.trend.forecasts.size(), 2U);
  EXPECT_EQ(found.trend.forecasts[0].limit, CapacityLimit::Speed);
  EXPECT_EQ(found.trend.forecasts[0].reason, NoForecast::NoGrowth);
  EXPECT_EQ(found.trend.forecasts[1].limit, CapacityLimit::OneDown);
  EXPECT_EQ(found.trend.forecasts[1].reached_at, BitsPerSecond{27'000'000'000});
  EXPECT_EQ(found.trend.forecasts[1].reason, NoForecast::AlreadyOver);
  ASSERT_EQ(made.interfaces.size(), 4U);
  EXPECT_EQ(made.interfaces[3].interface, "4");
  EXPECT_EQ(made.interfaces[3].trend.last, BitsPerSecond{7'000'000'000});
}

TEST_F(CapacityViewTest, WithoutIntervalsOfInterfacesAGroupIsNamedAndHasNoFigure) {
  config.exporters.routers.push_back(
      {.name = "r1", .interfaces = {{.index = 1, .speed = BitsPerSecond{1'000}}}});
  config.groups.push_back(
      {.name = "g", .links = {{.exporter = "r1", .interface = std::uint32_t{1}}}});
  const CapacityView made = view();
  EXPECT_TRUE(made.interfaces.empty());
  ASSERT_EQ(made.groups.size(), 1U);
  EXPECT_FALSE(made.groups.front().headroom);
  EXPECT_EQ(made.groups.front().trend.forecasts.front().reason, NoForecast::TooFewWeeks);
}

TEST_F(CapacityViewTest, ReportsSortByDateAndNameTheReason) {
  config.contracts.push_back(contract("=cmd"));  // without traffic
  const CapacityView made = view();
  const std::string csv = capacity_csv(made);
  EXPECT_THAT(csv, HasSubstr("contract,A,committed,200000,145000,5000,10,0,2026-05-31T15:00:00Z,"
                             "2026-05-31T15:00:00Z,2026-05-31T15:00:00Z,\r\n"));
  EXPECT_THAT(csv, HasSubstr("contract,'=cmd,committed,200000,0,0,10,0,,,,no_growth\r\n"));
  EXPECT_LT(csv.find("contract,A,committed"), csv.find("contract,A,ceiling"));
  EXPECT_THAT(capacity_json(made),
              HasSubstr(R"("early":"2026-05-31T15:00:00Z","central":"2026-05-31T15:00:00Z")"));
  EXPECT_THAT(capacity_text(made), HasSubstr("beyond_horizon"));
}

}  // namespace
}  // namespace weir::app
