#include "collector/billing/company.h"

#include <gtest/gtest.h>

#include "tests/billing/grid_builder.h"

namespace weir::billing {
namespace {

using contracts::Contract;
using std::chrono::year;

/// The contract table of docs/billing.md, "Company figures".
std::vector<Contract> contract_table() {
  std::vector<Contract> table;
  const auto add = [&](const char* service, std::uint64_t committed_mbps, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      Contract contract;
      contract.service = service;
      contract.committed = mbps(committed_mbps);
      table.push_back(contract);
    }
  };
  add("ip", 10'000, 1);
  add("ip", 1'000, 2);
  add("ip", 100, 3);
  add("datacenter", 1'000, 1);
  add("fiber", 100, 50);
  add("dsl", 10, 10);
  add("lte", 75, 1'000);
  add("wan", 1'000, 5);
  return table;
}

const CompanyServices kServices{.counted = {"ip"}, .summed = {"ip", "datacenter", "fiber", "dsl"}};

// Domain requirement 36.
TEST(Company, SumsTheServicesOfTheFigureAndCountsOverOneGigabit) {
  const CompanySnapshot snapshot = company_snapshot(contract_table(), kSeptember, kServices);
  const CompanySnapshot expected{
      .at = kSeptember,
      .over_1g = 1,
      .at_least_1g = 3,
      .contracted = mbps(18'400),
      .services = {
          {.service = "datacenter",
           .contracts = 1,
           .by_tier = {0, 1, 0},
           .at_least_1g = 1,
           .contracted = mbps(1'000)},
          {.service = "dsl", .contracts = 10, .by_tier = {10, 0, 0}, .contracted = mbps(100)},
          {.service = "fiber", .contracts = 50, .by_tier = {50, 0, 0}, .contracted = mbps(5'000)},
          {.service = "ip",
           .contracts = 6,
           .by_tier = {3, 2, 1},
           .at_least_1g = 3,
           .contracted = mbps(12'300)},
          {.service = "lte",
           .contracts = 1'000,
           .by_tier = {1'000, 0, 0},
           .contracted = mbps(75'000)},
          {.service = "wan",
           .contracts = 5,
           .by_tier = {0, 5, 0},
           .at_least_1g = 5,
           .contracted = mbps(5'000)}}};
  EXPECT_EQ(snapshot, expected);
}

TEST(Company, CountsTheServicesOfItsOwnList) {
  const CompanySnapshot snapshot = company_snapshot(
      contract_table(), kSeptember, {.counted = {"ip", "datacenter"}, .summed = {"ip"}});
  EXPECT_EQ(snapshot.over_1g, 1U);
  EXPECT_EQ(snapshot.at_least_1g, 4U);
  EXPECT_EQ(snapshot.contracted, mbps(12'300));
}

TEST(Company, EmptyListMeansEveryService) {
  const CompanySnapshot snapshot = company_snapshot(contract_table(), kSeptember, {});
  EXPECT_EQ(snapshot.at_least_1g, 9U);
  EXPECT_EQ(snapshot.contracted, mbps(98'400));
}

TEST(Company, CountsContractsWhileTheyHold) {
  std::vector<Contract> table(2);
  for (Contract& contract : table) contract.committed = mbps(2'000);
  table[0].valid_until = kSeptember;
  table[1].valid_from = kSeptember;
  EXPECT_EQ(company_snapshot(table, kSeptember - TrafficSpan{1}, {}).over_1g, 1U);
  EXPECT_EQ(company_snapshot(table, kSeptember, {}).over_1g, 1U);
  table[1].valid_from = interval_at(1);
  EXPECT_EQ(company_snapshot(table, kSeptember, {}).over_1g, 0U);
  EXPECT_TRUE(company_snapshot(table, kSeptember, {}).services.empty());
}

TEST(Company, QuartersEndWithTheLastInstantOfTheirLastDay) {
  const auto end = [](unsigned number) {
    return end_of_quarter({year{2012}, number}, {}, "Asia/Tokyo").value();
  };
  EXPECT_EQ(end(1), traffic_time_ms(1'341'068'399'999));  // 30 June 2012
  EXPECT_EQ(end(2), traffic_time_ms(1'349'017'199'999));  // 30 September 2012
  EXPECT_EQ(end(3), traffic_time_ms(1'356'965'999'999));  // 31 December 2012
  EXPECT_EQ(end(4), traffic_time_ms(1'364'741'999'999));  // 31 March 2013
  EXPECT_EQ(end_of_quarter({year{2012}, 1}, {}, "Nowhere").error().code, ErrorCode::Usage);
}

TEST(Growth, OfTheYearIsDifferenceAndPercent) {
  EXPECT_EQ(growth(164, 129), (Growth{.difference = 35, .permille = 271}));
  EXPECT_EQ(to_string(growth(164, 129)), "+27.1 %");
}

TEST(Growth, RoundsToTheNearestTenthAwayFromZero) {
  EXPECT_EQ(to_string(growth(996, 1'000)), "-0.4 %");
  EXPECT_EQ(to_string(growth(2'001, 2'000)), "+0.1 %");  // 0.05
  EXPECT_EQ(to_string(growth(1'999, 2'000)), "-0.1 %");
  EXPECT_EQ(to_string(growth(2'002, 2'001)), "0.0 %");  // 0.04998
  EXPECT_EQ(to_string(growth(0, 7)), "-100.0 %");
  EXPECT_EQ(to_string(growth(7, 7)), "0.0 %");
}

TEST(Growth, FromZeroHasNoPercent) {
  EXPECT_EQ(growth(5, 0), (Growth{.difference = 5, .permille = std::nullopt}));
  EXPECT_EQ(to_string(growth(5, 0)), "n/a");
}

TEST(Growth, SaturatesWhereItExceeds64Bits) {
  EXPECT_EQ(growth(UINT64_MAX, 1), (Growth{.difference = INT64_MAX, .permille = INT64_MAX}));
  EXPECT_EQ(growth(1, UINT64_MAX), (Growth{.difference = -INT64_MAX, .permille = -1'000}));
}

}  // namespace
}  // namespace weir::billing
