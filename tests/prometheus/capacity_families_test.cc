#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "exporters/prometheus/exposition.h"
#include "tests/prometheus/world.h"

namespace weir::prometheus {
namespace {

using test::contract;
using test::full_view;
using test::lines_of;
using test::World;
using testing::ElementsAre;
using testing::IsEmpty;

MetricSet gather(World& world) { return TrafficCollectable(world.sources()).gather(); }

std::shared_ptr<const billing::CapacityView> shared(billing::CapacityView view) {
  return std::make_shared<const billing::CapacityView>(std::move(view));
}

TEST(CapacityFamilies, AContractHasItsWeekItsGrowthAndItsDates) {
  const auto world = test::busy_world();
  const MetricSet set = gather(*world);
  EXPECT_THAT(lines_of(set, "weir_contract_weekly_percentile_bytes_per_second"),
              ElementsAre(R"(weir_contract_weekly_percentile_bytes_per_second{contract="A"} )"
                          "75000000"));
  EXPECT_THAT(lines_of(set, "weir_contract_weekly_growth_bytes_per_second"),
              ElementsAre(R"(weir_contract_weekly_growth_bytes_per_second{contract="A"} )"
                          "1000000.5"));
  const std::string name = "weir_contract_forecast_timestamp_seconds{contract=\"A\",";
  EXPECT_THAT(lines_of(set, "weir_contract_forecast_timestamp_seconds"),
              ElementsAre(name + R"(limit="committed",estimate="early"} 1714521601)",
                          name + R"(limit="committed",estimate="central"} 1714521602)",
                          name + R"(limit="committed",estimate="late"} 1714521603)",
                          name + R"(limit="ceiling",estimate="early"} 1714521601)",
                          name + R"(limit="ceiling",estimate="central"} 1714521602)",
                          name + R"(limit="ceiling",estimate="late"} 1714521603)"));
  const std::string available = "weir_contract_forecast_available{contract=\"A\",";
  EXPECT_THAT(lines_of(set, "weir_contract_forecast_available"),
              ElementsAre(available + R"(limit="committed",reason="none"} 1)",
                          available + R"(limit="ceiling",reason="none"} 1)"));
  EXPECT_THAT(lines_of(set, "weir_capacity_updated_timestamp_seconds"),
              ElementsAre("weir_capacity_updated_timestamp_seconds 1714521600"));
}

TEST(CapacityFamilies, WhatHasNoDateHasTheReason) {
  World world({contract("A", 1'000'000'000)});
  for (const billing::NoForecast reason : billing::kNoForecasts) {
    billing::CapacityView view;
    view.contracts.push_back(
        {.contract = "A",
         .trend = {.forecasts = {{.limit = billing::CapacityLimit::Committed, .reason = reason}}}});
    world.capacity = shared(std::move(view));
    const MetricSet set = gather(world);
    EXPECT_THAT(lines_of(set, "weir_contract_forecast_timestamp_seconds"), IsEmpty());
    EXPECT_THAT(lines_of(set, "weir_contract_weekly_percentile_bytes_per_second"), IsEmpty());
    EXPECT_THAT(
        lines_of(set, "weir_contract_forecast_available"),
        ElementsAre(R"(weir_contract_forecast_available{contract="A",limit="committed",reason=")" +
                    std::string(billing::no_forecast_name(reason)) + "\"} 0"));
  }
}

TEST(CapacityFamilies, GroupsAndDiversityAreRatios) {
  const auto world = test::busy_world();
  const MetricSet set = gather(*world);
  EXPECT_THAT(lines_of(set, "weir_group_load_ratio"),
              ElementsAre(R"(weir_group_load_ratio{group="tyo-osa"} 0.5)"));
  EXPECT_THAT(lines_of(set, "weir_group_n1_load_ratio"),
              ElementsAre(R"(weir_group_n1_load_ratio{group="tyo-osa"} 0.75)"));
  EXPECT_THAT(lines_of(set, "weir_group_allowed_load_ratio"),
              ElementsAre(R"(weir_group_allowed_load_ratio{group="tyo-osa"} 0.625)"));
  EXPECT_THAT(
      lines_of(set, "weir_service_diversity_ratio"),
      ElementsAre(R"(weir_service_diversity_ratio{service="ip",direction="from_customer"} 1.5)",
                  R"(weir_service_diversity_ratio{service="ip",direction="to_customer"} 1.25)"));
  EXPECT_THAT(lines_of(set, "weir_pop_bytes_total"),
              ElementsAre(R"(weir_pop_bytes_total{ingress_pop="Tokyo",egress_pop="Osaka"} 7)"));
}

TEST(CapacityFamilies, WhatLeavesTheConfigurationTakesItsSeriesAlong) {
  World world({contract("A", 1), contract("B", 1)});
  world.capacity = shared(full_view());
  const auto sources = world.sources();
  const TrafficCollectable collectable(sources);
  EXPECT_EQ(lines_of(collectable.gather(), "weir_contract_forecast_available").size(), 2U);
  world.set_contracts({contract("B", 1)});
  const MetricSet set = collectable.gather();
  EXPECT_THAT(lines_of(set, "weir_contract_forecast_available"), IsEmpty());
  EXPECT_THAT(lines_of(set, "weir_contract_weekly_growth_bytes_per_second"), IsEmpty());
  EXPECT_THAT(lines_of(set, "weir_contract_forecast_timestamp_seconds"), IsEmpty());
}

TEST(CapacityFamilies, SeriesAreWhatThePageSays) {
  World world({contract("A", 1)});
  const std::size_t before = gather(world).series();
  world.capacity = shared({.made_at = test::kStart});
  const std::size_t empty = gather(world).series();
  EXPECT_EQ(empty, before + 1);
  const auto added = [&](auto change) {
    billing::CapacityView view{.made_at = test::kStart};
    change(view);
    world.capacity = shared(std::move(view));
    return gather(world).series() - empty;
  };
  // docs/metrics.md: at most so many of each.
  EXPECT_EQ(added([](auto& view) { view.contracts = full_view().contracts; }), 10U);
  EXPECT_EQ(added([](auto& view) { view.interfaces = full_view().interfaces; }), 5U);
  EXPECT_EQ(added([](auto& view) { view.groups = full_view().groups; }), 11U);
  EXPECT_EQ(added([](auto& view) { view.services = full_view().services; }), 2U);
  EXPECT_EQ(added([](auto& view) { view.pops = full_view().pops; }), 2U);
}

TEST(CapacityFamilies, PromtoolHasNoComplaint) {
  const auto world = test::busy_world();
  const auto verdict =
      test::promtool_check(render(TrafficCollectable(world->sources()).gather(), Format::Text));
  EXPECT_EQ(verdict.status, 0) << verdict.output;
}

}  // namespace
}  // namespace weir::prometheus
