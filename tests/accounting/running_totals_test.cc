#include "collector/accounting/running_totals.h"

#include <gtest/gtest.h>

namespace weir::accounting {
namespace {

constexpr RunningTotals::Origin kOrigin{.exporter = ExporterId{1}, .domain = 7};

/// Totals of one flow, reported for [first, last) in milliseconds.
FlowRecord totals(std::uint64_t octets, std::uint64_t packets, std::uint64_t first,
                  std::uint64_t last) {
  FlowRecord record;
  record.source = IpAddress::v4(1);
  record.destination = IpAddress::v4(2);
  record.protocol = 6;
  record.total_octets = octets;
  record.total_packets = packets;
  record.time_format = TimeFormat::Milliseconds;
  record.first = first;
  record.last = last;
  for (const Has has : {Has::SourceAddress, Has::DestinationAddress, Has::TotalOctets,
                        Has::TotalPackets, Has::First, Has::Last})
    record.set(has);
  return record;
}

ResolvedTime time_of(const FlowRecord& record) {
  return {.range = {.start = traffic_time_ms(static_cast<std::int64_t>(record.first)),
                    .end = traffic_time_ms(static_cast<std::int64_t>(record.last))}};
}

class Flows {
 public:
  explicit Flows(std::size_t most = RunningTotals::kFlows) : table(most) {}

  FlowRecord report(const FlowRecord& record, RunningTotals::Origin origin = kOrigin) {
    return table.since_last(origin, record, time_of(record));
  }
  std::uint64_t octets(const FlowRecord& record, RunningTotals::Origin origin = kOrigin) {
    return report(record, origin).octets;
  }

  RunningTotals table;
};

TEST(RunningTotals, FirstReportCountsWholeOverItsOwnTime) {
  Flows flows;
  const FlowRecord record = flows.report(totals(5'000, 10, 1'000, 61'000));
  EXPECT_EQ(record.octets, 5'000U);
  EXPECT_EQ(record.packets, 10U);
  EXPECT_EQ(record.first, 1'000U);
  EXPECT_EQ(record.last, 61'000U);
  EXPECT_EQ(record.time_format, TimeFormat::Milliseconds);
  EXPECT_TRUE(record.has(Has::Octets));
  EXPECT_TRUE(record.has(Has::Packets));
  EXPECT_FALSE(record.has(Has::TotalOctets));
  EXPECT_FALSE(record.has(Has::TotalPackets));
}

TEST(RunningTotals, LaterReportCountsTheDifferenceSinceTheOneBefore) {
  Flows flows;
  flows.report(totals(5'000, 10, 1'000, 61'000));
  const FlowRecord record = flows.report(totals(8'000, 14, 1'000, 121'000));
  EXPECT_EQ(record.octets, 3'000U);
  EXPECT_EQ(record.packets, 4U);
  EXPECT_EQ(record.first, 61'000U);
  EXPECT_EQ(record.last, 121'000U);
  EXPECT_EQ(record.time_format, TimeFormat::Resolved);
  EXPECT_EQ(flows.octets(totals(8'000, 14, 1'000, 181'000)), 0U);
  EXPECT_EQ(flows.octets(totals(8'001, 15, 1'000, 241'000)), 1U);
}

TEST(RunningTotals, TotalThatFellIsANewFlow) {
  Flows flows;
  flows.report(totals(5'000, 10, 1'000, 61'000));
  const FlowRecord record = flows.report(totals(700, 2, 90'000, 121'000));
  EXPECT_EQ(record.octets, 700U);
  EXPECT_EQ(record.first, 90'000U);
  EXPECT_EQ(flows.octets(totals(900, 3, 90'000, 181'000)), 200U);
}

TEST(RunningTotals, LateReportOfThePastAddsNothing) {
  Flows flows;
  flows.report(totals(1'000, 1, 0, 60'000));
  flows.report(totals(3'000, 3, 0, 180'000));
  EXPECT_EQ(flows.octets(totals(2'000, 2, 0, 120'000)), 0U);
  EXPECT_EQ(flows.octets(totals(4'000, 4, 0, 240'000)), 1'000U);
}

TEST(RunningTotals, FlowAfterANamedEndCountsWhole) {
  Flows flows;
  FlowRecord ended = totals(1'000, 1, 0, 60'000);
  ended.end_reason = 3;
  flows.report(ended);
  // Larger than the one before, and yet another flow of the same key.
  EXPECT_EQ(flows.octets(totals(5'000, 5, 61'000, 90'000)), 5'000U);
}

TEST(RunningTotals, FlowThatWasCutForItsReportGoesOnUnlessItStartsAnew) {
  Flows flows;
  FlowRecord cut = totals(1'000, 1, 0, 60'000);
  cut.end_reason = 2;
  flows.report(cut);
  FlowRecord again = totals(1'500, 2, 0, 120'000);
  again.end_reason = 2;
  EXPECT_EQ(flows.octets(again), 500U);
  EXPECT_EQ(flows.octets(totals(2'000, 3, 120'001, 180'000)), 2'000U);
}

TEST(RunningTotals, FlowsApartByDomainInterfaceAndFlowId) {
  Flows flows;
  const FlowRecord record = totals(1'000, 1, 0, 60'000);
  EXPECT_EQ(flows.octets(record), 1'000U);
  EXPECT_EQ(flows.octets(record, {.exporter = ExporterId{1}, .domain = 8}), 1'000U);
  EXPECT_EQ(flows.octets(record, {.exporter = ExporterId{2}, .domain = 7}), 1'000U);
  FlowRecord other = record;
  other.input = 3;
  EXPECT_EQ(flows.octets(other), 1'000U);
  other = record;
  other.flow_id = 9;
  EXPECT_EQ(flows.octets(other), 1'000U);
  EXPECT_EQ(flows.octets(record), 0U);
}

TEST(RunningTotals, PacketTotalsBesideAnOctetDeltaAreDifferencedAlone) {
  Flows flows;
  FlowRecord record = totals(0, 10, 0, 60'000);
  record.clear(Has::TotalOctets);
  record.octets = 600;
  record.set(Has::Octets);
  ASSERT_TRUE(needs_last_totals(record));
  flows.report(record);
  record.total_packets = 13;
  record.last = 120'000;
  const FlowRecord amended = flows.report(record);
  EXPECT_EQ(amended.octets, 600U);
  EXPECT_EQ(amended.packets, 3U);
}

TEST(RunningTotals, DeltasBesideTotalsNeedNoPredecessor) {
  FlowRecord record = totals(1'000, 1, 0, 60'000);
  record.set(Has::Octets);
  record.set(Has::Packets);
  EXPECT_FALSE(needs_last_totals(record));
}

TEST(RunningTotals, BoundedTableForgetsWhatWasNotReportedOfLate) {
  Flows flows(4);
  const auto flow = [](std::uint32_t number, std::uint64_t octets) {
    FlowRecord record = totals(octets, 1, 0, 60'000);
    record.input = number;
    return record;
  };
  flows.report(flow(1, 100));
  flows.report(flow(2, 100));
  flows.report(flow(3, 100));  // 1 and 2 are the older generation
  EXPECT_EQ(flows.octets(flow(1, 150)), 50U);
  EXPECT_EQ(flows.table.forgotten(), 0U);
  flows.report(flow(4, 100));  // 1 and 3 are; 2 is gone
  EXPECT_EQ(flows.table.forgotten(), 1U);
  EXPECT_EQ(flows.octets(flow(2, 160)), 160U);
  EXPECT_EQ(flows.octets(flow(1, 170)), 20U);
}

}  // namespace
}  // namespace weir::accounting
