#include "collector/app/diagnosis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <set>

#include "collector/app/diagnosis_text.h"

namespace weir::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t kNow = 1'714'521'600'000;
constexpr std::int64_t kSecond = 1'000;

/// A collector with one router "edge1.tyo" with which all is well, for a test to spoil.
class Diagnose : public testing::Test {
 protected:
  Diagnose() {
    status.version = "1.0";
    status.now_ms = kNow;
    status.started_ms = kNow - 7'200 * kSecond;
    status.recent_seconds = 300;
    status.listeners = {{.listen = "0.0.0.0:2055",
                         .datagrams = 1'000,
                         .requested_buffer_bytes = 33'554'432,
                         .granted_buffer_bytes = 33'554'432}};
    status.last_scrape_ms = kNow - 12 * kSecond;
    status.scraper = "Prometheus/2.42.0";
    status.clock_skew_limit_ms = 30'000;
    exporters.now_ms = kNow;
    exporters.recent_seconds = 300;
    exporters.exporters = {{.address = "192.0.2.1",
                            .name = "edge1.tyo",
                            .pop = "Tokyo",
                            .is_configured = true,
                            .configured_interfaces = 2,
                            .protocols = {healthy(Protocol::Netflow9)}}};
  }

  static http::ProtocolReport healthy(Protocol protocol) {
    http::ProtocolReport report{.protocol = protocol};
    report.recent.datagrams = 1'000;
    report.recent.units = 1'000;
    report.recent.records = 25'000;
    report.recent.reported_bytes = 1'000'000;
    report.recent.fates[static_cast<std::size_t>(Fate::Attributed)] = 1'000'000;
    report.sums.counts = report.recent;
    report.sums.last_seen_ms = static_cast<std::uint64_t>(kNow - kSecond);
    report.sums.sampling_interval = 1'000;
    report.sums.sampling_source = SamplingSource::Sampler;
    report.sampling_source = "sampler";
    report.completeness = 1.0;
    report.completeness_state = "measured";
    return report;
  }

  http::ExporterReport& exporter() { return exporters.exporters.front(); }
  http::ProtocolReport& protocol() { return exporter().protocols.front(); }
  void set_fate(Fate fate, std::uint64_t bytes) {
    protocol().recent.fates[static_cast<std::size_t>(fate)] = bytes;
  }
  void set_protocol(Protocol which) { protocol() = healthy(which); }

  [[nodiscard]] std::vector<Finding> of_collector() const {
    const Diagnosis diagnosis = diagnose(status, exporters);
    for (const auto& one : diagnosis.exporters) EXPECT_THAT(one.findings, IsEmpty());
    return diagnosis.collector;
  }
  [[nodiscard]] std::vector<Finding> of_exporter() const {
    const Diagnosis diagnosis = diagnose(status, exporters);
    EXPECT_THAT(diagnosis.collector, IsEmpty());
    return diagnosis.exporters.front().findings;
  }
  /// The one thing that is wrong with the exporter.
  [[nodiscard]] std::string said(Step step) const {
    const auto findings = of_exporter();
    if (findings.size() != 1 || findings.front().step != step) {
      ADD_FAILURE() << findings.size() << " findings, the first "
                    << (findings.empty() ? "none" : step_name(findings.front().step));
      return {};
    }
    EXPECT_FALSE(findings.front().mend.empty());
    return findings.front().says;
  }

  http::StatusReport status;
  http::ExportersReport exporters;
};

TEST_F(Diagnose, FindsNothingWhereAllIsWell) {
  const Diagnosis diagnosis = diagnose(status, exporters);
  EXPECT_EQ(diagnosis.findings(), 0U);
  EXPECT_EQ(diagnosis.state, "up 2 h, ready, scraped 12 s ago");
  EXPECT_EQ(diagnosis.exporters.front().state,
            "netflow9, 1 in 1000 (sampler), heard 1 s ago, complete 100.00 %");
}

TEST_F(Diagnose, WhatWentWrongOnceAndIsOverIsNoFinding) {
  auto& before = protocol().sums.counts;
  before.lost = 500;
  before.malformed[0] = 3;
  before.fates[static_cast<std::size_t>(Fate::Unscaled)] = 1'000'000;
  before.sets_without_template = 5;
  before.held_bytes = before.rescued_bytes = 5'000;
  status.listeners.front().dropped = 100;
  status.refused_sources = {
      {.address = "198.51.100.1", .datagrams = 9, .last_ms = kNow - 301 * kSecond}};
  EXPECT_EQ(diagnose(status, exporters).findings(), 0U);
}

TEST_F(Diagnose, CollectorThatIsNotReady) {
  status.not_ready_because = {"mirror0: the mirror port is down or gone"};
  const auto findings = of_collector();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].step, Step::NotReady);
  EXPECT_EQ(findings[0].says, "mirror0: the mirror port is down or gone");
  EXPECT_EQ(findings[0].page, "docs/troubleshooting.md#not-ready");
}

TEST_F(Diagnose, DatagramsThatTheKernelDropped) {
  status.listeners.front().recent_dropped = 42;
  status.listeners.front().granted_buffer_bytes = 212'992;
  const auto findings = of_collector();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].step, Step::KernelDrops);
  EXPECT_EQ(findings[0].says,
            "0.0.0.0:2055: the kernel dropped 42 datagrams in the last 5 min for want of buffer "
            "(213 kB granted of 33.6 MB asked for)");
  EXPECT_THAT(findings[0].mend, HasSubstr("net.core.rmem_max"));
  status.listeners.front().granted_buffer_bytes = 33'554'432;
  EXPECT_THAT(of_collector()[0].mend, HasSubstr("workers"));
}

TEST_F(Diagnose, SourcesThatAreNotAllowed) {
  for (int i = 0; i < 7; ++i)
    status.refused_sources.push_back({.address = "198.51.100." + std::to_string(i),
                                      .datagrams = 9,
                                      .last_ms = kNow - 3 * kSecond});
  const auto findings = of_collector();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].step, Step::NotAllowed);
  EXPECT_THAT(findings[0].says,
              HasSubstr("refused: 198.51.100.0 (9 datagrams, the last 3 s ago), "));
  EXPECT_THAT(findings[0].says,
              HasSubstr("198.51.100.4 (9 datagrams, the last 3 s ago) and 2 more"));
  EXPECT_THAT(findings[0].mend, HasSubstr("exporters.allow"));
}

TEST_F(Diagnose, DatagramsThatAreNoFlowExport) {
  status.recent_unreadable_datagrams = 6;
  const auto findings = of_collector();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].step, Step::Malformed);
  EXPECT_EQ(findings[0].says, "6 datagrams in the last 5 min are no NetFlow, IPFIX or sFlow v5");
}

TEST_F(Diagnose, NobodyScrapes) {
  status.last_scrape_ms = kNow - 301 * kSecond;
  auto findings = of_collector();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].step, Step::NotScraped);
  EXPECT_EQ(findings[0].says,
            "nobody has asked for /metrics for 5 min; the last was Prometheus/2.42.0");
  status.last_scrape_ms = 0;
  findings = of_collector();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].says, "nobody has asked for /metrics since the start 2 h ago");
  // A collector that has just started has time.
  status.started_ms = kNow - 300 * kSecond;
  EXPECT_THAT(of_collector(), IsEmpty());
}

TEST_F(Diagnose, RouterThatWasNeverHeard) {
  exporter().protocols.clear();
  EXPECT_EQ(said(Step::NeverHeard),
            "configured, but nothing has come from 192.0.2.1 since the start 2 h ago");
  EXPECT_THAT(of_exporter()[0].mend, HasSubstr("tcpdump -ni any udp and host 192.0.2.1"));
  status.refused_sources = {{.address = "198.51.100.1", .datagrams = 9, .last_ms = kNow}};
  EXPECT_THAT(diagnose(status, exporters).exporters[0].findings[0].mend,
              HasSubstr("it may be the one that is refused: 198.51.100.1 (9 datagrams"));
}

TEST_F(Diagnose, RouterThatFellSilent) {
  protocol().sums.last_seen_ms = static_cast<std::uint64_t>(kNow - 120 * kSecond);
  EXPECT_THAT(of_exporter(), IsEmpty());
  protocol().sums.last_seen_ms = static_cast<std::uint64_t>(kNow - 121 * kSecond);
  EXPECT_EQ(said(Step::Silent), "nothing has come from it for 2 min");
}

TEST_F(Diagnose, RouterThatChangedItsProtocolIsNotSilent) {
  protocol().sums.last_seen_ms = static_cast<std::uint64_t>(kNow - 3'600 * kSecond);
  exporter().protocols.push_back(healthy(Protocol::Ipfix));
  EXPECT_THAT(of_exporter(), IsEmpty());
}

TEST_F(Diagnose, PartsThatAreMalformed) {
  protocol().recent.malformed[static_cast<std::size_t>(DecodeError::BadSetLength)] = 2;
  protocol().recent.malformed[static_cast<std::size_t>(DecodeError::Truncated)] = 7;
  EXPECT_EQ(said(Step::Malformed),
            "netflow9: 9 parts were refused in the last 5 min: truncated 7, bad_set_length 2");
}

TEST_F(Diagnose, DataThatWaitForTheirTemplate) {
  auto& counts = protocol().sums.counts;
  counts.sets_without_template = 12;
  counts.held_bytes = 5'000;
  counts.rescued_bytes = 1'000;
  EXPECT_EQ(said(Step::NoTemplate),
            "netflow9: 4 kB of data wait for their template; no template has come yet");
  protocol().sums.last_template_ms = static_cast<std::uint64_t>(kNow - 900 * kSecond);
  protocol().sums.template_gap_ms = 600'000;
  protocol().recent.given_up_bytes = 700;
  EXPECT_EQ(said(Step::NoTemplate),
            "netflow9: 4 kB of data wait for their template, 700 bytes were given up in the last 5 "
            "min; the last template came 15 min ago, expected every 10 min");
  EXPECT_THAT(of_exporter()[0].mend, HasSubstr("every 60 s"));
}

TEST_F(Diagnose, SamplingThatNobodyTold) {
  set_fate(Fate::Unscaled, 250'000);
  EXPECT_THAT(
      said(Step::NoSampling),
      HasSubstr("netflow9: 25.0 % of what it reported in the last 5 min cannot be scaled: no "
                "options record has come, and data records lack element 34"));
  protocol().sums.counts.options_records = 3;
  EXPECT_THAT(said(Step::NoSampling), HasSubstr("3 options records came, but neither they nor"));
  EXPECT_THAT(of_exporter()[0].mend, HasSubstr("sampling: N"));
}

TEST_F(Diagnose, SamplingThatEachProtocolWouldTellElsewhere) {
  for (const auto& [protocol, missing] :
       {std::pair{Protocol::Netflow5, "the sampling field of the v5 header is 0"},
        std::pair{Protocol::Netflow1, "NetFlow v1 cannot carry it"},
        std::pair{Protocol::Sflow5, "sampling_rate of the flow samples is 0"}}) {
    set_protocol(protocol);
    set_fate(Fate::Unscaled, 1'000'000);
    EXPECT_THAT(said(Step::NoSampling), HasSubstr(missing));
  }
}

TEST_F(Diagnose, RecordsThatWaitForTheirSamplingRate) {
  protocol().sums.counts.held_bytes = 1'500;
  EXPECT_THAT(said(Step::NoSampling), HasSubstr("1.5 kB of records wait for their sampling rate"));
}

TEST_F(Diagnose, ClockThatIsOff) {
  protocol().sums.clock_skew_ms = 5'000;
  EXPECT_THAT(of_exporter(), IsEmpty());
  protocol().sums.clock_skew_ms = 6'000;
  EXPECT_EQ(said(Step::Clock),
            "netflow9: its clock is 6 s behind ours; its records are dated wrongly by as much");
  protocol().sums.clock_skew_ms = -3'600'000;
  EXPECT_EQ(said(Step::Clock),
            "netflow9: its clock is 60 min ahead of ours; its records are dated by their arrival");
}

TEST_F(Diagnose, SflowHasNoClock) {
  set_protocol(Protocol::Sflow5);
  protocol().sums.clock_skew_ms = 60'000;
  EXPECT_THAT(of_exporter(), IsEmpty());
}

TEST_F(Diagnose, InterfacesThatTheConfigurationDoesNotKnow) {
  protocol().recent.unknown_interface_bytes = 10'000;
  EXPECT_THAT(of_exporter(), IsEmpty());
  protocol().recent.unknown_interface_bytes = 125'000;
  EXPECT_EQ(said(Step::UnknownInterface),
            "netflow9: 12.5 % of its bytes in the last 5 min are on interfaces that the "
            "configuration does not know, and count for no contract");
  // Where no interface is configured, contracts are found by prefix and AS.
  exporter().configured_interfaces = 0;
  EXPECT_THAT(of_exporter(), IsEmpty());
}

TEST_F(Diagnose, FlowEstimatesThatAreApartFromTheCounters) {
  exporter().interface_alarms = {{.interface = 512,
                                  .direction = "ingress",
                                  .ratio = 0.001,
                                  .minutes = 60,
                                  .cause = "sampling"}};
  EXPECT_EQ(said(Step::CountersApart),
            "interface 512 ingress: the flow estimate is 0.001 of the counter for 60 min: its "
            "sampling interval is not announced, or applied twice");
  exporter().interface_alarms.push_back({.interface = 513, .direction = "egress", .cause = "loss"});
  exporter().interface_alarms.front().cause = "unknown";
  EXPECT_EQ(said(Step::CountersApart),
            "interface 512 ingress: the flow estimate is 0.001 of the counter for 60 min: no cause "
            "is likely; 1 more of its interfaces are apart");
}

TEST_F(Diagnose, BytesOfNoContract) {
  set_fate(Fate::NoContract, 500'000);
  EXPECT_THAT(of_exporter(), IsEmpty());
  set_fate(Fate::NoContract, 900'000);
  EXPECT_EQ(said(Step::NoContract),
            "netflow9: 90.0 % of its bytes in the last 5 min match no contract");
}

TEST_F(Diagnose, ExportThatIsMissing) {
  protocol().recent.units = 99'990;
  protocol().recent.lost = 10;
  EXPECT_THAT(of_exporter(), IsEmpty());
  protocol().recent.lost = 15;
  protocol().recent.recovered = 3;
  EXPECT_EQ(said(Step::Loss),
            "netflow9: 0.012 % of its export is missing: 12 packets of 100002 in the last 5 min");
  protocol().sums.domains = {{.domain = 1, .lost = 1}, {.domain = 7, .lost = 14, .recovered = 3}};
  EXPECT_THAT(said(Step::Loss), HasSubstr("in the last 5 min, the most in domain 7"));
}

TEST_F(Diagnose, LossThatCannotBeKnown) {
  protocol().recent.sequence_unknown = 500;
  EXPECT_THAT(of_exporter(), IsEmpty());
  protocol().recent.sequence_unknown = 501;
  protocol().recent.restarts = 4;
  EXPECT_EQ(said(Step::Loss),
            "netflow9: what it lost cannot be known: 501 of 1000 datagrams in the last 5 min stand "
            "behind a gap that nothing measures (4 restarts)");
  // The first datagrams of an exporter always do.
  protocol().recent.datagrams = 1;
  protocol().recent.sequence_unknown = 1;
  EXPECT_THAT(of_exporter(), IsEmpty());
}

TEST_F(Diagnose, TheStepThatFailsFirstStandsFirst) {
  exporter().protocols.push_back(healthy(Protocol::Sflow5));
  protocol().recent.lost = 500;
  set_fate(Fate::NoContract, 900'000);
  protocol().sums.clock_skew_ms = 6'000;
  auto& sflow = exporter().protocols.back();
  sflow.recent.fates[static_cast<std::size_t>(Fate::Unscaled)] = 10;
  std::vector<Step> steps;
  for (const Finding& finding : of_exporter()) steps.push_back(finding.step);
  EXPECT_THAT(steps, ElementsAre(Step::NoSampling, Step::Clock, Step::NoContract, Step::Loss));
}

TEST_F(Diagnose, CompletenessNeverRoundsALossAway) {
  protocol().completeness = 0.999'999;
  EXPECT_THAT(diagnose(status, exporters).exporters[0].state, HasSubstr("complete 99.99 %"));
  protocol().completeness = std::nullopt;
  EXPECT_THAT(diagnose(status, exporters).exporters[0].state, HasSubstr("completeness unknown"));
}

TEST_F(Diagnose, TextNamesTheFirstStepAndTheMend) {
  set_fate(Fate::NoContract, 900'000);
  protocol().recent.lost = 500;
  exporters.exporters.push_back(
      {.address = "2001:db8::1", .name = "e2", .protocols = {healthy(Protocol::Sflow5)}});
  status.recent_unreadable_datagrams = 6;
  EXPECT_EQ(
      diagnosis_text("http://127.0.0.1:10055", diagnose(status, exporters)),
      "FAILS   collector               weir 1.0 at http://127.0.0.1:10055, up 2 h, ready, scraped "
      "12 s ago\n"
      "        malformed\n"
      "        6 datagrams in the last 5 min are no NetFlow, IPFIX or sFlow v5\n"
      "        mend: something else sends to the port: tcpdump shows who; sFlow must be version 5\n"
      "        see docs/troubleshooting.md#malformed\n"
      "FAILS   edge1.tyo  192.0.2.1    no contract (netflow9, 1 in 1000 (sampler), heard 1 s ago, "
      "complete 100.00 %)\n"
      "        netflow9: 90.0 % of its bytes in the last 5 min match no contract\n"
      "        mend: compare `attach` of the contracts with the interfaces and addresses that "
      "`weir "
      "decode --summary` shows\n"
      "        see docs/troubleshooting.md#no-contract\n"
      "        then loss\n"
      "        netflow9: 33.3 % of its export is missing: 500 packets of 1500 in the last 5 min\n"
      "        mend: if the kernel drops datagrams, mend that first; else look at the path and its "
      "policers, and at export rate limits of the router\n"
      "        see docs/troubleshooting.md#loss\n"
      "ok      e2         2001:db8::1  sflow5, 1 in 1000 (sampler), heard 1 s ago, complete 100.00 "
      "%\n"
      "\n"
      "1 of 2 exporters well, 3 findings, by what was counted in the last 5 min\n");
}

TEST_F(Diagnose, TextOfNamesCannotSteerATerminal) {
  exporter().name = "e\x1b[2J\n1";
  const std::string text = diagnosis_text("http://h", diagnose(status, exporters));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_THAT(text, HasSubstr("e?[2J?1"));
}

TEST_F(Diagnose, JsonHoldsTheSame) {
  set_fate(Fate::NoContract, 900'000);
  EXPECT_EQ(
      diagnosis_json("http://h", diagnose(status, exporters)),
      R"({"url":"http://h","version":"1.0","state":"up 2 h, ready, scraped 12 s ago","well":false,"looked_at_seconds":300,"exporters":[{"name":"edge1.tyo","address":"192.0.2.1","state":"netflow9, 1 in 1000 (sampler), heard 1 s ago, complete 100.00 %","fails_at":"no_contract"}],"findings":[{"exporter":"edge1.tyo","step":"no_contract","says":"netflow9: 90.0 % of its bytes in the last 5 min match no contract","mend":"compare `attach` of the contracts with the interfaces and addresses that `weir decode --summary` shows","page":"docs/troubleshooting.md#no-contract"}]})"
      "\n");
}

TEST(Steps, HaveASectionInTheGuide) {
  std::ifstream page("docs/troubleshooting.md");
  std::set<std::string> sections;
  for (std::string line; std::getline(page, line);)
    if (line.starts_with("### ")) {
      std::ranges::transform(line, line.begin(), [](unsigned char c) {
        return c == ' ' ? '_' : static_cast<char>(std::tolower(c));
      });
      sections.insert(line.substr(4));
    }
  for (int step = 0; step <= static_cast<int>(Step::NotScraped); ++step)
    EXPECT_TRUE(sections.contains(std::string(step_word(static_cast<Step>(step)))))
        << step_word(static_cast<Step>(step));
}

}  // namespace
}  // namespace weir::app
