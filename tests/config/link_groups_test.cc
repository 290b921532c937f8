#include "collector/config/link_groups.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "collector/config/config_file.h"
#include "tests/support/config_files.h"

namespace weir::config {
namespace {

using Lines = std::vector<std::string>;

/// Three lines, so that what follows begins on the fourth.
constexpr std::string_view kHead =
    "contracts: contracts.yaml\n"
    "exporters: {routers: [{address: 192.0.2.1, name: edge1.tyo, interfaces: [{index: 1, name: "
    "et-0/0/1, speed: 10G}, {index: 2, speed: 100G}, {name: et-0/0/3}]},\n"
    "  {address: 192.0.2.2, name: edge1.osa, interfaces: [{index: 1, speed: 10G}]}]}\n";

Loaded load_with(const std::string& text) {
  const test::ConfigFiles files;
  files.write("contracts.yaml", "- {id: A, committed: 1G, attach: [{as: 64500}]}\n");
  return load(files.write("weir.yaml", std::string(kHead) + text));
}

/// What is said of lines from the fourth on, without file and column.
Lines told(const std::string& text) {
  Lines lines;
  for (const Problem& problem : load_with(text).problems)
    if (problem.line >= 4)
      lines.push_back(std::to_string(problem.line - 3) + ": " + problem.message + "; " +
                      problem.mend);
  return lines;
}

TEST(LinkGroups, NameInterfacesThatRoutersHave) {
  const Loaded loaded = load_with(
      "groups:\n"
      "  - {name: tyo-osa, links: [{exporter: edge1.tyo, interface: et-0/0/1}, {exporter: "
      "edge1.osa, interface: 1}]}\n"
      "capacity: {threshold: 70%, target: 85, growth: exponential}\n");
  ASSERT_TRUE(loaded.config);
  const Config& config = *loaded.config;
  ASSERT_EQ(config.groups.size(), 1U);
  EXPECT_EQ(config.groups[0].name, "tyo-osa");
  EXPECT_EQ(config.groups[0].line, 5U);
  ASSERT_EQ(config.groups[0].links.size(), 2U);
  const auto* first = find_interface(config.groups[0].links[0], config.exporters.routers);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->index, 1U);
  const auto* second = find_interface(config.groups[0].links[1], config.exporters.routers);
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->name, "");
  EXPECT_EQ(config.capacity.threshold_percent, 70U);
  EXPECT_EQ(config.capacity.target_percent, 85U);
  EXPECT_EQ(config.capacity.growth, Growth::Exponential);
}

TEST(LinkGroups, WithoutAWordTheThresholdIs80AndTheTarget90Percent) {
  const Loaded loaded = load_with("");
  ASSERT_TRUE(loaded.config);
  EXPECT_TRUE(loaded.config->groups.empty());
  EXPECT_EQ(loaded.config->capacity.threshold_percent, 80U);
  EXPECT_EQ(loaded.config->capacity.target_percent, 90U);
  EXPECT_EQ(loaded.config->capacity.growth, Growth::Linear);
}

TEST(LinkGroups, WhatIsWrongIsToldWithItsLine) {
  EXPECT_EQ(told("groups:\n"
                 "  - {name: a, links: [{exporter: edge1.tyx, interface: 1}, {exporter: edge1.osa, "
                 "interface: 1}]}\n"
                 "  - {name: a, links: [{exporter: edge1.tyo, interface: 9}, {exporter: edge1.tyo, "
                 "interface: 1}]}\n"
                 "  - {name: b, links: [{exporter: edge1.tyo, interface: 1}, {exporter: edge1.tyo, "
                 "interface: et-0/0/1}]}\n"
                 "  - {links: [{exporter: edge1.tyo}, {interface: 1}]}\n"
                 "  - {name: c}\n"),
            (Lines{"2: there is no router `edge1.tyx`; did you mean `edge1.tyo`?",
                   "3: group a is given twice, first on line 5; keep one of the two",
                   "3: router edge1.tyo has no interface `9`; describe it under the router's "
                   "interfaces, with its speed",
                   "4: group b has interface et-0/0/1 of edge1.tyo twice; keep one of the two",
                   "5: the group has no `name`; write what the planners call it",
                   "5: the link has no `interface`; write {exporter: NAME, interface: INDEX}",
                   "5: the link has no `exporter`; write {exporter: NAME, interface: INDEX}",
                   "6: the group has no `links`; write links: [{exporter: NAME, interface: INDEX}, "
                   "...]"}));
}

TEST(LinkGroups, DoubtsAreWarnings) {
  EXPECT_EQ(told("groups: [{name: a, links: [{exporter: edge1.tyo, interface: et-0/0/3}]}]\n"),
            (Lines{"1: group a has a single link; add those that carry its traffic when it is down",
                   "1: interface et-0/0/3 of edge1.tyo has no speed, so that its group has no "
                   "load and no forecast; write its `speed` under the router's interfaces"}));
}

TEST(LinkGroups, SettingsOfCapacityAreBounded) {
  EXPECT_EQ(told("capacity: {threshold: 0, target: 101%, growth: fast}\n").size(), 3U);
  EXPECT_EQ(told("capacity: {threshold: 0}\n"),
            Lines{"1: `threshold`: `0` is not a percentage; write 1% to 100%"});
}

}  // namespace
}  // namespace weir::config
