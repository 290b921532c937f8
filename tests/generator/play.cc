#include "tests/generator/play.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "collector/generator/scenario_file.h"
#include "collector/generator/traffic_plan.h"

namespace weir::generator::test {

TemporaryFile::TemporaryFile(std::string_view text) {
  path_ = testing::TempDir() + "weir-generator-XXXXXX";
  const int fd = mkstemp(path_.data());
  EXPECT_GE(fd, 0);
  EXPECT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  close(fd);
}

TemporaryFile::~TemporaryFile() { std::remove(path_.c_str()); }

std::string TemporaryFile::read() const {
  std::ifstream file(path_, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string SmallScenario::text() const {
  return fmt::format(
      "seed: 7\n"
      "exporters:\n"
      "  - {{name: r1, address: 127.1.0.1, protocol: {}{}, interfaces: [\n"
      "      {{index: 1, role: peer}}, {{index: 10, {}}}]}}\n"
      "contracts: [{{id: C-1, service: ip, committed: 1G, attach: [{}]}}]\n"
      "traffic: [{{profile: constant, {}}}]\n",
      protocol, exporter_keys, customer_port, attachment, traffic_keys);
}

Volume Played::sum(Volume Truth::Row::*part, Direction direction) const {
  Volume total;
  for (const Truth::Row& row : rows)
    if (row.key.direction == direction) total += row.*part;
  return total;
}

Volume Played::sum(Volume Truth::Row::*part) const {
  Volume total = sum(part, Direction::FromCustomer);
  total += sum(part, Direction::ToCustomer);
  return total;
}

Scenario load(std::string_view text) {
  const TemporaryFile file(text);
  const LoadedScenario loaded = load_scenario(file.path());
  EXPECT_EQ(loaded.problems, std::vector<std::string>{});
  return loaded.scenario.value_or(Scenario{});
}

Played play(const Scenario& scenario, TrafficSpan duration) {
  const TrafficPlan plan = make_traffic_plan(scenario);
  EXPECT_EQ(plan.problems, std::vector<std::string>{});
  Truth truth(plan.contract_ids);
  Backbone backbone(scenario, plan, kStart, &truth);
  Played played;
  const auto keep = [&](std::vector<Emission> emissions) {
    for (Emission& emission : emissions) played.emissions.push_back(std::move(emission));
  };
  while (backbone.now() < kStart + duration) keep(backbone.advance());
  keep(backbone.finish());
  played.rows = truth.rows();
  return played;
}

Played play(const SmallScenario& scenario, TrafficSpan duration) {
  return play(load(scenario.text()), duration);
}

std::uint32_t number_at(const std::vector<std::byte>& bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = at; i < at + count; ++i)
    value = value << 8 | std::to_integer<std::uint32_t>(bytes.at(i));
  return value;
}

std::vector<std::byte> from_hex(std::string_view text) {
  std::string digits;
  for (const char c : text)
    if (c != ' ' && c != '\n') digits.push_back(c);
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  return bytes;
}

}  // namespace weir::generator::test
