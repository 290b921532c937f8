// The scenario that ships with Weir.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "collector/generator/backbone.h"
#include "collector/generator/scenario_file.h"
#include "collector/generator/traffic_plan.h"
#include "tests/generator/play.h"

namespace weir::generator {
namespace {

using namespace std::chrono_literals;

Scenario example() {
  const LoadedScenario loaded = load_scenario("examples/backbone/scenario.yaml");
  EXPECT_EQ(loaded.problems, std::vector<std::string>{});
  return loaded.scenario.value_or(Scenario{});
}

TEST(ExampleBackbone, SpeaksFourProtocolsAndHas164ContractsOver1Gbps) {
  const Scenario scenario = example();
  std::set<Protocol> protocols;
  for (const ExporterPlan& exporter : scenario.exporters) protocols.insert(exporter.protocol);
  EXPECT_EQ(protocols.size(), 4U);
  EXPECT_EQ(std::count_if(scenario.contracts.begin(), scenario.contracts.end(),
                          [](const ContractPlan& one) { return one.committed > 1'000'000'000; }),
            164);
  EXPECT_EQ(scenario.contracts.size(), 224U);
}

TEST(ExampleBackbone, EveryContractHasTrafficInBothDirections) {
  const Scenario scenario = example();
  const TrafficPlan plan = make_traffic_plan(scenario);
  EXPECT_EQ(plan.problems, std::vector<std::string>{});
  EXPECT_EQ(plan.notes, std::vector<std::string>{});
  std::set<std::pair<std::uint32_t, Direction>> moving;
  for (const StreamPlan& stream : plan.streams)
    moving.insert({stream.key.contract, stream.key.direction});
  EXPECT_EQ(moving.size(), 2 * scenario.contracts.size());
}

TEST(ExampleBackbone, IsLightEnoughForADemo) {
  const test::Played played = test::play(example(), 20s);
  EXPECT_LT(played.emissions.size(), 20U * 1'000);
  std::set<std::uint32_t> exporters;
  for (const Emission& emission : played.emissions)
    if (emission.time <= test::kStart + 2s) exporters.insert(emission.exporter);
  EXPECT_EQ(exporters.size(), 4U) << "every router exports within two seconds";
}

}  // namespace
}  // namespace weir::generator
