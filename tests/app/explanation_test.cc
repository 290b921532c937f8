#include "collector/app/explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <memory>

#include "exporters/ledger/statement_store.h"
#include "tests/support/config_files.h"

namespace weir::app {
namespace {

namespace json = boost::json;

using testing::HasSubstr;

/// 2012-09-30T15:00:00Z.
constexpr std::int64_t kStart = 1'349'017'200;

/// What `print` writes.
std::string printed(void (*print)(std::FILE*, const Explanation&), const Explanation& all) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), &std::fclose);
  print(file.get(), all);
  std::string text(static_cast<std::size_t>(std::ftell(file.get())), '\0');
  std::rewind(file.get());
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  return text;
}

class ExplanationTest : public testing::Test {
 protected:
  void SetUp() override {
    config.exporters.routers.push_back(
        {.name = "edge1", .interfaces = {{.index = 512, .name = "et-0/0/1"}}});
    contract.id = "A";
    contract.customer = "Example";
    contract.attach.push_back(
        {.where = contracts::InterfaceAttachment{
             .exporter = "edge1", .interface = std::string("et-0/0/1"), .vlan = 100}});
    auto opened =
        ledger::Ledger::open({.backend = ledger::Backend::Sqlite, .target = files.path("weir.db")});
    ASSERT_TRUE(opened) << opened.error().message;
    store.emplace(std::move(*opened));
  }

  void write(const ledger::Batch& batch) {
    const auto written = store->write("run", batch);
    ASSERT_TRUE(written) << written.error().message;
  }
  /// All that a ledger can hold of an interval of A: part of the export was lost, one datagram
  /// came twice, one record was late.
  void fill() {
    ledger::Batch batch{.intervals = {}, .coverage = {{kStart, 300}}, .reception = {}};
    batch.intervals.push_back({.contract = "A",
                               .start = kStart,
                               .direction = Direction::ToCustomer,
                               .bytes = 3'000'000,
                               .packets = 3'000,
                               .records = 3,
                               .variance = 1e10});
    batch.intervals.push_back({.contract = "A",
                               .start = kStart,
                               .direction = Direction::ToCustomer,
                               .family = Family::Ipv6,
                               .bytes = 750'000,
                               .packets = 500,
                               .records = 1});
    batch.reception.push_back({.exporter = "edge1", .start = kStart, .received = 3, .lost = 1});
    batch.reception.push_back({.exporter = "edge2", .start = kStart, .received = 0, .lost = 1});
    batch.exports.push_back({.exporter = "edge1",
                             .protocol = Protocol::Netflow9,
                             .start = kStart,
                             .datagrams = 4,
                             .records = 6,
                             .received = 3,
                             .lost = 1,
                             .duplicate_datagrams = 1,
                             .restarts = 2,
                             .smallest_sampling = 1'000,
                             .largest_sampling = 2'000,
                             .bytes = {3'750'000, 10, 20, 30, 40, 50, 60, 70, 80}});
    batch.exports.push_back({.exporter = "edge2", .protocol = Protocol::Sflow5, .start = kStart});
    batch.interfaces.push_back({.exporter = "edge1",
                                .interface = 512,
                                .side = InterfaceSide::Egress,
                                .start = kStart,
                                .flow_bytes = 3'750'000,
                                .counter_bytes = 3'751'000});
    write(batch);
    const auto amended = store->amend("run", {.number = 1,
                                              .rows = {{.contract = "A",
                                                        .start = kStart,
                                                        .direction = Direction::ToCustomer,
                                                        .bytes = 750,
                                                        .packets = 1,
                                                        .records = 1}}});
    ASSERT_TRUE(amended);
    ASSERT_TRUE(store->add_mask({.contract = "",
                                 .from = kStart + 299,
                                 .until = kStart + 600,
                                 .author = "noc",
                                 .reason = "attack",
                                 .made_at = kStart}));
  }
  Explanation explanation() {
    auto made = make_explanation(config, contract, traffic_time_ms(kStart * 1'000), *store);
    EXPECT_TRUE(made) << made.error().message;
    return made ? std::move(*made) : Explanation{};
  }

  test::ConfigFiles files;
  config::Config config;
  contracts::Contract contract;
  std::optional<ledger::Ledger> store;
};

TEST_F(ExplanationTest, SaysInSentencesAllThatTheLedgerKnows) {
  fill();
  EXPECT_EQ(
      printed(print_text, explanation()),
      "A (Example), 2012-09-30T15:00:00Z to 2012-09-30T15:05:00Z\n"
      "masked: left out of the bill by a person\n"
      "its month is not closed: late records still amend it\n"
      "it counts at:\n"
      "  interface et-0/0/1 (ifIndex 512), VLAN 100 of edge1\n"
      "    ingress: 0 bytes by flows, its own counters do not cover it\n"
      "    egress: 3750000 bytes by flows, 3751000 bytes by its own counters\n"
      "what it carried, in bytes of layer ethernet:\n"
      "  from_customer: 0 bytes, 0.000000 Mbit/s +- 0.000000 (95 %)\n"
      "  to_customer: 3750750 bytes, 0.100020 Mbit/s +- 0.005227 (95 %)\n"
      "    ipv4: 4 records, 3001 packets, 3000750 bytes, 80020 bit/s, standard deviation 100000 "
      "bytes, +- 5227 bit/s (95 %)\n"
      "    of these 1 record, 750 bytes came late and were added after the close\n"
      "    amended 1 time\n"
      "    ipv6: 1 record, 500 packets, 750000 bytes, 20000 bit/s, standard deviation 0 bytes, +- "
      "0 bit/s (95 %)\n"
      "measured by run: 300 of 300 s\n"
      "what arrived from its routers in these five minutes:\n"
      "  edge1: part of its export was lost\n"
      "    netflow9: 4 datagrams with 6 records, sampled between 1 in 1000 and 1 in 2000\n"
      "        3 received, 1 lost, as the protocol numbers them; 1 datagram came twice; restarted "
      "2 "
      "times\n"
      "        reports IP packets; the layer adds 18 bytes to each, 4 for each 802.1Q tag, and "
      "counts at least 64\n"
      "        bytes of all that it reported: 3750000 attributed, 10 no_contract, 20 transit, 30 "
      "duplicate, 40 late, 50 unscaled, 60 discarded, 70 overrun, 80 implausible\n"
      "masked 2012-09-30T15:04:59Z to 2012-09-30T15:10:00Z by noc: attack\n"
      "a rate is bytes * 8 / 300, rounded down; docs/billing.md says what a bill makes of it\n");
}

TEST_F(ExplanationTest, HasTheSameFactsAsJson) {
  fill();
  const json::value expected = json::parse(R"({
    "contract": "A", "customer": "Example", "start": "2012-09-30T15:00:00Z", "seconds": 300,
    "state": "masked", "completeness": 0.75, "layer": "ethernet",
    "coverage": [{"run": "run", "seconds": 300}],
    "attachments": [{"exporter": "edge1", "interface": 512, "interface_name": "et-0/0/1",
      "vlan": 100, "passed": {"ingress": {"flow_bytes": 0, "counter_bytes": null},
                              "egress": {"flow_bytes": 3750000, "counter_bytes": 3751000}}}],
    "directions": [
      {"direction": "from_customer", "bytes": 0, "packets": 0, "records": 0, "bits_per_second": 0,
       "standard_deviation_bytes": 0, "error_bits_per_second": 0, "families": []},
      {"direction": "to_customer", "bytes": 3750750, "packets": 3501, "records": 5,
       "bits_per_second": 100020, "standard_deviation_bytes": 100000,
       "error_bits_per_second": 5227, "families": [
         {"family": "ipv4", "bytes": 3000750, "packets": 3001, "records": 4,
          "bits_per_second": 80020, "standard_deviation_bytes": 100000,
          "error_bits_per_second": 5227,
          "late": {"bytes": 750, "packets": 1, "records": 1}, "amendments": 1},
         {"family": "ipv6", "bytes": 750000, "packets": 500, "records": 1,
          "bits_per_second": 20000, "standard_deviation_bytes": 0, "error_bits_per_second": 0,
          "late": {"bytes": 0, "packets": 0, "records": 0}, "amendments": 0}]}],
    "exporters": [{"exporter": "edge1", "state": "lossy", "protocols": [
      {"protocol": "netflow9", "datagrams": 4, "records": 6, "received": 3, "lost": 1,
       "duplicate_datagrams": 1, "restarts": 2, "sampling_smallest": 1000,
       "sampling_largest": 2000,
       "layer": {"reported": "ip", "adds_bytes_per_packet": 18, "adds_bytes_per_tag": 4,
                 "shortest_packet_bytes": 64},
       "bytes": {"attributed": 3750000, "no_contract": 10, "transit": 20, "duplicate": 30,
                 "late": 40, "unscaled": 50, "discarded": 60, "overrun": 70,
                 "implausible": 80}}]}],
    "masks": [{"from": "2012-09-30T15:04:59Z", "until": "2012-09-30T15:10:00Z", "author": "noc",
               "reason": "attack"}],
    "closed": false, "closed_month": null})");
  const json::value got = json::parse(printed(print_json, explanation()));
  // Numbers may differ in kind, so that texts are compared.
  EXPECT_EQ(json::serialize(got), json::serialize(expected));
}

TEST_F(ExplanationTest, AContractThatMayBeMetAnywhereHasAllRouters) {
  fill();
  contract.attach = {{.where = contracts::PrefixAttachment{*IpPrefix::parse("203.0.113.0/24")}},
                     {.where = contracts::AsAttachment{.asn = 64'500}}};
  const Explanation all = explanation();
  ASSERT_EQ(all.exporters.size(), 2U);
  EXPECT_EQ(all.exporters[1].name, "edge2");
  EXPECT_EQ(all.exporters[1].state, ExplainedExporter::State::Silent);
  const std::string text = printed(print_text, all);
  EXPECT_THAT(text,
              HasSubstr("  prefix 203.0.113.0/24, where traffic enters or leaves the backbone\n"
                        "  AS 64500, where traffic enters or leaves the backbone\n"));
  EXPECT_THAT(text,
              HasSubstr("  edge2: silent: nothing came\n"
                        "    sflow5: 0 datagrams with 0 records, no record could be scaled by "
                        "a sampling interval\n"
                        "        0 received, 0 lost, as the protocol numbers them\n"
                        "        reports frames, which count as they are\n"
                        "        bytes of all that it reported: none\n"));
}

TEST_F(ExplanationTest, WhatNothingMeasuredIsMissing) {
  const Explanation all = explanation();
  EXPECT_FALSE(all.is_measured());
  EXPECT_EQ(all.interval.state(), billing::IntervalState::Missing);
  EXPECT_EQ(printed(print_text, all),
            "A (Example), 2012-09-30T15:00:00Z to 2012-09-30T15:05:00Z\n"
            "missing: nothing was measuring then, so that no bill counts it\n"
            "its month is not closed: late records still amend it\n"
            "it counts at:\n"
            "  interface et-0/0/1 (ifIndex 512), VLAN 100 of edge1\n"
            "what arrived from its routers in these five minutes:\n"
            "  edge1: the ledger does not say what came of it\n");
}

TEST_F(ExplanationTest, StatesAreThoseOfABill) {
  write({.intervals = {}, .coverage = {{kStart, 300}}, .reception = {}});
  EXPECT_THAT(printed(print_text, explanation()), HasSubstr("\nmeasured zero: "));
  write({.intervals = {{.contract = "A", .start = kStart, .bytes = 5}},
         .coverage = {},
         .reception = {}});
  EXPECT_THAT(printed(print_text, explanation()), HasSubstr("\nmeasured: a bill"));
  write({.intervals = {},
         .coverage = {},
         .reception = {{.exporter = "edge1", .start = kStart, .received = 3, .lost = 1}}});
  EXPECT_THAT(printed(print_text, explanation()), HasSubstr("\npartial: 75.00 % of it was heard"));
}

TEST_F(ExplanationTest, AClosedMonthSaysSo) {
  write({.intervals = {{.contract = "A", .start = kStart, .bytes = 5}},
         .coverage = {{kStart, 300}},
         .reception = {}});
  // The period ends where the interval starts: it is of the next one.
  ledger::ClosedStatement closed{.contract = "A", .month = 201'208, .revision = 1};
  closed.period_start = kStart - 86'400;
  closed.period_end = kStart;
  ASSERT_TRUE(ledger::StatementStore(*store).add({&closed, 1}));
  EXPECT_EQ(explanation().closed_month, std::nullopt);
  closed.month = 201'209;
  closed.period_start = kStart;
  closed.period_end = kStart + 86'400;
  ASSERT_TRUE(ledger::StatementStore(*store).add({&closed, 1}));
  EXPECT_EQ(explanation().closed_month, 201'209U);
  EXPECT_THAT(printed(print_text, explanation()),
              HasSubstr("\nits month 2012-09 is closed: only a correction changes the bill\n"));
}

TEST(LayerRule, SaysWhatEachLayerMakesOfPacketsAndFrames) {
  const auto rule = [](Layer layer, Protocol protocol) { return layer_rule(layer, protocol); };
  EXPECT_EQ(rule(Layer::Ip, Protocol::Ipfix), LayerRule{});
  EXPECT_EQ(rule(Layer::Ethernet, Protocol::Netflow5),
            (LayerRule{.bytes_per_packet = 18, .bytes_per_tag = 4, .shortest = 64}));
  EXPECT_EQ(rule(Layer::Wire, Protocol::Netflow9),
            (LayerRule{.bytes_per_packet = 38, .bytes_per_tag = 4, .shortest = 84}));
  EXPECT_EQ(rule(Layer::Ip, Protocol::Sflow5),
            (LayerRule{.reports_frames = true, .bytes_per_packet = -18, .bytes_per_tag = -4}));
  EXPECT_EQ(rule(Layer::Ethernet, Protocol::Packets), (LayerRule{.reports_frames = true}));
  EXPECT_EQ(rule(Layer::Wire, Protocol::Sflow5),
            (LayerRule{.reports_frames = true, .bytes_per_packet = 20}));
}

}  // namespace
}  // namespace weir::app
