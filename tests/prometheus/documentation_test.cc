#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

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

/// What a line of the page promises of a metric besides its name.
struct Promise {
  std::string type;
  std::set<std::string> labels;
  std::map<std::string, std::set<std::string>> values;  ///< of labels whose values are listed
};

[[nodiscard]] std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

/// Cuts at `separator`, but not inside of brackets.
[[nodiscard]] std::vector<std::string> cut(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (const char c : text) {
    depth += c == '(' ? 1 : (c == ')' ? -1 : 0);
    if (c == separator && depth == 0)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  for (std::string& part : parts) part = trimmed(part);
  return parts;
}

/// The words between backticks.
[[nodiscard]] std::set<std::string> quoted(const std::string& text) {
  std::set<std::string> words;
  for (std::size_t at = text.find('`'); at != std::string::npos; at = text.find('`', at)) {
    const std::size_t end = text.find('`', at + 1);
    words.insert(text.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  return words;
}

/// By name. A label reads `name`, `name (values)` or `name (remark)`.
[[nodiscard]] std::map<std::string, Promise> promises() {
  std::map<std::string, Promise> found;
  std::ifstream page("docs/metrics.md");
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("| `")) continue;
    const std::vector<std::string> cells = cut(line, '|');
    Promise& promise = found[*quoted(cells[1]).begin()];
    promise.type = cells[2];
    for (const std::string& label : cut(cells[3], ',')) {
      if (label.empty()) continue;
      const std::string name = label.substr(0, label.find_first_of(" ("));
      promise.labels.insert(name);
      if (label.find("(`") != std::string::npos) promise.values[name] = quoted(label);
    }
  }
  return found;
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

TEST(MetricsPage, TellsTypesLabelsAndTheirValues) {
  const auto world = test::busy_world();
  const auto promised = promises();
  const MetricSet set = TrafficCollectable(world->sources()).gather();
  for (const MetricFamily& family : set.families()) {
    ASSERT_TRUE(promised.contains(family.name)) << family.name;
    const Promise& promise = promised.at(family.name);
    EXPECT_EQ(promise.type, family.kind == Kind::Counter ? "counter" : "gauge") << family.name;
    for (const Sample& sample : family.samples) {
      std::set<std::string> labels;
      for (const auto& [name, value] : parse_label_text(sample.labels)) {
        EXPECT_TRUE(labels.insert(name).second) << family.name << " has twice " << name;
        if (const auto listed = promise.values.find(name); listed != promise.values.end()) {
          EXPECT_TRUE(listed->second.contains(value)) << family.name << ": " << value;
        }
      }
      EXPECT_EQ(labels, promise.labels) << family.name;
    }
  }
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
