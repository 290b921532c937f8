#include "collector/app/decode_summary.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace weir::app {
namespace {

const IpAddress kExporter = IpAddress::v4(0xc000'0201);

MessageContext context_of(Protocol protocol, std::uint32_t domain) {
  MessageContext context;
  context.source = kExporter;
  context.agent = protocol == Protocol::Sflow5 ? IpAddress::v4(0xc000'02fe) : kExporter;
  context.protocol = protocol;
  context.domain = domain;
  return context;
}

FlowRecord flow(std::uint64_t octets, std::uint64_t packets, std::uint32_t interval) {
  FlowRecord record;
  record.octets = octets;
  record.packets = packets;
  record.set(Has::Octets);
  record.set(Has::Packets);
  record.sampling_interval = interval;
  return record;
}

FlowRecord between(std::uint32_t input, std::uint32_t output, FlowRecord record) {
  record.input = input;
  record.output = output;
  record.set(Has::Input);
  record.set(Has::Output);
  return record;
}

TEST(DecodeSummary, NothingIsAnObjectOfZeros) {
  EXPECT_EQ(DecodeSummary{}.json(),
            R"({"datagrams":0,"malformed":0,"templates":0,"options_templates":0,)"
            R"("options_records":0,"sets_without_template":0,"lost":0,"groups":[],"sources":[]})");
}

TEST(DecodeSummary, GroupsByInterfaceAndScalesWhatHasAnInterval) {
  FlowRecord totals = flow(0, 0, 10);
  totals.total_octets = 7;
  totals.total_packets = 1;
  totals.reverse_octets = 5;
  totals.reverse_packets = 2;
  DecodeSummary summary;
  summary.take(context_of(Protocol::Ipfix, 4),
               std::array{between(1, 2, flow(100, 2, 1'000)), totals, between(1, 2, flow(50, 1, 0)),
                          flow(3, 1, 10)});
  EXPECT_EQ(
      summary.json(),
      R"({"datagrams":0,"malformed":0,"templates":0,"options_templates":0,)"
      R"("options_records":0,"sets_without_template":0,"lost":0,"groups":[)"
      R"({"exporter":"192.0.2.1","protocol":"ipfix","domain":4,"input":null,"output":null,)"
      R"("records":2,"octets":3,"packets":1,"total_octets":7,"total_packets":1,)"
      R"("reverse_octets":5,"reverse_packets":2,"scaled_octets":100,"scaled_packets":20},)"
      R"({"exporter":"192.0.2.1","protocol":"ipfix","domain":4,"input":1,"output":2,)"
      R"("records":2,"octets":150,"packets":3,"total_octets":0,"total_packets":0,)"
      R"("reverse_octets":0,"reverse_packets":0,"scaled_octets":100000,"scaled_packets":2000}],)"
      R"("sources":[]})");
}

TEST(DecodeSummary, SamplesGoToTheirDataSource) {
  FlowRecord frame = flow(1'500, 1, 100);
  frame.layer2_octets = 1'518;
  frame.set(Has::Layer2Octets);
  frame.source_index = 7;
  FlowRecord without_rate = frame;
  without_rate.sampling_interval = 0;
  FlowRecord packet = flow(40, 1, 100);  // no frame length was sent
  packet.source_index = 7;
  DecodeSummary summary;
  summary.take(context_of(Protocol::Sflow5, 3), std::array{frame, without_rate, packet});
  summary.take(context_of(Protocol::Sflow5, 3), CounterRecord{.source_index = 7});
  EXPECT_EQ(summary.json(),
            R"({"datagrams":0,"malformed":0,"templates":0,"options_templates":0,)"
            R"("options_records":0,"sets_without_template":0,"lost":0,"groups":[],"sources":[)"
            R"({"agent":"192.0.2.254","sub_agent":3,"source_class":0,"source_index":7,)"
            R"("flow_samples":3,"counter_samples":1,"frame_bytes":3076,)"
            R"("frame_bytes_scaled":155800}]})");
}

TEST(DecodeSummary, CountsOutcomesAndTakesBackWhatCameLate) {
  wire::DecodeOutcome bad;
  bad.refuse(DecodeError::Truncated);
  bad.refuse(DecodeError::BadCount);
  wire::DecodeOutcome good;
  good.templates = 9;
  good.new_templates = 2;
  good.options_templates = 9;
  good.new_options_templates = 1;
  good.options_records = 4;
  good.sets_without_template = 3;
  good.lost = 10;
  wire::DecodeOutcome late;
  late.recovered = 4;
  DecodeSummary summary;
  for (const auto& outcome : {bad, good, late}) summary.count(outcome);
  EXPECT_EQ(summary.datagrams(), 3U);
  EXPECT_EQ(summary.json(),
            R"({"datagrams":3,"malformed":1,"templates":2,"options_templates":1,)"
            R"("options_records":4,"sets_without_template":3,"lost":6,"groups":[],"sources":[]})");
}

TEST(DecodeSummary, SumsSaturate) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  DecodeSummary summary;
  summary.take(context_of(Protocol::Netflow9, 0),
               std::array{flow(kMost, 1, 2), flow(kMost - 1, 1, 0xffff'ffff)});
  EXPECT_NE(summary.json().find(R"("octets":18446744073709551615,"packets":2,)"),
            std::string::npos);
  EXPECT_NE(summary.json().find(R"("scaled_octets":18446744073709551615,)"), std::string::npos);
}

}  // namespace
}  // namespace weir::app
