#include "exporters/prometheus/traffic_collectable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "exporters/prometheus/exposition.h"
#include "tests/prometheus/world.h"

namespace weir::prometheus {
namespace {

using test::contract;
using test::kStart;
using test::lines_of;
using test::World;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr TrafficSpan kMinute{60'000};

[[nodiscard]] MetricSet gather(World& world) {
  return TrafficCollectable(world.sources()).gather();
}

TEST(TrafficCollectable, AContractHasAllItsSeriesBeforeTheFirstByte) {
  World world({contract("A", 1'000'000'000)});
  EXPECT_THAT(
      lines_of(gather(world), "weir_contract_bytes_total"),
      ElementsAre(
          R"(weir_contract_bytes_total{contract="A",direction="from_customer",family="ipv4"} 0)",
          R"(weir_contract_bytes_total{contract="A",direction="from_customer",family="ipv6"} 0)",
          R"(weir_contract_bytes_total{contract="A",direction="to_customer",family="ipv4"} 0)",
          R"(weir_contract_bytes_total{contract="A",direction="to_customer",family="ipv6"} 0)"));
}

TEST(TrafficCollectable, CountersRiseAsRecordsArriveAndSumTheWorkers) {
  World world({contract("A", 1'000'000'000)});
  world.count(0, 0, Direction::FromCustomer, Family::Ipv6,
              {.bytes = 9'007'199'254'740'993, .packets = 5}, kStart);
  world.count(1, 0, Direction::FromCustomer, Family::Ipv6, {.bytes = 1'000, .packets = 2}, kStart);

  const MetricSet set = gather(world);
  EXPECT_EQ(
      lines_of(set, "weir_contract_bytes_total").at(1),
      R"(weir_contract_bytes_total{contract="A",direction="from_customer",family="ipv6"} 9007199254741993)");
  EXPECT_EQ(
      lines_of(set, "weir_contract_packets_total").at(1),
      R"(weir_contract_packets_total{contract="A",direction="from_customer",family="ipv6"} 7)");
}

TEST(TrafficCollectable, BandwidthIsThatOfTheLastClosedMinute) {
  World world({contract("A", 1'000'000'000)});
  // 7.5 GB in a minute is 125 MB/s, which is 1 Gbit/s.
  world.count(0, 0, Direction::ToCustomer, Family::Ipv4,
              {.bytes = 7'000'000'000, .packets = 1, .variance = 900}, kStart);
  world.count(1, 0, Direction::ToCustomer, Family::Ipv6,
              {.bytes = 500'000'000, .packets = 1, .variance = 2'700},
              kStart + TrafficSpan{59'999});
  EXPECT_THAT(lines_of(gather(world), "weir_contract_bandwidth_bytes_per_second"), IsEmpty());

  world.close_until(kStart + kMinute);

  const MetricSet set = gather(world);
  EXPECT_THAT(
      lines_of(set, "weir_contract_bandwidth_bytes_per_second"),
      ElementsAre(
          R"(weir_contract_bandwidth_bytes_per_second{contract="A",direction="from_customer"} 0)",
          R"(weir_contract_bandwidth_bytes_per_second{contract="A",direction="to_customer"} 125000000)"));
  // 1.96 times the root of 3600, over 60 seconds.
  EXPECT_EQ(
      lines_of(set, "weir_contract_bandwidth_error_bytes_per_second").at(1),
      R"(weir_contract_bandwidth_error_bytes_per_second{contract="A",direction="to_customer"} 1.96)");
  EXPECT_EQ(lines_of(set, "weir_contract_utilization_ratio").at(1),
            R"(weir_contract_utilization_ratio{contract="A",direction="to_customer"} 1)");
  EXPECT_THAT(lines_of(set, "weir_closed_until_timestamp_seconds"),
              ElementsAre("weir_closed_until_timestamp_seconds 1714521660"));
  EXPECT_THAT(lines_of(set, "weir_closing_lag_seconds"),
              ElementsAre("weir_closing_lag_seconds 15"));
}

TEST(TrafficCollectable, AContractWithoutCommitmentHasNoUtilization) {
  World world({contract("A", 0)});
  world.close_until(kStart + kMinute);
  EXPECT_THAT(lines_of(gather(world), "weir_contract_utilization_ratio"), IsEmpty());
}

TEST(TrafficCollectable, TermsAreBytesPerSecondAndNamesStayHidden) {
  World world({contract("A", 3'000'000'000, 10'000'000'000), contract("B", 100'000'001)});
  const MetricSet set = gather(world);
  EXPECT_THAT(
      lines_of(set, "weir_contract_committed_bytes_per_second"),
      ElementsAre(R"(weir_contract_committed_bytes_per_second{contract="A"} 375000000)",
                  R"(weir_contract_committed_bytes_per_second{contract="B"} 12500000.125)"));
  EXPECT_THAT(lines_of(set, "weir_contract_ceiling_bytes_per_second"),
              ElementsAre(R"(weir_contract_ceiling_bytes_per_second{contract="A"} 1250000000)"));
  EXPECT_THAT(lines_of(set, "weir_contract_info"),
              ElementsAre(R"(weir_contract_info{contract="A",service="ip",pop="Tokyo"} 1)",
                          R"(weir_contract_info{contract="B",service="ip",pop="Tokyo"} 1)"));

  Sources open = world.sources();
  open.customer_names = true;
  EXPECT_EQ(
      lines_of(TrafficCollectable(open).gather(), "weir_contract_info").at(0),
      R"(weir_contract_info{contract="A",service="ip",pop="Tokyo",customer="Example Trading"} 1)");
}

TEST(TrafficCollectable, ContractsInForceAreCountedByServiceAndTier) {
  auto ended = contract("ended", 5'000'000'000);
  ended.valid_until = kStart;
  auto fiber = contract("fiber", 2'000'000'000);
  fiber.service = "fiber";
  World world({contract("exactly", 1'000'000'000), contract("above", 1'000'000'008),
               contract("small", 100'000'000), ended, fiber});
  const MetricSet set = gather(world);
  EXPECT_THAT(lines_of(set, "weir_contracts"),
              ElementsAre(R"(weir_contracts{service="ip",tier="le_100m"} 1)",
                          R"(weir_contracts{service="ip",tier="le_1g"} 1)",
                          R"(weir_contracts{service="ip",tier="gt_1g"} 1)",
                          R"(weir_contracts{service="fiber",tier="le_100m"} 0)",
                          R"(weir_contracts{service="fiber",tier="le_1g"} 0)",
                          R"(weir_contracts{service="fiber",tier="gt_1g"} 1)"));
  EXPECT_EQ(lines_of(set, "weir_contracted_bytes_per_second").at(2),
            R"(weir_contracted_bytes_per_second{service="ip",tier="gt_1g"} 125000001)");
}

TEST(TrafficCollectable, ARemovedContractTakesItsSeriesWithIt) {
  World world({contract("A", 1'000'000'000), contract("B", 1'000'000'000)});
  const TrafficCollectable collectable(world.sources());
  world.count(0, 1, Direction::ToCustomer, Family::Ipv4, {.bytes = 77, .packets = 1}, kStart);
  EXPECT_NE(render(collectable.gather(), Format::Text).find("contract=\"A\""), std::string::npos);

  world.set_contracts({contract("B", 1'000'000'000), contract("C", 1'000'000'000)});

  const MetricSet set = collectable.gather();
  EXPECT_EQ(render(set, Format::Text).find("contract=\"A\""), std::string::npos);
  // B keeps its slot, so its count goes on.
  EXPECT_EQ(lines_of(set, "weir_contract_bytes_total").at(2),
            R"(weir_contract_bytes_total{contract="B",direction="to_customer",family="ipv4"} 77)");
  EXPECT_THAT(lines_of(set, "weir_contract_bytes_total"), SizeIs(8));
}

TEST(TrafficCollectable, WhatContractsOweIsOfTheRunningPeriodAndTheOneBefore) {
  World world({contract("B", 1'000'000'000), contract("A", 1'000'000'000), contract("new", 1)});
  EXPECT_EQ(gather(world).find("weir_contract_percentile_bytes_per_second"), nullptr);
  world.billing = test::billing_of({"A", "B", "gone"});
  const MetricSet set = gather(world);
  EXPECT_THAT(
      lines_of(set, "weir_contract_percentile_bytes_per_second"),
      ElementsAre(
          R"(weir_contract_percentile_bytes_per_second{contract="B",period="current"} 125000000.125)",
          R"(weir_contract_percentile_bytes_per_second{contract="B",period="previous"} 250000000)",
          R"(weir_contract_percentile_bytes_per_second{contract="A",period="current"} 125000000.125)",
          R"(weir_contract_percentile_bytes_per_second{contract="A",period="previous"} 250000000)"));
  EXPECT_EQ(
      lines_of(set, "weir_contract_percentile_low_bytes_per_second").at(0),
      R"(weir_contract_percentile_low_bytes_per_second{contract="B",period="current"} 100000000)");
  EXPECT_EQ(
      lines_of(set, "weir_contract_percentile_high_bytes_per_second").at(1),
      R"(weir_contract_percentile_high_bytes_per_second{contract="B",period="previous"} 250000001)");
  EXPECT_EQ(lines_of(set, "weir_contract_burst_intervals_used").at(0),
            R"(weir_contract_burst_intervals_used{contract="B"} 310)");
  EXPECT_EQ(lines_of(set, "weir_contract_burst_intervals_allowed").at(0),
            R"(weir_contract_burst_intervals_allowed{contract="B"} 432)");
  EXPECT_EQ(lines_of(set, "weir_contract_completeness_ratio").at(0),
            R"(weir_contract_completeness_ratio{contract="B"} 0.75)");
  EXPECT_THAT(lines_of(set, "weir_contract_month_provisional"),
              ElementsAre(R"(weir_contract_month_provisional{contract="B",period="current"} 1)",
                          R"(weir_contract_month_provisional{contract="B",period="previous"} 0)",
                          R"(weir_contract_month_provisional{contract="A",period="current"} 1)",
                          R"(weir_contract_month_provisional{contract="A",period="previous"} 0)"));
  EXPECT_THAT(lines_of(set, "weir_contract_month_estimated"),
              ElementsAre(R"(weir_contract_month_estimated{contract="B",period="current"} 1)",
                          R"(weir_contract_month_estimated{contract="B",period="previous"} 0)",
                          R"(weir_contract_month_estimated{contract="A",period="current"} 1)",
                          R"(weir_contract_month_estimated{contract="A",period="previous"} 0)"));
  EXPECT_THAT(lines_of(set, "weir_accounting_info"),
              ElementsAre(R"(weir_accounting_info{layer="ethernet",method="nearest_rank"} 1)"));
  EXPECT_THAT(lines_of(set, "weir_billing_as_of_timestamp_seconds"),
              ElementsAre("weir_billing_as_of_timestamp_seconds 1714521600"));
}

TEST(TrafficCollectable, ContractsWithHistoryHaveWhatTheyUsuallyCarry) {
  World world({contract("B", 1'000'000'000), contract("A", 1'000'000'000)});
  EXPECT_THAT(lines_of(gather(world), "weir_contract_above_baseline"), IsEmpty());
  world.baselines = test::baselines_of({"A", "gone"});
  const MetricSet set = gather(world);
  EXPECT_THAT(
      lines_of(set, "weir_contract_baseline_bytes_per_second"),
      ElementsAre(
          R"(weir_contract_baseline_bytes_per_second{contract="A",direction="from_customer",bound="median"} 50000000)",
          R"(weir_contract_baseline_bytes_per_second{contract="A",direction="from_customer",bound="high"} 100000000)",
          R"(weir_contract_baseline_bytes_per_second{contract="A",direction="to_customer",bound="median"} 100000000)",
          R"(weir_contract_baseline_bytes_per_second{contract="A",direction="to_customer",bound="high"} 200000000)"));
  EXPECT_THAT(
      lines_of(set, "weir_contract_above_baseline"),
      ElementsAre(R"(weir_contract_above_baseline{contract="A",direction="from_customer"} 0)",
                  R"(weir_contract_above_baseline{contract="A",direction="to_customer"} 1)"));
}

// Domain requirement 41; the last size is its own.
TEST(TrafficCollectable, SeriesFollowTheFormula) {
  for (const std::size_t n : {10U, 1'000U, 10'000U, 25'000U}) {
    std::vector<contracts::Contract> list;
    for (std::size_t i = 0; i < n; ++i) {
      list.push_back(contract("C" + std::to_string(i), 2'000'000'000, 10'000'000'000));
    }
    World world(list);
    World none({});
    std::vector<std::string> ids;
    for (const auto& one : list) ids.push_back(one.id);
    world.billing = test::billing_of(ids);
    none.billing = test::billing_of({});
    world.baselines = test::baselines_of(ids);
    none.baselines = test::baselines_of({});
    world.close_until(kStart + kMinute);
    none.close_until(kStart + kMinute);
    // docs/metrics.md: 42, 10 an interface, 5 a UDP listener, 8 of the TCP listener, which has four
    // reasons here, and the facts of one exporter never heard.
    // And 9 of remote write.
    EXPECT_EQ(gather(none).series(), 42U + 10 + 5 + 8 + 1 + 9 + 4);
    // And 4 of a source of contracts.
    // 30 a contract and 6 with a baseline, 6 a service.
    EXPECT_EQ(gather(world).series() - gather(none).series(), (30 + 6) * n + 6);
    const MetricSet set = gather(world);
    EXPECT_THAT(lines_of(set, "weir_metrics_series"),
                ElementsAre("weir_metrics_series " + std::to_string(set.series())));
  }
}

TEST(TrafficCollectable, InterfacesHaveBytesSpeedAndFacts) {
  World world({});
  const MetricSet set = gather(world);
  // A figure for an interface that the table does not have is left out.
  EXPECT_THAT(
      lines_of(set, "weir_interface_bytes_total"),
      ElementsAre(
          R"(weir_interface_bytes_total{exporter="edge1.tyo",interface="512",direction="ingress"} 9007199254740993)",
          R"(weir_interface_bytes_total{exporter="edge1.tyo",interface="512",direction="egress"} 7)"));
  EXPECT_THAT(
      lines_of(set, "weir_interface_speed_bytes_per_second"),
      ElementsAre(
          R"(weir_interface_speed_bytes_per_second{exporter="edge1.tyo",interface="512"} 1250000000)"));
  EXPECT_THAT(
      lines_of(set, "weir_interface_info"),
      ElementsAre(
          R"(weir_interface_info{exporter="edge1.tyo",interface="512",name="et-0/0/1",role="customer"} 1)"));
}

TEST(TrafficCollectable, InterfacesHaveTheirCountersAndWhatFlowsMakeOfThem) {
  World world({});
  const MetricSet set = gather(world);
  EXPECT_THAT(
      lines_of(set, "weir_interface_reading_bytes_total"),
      ElementsAre(
          R"(weir_interface_reading_bytes_total{exporter="edge1.tyo",interface="512",direction="ingress"} 9007199254740995)",
          R"(weir_interface_reading_bytes_total{exporter="edge1.tyo",interface="512",direction="egress"} 8)"));
  EXPECT_THAT(
      lines_of(set, "weir_interface_estimate_ratio"),
      ElementsAre(
          R"(weir_interface_estimate_ratio{exporter="edge1.tyo",interface="512",direction="ingress"} 0.5)",
          R"(weir_interface_estimate_ratio{exporter="edge1.tyo",interface="512",direction="egress"} 1)"));
  EXPECT_THAT(
      lines_of(set, "weir_interface_estimate_alarm"),
      ElementsAre(
          R"(weir_interface_estimate_alarm{exporter="edge1.tyo",interface="512",direction="ingress",cause="loss"} 1)",
          R"(weir_interface_estimate_alarm{exporter="edge1.tyo",interface="512",direction="egress",cause="layer"} 1)"));
}

TEST(TrafficCollectable, ExporterCountersSumTheWorkersAndGaugesAreTheLatest) {
  World world({});
  core::ExporterCounters& first = world.books[0]->of(ExporterId{0}, Protocol::Ipfix);
  core::ExporterCounters& second = world.books[1]->of(ExporterId{0}, Protocol::Ipfix);
  first.datagrams.add(3);
  second.datagrams.add(4);
  first.records.add(30);
  first.lost.add(2);
  first.malformed[static_cast<std::size_t>(DecodeError::BadTemplate)].add(5);
  first.held_bytes.add(100);
  second.rescued_bytes.add(60);
  second.given_up_bytes.add(40);
  first.unknown_held_records.add(12);
  second.unknown_rescued_records.add(7);
  second.unknown_given_up_records.add(5);
  first.sampling_changes.add(1);
  second.sampling_changes.add(2);
  first.long_flows.add(8);
  second.long_flows.add(1);
  first.last_seen_ms.set(2'000);
  second.last_seen_ms.set(1'500);
  first.sampling_interval.set(1'000);
  second.sampling_interval.set(4'000);
  first.clock_skew_ms.store(-2'500);
  second.clock_skew_ms.store(9'000);

  const MetricSet set = gather(world);
  EXPECT_THAT(
      lines_of(set, "weir_exporter_datagrams_total"),
      ElementsAre(R"(weir_exporter_datagrams_total{exporter="edge1.tyo",protocol="ipfix"} 7)"));
  EXPECT_THAT(
      lines_of(set, "weir_exporter_records_total"),
      ElementsAre(R"(weir_exporter_records_total{exporter="edge1.tyo",protocol="ipfix"} 30)"));
  EXPECT_THAT(
      lines_of(set, "weir_exporter_lost_total"),
      ElementsAre(
          R"(weir_exporter_lost_total{exporter="edge1.tyo",protocol="ipfix",unit="records"} 2)"));
  EXPECT_THAT(
      lines_of(set, "weir_exporter_malformed_total"),
      ElementsAre(
          R"(weir_exporter_malformed_total{exporter="edge1.tyo",protocol="ipfix",reason="bad_template"} 5)"));
  EXPECT_THAT(
      lines_of(set, "weir_exporter_held_bytes_total"),
      ElementsAre(
          R"(weir_exporter_held_bytes_total{exporter="edge1.tyo",protocol="ipfix",state="held"} 100)",
          R"(weir_exporter_held_bytes_total{exporter="edge1.tyo",protocol="ipfix",state="rescued"} 60)",
          R"(weir_exporter_held_bytes_total{exporter="edge1.tyo",protocol="ipfix",state="given_up"} 40)"));
  EXPECT_THAT(
      lines_of(set, "weir_exporter_held_records_total"),
      ElementsAre(
          R"(weir_exporter_held_records_total{exporter="edge1.tyo",protocol="ipfix",state="held"} 12)",
          R"(weir_exporter_held_records_total{exporter="edge1.tyo",protocol="ipfix",state="rescued"} 7)",
          R"(weir_exporter_held_records_total{exporter="edge1.tyo",protocol="ipfix",state="given_up"} 5)"));
  EXPECT_THAT(
      lines_of(set, "weir_exporter_sampling_changes_total"),
      ElementsAre(
          R"(weir_exporter_sampling_changes_total{exporter="edge1.tyo",protocol="ipfix"} 3)"));
  EXPECT_THAT(
      lines_of(set, "weir_exporter_long_flows_total"),
      ElementsAre(R"(weir_exporter_long_flows_total{exporter="edge1.tyo",protocol="ipfix"} 9)"));
  EXPECT_THAT(
      lines_of(set, "weir_exporter_last_seen_timestamp_seconds"),
      ElementsAre(
          R"(weir_exporter_last_seen_timestamp_seconds{exporter="edge1.tyo",protocol="ipfix"} 2)"));
  EXPECT_THAT(
      lines_of(set, "weir_exporter_sampling_interval"),
      ElementsAre(
          R"(weir_exporter_sampling_interval{exporter="edge1.tyo",protocol="ipfix"} 1000)"));
  EXPECT_THAT(
      lines_of(set, "weir_exporter_clock_skew_seconds"),
      ElementsAre(
          R"(weir_exporter_clock_skew_seconds{exporter="edge1.tyo",protocol="ipfix"} -2.5)"));
}

TEST(TrafficCollectable, LostIsInTheUnitThatTheProtocolNumbers) {
  World world({});
  for (std::size_t p = 0; p < kProtocols; ++p) {
    world.books[0]->of(ExporterId{0}, static_cast<Protocol>(p)).datagrams.add(1);
  }
  EXPECT_THAT(
      lines_of(gather(world), "weir_exporter_lost_total"),
      ElementsAre(
          R"(weir_exporter_lost_total{exporter="edge1.tyo",protocol="netflow5",unit="flows"} 0)",
          R"(weir_exporter_lost_total{exporter="edge1.tyo",protocol="netflow7",unit="flows"} 0)",
          R"(weir_exporter_lost_total{exporter="edge1.tyo",protocol="netflow9",unit="packets"} 0)",
          R"(weir_exporter_lost_total{exporter="edge1.tyo",protocol="ipfix",unit="records"} 0)",
          R"(weir_exporter_lost_total{exporter="edge1.tyo",protocol="sflow5",unit="datagrams"} 0)"));
}

TEST(TrafficCollectable, LossThatCannotBeKnownIsCountedWhereThingsAreNumbered) {
  World world({});
  world.books[0]->of(ExporterId{0}, Protocol::Ipfix).sequence_unknown.add(2);
  world.books[1]->of(ExporterId{0}, Protocol::Ipfix).sequence_unknown.add(1);
  world.books[0]->of(ExporterId{0}, Protocol::Netflow1).datagrams.add(1);
  EXPECT_THAT(
      lines_of(gather(world), "weir_exporter_sequence_unknown_total"),
      ElementsAre(
          R"(weir_exporter_sequence_unknown_total{exporter="edge1.tyo",protocol="ipfix"} 3)"));
}

TEST(TrafficCollectable, CompletenessIsShownWhereItIsKnown) {
  World world({});
  world.completeness = {{.exporter = ExporterId{0}, .protocol = Protocol::Sflow5, .ratio = 0.75},
                        {.exporter = ExporterId{9}, .protocol = Protocol::Sflow5, .ratio = 1}};
  EXPECT_THAT(
      lines_of(gather(world), "weir_exporter_completeness_ratio"),
      ElementsAre(
          R"(weir_exporter_completeness_ratio{exporter="edge1.tyo",protocol="sflow5"} 0.75)"));
}

TEST(TrafficCollectable, TheBooksShowEveryFateAndWhatIsMissing) {
  World world({});
  core::ExporterCounters& ipfix = world.books[0]->of(ExporterId{0}, Protocol::Ipfix);
  core::ExporterCounters& sflow = world.books[1]->of(ExporterId{0}, Protocol::Sflow5);
  ipfix.reported_bytes.add(100);
  ipfix.fates[static_cast<std::size_t>(Fate::Attributed)].add(70);
  ipfix.fates[static_cast<std::size_t>(Fate::Late)].add(20);
  sflow.reported_bytes.add(5);
  sflow.fates[static_cast<std::size_t>(Fate::NoContract)].add(20);

  const MetricSet set = gather(world);
  EXPECT_THAT(lines_of(set, "weir_bytes_total"),
              ElementsAre(R"(weir_bytes_total{exporter="edge1.tyo",fate="attributed"} 70)",
                          R"(weir_bytes_total{exporter="edge1.tyo",fate="no_contract"} 20)",
                          R"(weir_bytes_total{exporter="edge1.tyo",fate="transit"} 0)",
                          R"(weir_bytes_total{exporter="edge1.tyo",fate="duplicate"} 0)",
                          R"(weir_bytes_total{exporter="edge1.tyo",fate="late"} 20)",
                          R"(weir_bytes_total{exporter="edge1.tyo",fate="unscaled"} 0)",
                          R"(weir_bytes_total{exporter="edge1.tyo",fate="discarded"} 0)",
                          R"(weir_bytes_total{exporter="edge1.tyo",fate="overrun"} 0)",
                          R"(weir_bytes_total{exporter="edge1.tyo",fate="implausible"} 0)"));
  EXPECT_THAT(lines_of(set, "weir_reported_bytes_total"),
              ElementsAre(R"(weir_reported_bytes_total{exporter="edge1.tyo"} 105)"));
  EXPECT_THAT(lines_of(set, "weir_books_imbalance_bytes"),
              ElementsAre(R"(weir_books_imbalance_bytes{exporter="edge1.tyo"} -5)"));
}

TEST(TrafficCollectable, AnExporterThatWasNeverHeardHasFactsAlone) {
  World world({});
  const MetricSet set = gather(world);
  EXPECT_THAT(
      lines_of(set, "weir_exporter_info"),
      ElementsAre(R"(weir_exporter_info{exporter="edge1.tyo",address="192.0.2.1",pop="Tokyo"} 1)"));
  EXPECT_THAT(lines_of(set, "weir_exporter_datagrams_total"), IsEmpty());
  EXPECT_THAT(lines_of(set, "weir_bytes_total"), IsEmpty());
}

TEST(TrafficCollectable, ExportersOfOneNameStayApart) {
  World world({});
  const ExporterId other = *world.exporters.intern(IpAddress::v4(0xc000'0202));
  world.exporters.name(other, "edge1.tyo");
  EXPECT_THAT(
      lines_of(gather(world), "weir_exporter_info"),
      ElementsAre(
          R"(weir_exporter_info{exporter="edge1.tyo",address="192.0.2.1",pop="Tokyo"} 1)",
          R"x(weir_exporter_info{exporter="edge1.tyo (192.0.2.2)",address="192.0.2.2",pop=""} 1)x"));
}

TEST(TrafficCollectable, DatagramsWithoutAnExporterAreCountedOverAllWorkers) {
  World world({});
  world.books[0]->refused_datagrams.add(2);
  world.books[1]->refused_datagrams.add(3);
  world.books[1]->unreadable_datagrams.add(1);
  world.books[0]->forgotten_totals.add(4);
  const MetricSet set = gather(world);
  EXPECT_THAT(lines_of(set, "weir_refused_datagrams_total"),
              ElementsAre(R"(weir_refused_datagrams_total{reason="not_allowed"} 5)"));
  EXPECT_THAT(lines_of(set, "weir_unreadable_datagrams_total"),
              ElementsAre("weir_unreadable_datagrams_total 1"));
  EXPECT_THAT(lines_of(set, "weir_forgotten_running_totals_total"),
              ElementsAre("weir_forgotten_running_totals_total 4"));
}

TEST(TrafficCollectable, SocketsOfOneListenerAreSummed) {
  World world({});
  const MetricSet set = gather(world);
  EXPECT_THAT(lines_of(set, "weir_socket_datagrams_total"),
              ElementsAre(R"(weir_socket_datagrams_total{listen="0.0.0.0:2055"} 30)"));
  EXPECT_THAT(lines_of(set, "weir_socket_dropped_total"),
              ElementsAre(R"(weir_socket_dropped_total{listen="0.0.0.0:2055"} 3)"));
  EXPECT_THAT(lines_of(set, "weir_socket_truncated_total"),
              ElementsAre(R"(weir_socket_truncated_total{listen="0.0.0.0:2055"} 3)"));
  EXPECT_THAT(
      lines_of(set, "weir_socket_receive_buffer_bytes"),
      ElementsAre(
          R"(weir_socket_receive_buffer_bytes{listen="0.0.0.0:2055",kind="requested"} 33554432)",
          R"(weir_socket_receive_buffer_bytes{listen="0.0.0.0:2055",kind="granted"} 212992)"));
}

TEST(TrafficCollectable, TcpListenersShowTheirConnectionsByReason) {
  World world({});
  const MetricSet set = gather(world);
  EXPECT_THAT(lines_of(set, "weir_stream_connections_total"),
              ElementsAre(R"(weir_stream_connections_total{listen="tcp 0.0.0.0:4739"} 5)"));
  EXPECT_THAT(lines_of(set, "weir_stream_open_connections"),
              ElementsAre(R"(weir_stream_open_connections{listen="tcp 0.0.0.0:4739"} 2)"));
  EXPECT_THAT(
      lines_of(set, "weir_stream_refused_connections_total"),
      ElementsAre(
          R"(weir_stream_refused_connections_total{listen="tcp 0.0.0.0:4739",reason="not_allowed"} 7)",
          R"(weir_stream_refused_connections_total{listen="tcp 0.0.0.0:4739",reason="too_many"} 0)"));
  EXPECT_THAT(
      lines_of(set, "weir_stream_ended_connections_total"),
      ElementsAre(
          R"(weir_stream_ended_connections_total{listen="tcp 0.0.0.0:4739",reason="peer"} 3)",
          R"(weir_stream_ended_connections_total{listen="tcp 0.0.0.0:4739",reason="malformed"} 0)"));
  EXPECT_THAT(lines_of(set, "weir_stream_messages_total"),
              ElementsAre(R"(weir_stream_messages_total{listen="tcp 0.0.0.0:4739"} 100)"));
  EXPECT_THAT(lines_of(set, "weir_stream_received_bytes_total"),
              ElementsAre(R"(weir_stream_received_bytes_total{listen="tcp 0.0.0.0:4739"} 140000)"));
}

TEST(TrafficCollectable, TheStateOfTheProcessIsShown) {
  World world({});
  const MetricSet set = gather(world);
  EXPECT_THAT(lines_of(set, "weir_config_last_reload_successful"),
              ElementsAre("weir_config_last_reload_successful 1"));
  EXPECT_THAT(lines_of(set, "weir_config_last_reload_success_timestamp_seconds"),
              ElementsAre("weir_config_last_reload_success_timestamp_seconds 1714521600.5"));
  EXPECT_THAT(lines_of(set, "weir_config_reloads_total"),
              ElementsAre(R"(weir_config_reloads_total{result="taken"} 3)",
                          R"(weir_config_reloads_total{result="refused"} 1)"));
  EXPECT_THAT(lines_of(set, "weir_lateness_seconds"), ElementsAre("weir_lateness_seconds 10"));
  EXPECT_THAT(lines_of(set, "weir_build_info"), SizeIs(1));
}

TEST(TrafficCollectable, SourcesThatAreMissingLeaveTheirFamiliesOut) {
  const MetricSet set = TrafficCollectable(Sources{}).gather();
  EXPECT_EQ(set.find("weir_contract_bytes_total"), nullptr);
  EXPECT_EQ(set.find("weir_socket_dropped_total"), nullptr);
  EXPECT_NE(set.find("weir_build_info"), nullptr);
}

TEST(TrafficCollectable, TheLibrarySeesTheSameFamilies) {
  const auto world = test::busy_world();
  const TrafficCollectable collectable(world->sources());
  const auto families = collectable.Collect();
  const MetricSet set = collectable.gather();
  ASSERT_EQ(families.size(), set.families().size());
  for (std::size_t i = 0; i < families.size(); ++i) {
    EXPECT_EQ(families[i].name, set.families()[i].name);
    EXPECT_EQ(families[i].metric.size(), set.families()[i].samples.size()) << families[i].name;
  }
}

}  // namespace
}  // namespace weir::prometheus
