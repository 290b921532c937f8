#include "collector/generator/scenario_file.h"

#include <gtest/gtest.h>

#include "tests/generator/play.h"

namespace weir::generator {
namespace {

using namespace std::chrono_literals;
using test::TemporaryFile;

/// Problems of a text, without the file's name before the line.
std::vector<std::string> problems_of(std::string_view text) {
  const TemporaryFile file(text);
  std::vector<std::string> problems = load_scenario(file.path()).problems;
  for (std::string& problem : problems)
    if (problem.starts_with(file.path() + ":")) problem.erase(0, file.path().size() + 1);
  return problems;
}

constexpr std::string_view kWhole = R"(seed: 3
start: 2024-06-05T03:00:00Z
duration: 10m
growth: 25%
exporters:
  - name: r1
    address: 192.0.2.1
    protocol: ipfix
    domain: 9
    sampling: 2000
    announce: options_305
    active_timeout: 90s
    inactive_timeout: 10s
    template_refresh: 20s
    clock_skew: -5s
    loss: 1%
    reorder: 2%
    duplicate: 3%
    restart_at: 4m
    utc_offset: "-05:00"
    interfaces:
      - {index: 7, name: xe-0/0/0, speed: 10G, role: customer, tagged: true}
      - {index: 8, role: transit}
contracts:
  - {id: C-1, customer: Example, service: ip, committed: 3G, attach: [{exporter: r1, interface: 7, vlan: 5}, {prefix: 203.0.113.0/24}, {as: 64512}]}
traffic:
  - {contract: "C-*", service: ip, profile: step, peak: 1G..2G, to_share: 50%, from_share: 100%, packet_mix: imix, ipv6_share: 10%}
)";

TEST(ScenarioFile, ReadsEveryKey) {
  const Scenario scenario = test::load(kWhole);
  EXPECT_EQ(scenario.seed, 3U);
  EXPECT_EQ(scenario.start, traffic_time_ms(1'717'556'400'000));
  EXPECT_EQ(scenario.duration, TrafficSpan{600s});
  EXPECT_DOUBLE_EQ(scenario.growth, 0.25);
  ASSERT_EQ(scenario.exporters.size(), 1U);
  const ExporterPlan& exporter = scenario.exporters[0];
  EXPECT_EQ(exporter.name, "r1");
  EXPECT_EQ(exporter.address, IpAddress::v4(0xc000'0201));
  EXPECT_EQ(exporter.protocol, Protocol::Ipfix);
  EXPECT_EQ(exporter.domain, 9U);
  EXPECT_EQ(exporter.sampling, 2'000U);
  EXPECT_EQ(exporter.announce, Announce::Options305);
  EXPECT_EQ(exporter.active_timeout, 90s);
  EXPECT_EQ(exporter.inactive_timeout, 10s);
  EXPECT_EQ(exporter.template_refresh, 20s);
  EXPECT_EQ(exporter.clock_skew, -5s);
  EXPECT_DOUBLE_EQ(exporter.loss, 0.01);
  EXPECT_DOUBLE_EQ(exporter.reorder, 0.02);
  EXPECT_DOUBLE_EQ(exporter.duplicate, 0.03);
  EXPECT_EQ(exporter.restart_at, TrafficSpan{240s});
  EXPECT_EQ(exporter.utc_offset, std::chrono::minutes{-300});
  ASSERT_EQ(exporter.interfaces.size(), 2U);
  EXPECT_EQ(exporter.interfaces[0].index, 7U);
  EXPECT_EQ(exporter.interfaces[0].name, "xe-0/0/0");
  EXPECT_EQ(exporter.interfaces[0].speed, 10'000'000'000U);
  EXPECT_EQ(exporter.interfaces[0].role, Role::Customer);
  EXPECT_TRUE(exporter.interfaces[0].is_tagged);
  ASSERT_EQ(scenario.contracts.size(), 1U);
  EXPECT_EQ(scenario.contracts[0].committed, 3'000'000'000U);
  ASSERT_EQ(scenario.contracts[0].attach.size(), 3U);
  EXPECT_EQ(std::get<InterfaceAttachment>(scenario.contracts[0].attach[0]).vlan, 5U);
  EXPECT_EQ(std::get<AsAttachment>(scenario.contracts[0].attach[2]).asn, 64'512U);
  ASSERT_EQ(scenario.traffic.size(), 1U);
  const TrafficRule& rule = scenario.traffic[0];
  EXPECT_EQ(rule.profile, Profile::Step);
  EXPECT_FALSE(rule.peak.is_share);
  EXPECT_DOUBLE_EQ(rule.peak.low, 1e9);
  EXPECT_DOUBLE_EQ(rule.peak.high, 2e9);
  EXPECT_DOUBLE_EQ(rule.to_share, 0.5);
  EXPECT_DOUBLE_EQ(rule.from_share, 1.0);
  EXPECT_DOUBLE_EQ(rule.ipv6_share, 0.1);
}

TEST(ScenarioFile, NamesEveryProblemWithItsLine) {
  EXPECT_EQ(problems_of("seed: -1\n"
                        "sed: 2\n"
                        "exporters:\n"
                        "  - {name: r1, address: 192.0.2.300, protocol: netflow8,\n"
                        "     loss: 2, interfaces: [{index: 0}]}\n"
                        "contracts: []\n"
                        "traffic:\n"
                        "  - {profile: night, peak: 10%..5%}\n"),
            (std::vector<std::string>{
                "2: unknown key 'sed' in a scenario; the keys are seed, start, duration, growth, "
                "exporters, contracts, traffic",
                "1: 'seed: -1' is not usable; write a whole number from 0 to 9223372036854775807",
                "4: 'address: 192.0.2.300' is not usable; write an IPv4 or IPv6 address",
                "4: 'protocol: netflow8' is not usable; write netflow5, netflow9, ipfix or sflow5",
                "5: 'loss: 2' is not usable; write a percentage such as 2%, at most 100%",
                "5: 'index: 0' is not usable; write a whole number from 1 to 1073741822",
                "8: 'profile: night' is not usable; write corporate, content, residential, "
                "constant or step",
                "8: 'peak: 10%..5%' is not usable; write a rate (3G), a share of the committed "
                "rate (70%) or a range of either (40%..90%)"}));
}

TEST(ScenarioFile, RefusesWhatAProtocolCannotSay) {
  const auto refusal = [](const char* keys) {
    const auto problems =
        problems_of("exporters: [{name: r1, address: 192.0.2.1, " + std::string(keys) +
                    ", interfaces: [{index: 70000}]}]\ncontracts: []\ntraffic: [{}]\n");
    return problems.empty() ? std::string{} : problems.front();
  };
  EXPECT_EQ(
      refusal("protocol: netflow5, sampling: 16384"),
      "1: exporter 'r1': netflow5 has 14 bits for the sampling interval; write 16383 or less");
  EXPECT_EQ(refusal("protocol: netflow5"),
            "1: exporter 'r1': netflow5 has 16 bits for an interface index; write 65535 or less");
  EXPECT_EQ(refusal("protocol: netflow9, announce: header"),
            "1: exporter 'r1': announce: header is for netflow5 and sflow5; write options, "
            "options_305, record or none");
  EXPECT_EQ(refusal("protocol: sflow5, announce: record"),
            "1: exporter 'r1': netflow5 and sflow5 have no options or record fields; write "
            "announce: header or none");
}

TEST(ScenarioFile, ReportsTextThatIsNotYaml) {
  const auto problems = problems_of("seed: 1\nexporters: [\n");
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_TRUE(problems[0].starts_with("3: ")) << problems[0];
}

TEST(ScenarioFile, NamesFilesThatAreMissing) {
  EXPECT_EQ(load_scenario("/nonexistent/s.yaml").problems,
            (std::vector<std::string>{
                "/nonexistent/s.yaml: cannot be read; check the path and its permissions"}));
  const auto problems = problems_of(
      "exporters: [{address: 192.0.2.1, protocol: ipfix, interfaces: [{index: 1}]}]\n"
      "contracts: /nonexistent/c.yaml\ntraffic: [{}]\n");
  EXPECT_EQ(problems, (std::vector<std::string>{"/nonexistent/c.yaml: cannot be read; check the "
                                                "path under `contracts` in the scenario"}));
}

TEST(ScenarioFile, RefusesTwoExportersAtOneAddress) {
  EXPECT_EQ(
      problems_of("exporters:\n"
                  "  - {name: a, address: 192.0.2.1, protocol: ipfix, interfaces: [{index: 1}]}\n"
                  "  - {name: b, address: 192.0.2.1, protocol: ipfix, interfaces: [{index: 1}]}\n"
                  "contracts: []\ntraffic: [{}]\n"),
      (std::vector<std::string>{"3: address 192.0.2.1 is given twice; a collector tells "
                                "exporters apart by their address"}));
}

}  // namespace
}  // namespace weir::generator
