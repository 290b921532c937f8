#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

#include "tests/prometheus/world.h"

namespace weir::prometheus {
namespace {

/// Names in the first column of the tables: lines that begin with "| `".
[[nodiscard]] std::set<std::string> documented_names() {
  std::set<std::string> names;
  std::ifstream page("docs/metrics.md");
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("| `")) continue;
    names.insert(line.substr(3, line.find('`', 3) - 3));
  }
  return names;
}

TEST(MetricsPage, ListsExactlyWhatIsExported) {
  const auto world = test::busy_world();
  std::set<std::string> exported;
  const MetricSet set = TrafficCollectable(world->sources()).gather();
  for (const MetricFamily& family : set.families()) {
    EXPECT_FALSE(family.samples.empty()) << family.name << " has no sample here";
    EXPECT_TRUE(exported.insert(family.name).second) << family.name << " stands twice";
  }
  EXPECT_EQ(documented_names(), exported);
}

TEST(MetricsPage, HelpIsASentenceAndCountersEndInTotal) {
  const auto world = test::busy_world();
  const MetricSet set = TrafficCollectable(world->sources()).gather();
  for (const MetricFamily& family : set.families()) {
    EXPECT_TRUE(family.help.ends_with('.')) << family.name;
    EXPECT_EQ(family.name.ends_with("_total"), family.kind == Kind::Counter) << family.name;
    EXPECT_EQ(family.name.find("bits"), std::string::npos) << family.name;
    if (!family.unit.empty()) {
      EXPECT_THAT(family.name, ::testing::HasSubstr("_" + family.unit));
    }
  }
}

}  // namespace
}  // namespace weir::prometheus
