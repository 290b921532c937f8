// Names that a CRM or a router made up, on purpose or not, in every label that takes one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "exporters/prometheus/exposition.h"
#include "tests/prometheus/world.h"

namespace weir::prometheus {
namespace {

using namespace std::string_view_literals;
using test::World;

/// What is written, and what Prometheus is to read: the same, but that bytes which are no UTF-8
/// read as U+FFFD.
struct Name {
  std::string_view written;
  std::string_view read;
};
constexpr Name kNames[] = {
    {"say \"hello\""sv, "say \"hello\""sv},
    {"C:\\temp\\new"sv, "C:\\temp\\new"sv},
    {"ends in a backslash\\"sv, "ends in a backslash\\"sv},
    {"two\nlines"sv, "two\nlines"sv},
    {"\n# TYPE weir_forged counter\nweir_forged 1\n"sv,
     "\n# TYPE weir_forged counter\nweir_forged 1\n"sv},
    {"\",forged=\"1\"} 5\nweir_forged{x=\""sv, "\",forged=\"1\"} 5\nweir_forged{x=\""sv},
    {"carriage\rreturn\tand tab"sv, "carriage\rreturn\tand tab"sv},
    {"\xff\xfe no UTF-8"sv, "\xEF\xBF\xBD\xEF\xBF\xBD no UTF-8"sv},
    {"cut in \xE6\x9D"sv, "cut in \xEF\xBF\xBD\xEF\xBF\xBD"sv},
    {"overlong \xC0\x80"sv, "overlong \xEF\xBF\xBD\xEF\xBF\xBD"sv},
    {"surrogate \xED\xA0\x80"sv, "surrogate \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"sv},
    {"\xE6\x9D\xB1\xE4\xBA\xAC \xF0\x9F\x97\xBC"sv, "\xE6\x9D\xB1\xE4\xBA\xAC \xF0\x9F\x97\xBC"sv},
    {"a\xE2\x80\xA8line separator"sv, "a\xE2\x80\xA8line separator"sv},
    {"{}=,"sv, "{}=,"sv},
    {"NUL \0 inside"sv, "NUL \0 inside"sv},
};

/// One contract for each name: as its id, customer, service and POP, and in every view.
[[nodiscard]] std::unique_ptr<World> world_of(const std::vector<std::string>& names) {
  std::vector<contracts::Contract> list;
  billing::CapacityView capacity = test::full_view();
  const auto contract = capacity.contracts.front();
  const auto group = capacity.groups.front();
  capacity.contracts.clear();
  capacity.groups.clear();
  capacity.services.clear();
  capacity.pops.clear();
  for (const std::string& name : names) {
    list.push_back(test::contract(name, 1'000'000'000, 10'000'000'000));
    list.back().customer = name;
    list.back().service = name;
    list.back().pop = name;
    capacity.contracts.push_back(contract);
    capacity.contracts.back().contract = name;
    capacity.groups.push_back(group);
    capacity.groups.back().group = name;
    capacity.services.push_back({.name = name, .from_customer = 1.5, .to_customer = 1.5});
    capacity.pops.push_back({.name = name, .from_customer = 1.5, .to_customer = 1.5});
  }
  auto world = std::make_unique<World>(list);
  world->close_until(test::kStart + TrafficSpan{60'000});
  world->billing = test::billing_of(names);
  world->capacity = std::make_shared<const billing::CapacityView>(std::move(capacity));
  for (const std::string& name : names)
    world->pops.push_back({.ingress_pop = name, .egress_pop = name, .bytes = 1});
  return world;
}

[[nodiscard]] MetricSet gather(World& world) {
  Sources sources = world.sources();
  sources.customer_names = true;
  return TrafficCollectable(sources).gather();
}

[[nodiscard]] std::vector<std::string> hostile() {
  std::vector<std::string> names;
  for (const Name& name : kNames) names.emplace_back(name.written);
  return names;
}

TEST(HostileNames, AddNoSeries) {
  std::vector<std::string> tame;
  for (std::size_t i = 0; i < std::size(kNames); ++i) tame.push_back("C" + std::to_string(i));
  EXPECT_EQ(gather(*world_of(hostile())).series(), gather(*world_of(tame)).series());
}

TEST(HostileNames, StayInsideTheirLines) {
  const auto world = world_of(hostile());
  const MetricSet set = gather(*world);
  const std::regex sample(
      R"re([a-z0-9_]+(\{[a-z_]+="([^"\\\n]|\\[n"\\])*"(,[a-z_]+="([^"\\\n]|\\[n"\\])*")*\})? \S+)re");
  std::istringstream text(render(set, Format::Text));
  std::size_t samples = 0;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("# HELP ") || line.starts_with("# TYPE ")) continue;
    EXPECT_TRUE(std::regex_match(line, sample)) << line;
    EXPECT_FALSE(line.starts_with("weir_forged")) << line;
    ++samples;
  }
  EXPECT_EQ(samples, set.series());
}

TEST(HostileNames, ReadAsTheyWereWritten) {
  const auto world = world_of(hostile());
  const MetricSet set = gather(*world);
  const MetricFamily* const info = set.find("weir_contract_info");
  ASSERT_NE(info, nullptr);
  ASSERT_EQ(info->samples.size(), std::size(kNames));
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    const std::string read(kNames[i].read);
    EXPECT_EQ(parse_label_text(info->samples[i].labels),
              (std::vector<std::pair<std::string, std::string>>{
                  {"contract", read}, {"service", read}, {"pop", read}, {"customer", read}}));
  }
}

TEST(HostileNames, PromtoolReadsBothFormats) {
  const auto world = world_of(hostile());
  const MetricSet set = gather(*world);
  const test::Verdict text = test::promtool_check(render(set, Format::Text));
  EXPECT_EQ(text.output, "");
  EXPECT_EQ(text.status, 0);
  const test::Verdict open = test::promtool_read_openmetrics(render(set, Format::OpenMetrics));
  EXPECT_EQ(open.status, 0) << open.output;
}

// Domain requirement 41.
TEST(SeriesOfManyContracts, GoWithTheContractsThatLeave) {
  constexpr std::size_t kContracts = 25'000;
  constexpr std::size_t kLeft = 10'000;
  std::vector<contracts::Contract> list;
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < kContracts; ++i) {
    list.push_back(test::contract("C" + std::to_string(i), 2'000'000'000, 10'000'000'000));
    ids.push_back(list.back().id);
  }
  World world(list);
  world.billing = test::billing_of(ids);
  world.close_until(test::kStart + TrafficSpan{60'000});
  const TrafficCollectable collectable(world.sources());
  const std::size_t all = collectable.gather().series();
  // Those that stay are not those that came first.
  list.erase(list.begin(), list.end() - kLeft);
  world.set_contracts(list);
  const std::size_t left = collectable.gather().series();
  world.set_contracts({});
  const MetricSet none = collectable.gather();

  EXPECT_EQ(none.find("weir_contract_bytes_total")->samples.size(), 0U);
  // A service has series of its own.
  const std::size_t base = none.series() + 6;
  EXPECT_EQ((all - base) * kLeft, (left - base) * kContracts);
}

}  // namespace
}  // namespace weir::prometheus
