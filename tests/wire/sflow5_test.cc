#include "collector/wire/sflow5.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <vector>

#include "tests/support/sflow_builder.h"

namespace weir::wire {
namespace {

using test::Bytes;
using test::CounterSample;
using test::ethernet_record;
using test::FlowSample;
using test::FrameBuilder;
using test::Gateway;
using test::gateway_record;
using test::generic_counters_record;
using test::raw_header_record;
using test::router_record;
using test::sampled_ip_record;
using test::SampledIp;
using test::SflowBuilder;
using test::SflowForm;
using test::SflowRecord;
using test::switch_record;
using test::WordWriter;

const IpAddress kExporter = IpAddress::v4(0xcb00'7101);  // 203.0.113.1
const IpAddress kAgent = IpAddress::v4(0xc000'02fe);     // 192.0.2.254
const IpAddress kSource4 = IpAddress::v4(0xc000'0201);
const IpAddress kDestination4 = IpAddress::v4(0xc633'6402);
constexpr TrafficTime kArrival = traffic_time_ms(1'700'000'040'123);
constexpr std::uint32_t kHuge = 0xffff'ffff;

/// Keeps everything a decoder hands over.
class CollectingSink final : public RecordSink {
 public:
  void take(const MessageContext& context, std::span<const FlowRecord> records) override {
    contexts.push_back(context);
    batches.push_back(records.size());
    flows.insert(flows.end(), records.begin(), records.end());
  }
  void take(const MessageContext& context, const CounterRecord& record) override {
    contexts.push_back(context);
    counters.push_back(record);
  }

  std::vector<MessageContext> contexts;
  std::vector<std::size_t> batches;
  std::vector<FlowRecord> flows;
  std::vector<CounterRecord> counters;
};

/// A decoder and all that it has given so far.
struct Decoding {
  explicit Decoding(const DecoderLimits& limits = {}) : decoder(limits, events) {}

  /// Decodes a copy that ends where its memory ends, so that an over-read is seen.
  DecodeOutcome decode(std::span<const std::byte> bytes, const IpAddress& source = kExporter) {
    const auto exact = std::make_unique<std::byte[]>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), exact.get());
    DecodeOutcome outcome;
    decoder.decode({.payload = {exact.get(), bytes.size()},
                    .source = source,
                    .source_port = 40'000,
                    .destination_port = 6'343,
                    .arrival = kArrival},
                   sink, outcome);
    return outcome;
  }

  EventLog events;
  Sflow5Decoder decoder;
  CollectingSink sink;
};

std::vector<std::pair<DecodeError, int>> refusals(const DecodeOutcome& outcome) {
  std::vector<std::pair<DecodeError, int>> found;
  for (std::size_t i = 0; i < kDecodeErrors; ++i)
    if (outcome.malformed[i] != 0)
      found.emplace_back(static_cast<DecodeError>(i), outcome.malformed[i]);
  return found;
}

using Refusals = std::vector<std::pair<DecodeError, int>>;

/// Every field, for whole-record comparison.
auto fields(const FlowRecord& r) {
  return std::tuple(
      std::tuple(r.source, r.destination, r.octets, r.packets, r.layer2_octets, r.first, r.last,
                 r.present, r.input, r.output, r.source_as, r.destination_as, r.sampling_interval),
      std::tuple(r.sampling_source, r.time_format, r.forwarding, r.metered, r.input_vlan,
                 r.output_vlan, r.source_port, r.destination_port, r.protocol, r.tos, r.tcp_flags,
                 r.proven_tags, r.ip_version, r.forwarding_status),
      std::tuple(r.sampler_id, r.total_octets, r.total_packets, r.reverse_octets, r.reverse_packets,
                 r.system_init_ms, r.next_hop, r.source_class, r.source_index, r.sample_pool,
                 r.agent_drops));
}

auto fields(const CounterRecord& r) {
  return std::tuple(r.source_class, r.source_index, r.interface, r.type, r.speed, r.status,
                    r.in_octets, r.out_octets, r.in_unicast_packets, r.out_unicast_packets,
                    r.in_discards, r.out_discards, r.in_errors, r.out_errors, r.has_interface);
}

std::uint32_t bits(std::initializer_list<Has> all) {
  FlowRecord record;
  for (const Has field : all) record.set(field);
  return record.present;
}

/// 128 bytes of a tagged frame of 1,000 IP bytes: 14 + 4 + 1,000 + 4 (FCS) = 1,022.
Bytes sampled_header() {
  FrameBuilder frame;
  frame.ethernet().vlan(100).ether_type(0x0800);
  frame.ipv4({.total_length = 1'000, .tos = 0x28}).tcp(443, 50'000, 0x10);
  frame.zeros(128 - frame.build().size());
  return frame.build();
}

SflowRecord sampled_frame() {
  return raw_header_record({.frame_length = 1'022, .stripped = 4, .header = sampled_header()});
}

/// A sample of that frame, going from interface 7 to 9.
FlowSample flow_sample() {
  return {.source_index = 7,
          .rate = 1'000,
          .pool = 5'000'000,
          .drops = 3,
          .input = 7,
          .output = 9,
          .records = {sampled_frame()}};
}

FlowRecord flow_record() {
  FlowRecord record;
  record.source = kSource4;
  record.destination = kDestination4;
  record.octets = 1'000;
  record.packets = 1;
  record.layer2_octets = 1'022;
  record.present = bits({Has::Octets, Has::Packets, Has::Layer2Octets, Has::Input, Has::Output,
                         Has::MeteredDirection, Has::SourceAddress, Has::DestinationAddress,
                         Has::InputVlan, Has::IpVersion, Has::IpLength});
  record.input = 7;
  record.output = 9;
  record.sampling_interval = 1'000;
  record.sampling_source = SamplingSource::Record;
  record.metered = MeteredDirection::Ingress;
  record.input_vlan = 100;
  record.source_port = 443;
  record.destination_port = 50'000;
  record.protocol = 6;
  record.tos = 0x28;
  record.tcp_flags = 0x10;
  record.proven_tags = 1;
  record.ip_version = 4;
  record.source_index = 7;
  record.sample_pool = 5'000'000;
  record.agent_drops = 3;
  return record;
}

CounterRecord interface_counters() {
  return {.source_class = 0,
          .source_index = 512,
          .interface = 512,
          .type = 6,
          .speed = 10'000'000'000,
          .status = 3,
          .in_octets = 0x0123'4567'89ab'cdef,
          .out_octets = 0xfedc'ba98'7654'3210,
          .in_unicast_packets = 11,
          .out_unicast_packets = 12,
          .in_discards = 13,
          .out_discards = 14,
          .in_errors = 15,
          .out_errors = 16,
          .has_interface = true};
}

CounterSample counter_sample() {
  return {.source_index = 512, .records = {generic_counters_record(interface_counters())}};
}

FlowRecord decode_one(const FlowSample& sample) {
  Decoding decoding;
  const DecodeOutcome outcome = decoding.decode(SflowBuilder{}.add(sample).build());
  EXPECT_EQ(refusals(outcome), Refusals{});
  EXPECT_EQ(decoding.sink.flows.size(), 1U);
  return decoding.sink.flows.empty() ? FlowRecord{} : decoding.sink.flows.front();
}

TEST(Sflow5, FlowSampleBecomesOneRecord) {
  Decoding decoding;
  const DecodeOutcome outcome = decoding.decode(
      SflowBuilder{}.sub_agent(3).sequence(77).uptime_ms(12'345).add(flow_sample()).build());

  ASSERT_EQ(decoding.sink.flows.size(), 1U);
  EXPECT_EQ(fields(decoding.sink.flows[0]), fields(flow_record()));
  EXPECT_TRUE(outcome.has_protocol);
  EXPECT_EQ(outcome.protocol, Protocol::Sflow5);
  EXPECT_EQ(outcome.agent, kAgent);
  EXPECT_EQ(outcome.domain, 3U);
  EXPECT_EQ(outcome.records, 1U);
  EXPECT_EQ(outcome.counter_samples, 0U);
  EXPECT_EQ(outcome.lost, 0U);
  EXPECT_EQ(outcome.malformed_total, 0U);

  const MessageContext& context = decoding.sink.contexts.at(0);
  EXPECT_EQ(context.source, kExporter);
  EXPECT_EQ(context.agent, kAgent);
  EXPECT_EQ(context.source_port, 40'000);
  EXPECT_EQ(context.protocol, Protocol::Sflow5);
  EXPECT_EQ(context.domain, 3U);
  EXPECT_EQ(context.arrival, kArrival);
  EXPECT_EQ(context.released, kArrival);
  EXPECT_EQ(context.export_time, kArrival);
  EXPECT_FALSE(context.has_export_time);
  EXPECT_TRUE(context.has_uptime);
  EXPECT_EQ(context.uptime_ms, 12'345U);
}

TEST(Sflow5, ExpandedFlowSampleReadsTheSame) {
  FlowSample sample = flow_sample();
  sample.form = SflowForm::Expanded;
  EXPECT_EQ(fields(decode_one(sample)), fields(flow_record()));

  // Only the expanded form has room for these.
  sample.source_index = 0x0100'0007;
  sample.input = 0x4000'0007;
  sample.output = 0x8000'0009;
  FlowRecord expected = flow_record();
  expected.source_index = 0x0100'0007;
  expected.input = 0x4000'0007;
  expected.output = 0x8000'0009;
  expected.metered = MeteredDirection::Unknown;
  expected.present &= ~bits({Has::MeteredDirection});
  EXPECT_EQ(fields(decode_one(sample)), fields(expected));
}

TEST(Sflow5, CounterSamplesOfBothFormsCarryTheInterface) {
  for (const SflowForm form : {SflowForm::Compact, SflowForm::Expanded}) {
    CounterSample sample = counter_sample();
    sample.form = form;
    // Other blocks around it are passed over.
    sample.records.insert(sample.records.begin(), {.tag = 2, .body = Bytes(52)});
    Decoding decoding;
    const DecodeOutcome outcome = decoding.decode(SflowBuilder{}.add(sample).build());
    ASSERT_EQ(decoding.sink.counters.size(), 1U);
    EXPECT_EQ(fields(decoding.sink.counters[0]), fields(interface_counters()));
    EXPECT_EQ(outcome.counter_samples, 1U);
    EXPECT_EQ(outcome.records, 0U);
    EXPECT_EQ(outcome.malformed_total, 0U);
  }
}

TEST(Sflow5, CounterSampleWithoutInterfaceBlockCountsOnce) {
  Decoding decoding;
  const DecodeOutcome outcome = decoding.decode(
      SflowBuilder{}
          .add(CounterSample{
              .source_class = 2, .source_index = 1, .records = {{.tag = 1001, .body = Bytes(28)}}})
          .build());
  ASSERT_EQ(decoding.sink.counters.size(), 1U);
  EXPECT_EQ(fields(decoding.sink.counters[0]),
            fields(CounterRecord{.source_class = 2, .source_index = 1}));
  EXPECT_EQ(outcome.counter_samples, 1U);
  EXPECT_EQ(outcome.malformed_total, 0U);
}

TEST(Sflow5, OtherSamplesAndRecordsArePassedOver) {
  FlowSample sample = flow_sample();
  // A record of a vendor, of a length that is no multiple of four.
  sample.records.insert(sample.records.begin(), {.tag = 4'413U << 12 | 1, .body = Bytes(7)});
  Decoding decoding;
  const DecodeOutcome outcome = decoding.decode(SflowBuilder{}
                                                    .add_item(5, Bytes(40))  // discarded packet
                                                    .add_item(8'800U << 12 | 1, Bytes(5))
                                                    .add(sample)
                                                    .build());
  ASSERT_EQ(decoding.sink.flows.size(), 1U);
  EXPECT_EQ(fields(decoding.sink.flows[0]), fields(flow_record()));
  EXPECT_EQ(outcome.records, 1U);
  EXPECT_EQ(outcome.malformed_total, 0U);
}

TEST(Sflow5, Ipv6AgentIsTheAgent) {
  const IpAddress agent = IpAddress::v6(0x2001'0db8'0000'0000, 0xfe);
  Decoding decoding;
  const DecodeOutcome outcome =
      decoding.decode(SflowBuilder{}.agent(agent).add(flow_sample()).build());
  EXPECT_EQ(outcome.agent, agent);
  EXPECT_EQ(decoding.sink.contexts.at(0).agent, agent);
  EXPECT_EQ(outcome.records, 1U);
}

TEST(Sflow5, AgentWithoutAddressIsKnownByItsSource) {
  Decoding decoding;
  const DecodeOutcome outcome =
      decoding.decode(SflowBuilder{}.agent_type(0).add(flow_sample()).build());
  EXPECT_EQ(outcome.agent, kExporter);
  EXPECT_EQ(decoding.sink.contexts.at(0).agent, kExporter);
  EXPECT_EQ(outcome.records, 1U);
}

TEST(Sflow5, UnknownAgentAddressTypeEndsTheDatagram) {
  for (const std::uint32_t type : {3U, 4U, kHuge}) {
    Decoding decoding;
    const DecodeOutcome outcome =
        decoding.decode(SflowBuilder{}.agent_type(type).add(flow_sample()).build());
    EXPECT_EQ(refusals(outcome), (Refusals{{DecodeError::BadAddressType, 1}}));
    EXPECT_EQ(outcome.records, 0U);
    EXPECT_TRUE(decoding.sink.flows.empty());
  }
}

TEST(Sflow5, FrameLengthIsLayer2AndCountsTheStrippedCheckSequence) {
  // Frame 132 with 4 stripped: 128 without FCS, of which 14 are the Ethernet header.
  FrameBuilder frame;
  frame.ethernet().ether_type(0x0800).ipv4({.total_length = 114}).tcp(1, 2, 2);
  frame.zeros(128 - frame.build().size());
  FlowSample sample = flow_sample();
  sample.records = {
      raw_header_record({.frame_length = 132, .stripped = 4, .header = frame.build()})};
  const FlowRecord record = decode_one(sample);
  EXPECT_EQ(record.layer2_octets, 132U);
  EXPECT_EQ(record.octets, 114U);
}

TEST(Sflow5, FrameBoundsWhatItsHeaderClaims) {
  FrameBuilder frame;
  frame.ethernet().ether_type(0x0800).ipv4({.total_length = 65'535}).tcp(1, 2, 2);
  FlowSample sample = flow_sample();
  sample.records = {raw_header_record({.frame_length = 118, .header = frame.build()})};
  EXPECT_EQ(decode_one(sample).octets, 100U);
  // An agent that takes no FCS off leaves it uncounted.
  sample.records = {
      raw_header_record({.frame_length = 114, .stripped = 0, .header = frame.build()})};
  EXPECT_EQ(decode_one(sample).octets, 100U);
  // Shorter than its own link header.
  sample.records = {raw_header_record({.frame_length = 10, .header = frame.build()})};
  EXPECT_EQ(decode_one(sample).octets, 0U);
}

TEST(Sflow5, FrameThatIsNotIpCountsWhatItCarries) {
  FrameBuilder arp;
  arp.ethernet().vlan(100).ether_type(0x0806).zeros(46);
  FlowSample sample = flow_sample();
  sample.records = {raw_header_record({.frame_length = 68, .header = arp.build()})};
  FlowRecord expected = flow_record();
  expected.source = {};
  expected.destination = {};
  expected.source_port = expected.destination_port = 0;
  expected.protocol = expected.tos = expected.tcp_flags = expected.ip_version = 0;
  expected.layer2_octets = 68;
  expected.octets = 46;
  expected.present = bits({Has::Octets, Has::Packets, Has::Layer2Octets, Has::Input, Has::Output,
                           Has::MeteredDirection, Has::InputVlan});
  EXPECT_EQ(fields(decode_one(sample)), fields(expected));
}

TEST(Sflow5, UnreadableHeaderStillCountsItsFrame) {
  for (std::size_t length = 0; length <= 14; ++length) {
    FlowSample sample = flow_sample();
    const Bytes whole = sampled_header();
    sample.records = {raw_header_record(
        {.frame_length = 1'018,
         .header = Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length))})};
    const FlowRecord record = decode_one(sample);
    EXPECT_EQ(record.layer2_octets, 1'018U) << length;
    EXPECT_EQ(record.octets, 1'000U) << length;
    EXPECT_FALSE(record.has(Has::IpLength)) << length;
  }
  // A link that is not read here: PPP.
  FlowSample sample = flow_sample();
  sample.records = {raw_header_record({.protocol = 7, .frame_length = 500, .header = Bytes(32)})};
  const FlowRecord record = decode_one(sample);
  EXPECT_EQ(record.layer2_octets, 500U);
  EXPECT_FALSE(record.has(Has::SourceAddress));
}

TEST(Sflow5, RawIpHeadersCountTheIpPacket) {
  FrameBuilder v4;
  v4.ipv4({.total_length = 50}).tcp(443, 50'000, 2);
  FrameBuilder v6;
  v6.ipv6({.payload_length = 60, .next_header = 17}).udp(1, 2);
  struct Case {
    std::uint32_t protocol;
    Bytes header;
    std::uint32_t length;
    int version;
  };
  for (const Case& c : {Case{11, v4.build(), 50, 4}, Case{12, v6.build(), 100, 6}}) {
    FlowSample sample = flow_sample();
    sample.records = {raw_header_record(
        {.protocol = c.protocol, .frame_length = c.length, .stripped = 0, .header = c.header})};
    const FlowRecord record = decode_one(sample);
    EXPECT_EQ(record.octets, c.length);
    EXPECT_EQ(record.ip_version, c.version);
    EXPECT_TRUE(record.has(Has::IpLength));
    EXPECT_FALSE(record.has(Has::Layer2Octets));
    EXPECT_EQ(record.proven_tags, 0);
  }
  // The agent took an Ethernet header and FCS off: the frame length counts them.
  FlowSample sample = flow_sample();
  sample.records = {raw_header_record(
      {.protocol = 11, .frame_length = 68, .stripped = 18, .header = v4.build()})};
  const FlowRecord record = decode_one(sample);
  EXPECT_EQ(record.octets, 50U);
  EXPECT_EQ(record.layer2_octets, 68U);
}

TEST(Sflow5, SampledIpRecordsStandInForTheHeader) {
  const SampledIp v4{.length = 1'000,
                     .source = kSource4,
                     .destination = kDestination4,
                     .source_port = 443,
                     .destination_port = 50'000,
                     .tcp_flags = 0x10,
                     .tos = 0x28};
  FlowSample sample = flow_sample();
  sample.records = {ethernet_record(1'022), sampled_ip_record(v4)};
  FlowRecord expected = flow_record();
  expected.proven_tags = 0;
  expected.input_vlan = 0;
  expected.present &= ~bits({Has::InputVlan});
  EXPECT_EQ(fields(decode_one(sample)), fields(expected));

  // Without an Ethernet record nobody says the frame's length.
  sample.records = {sampled_ip_record(v4)};
  expected.layer2_octets = 0;
  expected.present &= ~bits({Has::Layer2Octets});
  EXPECT_EQ(fields(decode_one(sample)), fields(expected));

  SampledIp v6 = v4;
  v6.source = IpAddress::v6(0x2001'0db8'0000'0000, 1);
  v6.destination = IpAddress::v6(0x2001'0db8'0000'0000, 2);
  sample.records = {sampled_ip_record(v6)};
  expected.source = v6.source;
  expected.destination = v6.destination;
  expected.ip_version = 6;
  EXPECT_EQ(fields(decode_one(sample)), fields(expected));
}

TEST(Sflow5, RawHeaderOutranksOtherLengthsWhateverTheirOrder) {
  FlowSample sample = flow_sample();
  sample.records = {
      sampled_ip_record({.length = 77, .source = kDestination4, .destination = kSource4}),
      ethernet_record(99), sampled_frame()};
  EXPECT_EQ(fields(decode_one(sample)), fields(flow_record()));
}

TEST(Sflow5, SampleWithoutAnyLengthIsStillAPacket) {
  FlowSample sample = flow_sample();
  sample.records = {};
  const FlowRecord record = decode_one(sample);
  EXPECT_EQ(record.packets, 1U);
  EXPECT_EQ(record.octets, 0U);
  EXPECT_FALSE(record.has(Has::Octets));
  EXPECT_FALSE(record.has(Has::Layer2Octets));
}

TEST(Sflow5, SwitchRecordNamesTheVlansAndTheTagGivesWay) {
  FlowSample sample = flow_sample();
  sample.records.insert(sample.records.begin(), switch_record(300, 400));
  FlowRecord expected = flow_record();
  expected.input_vlan = 300;
  expected.output_vlan = 400;
  expected.set(Has::OutputVlan);
  EXPECT_EQ(fields(decode_one(sample)), fields(expected));

  for (const std::uint32_t no_vlan : {0U, 4'095U, kHuge}) {
    sample.records[0] = switch_record(no_vlan, no_vlan);
    EXPECT_EQ(fields(decode_one(sample)), fields(flow_record()));
  }
}

TEST(Sflow5, RouterAndGatewayNameNextHopAndSystems) {
  const IpAddress hop = IpAddress::v4(0xc612'0001);
  FlowSample sample = flow_sample();
  sample.records.push_back(router_record(hop));
  FlowRecord expected = flow_record();
  expected.next_hop = hop;
  expected.set(Has::NextHop);
  EXPECT_EQ(fields(decode_one(sample)), fields(expected));

  const IpAddress hop6 = IpAddress::v6(0x2001'0db8'0000'0000, 9);
  sample.records.push_back(gateway_record({.next_hop = hop6,
                                           .own_as = 64'500,
                                           .source_as = 64'501,
                                           .peer_as = 64'502,
                                           .path = {{64'510, 64'511}, {}, {64'512, 64'513}},
                                           .communities = {1, 2, 3}}));
  expected.next_hop = hop6;
  expected.source_as = 64'501;
  expected.destination_as = 64'513;
  expected.set(Has::SourceAs);
  expected.set(Has::DestinationAs);
  EXPECT_EQ(fields(decode_one(sample)), fields(expected));
}

TEST(Sflow5, EmptyPathAndSourceZeroMeanTheRoutersOwnSystem) {
  FlowSample sample = flow_sample();
  sample.records.push_back(gateway_record({.next_hop = kSource4, .own_as = 64'500}));
  const FlowRecord record = decode_one(sample);
  EXPECT_EQ(record.source_as, 64'500U);
  EXPECT_EQ(record.destination_as, 64'500U);
}

TEST(Sflow5, OutputFormatsSayDroppedAndSeveral) {
  for (const SflowForm form : {SflowForm::Compact, SflowForm::Expanded}) {
    FlowSample sample = flow_sample();
    sample.form = form;
    sample.output_format = 1;
    sample.output = 256;  // the reason, no interface
    FlowRecord expected = flow_record();
    expected.output = 0;
    expected.present &= ~bits({Has::Output});
    expected.forwarding = Forwarding::Dropped;
    EXPECT_EQ(fields(decode_one(sample)), fields(expected));

    sample.output_format = 2;
    expected.forwarding = Forwarding::ManyOutputs;
    EXPECT_EQ(fields(decode_one(sample)), fields(expected));
  }
}

TEST(Sflow5, LocalInterfaceIsKeptAsSent) {
  FlowSample sample = flow_sample();
  sample.output = 0x3fff'ffff;
  FlowRecord expected = flow_record();
  expected.output = 0x3fff'ffff;
  EXPECT_EQ(fields(decode_one(sample)), fields(expected));
}

TEST(Sflow5, SourceThatIsTheOutputMetersEgress) {
  FlowSample sample = flow_sample();
  sample.source_index = 9;
  EXPECT_EQ(decode_one(sample).metered, MeteredDirection::Egress);
  sample.source_index = 8;
  EXPECT_EQ(decode_one(sample).metered, MeteredDirection::Unknown);
  sample.source_index = 7;
  sample.source_class = 1;  // a VLAN number, no interface
  EXPECT_EQ(decode_one(sample).metered, MeteredDirection::Unknown);
  sample.source_class = 0;
  sample.output = 7;
  EXPECT_EQ(decode_one(sample).metered, MeteredDirection::Ingress);
}

TEST(Sflow5, RateZeroIsUnknownSampling) {
  FlowSample sample = flow_sample();
  sample.rate = 0;
  const FlowRecord record = decode_one(sample);
  EXPECT_EQ(record.sampling_interval, 0U);
  EXPECT_EQ(record.sampling_source, SamplingSource::Unknown);
}

TEST(Sflow5, HandsOnAtMostSixtyFourRecordsAtATime) {
  SflowBuilder builder;
  for (int i = 0; i < 150; ++i) builder.add(flow_sample());
  Decoding decoding;
  const DecodeOutcome outcome = decoding.decode(builder.build());
  EXPECT_EQ(outcome.records, 150U);
  EXPECT_EQ(decoding.sink.batches, (std::vector<std::size_t>{64, 64, 22}));
  for (const FlowRecord& record : decoding.sink.flows)
    EXPECT_EQ(fields(record), fields(flow_record()));
}

TEST(Sflow5, GapIsLostAndALateDatagramTakesItBack) {
  Decoding decoding;
  const auto send = [&decoding](std::uint32_t sequence) {
    return decoding.decode(SflowBuilder{}.sequence(sequence).add(flow_sample()).build());
  };
  EXPECT_EQ(send(100).lost, 0U);
  EXPECT_EQ(send(101).lost, 0U);
  EXPECT_EQ(send(105).lost, 3U);
  const DecodeOutcome late = send(103);
  EXPECT_EQ(late.lost, 0U);
  EXPECT_EQ(late.recovered, 1U);
  EXPECT_EQ(late.out_of_order, 1U);
  EXPECT_EQ(late.records, 1U);
  const DecodeOutcome repeated = send(105);
  EXPECT_EQ(repeated.duplicates, 1U);
  EXPECT_EQ(repeated.records, 0U);
  EXPECT_EQ(send(106).lost, 0U);
  EXPECT_EQ(decoding.sink.flows.size(), 5U);
}

TEST(Sflow5, RestartLosesNothing) {
  Decoding decoding;
  const auto send = [&decoding](std::uint32_t sequence, std::uint32_t uptime_ms) {
    return decoding.decode(
        SflowBuilder{}.sequence(sequence).uptime_ms(uptime_ms).add(flow_sample()).build());
  };
  EXPECT_EQ(send(1'000'000, 86'400'000).restarts, 0U);
  const DecodeOutcome restarted = send(1, 1'000);
  EXPECT_EQ(restarted.restarts, 1U);
  EXPECT_EQ(restarted.lost, 0U);
  EXPECT_EQ(restarted.records, 1U);
  EXPECT_EQ(send(2, 2'000).lost, 0U);
}

TEST(Sflow5, EachSubAgentCountsForItself) {
  Decoding decoding;
  for (std::uint32_t sequence = 1; sequence <= 3; ++sequence) {
    for (const std::uint32_t sub_agent : {0U, 1U}) {
      const DecodeOutcome outcome = decoding.decode(SflowBuilder{}
                                                        .sub_agent(sub_agent)
                                                        .sequence(sequence + sub_agent * 5'000)
                                                        .add(flow_sample())
                                                        .build());
      EXPECT_EQ(outcome.lost + outcome.restarts + outcome.duplicates, 0U);
    }
  }
}

TEST(Sflow5, StreamsBeyondTheLimitAreDecodedAndCounted) {
  Decoding decoding{DecoderLimits{.domains_per_exporter = 2}};
  const auto send = [&decoding](std::uint32_t sub_agent, const IpAddress& source) {
    return decoding.decode(SflowBuilder{}.sub_agent(sub_agent).add(flow_sample()).build(), source);
  };
  EXPECT_EQ(send(0, kExporter).malformed_total, 0U);
  EXPECT_EQ(send(1, kExporter).malformed_total, 0U);
  const DecodeOutcome third = send(2, kExporter);
  EXPECT_EQ(refusals(third), (Refusals{{DecodeError::TooManyDomains, 1}}));
  EXPECT_EQ(third.records, 1U);
  // The bound is each exporter's own.
  EXPECT_EQ(send(2, kSource4).malformed_total, 0U);
}

// Lost datagrams: the effective interval.

/// The decoder's view of one data source: every sample has 800 bytes.
FlowSample numbered_sample(std::uint32_t source, std::uint32_t sequence, std::uint32_t pool,
                           std::uint32_t rate = 1'000) {
  return {.sequence = sequence,
          .source_index = source,
          .rate = rate,
          .pool = pool,
          .records = {sampled_ip_record(
              {.length = 800, .source = kSource4, .destination = kDestination4})}};
}

std::vector<std::uint32_t> intervals(const Decoding& decoding) {
  std::vector<std::uint32_t> found;
  for (const FlowRecord& record : decoding.sink.flows) found.push_back(record.sampling_interval);
  return found;
}

using Intervals = std::vector<std::uint32_t>;

/// Sends datagrams of one stream by their numbers.
struct Stream {
  DecodeOutcome send(std::uint32_t datagram, std::initializer_list<FlowSample> samples) {
    SflowBuilder builder;
    builder.sequence(datagram);
    for (const FlowSample& sample : samples) builder.add(sample);
    newest = datagram;
    return decoding.decode(builder.build());
  }
  /// What is missing now can come late no more.
  void pass_window() {
    for (std::size_t i = 0; i < SequenceTracker::kWindow; ++i) send(newest + 1, {});
  }
  /// The sample behind all that was lost.
  DecodeOutcome send_behind_window(const FlowSample& sample) {
    pass_window();
    return send(newest + 1, {sample});
  }
  [[nodiscard]] Intervals intervals() const { return wire::intervals(decoding); }

  Decoding decoding;
  std::uint32_t newest = 0;
};

/// Datagrams 1 to 100 of ten samples each, one sample in 1,000 packets.
Bytes datagram_of_ten(std::uint32_t datagram) {
  SflowBuilder builder;
  builder.sequence(datagram);
  for (std::uint32_t i = 1; i <= 10; ++i) {
    const std::uint32_t sample = (datagram - 1) * 10 + i;
    builder.add(numbered_sample(7, sample, sample * 1'000));
  }
  return builder.build();
}

std::uint64_t scaled_octets(const Decoding& decoding) {
  std::uint64_t sum = 0;
  for (const FlowRecord& record : decoding.sink.flows)
    sum += record.octets * record.sampling_interval;
  return sum;
}

TEST(Sflow5Loss, NineHundredOfAThousandSamplesStandForTheWholePool) {
  Decoding decoding;
  std::uint32_t lost = 0;
  for (std::uint32_t datagram = 1; datagram <= 100; ++datagram) {
    // Ten of the first thirty: the window has passed over them before the end.
    if (datagram <= 30 && datagram % 3 == 2) continue;
    lost += decoding.decode(datagram_of_ten(datagram)).lost;
  }
  EXPECT_EQ(lost, 10U);
  EXPECT_EQ(decoding.sink.flows.size(), 900U);
  EXPECT_EQ(scaled_octets(decoding), 800'000'000U);
}

TEST(Sflow5Loss, WithoutLossEveryIntervalIsTheAnnouncedOne) {
  Decoding decoding;
  for (std::uint32_t datagram = 1; datagram <= 100; ++datagram) {
    EXPECT_EQ(decoding.decode(datagram_of_ten(datagram)).lost, 0U);
  }
  EXPECT_EQ(intervals(decoding), Intervals(1'000, 1'000));
}

TEST(Sflow5Loss, FirstSampleBehindTheWindowStandsForTheMissing) {
  Stream stream;
  stream.send(1, {numbered_sample(7, 1, 1'010), numbered_sample(7, 2, 1'990)});
  stream.send(3, {numbered_sample(7, 5, 5'090), numbered_sample(7, 6, 6'000)});
  for (std::uint32_t i = 1; i <= SequenceTracker::kWindow + 2; ++i)
    stream.send(3 + i, {numbered_sample(7, 6 + i, 6'000 + i * 1'000)});
  Intervals expected(4 + SequenceTracker::kWindow + 2, 1'000);
  // The missing datagram could still come right behind the window's last.
  expected[4 + SequenceTracker::kWindow] = 3'100;
  EXPECT_EQ(stream.intervals(), expected);
  const FlowRecord& stand_in = stream.decoding.sink.flows[4 + SequenceTracker::kWindow];
  EXPECT_EQ(stand_in.sampling_source, SamplingSource::Record);
  EXPECT_EQ(stand_in.sample_pool, 71'000U);
}

TEST(Sflow5Loss, PoolWrapCountsModulo32Bits) {
  Stream stream;
  stream.send(1, {numbered_sample(7, 1, 4'294'967'000, 400)});
  stream.send(3, {numbered_sample(7, 3, 704, 400)});
  stream.send_behind_window(numbered_sample(7, 4, 1'104, 400));
  EXPECT_EQ(stream.intervals(), (Intervals{400, 400, 1'000}));
}

TEST(Sflow5Loss, SequenceWrapCountsModulo32Bits) {
  Stream stream;
  stream.send(1, {numbered_sample(7, 0xffff'fffe, 10'000)});
  stream.send(4, {numbered_sample(7, 1, 13'000)});
  stream.send(3, {numbered_sample(7, 0, 12'000)});
  stream.send(4 + 1, {});
  stream.send_behind_window(numbered_sample(7, 2, 14'000));
  EXPECT_EQ(stream.intervals(), (Intervals{1'000, 1'000, 1'000, 2'000}));
}

TEST(Sflow5Loss, JumpOutOfProportionIsAResetAndSkipped) {
  struct Case {
    std::uint32_t sequence;
    std::uint32_t pool;
    std::uint32_t interval;
  };
  // The sample before is number 10 of 10,000 packets.
  for (const Case& c : {Case{12, 10'999, 1'000}, Case{12, 11'000, 1'000}, Case{12, 11'001, 1'001},
                        Case{12, 18'000, 8'000}, Case{12, 18'001, 1'000}, Case{12, 500, 1'000},
                        Case{1'010, 1'010'000, 1'000'000}, Case{1'011, 1'011'000, 1'000},
                        Case{1, 1'000, 1'000}, Case{10, 12'000, 1'000}}) {
    Stream stream;
    stream.send(1, {numbered_sample(7, 10, 10'000)});
    stream.send(3, {numbered_sample(7, c.sequence, c.pool)});
    stream.send_behind_window(numbered_sample(7, c.sequence + 1, c.pool + 1'000));
    EXPECT_EQ(stream.intervals(), (Intervals{1'000, 1'000, c.interval}))
        << c.sequence << " " << c.pool;
    // Counted on from there.
    stream.send(stream.newest + 2, {numbered_sample(7, c.sequence + 3, c.pool + 3'000)});
    stream.send_behind_window(numbered_sample(7, c.sequence + 4, c.pool + 4'000));
    EXPECT_EQ(stream.intervals().back(), 2'000U) << c.sequence << " " << c.pool;
  }
}

TEST(Sflow5Loss, SourceThatBeganAgainLeavesItsOpenGapsBehind) {
  Stream stream;
  stream.send(1, {numbered_sample(7, 1, 1'000)});
  stream.send(3, {numbered_sample(7, 3, 3'000)});
  stream.send(4, {numbered_sample(7, 1, 1'000)});
  stream.send_behind_window(numbered_sample(7, 2, 2'000));
  EXPECT_EQ(stream.intervals(), Intervals(4, 1'000));
}

TEST(Sflow5Loss, AgentThatBeganAgainIsNoGap) {
  Decoding decoding;
  const auto send = [&decoding](std::uint32_t datagram, std::uint32_t uptime_ms,
                                const std::vector<FlowSample>& samples) {
    SflowBuilder builder;
    builder.sequence(datagram).uptime_ms(uptime_ms);
    for (const FlowSample& sample : samples) builder.add(sample);
    return decoding.decode(builder.build());
  };
  send(1'000, 86'400'000, {numbered_sample(7, 1, 1'000)});
  EXPECT_EQ(send(1, 1'000, {numbered_sample(7, 3, 3'000)}).restarts, 1U);
  send(3, 2'000, {numbered_sample(7, 5, 5'000)});
  for (std::uint32_t i = 0; i < SequenceTracker::kWindow; ++i) send(4 + i, 2'000, {});
  send(4 + SequenceTracker::kWindow, 2'000, {numbered_sample(7, 6, 6'000)});
  EXPECT_EQ(intervals(decoding), (Intervals{1'000, 1'000, 1'000, 2'000}));
}

TEST(Sflow5Loss, OtherSourcesAreUnaffected) {
  Stream stream;
  FlowSample vlan = numbered_sample(7, 50, 900'000);
  vlan.source_class = 1;
  stream.send(1, {numbered_sample(7, 1, 1'000), numbered_sample(8, 1, 1'000), vlan});
  vlan.sequence = 51;
  vlan.pool = 960'000;
  stream.send(3, {numbered_sample(8, 2, 3'500), vlan, numbered_sample(9, 77, 77'000),
                  numbered_sample(7, 3, 3'000), numbered_sample(9, 78, 79'000)});
  stream.pass_window();
  EXPECT_EQ(stream.intervals(), Intervals(8, 1'000));
  vlan.sequence = 52;
  vlan.pool = 961'000;
  stream.decoding.sink.flows.clear();
  stream.send(stream.newest + 1, {numbered_sample(8, 3, 4'500), vlan,
                                  numbered_sample(9, 79, 80'000), numbered_sample(7, 4, 4'000)});
  EXPECT_EQ(stream.intervals(), (Intervals{1'000, 1'000, 1'000, 2'000}));
}

TEST(Sflow5Loss, GapOfASourceOpensAtItsOwnNextSample) {
  Stream stream;
  stream.send(1, {numbered_sample(7, 1, 1'000)});
  stream.send(3, {numbered_sample(8, 1, 1'000)});
  stream.pass_window();
  stream.send(stream.newest + 1, {numbered_sample(7, 4, 4'000)});
  stream.send_behind_window(numbered_sample(7, 5, 5'000));
  EXPECT_EQ(stream.intervals(), (Intervals{1'000, 1'000, 1'000, 3'000}));
}

TEST(Sflow5Loss, LossInOneStreamIsNotAnothers) {
  Decoding decoding;
  const auto send = [&decoding](std::uint32_t sub_agent, std::uint32_t datagram,
                                std::uint32_t sample) {
    return decoding.decode(SflowBuilder{}
                               .sub_agent(sub_agent)
                               .sequence(datagram)
                               .add(numbered_sample(7, sample, sample * 1'000))
                               .build());
  };
  send(0, 1, 1);
  send(1, 1, 1);
  EXPECT_EQ(send(0, 3, 3).lost, 1U);
  EXPECT_EQ(send(1, 2, 3).lost, 0U);
  for (std::uint32_t i = 1; i <= SequenceTracker::kWindow; ++i) {
    send(0, 3 + i, 3 + i);
    send(1, 2 + i, 3 + i);
  }
  EXPECT_EQ(intervals(decoding), Intervals(4 + 2 * SequenceTracker::kWindow, 1'000));
  decoding.sink.flows.clear();
  send(0, 4 + SequenceTracker::kWindow, 4 + SequenceTracker::kWindow);
  send(1, 3 + SequenceTracker::kWindow, 4 + SequenceTracker::kWindow);
  EXPECT_EQ(intervals(decoding), (Intervals{2'000, 1'000}));
}

TEST(Sflow5Loss, UnknownRateStaysUnknown) {
  Stream stream;
  stream.send(1, {numbered_sample(7, 1, 1'000, 0)});
  stream.send(3, {numbered_sample(7, 3, 1'000, 0)});
  stream.send(5, {numbered_sample(7, 5, 3'000, 0)});
  stream.send_behind_window(numbered_sample(7, 6, 4'000, 0));
  EXPECT_EQ(stream.intervals(), Intervals(4, 0));
}

TEST(Sflow5Loss, SampleOfUnknownRateLeavesTheLossToTheNext) {
  Stream stream;
  stream.send(1, {numbered_sample(7, 1, 1'000)});
  stream.send(3, {numbered_sample(7, 3, 3'000)});
  stream.send_behind_window(numbered_sample(7, 4, 4'000, 0));
  stream.send(stream.newest + 1, {numbered_sample(7, 5, 5'000)});
  EXPECT_EQ(stream.intervals(), (Intervals{1'000, 1'000, 0, 2'000}));
}

TEST(Sflow5Loss, NumbersSharedByAllSourcesKeepTheAnnouncedRate) {
  Stream stream;
  std::uint32_t number = 0;
  const auto next = [&number](std::uint32_t source) {
    ++number;
    return numbered_sample(source, number, number * 1'000);
  };
  for (std::uint32_t datagram = 1; datagram <= 50; ++datagram) {
    const auto samples = {next(7), next(8), next(9)};
    stream.send(datagram, samples);
  }
  EXPECT_EQ(stream.intervals(), Intervals(150, 1'000));
  // Nor does a gap mislead, once their numbers have shown what they count.
  number += 30;
  for (std::uint32_t datagram = 61; datagram <= 161; ++datagram) {
    const auto samples = {next(7), next(8), next(9)};
    stream.send(datagram, samples);
  }
  EXPECT_EQ(stream.intervals(), Intervals(453, 1'000));
}

TEST(Sflow5Loss, GapOfSharedNumbersIsDroppedWhenTheyShow) {
  Stream stream;
  for (std::uint32_t i = 0; i < 80; ++i) {
    // The second datagram is lost, before anything tells that the numbers are shared.
    if (i == 1) continue;
    const std::uint32_t number = 1 + 2 * i;
    stream.send(1 + i, {numbered_sample(7, number, number * 1'000),
                        numbered_sample(8, number + 1, (number + 1) * 1'000)});
  }
  EXPECT_EQ(stream.intervals(), Intervals(158, 1'000));
}

TEST(Sflow5Loss, SixteenStepsOfOneRestoreTrustInASourcesNumbers) {
  for (const std::uint32_t steps : {15U, 16U}) {
    Stream stream;
    stream.send(1, {numbered_sample(7, 1, 1'000)});
    std::uint32_t sequence = 5;  // the agent dropped some itself
    std::uint32_t datagram = 2;
    stream.send(datagram, {numbered_sample(7, sequence, sequence * 1'000)});
    for (std::uint32_t i = 0; i < steps; ++i) {
      ++sequence;
      stream.send(++datagram, {numbered_sample(7, sequence, sequence * 1'000)});
    }
    sequence += 2;
    stream.send(datagram + 2, {numbered_sample(7, sequence, sequence * 1'000)});
    ++sequence;
    stream.send_behind_window(numbered_sample(7, sequence, sequence * 1'000));
    EXPECT_EQ(stream.intervals().back(), steps == 16 ? 2'000U : 1'000U);
  }
}

TEST(Sflow5Loss, LateSampleIsNoLoss) {
  Stream stream;
  stream.send(1, {numbered_sample(7, 1, 1'000), numbered_sample(8, 1, 1'000)});
  stream.send(3, {numbered_sample(7, 3, 3'000)});
  const DecodeOutcome late =
      stream.send(2, {numbered_sample(7, 2, 2'000), numbered_sample(8, 2, 2'000)});
  EXPECT_EQ(late.recovered, 1U);
  EXPECT_EQ(late.records, 2U);
  EXPECT_EQ(stream.send(4, {numbered_sample(7, 4, 4'000), numbered_sample(8, 3, 3'000)}).lost, 0U);
  stream.send_behind_window(numbered_sample(7, 5, 5'000));
  EXPECT_EQ(stream.intervals(), Intervals(8, 1'000));
}

TEST(Sflow5Loss, GapIsOpenAsLongAsTheSequenceTakesItsDatagrams) {
  Stream stream;
  stream.send(1, {numbered_sample(7, 1, 1'000)});
  stream.send(3, {numbered_sample(7, 3, 3'000)});
  for (std::uint32_t i = 1; i < SequenceTracker::kWindow; ++i) stream.send(3 + i, {});
  const std::uint32_t newest = stream.newest;
  EXPECT_EQ(stream.send(2, {numbered_sample(7, 2, 2'000)}).recovered, 1U);
  stream.send(newest + 1, {numbered_sample(7, 4, 4'000)});
  EXPECT_EQ(stream.intervals(), Intervals(4, 1'000));
}

TEST(Sflow5Loss, LateSamplesTakeTheirRateOutOfTheGap) {
  Stream stream;
  stream.send(1, {numbered_sample(7, 1, 1'000)});
  stream.send(5, {numbered_sample(7, 5, 5'700)});
  stream.send(3, {numbered_sample(7, 3, 3'100)});
  stream.send(6, {});
  stream.send_behind_window(numbered_sample(7, 6, 6'700));
  EXPECT_EQ(stream.intervals(), (Intervals{1'000, 1'000, 1'000, 3'700}));
}

TEST(Sflow5Loss, LateSampleThatIsItsSourcesNewestShowsWhatIsStillMissing) {
  Stream stream;
  stream.send(1, {numbered_sample(7, 1, 1'000)});
  stream.send(5, {numbered_sample(8, 1, 1'000)});
  stream.send(3, {numbered_sample(7, 3, 3'000)});
  // Datagram 2 is behind it, 4 is still missing.
  EXPECT_EQ(stream.send(2, {numbered_sample(7, 2, 2'000)}).records, 1U);
  stream.send(6, {numbered_sample(7, 5, 5'000)});
  stream.send_behind_window(numbered_sample(7, 6, 6'000));
  EXPECT_EQ(stream.intervals(), (Intervals{1'000, 1'000, 1'000, 1'000, 1'000, 2'000}));
}

TEST(Sflow5Loss, LateSampleFromBeforeTheFirstOrAResetCounts) {
  Stream stream;
  stream.send(10, {numbered_sample(7, 10, 10'000)});
  stream.send(9, {numbered_sample(7, 9, 9'000)});
  stream.send(12, {numbered_sample(7, 12, 900'000)});
  stream.send(11, {numbered_sample(7, 11, 899'000)});
  stream.send(13, {});
  stream.send_behind_window(numbered_sample(7, 13, 901'000));
  EXPECT_EQ(stream.intervals(), Intervals(5, 1'000));
}

TEST(Sflow5Loss, SourceWhoseFirstSampleCameLateMayHaveMoreMissing) {
  Stream stream;
  stream.send(1, {numbered_sample(8, 1, 1'000)});
  stream.send(9, {numbered_sample(8, 2, 2'000)});
  stream.send(3, {numbered_sample(7, 1, 1'000)});
  stream.send(5, {numbered_sample(7, 3, 3'000)});  // 4 held the second
  stream.send(10, {});
  stream.send_behind_window(numbered_sample(7, 4, 4'000));
  EXPECT_EQ(stream.intervals(), (Intervals{1'000, 1'000, 1'000, 1'000, 2'000}));
}

TEST(Sflow5Loss, MoreGapsThanASourceHasRoomForAreLostTogether) {
  static_assert(SampleSources::kMostGaps == 2);
  Stream stream;
  // Sample 2 * n is in datagram 2 * n, which is missing.
  for (std::uint32_t i = 1; i <= 11; i += 2) stream.send(i, {numbered_sample(7, i, i * 1'000)});
  // One of the last gap, which is three in one.
  stream.send(6, {numbered_sample(7, 6, 6'000)});
  stream.send(12, {});
  EXPECT_EQ(stream.intervals(), Intervals(7, 1'000));
  stream.send_behind_window(numbered_sample(7, 12, 12'000));
  EXPECT_EQ(stream.intervals().back(), 5'000U);
}

/// A stream of three data sources, and the order in which its datagrams come.
class Disorder {
 public:
  explicit Disorder(std::uint32_t seed) : random_(seed) {}

  /// The next datagram, with up to four samples, comes up to `late_by` places late.
  void add(std::uint32_t late_by) {
    builder_.sequence(++count_);
    for (std::uint32_t i = below(5); i > 0; --i) add_sample(below(3));
    put(count_ + below(late_by + 1));
  }
  /// The next datagram, with a sample of each source, comes behind all before.
  void add_anchor() {
    builder_.sequence(++count_);
    for (std::uint32_t source = 0; source < 3; ++source) add_sample(source);
    for (auto& [place, _] : datagrams_) place = std::min(place, count_ - 1);
    put(count_);
  }
  void add_empty() {
    builder_.sequence(++count_);
    put(count_);
  }
  void lose() {
    builder_.sequence(++count_);
    for (std::uint32_t i = below(5); i > 0; --i) add_sample(below(3));
    builder_ = {};
  }

  [[nodiscard]] std::vector<Bytes> in_order_of_arrival() {
    std::ranges::stable_sort(datagrams_, {}, [](const auto& entry) { return entry.first; });
    std::vector<Bytes> datagrams;
    for (const auto& [_, bytes] : datagrams_) datagrams.push_back(bytes);
    return datagrams;
  }
  [[nodiscard]] std::uint32_t samples_of(std::size_t source) const { return taken_.at(source); }
  [[nodiscard]] std::uint32_t below(std::uint32_t bound) {
    return static_cast<std::uint32_t>(random_() % bound);
  }

 private:
  void add_sample(std::uint32_t source) {
    const std::uint32_t number = ++taken_.at(source);
    builder_.add(numbered_sample(source, number, number * 1'000));
  }
  void put(std::uint32_t place) {
    datagrams_.emplace_back(place, builder_.build());
    builder_ = {};
  }

  std::mt19937 random_;
  SflowBuilder builder_;
  std::uint32_t count_ = 0;
  std::array<std::uint32_t, 3> taken_{};
  std::vector<std::pair<std::uint32_t, Bytes>> datagrams_;
};

TEST(Sflow5Loss, OrderInsideTheWindowChangesNoInterval) {
  for (std::uint32_t round = 0; round < 50; ++round) {
    Disorder disorder{round};
    const std::uint32_t late_by = 2 + round % 59;
    for (int i = 0; i < 400; ++i) disorder.add(late_by);
    Decoding decoding;
    std::uint32_t late = 0;
    for (const Bytes& bytes : disorder.in_order_of_arrival()) {
      const DecodeOutcome outcome = decoding.decode(bytes);
      late += outcome.out_of_order;
      EXPECT_EQ(outcome.restarts, 0U) << "round " << round;
    }
    EXPECT_GT(late, 0U);
    const std::size_t samples =
        disorder.samples_of(0) + disorder.samples_of(1) + disorder.samples_of(2);
    EXPECT_EQ(intervals(decoding), Intervals(samples, 1'000)) << "round " << round;
  }
}

TEST(Sflow5Loss, PacketsAddUpWhateverIsLostOrLate) {
  for (std::uint32_t round = 0; round < 50; ++round) {
    Disorder disorder{round};
    disorder.add_anchor();
    const std::uint32_t late_by = 2 + round % 59;
    for (int i = 0; i < 400; ++i) {
      if (disorder.below(20) == 0) {
        disorder.lose();
      } else {
        disorder.add(disorder.below(3) == 0 ? late_by : 0);
      }
    }
    // The last gaps open at the first of these and are lost at the second.
    disorder.add_anchor();
    for (std::size_t i = 0; i < SequenceTracker::kWindow; ++i) disorder.add_empty();
    disorder.add_anchor();
    Decoding decoding;
    std::uint32_t late = 0;
    std::uint32_t net_lost = 0;
    for (const Bytes& bytes : disorder.in_order_of_arrival()) {
      const DecodeOutcome outcome = decoding.decode(bytes);
      late += outcome.out_of_order;
      net_lost += outcome.lost - outcome.recovered;
      EXPECT_EQ(outcome.restarts, 0U) << "round " << round;
    }
    EXPECT_GT(late, 0U);
    EXPECT_GT(net_lost, 0U);
    std::array<std::uint64_t, 3> packets{};
    for (const FlowRecord& record : decoding.sink.flows)
      packets.at(record.source_index) += record.sampling_interval;
    for (std::size_t source = 0; source < 3; ++source)
      EXPECT_EQ(packets[source], disorder.samples_of(source) * 1'000U) << "round " << round;
  }
}

TEST(Sflow5Loss, SourcesBeyondTheBoundKeepTheAnnouncedRate) {
  Decoding decoding;
  std::uint32_t datagram = 0;
  for (std::uint32_t source = 1; source <= SampleSources::kMostSources + 1; ++source) {
    decoding.decode(
        SflowBuilder{}.sequence(++datagram).add(numbered_sample(source, 1, 1'000)).build());
  }
  ++datagram;
  const auto send_both = [&decoding, &datagram](std::uint32_t sequence) {
    SflowBuilder builder;
    builder.sequence(++datagram);
    for (const std::uint32_t source : {0U, 1U}) {
      builder.add(
          numbered_sample(SampleSources::kMostSources + source, sequence, sequence * 1'000));
    }
    decoding.decode(builder.build());
  };
  for (std::uint32_t i = 0; i <= SequenceTracker::kWindow; ++i) send_both(3 + i);
  decoding.sink.flows.clear();
  send_both(4 + SequenceTracker::kWindow);
  EXPECT_EQ(intervals(decoding), (Intervals{2'000, 1'000}));
}

// Counts that exceed what is there (reliability: count drives allocation).

TEST(Sflow5Hostile, SampleCountBeyondTheDatagram) {
  Decoding decoding;
  const Bytes bare = SflowBuilder{}.declared_samples(kHuge).build();
  EXPECT_EQ(bare.size(), 28U);
  EXPECT_EQ(refusals(decoding.decode(bare)), (Refusals{{DecodeError::BadCount, 1}}));

  const DecodeOutcome outcome = decoding.decode(
      SflowBuilder{}.sequence(2).declared_samples(kHuge).add(flow_sample()).build());
  EXPECT_EQ(refusals(outcome), (Refusals{{DecodeError::BadCount, 1}}));
  EXPECT_EQ(outcome.records, 1U);
}

TEST(Sflow5Hostile, RecordCountBeyondTheSample) {
  for (const SflowForm form : {SflowForm::Compact, SflowForm::Expanded}) {
    FlowSample flow = flow_sample();
    flow.form = form;
    flow.declared_records = kHuge;
    CounterSample counter = counter_sample();
    counter.form = form;
    counter.declared_records = kHuge;
    FlowSample empty = flow;
    empty.records = {};
    Decoding decoding;
    const DecodeOutcome outcome = decoding.decode(
        SflowBuilder{}.add(flow).add(counter).add(empty).add(flow_sample()).build());
    EXPECT_EQ(refusals(outcome), (Refusals{{DecodeError::BadCount, 3}}));
    // What was whole stands, and the sample behind is found.
    EXPECT_EQ(outcome.records, 3U);
    EXPECT_EQ(outcome.counter_samples, 1U);
    EXPECT_EQ(fields(decoding.sink.flows.at(0)), fields(flow_record()));
    EXPECT_EQ(fields(decoding.sink.flows.at(2)), fields(flow_record()));
  }
}

TEST(Sflow5Hostile, GatewayCountsBeyondTheRecord) {
  const Gateway whole{
      .next_hop = kSource4, .own_as = 64'500, .source_as = 64'501, .path = {{64'510}}};
  // As 32-bit products with the size of an element, the last two wrap to 4 and to 0.
  for (const std::uint32_t count : {kHuge, 0x4000'0001U, 0x8000'0000U}) {
    Gateway communities = whole;
    communities.declared_communities = count;
    Gateway segments = whole;
    segments.declared_segments = count;
    Gateway segment_length = whole;
    segment_length.declared_segment_length = count;
    for (const Gateway& bad : {communities, segments, segment_length}) {
      FlowSample sample = flow_sample();
      sample.records.push_back(gateway_record(bad));
      Decoding decoding;
      const DecodeOutcome outcome =
          decoding.decode(SflowBuilder{}.add(sample).add(flow_sample()).build());
      EXPECT_EQ(refusals(outcome), (Refusals{{DecodeError::BadCount, 1}}));
      // The record is dropped, its sample and the next stand.
      ASSERT_EQ(decoding.sink.flows.size(), 2U);
      EXPECT_EQ(fields(decoding.sink.flows[0]), fields(flow_record()));
      EXPECT_EQ(fields(decoding.sink.flows[1]), fields(flow_record()));
    }
  }
}

TEST(Sflow5Hostile, GatewayOf104BytesWithFourBillionCommunities) {
  FlowSample sample = flow_sample();
  Gateway gateway{.next_hop = kSource4, .own_as = 1, .source_as = 2, .peer_as = 3};
  gateway.declared_communities = kHuge;
  SflowRecord record = gateway_record(gateway);
  record.body.resize(record.body.size() - 4);  // without the local preference
  sample.records = {record};
  const Bytes bytes = SflowBuilder{}.add(sample).build();
  EXPECT_EQ(bytes.size(), 28U + 8U + 32U + 8U + 28U);
  Decoding decoding;
  const DecodeOutcome outcome = decoding.decode(bytes);
  EXPECT_EQ(refusals(outcome), (Refusals{{DecodeError::BadCount, 1}}));
  EXPECT_EQ(outcome.records, 1U);
}

TEST(Sflow5Hostile, UnknownNextHopTypeDropsTheRecordAlone) {
  FlowSample sample = flow_sample();
  WordWriter router;
  router.u32(9).u32(1).u32(2).u32(3);
  sample.records.push_back({.tag = 1002, .body = router.written()});
  sample.records.push_back({.tag = 1003, .body = router.written()});
  Decoding decoding;
  const DecodeOutcome outcome = decoding.decode(SflowBuilder{}.add(sample).build());
  EXPECT_EQ(refusals(outcome), (Refusals{{DecodeError::BadAddressType, 2}}));
  ASSERT_EQ(decoding.sink.flows.size(), 1U);
  EXPECT_EQ(fields(decoding.sink.flows[0]), fields(flow_record()));
}

// Lengths that are not the content's (reliability: declared length against content).

TEST(Sflow5Hostile, RecordLongerThanItsSampleLosesTheSampleAlone) {
  const std::uint32_t whole = static_cast<std::uint32_t>(sampled_frame().body.size());
  for (const std::uint32_t length : {whole + 1, whole * 2, kHuge}) {
    FlowSample sample = flow_sample();
    sample.records[0].declared_length = length;
    Decoding decoding;
    const DecodeOutcome outcome =
        decoding.decode(SflowBuilder{}.add(sample).add(flow_sample()).build());
    EXPECT_EQ(refusals(outcome), (Refusals{{DecodeError::BadSampleLength, 1}})) << length;
    ASSERT_EQ(decoding.sink.flows.size(), 1U);
    EXPECT_EQ(fields(decoding.sink.flows[0]), fields(flow_record()));
  }
}

TEST(Sflow5Hostile, RecordShorterThanItsContentIsReadToItsDeclaredEnd) {
  const std::uint32_t whole = static_cast<std::uint32_t>(sampled_frame().body.size());
  FlowSample sample = flow_sample();
  sample.records[0].declared_length = whole - 1;  // padding leads to the same end
  sample.records.push_back(switch_record(300, 0));
  Decoding decoding;
  const DecodeOutcome outcome =
      decoding.decode(SflowBuilder{}.add(sample).add(flow_sample()).build());
  EXPECT_EQ(refusals(outcome), (Refusals{{DecodeError::BadSampleLength, 1}}));
  ASSERT_EQ(decoding.sink.flows.size(), 2U);
  FlowRecord expected = flow_record();
  expected.input_vlan = 300;
  EXPECT_EQ(fields(decoding.sink.flows[0]), fields(expected));
  EXPECT_EQ(fields(decoding.sink.flows[1]), fields(flow_record()));
}

TEST(Sflow5Hostile, HeaderLengthBeyondItsRecordKeepsTheFrameLength) {
  for (const std::uint32_t length : {129U, 0x4000'0001U, kHuge}) {
    FlowSample sample = flow_sample();
    sample.records = {raw_header_record(
        {.frame_length = 1'022, .header = sampled_header(), .declared_header_length = length})};
    Decoding decoding;
    const DecodeOutcome outcome = decoding.decode(SflowBuilder{}.add(sample).build());
    EXPECT_EQ(refusals(outcome), (Refusals{{DecodeError::BadSampleLength, 1}}));
    ASSERT_EQ(decoding.sink.flows.size(), 1U);
    EXPECT_EQ(fields(decoding.sink.flows[0]), fields(flow_record()));
  }
}

TEST(Sflow5Hostile, HeaderShorterThanItsRecordIsBelieved) {
  FlowSample sample = flow_sample();
  sample.records = {raw_header_record(
      {.frame_length = 1'022, .header = sampled_header(), .declared_header_length = 12})};
  Decoding decoding;
  const DecodeOutcome outcome =
      decoding.decode(SflowBuilder{}.add(sample).add(flow_sample()).build());
  EXPECT_EQ(outcome.malformed_total, 0U);
  ASSERT_EQ(decoding.sink.flows.size(), 2U);
  EXPECT_EQ(decoding.sink.flows[0].layer2_octets, 1'022U);
  EXPECT_FALSE(decoding.sink.flows[0].has(Has::SourceAddress));
  EXPECT_EQ(fields(decoding.sink.flows[1]), fields(flow_record()));
}

TEST(Sflow5Hostile, SampleLongerThanTheDatagramEndsIt) {
  for (const std::uint32_t length : {2'000U, 0x8000'0000U, kHuge}) {
    Decoding decoding;
    const DecodeOutcome outcome = decoding.decode(
        SflowBuilder{}.add(flow_sample()).next_declares(length).add(flow_sample()).build());
    EXPECT_EQ(refusals(outcome), (Refusals{{DecodeError::BadSampleLength, 1}}));
    EXPECT_EQ(outcome.records, 1U);
  }
}

TEST(Sflow5Hostile, SampleShorterThanItsFixedPartIsLostAlone) {
  for (const std::uint32_t tag : {1U, 2U, 3U, 4U}) {
    for (const std::size_t length : {0UL, 4UL, 11UL}) {
      Decoding decoding;
      const DecodeOutcome outcome =
          decoding.decode(SflowBuilder{}.add_item(tag, Bytes(length)).add(flow_sample()).build());
      EXPECT_EQ(refusals(outcome), (Refusals{{DecodeError::Truncated, 1}})) << tag;
      EXPECT_EQ(outcome.records, 1U);
      EXPECT_EQ(outcome.counter_samples, 0U);
    }
  }
}

TEST(Sflow5Hostile, CutRecordsAreDroppedAndTheirSamplesStand) {
  for (const std::uint32_t tag : {1U, 2U, 3U, 4U, 1001U, 1002U, 1003U}) {
    FlowSample sample = flow_sample();
    sample.records = {{.tag = tag, .body = Bytes(3)}};
    Decoding decoding;
    const DecodeOutcome outcome = decoding.decode(SflowBuilder{}.add(sample).build());
    EXPECT_EQ(refusals(outcome), (Refusals{{DecodeError::Truncated, 1}})) << tag;
    EXPECT_EQ(outcome.records, 1U) << tag;
  }
  CounterSample counters = counter_sample();
  counters.records[0].body.resize(84);
  Decoding decoding;
  const DecodeOutcome outcome = decoding.decode(SflowBuilder{}.add(counters).build());
  EXPECT_EQ(refusals(outcome), (Refusals{{DecodeError::Truncated, 1}}));
  EXPECT_EQ(outcome.counter_samples, 1U);
  EXPECT_FALSE(decoding.sink.counters.at(0).has_interface);
}

/// A datagram with every kind of sample and record.
Bytes golden(const IpAddress& agent) {
  FlowSample full = flow_sample();
  full.records.push_back(switch_record(300, 400));
  full.records.push_back(router_record(kSource4));
  full.records.push_back(gateway_record({.next_hop = kSource4,
                                         .own_as = 1,
                                         .source_as = 2,
                                         .path = {{3, 4}, {5}},
                                         .communities = {6}}));
  full.records.push_back(ethernet_record(1'022));
  full.records.push_back(sampled_ip_record({.source = kSource4, .destination = kDestination4}));
  full.records.push_back(
      sampled_ip_record({.source = IpAddress::v6(1, 2), .destination = IpAddress::v6(3, 4)}));
  FlowSample expanded = flow_sample();
  expanded.form = SflowForm::Expanded;
  CounterSample expanded_counters = counter_sample();
  expanded_counters.form = SflowForm::Expanded;
  return SflowBuilder{}
      .agent(agent)
      .add(full)
      .add(counter_sample())
      .add(expanded)
      .add(expanded_counters)
      .build();
}

TEST(Sflow5Hostile, EveryCutGivesNoMoreThanArrived) {
  for (const IpAddress& agent : {kAgent, IpAddress::v6(0x2001'0db8'0000'0000, 1)}) {
    const Bytes whole = golden(agent);
    Decoding complete;
    EXPECT_EQ(complete.decode(whole).malformed_total, 0U);
    EXPECT_EQ(complete.sink.flows.size(), 2U);
    EXPECT_EQ(complete.sink.counters.size(), 2U);
    for (std::size_t length = 0; length < whole.size(); ++length) {
      Decoding decoding;
      const DecodeOutcome outcome = decoding.decode(std::span{whole}.first(length));
      EXPECT_EQ(outcome.malformed_total, 1U) << length << " bytes";
      EXPECT_EQ(outcome.records, decoding.sink.flows.size());
      EXPECT_EQ(outcome.counter_samples, decoding.sink.counters.size());
      for (std::size_t i = 0; i < decoding.sink.flows.size(); ++i)
        EXPECT_EQ(fields(decoding.sink.flows[i]), fields(complete.sink.flows[i]));
    }
  }
}

TEST(Sflow5Hostile, EveryByteMayBeAnything) {
  const Bytes whole = golden(kAgent);
  // Values at the edges of every field; all 256 would only take longer.
  for (std::size_t at = 4; at < whole.size(); ++at) {
    for (const unsigned value : {0x00U, 0x01U, 0x04U, 0x3fU, 0x40U, 0x7fU, 0x80U, 0xfeU, 0xffU}) {
      Bytes changed = whole;
      changed[at] = static_cast<std::byte>(value);
      Decoding decoding;
      const DecodeOutcome outcome = decoding.decode(changed);
      EXPECT_EQ(outcome.records, decoding.sink.flows.size());
      EXPECT_EQ(outcome.counter_samples, decoding.sink.counters.size());
      // The shortest sample: tag, length, and the fixed part of a counter sample.
      EXPECT_LE(outcome.records + outcome.counter_samples, whole.size() / 20);
    }
  }
}

}  // namespace
}  // namespace weir::wire
