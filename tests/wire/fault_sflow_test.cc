// Fault classes F1, F2, F14, F15 and F16 (README.md): what sFlow agents and attackers send.

#include <gtest/gtest.h>

#include <vector>

#include "collector/wire/decoder.h"
#include "tests/support/message_builder.h"
#include "tests/support/message_sink.h"
#include "tests/support/sflow_builder.h"
#include "tests/support/sflow_frame.h"
#include "tests/wire/refusals.h"

namespace weir::wire {
namespace {

using test::Bytes;
using test::CounterSample;
using test::FlowSample;
using test::FrameBuilder;
using test::raw_header_record;
using test::SflowBuilder;
using test::SflowForm;
using test::SflowRecord;
using test::WordWriter;

constexpr std::uint32_t kHuge = 0xffff'ffff;
constexpr std::uint32_t kFrameBytes = 1'022;

/// Decodes with a decoder that has seen nothing.
struct Fresh {
  explicit Fresh(const Bytes& bytes) : outcome(decoder.decode(test::datagram_of(bytes), sink)) {}

  Decoder decoder{make_shared_decoder_state(), {}};
  test::MessageSink sink;
  DecodeOutcome outcome;
};

SflowRecord frame_record(const Bytes& header) {
  return raw_header_record({.frame_length = kFrameBytes, .header = header});
}

Bytes ip_frame() {
  FrameBuilder frame;
  frame.ethernet().ether_type(0x0800).ipv4({.total_length = 1'000}).tcp(443, 50'000, 0x10);
  return frame.build();
}

FlowSample sample_with(std::vector<SflowRecord> records) {
  return {.source_index = 3, .input = 3, .output = 4, .records = std::move(records)};
}

/// A sample that stands behind a bad one, to show that it is found.
FlowSample next_sample() { return sample_with({frame_record(ip_frame())}); }

void expect_next_sample(const Fresh& fresh) {
  ASSERT_FALSE(fresh.sink.flows.empty());
  const FlowRecord& last = fresh.sink.flows.back().record;
  EXPECT_EQ(last.layer2_octets, kFrameBytes);
  EXPECT_EQ(last.octets, 1'000U);
  EXPECT_EQ(last.source, IpAddress::v4(0xc000'0201));
  EXPECT_EQ(last.sampling_interval, 1'000U);
}

// F1 (i): 28 bytes that promise four billion samples.
TEST(FaultCounts, SamplesThatAreNotThereAreOneBadCount) {
  const Bytes bytes = SflowBuilder{}.declared_samples(kHuge).build();
  ASSERT_EQ(bytes.size(), 28U);
  const Fresh fresh(bytes);
  EXPECT_EQ(refusals(fresh.outcome), (Refusals{{"bad_count", 1}}));
  EXPECT_EQ(fresh.outcome.records, 0U);
}

// F1 (ii), (iii): the fixed part of each form of sample, then nothing.
TEST(FaultCounts, RecordsThatAreNotThereAreOneBadCountInEachForm) {
  for (const SflowForm form : {SflowForm::Compact, SflowForm::Expanded}) {
    FlowSample flow = sample_with({});
    flow.form = form;
    flow.declared_records = kHuge;
    const Bytes flow_bytes = SflowBuilder{}.add(flow).build();
    EXPECT_EQ(flow_bytes.size(), 28U + 8U + (form == SflowForm::Compact ? 32U : 44U));
    const Fresh of_flow(flow_bytes);
    EXPECT_EQ(refusals(of_flow.outcome), (Refusals{{"bad_count", 1}}));
    EXPECT_EQ(of_flow.outcome.records, 1U);

    const Fresh of_counters(
        SflowBuilder{}.add(CounterSample{.form = form, .declared_records = kHuge}).build());
    EXPECT_EQ(refusals(of_counters.outcome), (Refusals{{"bad_count", 1}}));
    EXPECT_EQ(of_counters.outcome.counter_samples, 1U);
  }
}

// F2: stacks whose depth times four is 4 or 0 in 32 bits. extended_mpls (1006) and
// extended_vlan_tunnel (1012) are passed over by their declared length.
TEST(FaultCounts, StackDepthThatWrapsIsNeverMultiplied) {
  for (const std::uint32_t depth : {0x4000'0001U, 0x8000'0000U, kHuge}) {
    WordWriter mpls;
    mpls.typed_address(IpAddress::v4(1)).u32(depth).u32(16).u32(depth).u32(17);
    WordWriter tunnel;
    tunnel.u32(depth).u32(0x8100'0064);
    const Fresh fresh(SflowBuilder{}
                          .add(sample_with({{.tag = 1006, .body = mpls.written()},
                                            {.tag = 1012, .body = tunnel.written()},
                                            frame_record(ip_frame())}))
                          .add(next_sample())
                          .build());
    EXPECT_EQ(refusals(fresh.outcome), Refusals{}) << depth;
    ASSERT_EQ(fresh.outcome.records, 2U);
    expect_next_sample(fresh);
  }
}

// F14: the datagram ends there; in particular nothing is read as an address of no bytes.
TEST(FaultSflowHeader, UnknownAddressTypeEndsTheDatagram) {
  for (const std::uint32_t type : {3U, 4U, 0x0100'0000U, kHuge}) {
    const Fresh fresh(SflowBuilder{}.agent_type(type).add(next_sample()).build());
    EXPECT_EQ(refusals(fresh.outcome), (Refusals{{"bad_address_type", 1}})) << type;
    EXPECT_EQ(fresh.outcome.records, 0U);
  }
}

// F14: type 0 is UNKNOWN and carries no bytes; the source stands for the agent.
TEST(FaultSflowHeader, AddressTypeZeroIsReadWithoutAnAddress) {
  const Fresh fresh(SflowBuilder{}.agent_type(0).add(next_sample()).build());
  EXPECT_EQ(refusals(fresh.outcome), Refusals{});
  EXPECT_EQ(fresh.outcome.agent, test::datagram_of({}).source);
  expect_next_sample(fresh);
}

// F15: record length one too many, one too few, twice, and all.
TEST(FaultDeclaredLength, RecordBeyondItsSampleLosesThatSampleAlone) {
  const auto whole = static_cast<std::uint32_t>(frame_record(ip_frame()).body.size());
  for (const std::uint32_t length : {whole + 1, whole * 2, kHuge - 3, kHuge}) {
    SflowRecord record = frame_record(ip_frame());
    record.declared_length = length;
    const Fresh fresh(SflowBuilder{}.add(sample_with({record})).add(next_sample()).build());
    EXPECT_EQ(refusals(fresh.outcome), (Refusals{{"bad_sample_length", 1}})) << length;
    EXPECT_EQ(fresh.outcome.records, 1U);
    expect_next_sample(fresh);
  }
}

// F15: 12 bytes of header in a record that has room for 16.
TEST(FaultDeclaredLength, InnerLengthBelowTheRecordsIsBelieved) {
  WordWriter record;
  record.u32(1).u32(kFrameBytes).u32(4).u32(12).zeros(16);
  const Fresh fresh(SflowBuilder{}
                        .add(sample_with({{.tag = 1, .body = record.written()}}))
                        .add(next_sample())
                        .build());
  EXPECT_EQ(refusals(fresh.outcome), Refusals{});
  ASSERT_EQ(fresh.outcome.records, 2U);
  EXPECT_EQ(fresh.sink.flows[0].record.layer2_octets, kFrameBytes);
  EXPECT_FALSE(fresh.sink.flows[0].record.has(Has::SourceAddress));
  expect_next_sample(fresh);
}

// F15: what is unknown is passed over to its declared end, and XDR pads that to 4 bytes.
TEST(FaultDeclaredLength, UnknownTagsOfOddLengthKeepStep) {
  for (const std::size_t length : {1U, 2U, 3U, 5U, 7U}) {
    const Fresh fresh(SflowBuilder{}
                          .add_item(0x0010'0001, Bytes(length))
                          .add(sample_with({{.tag = 0x0090'0fff, .body = Bytes(length)},
                                            {.tag = 2'999, .body = Bytes(length)},
                                            frame_record(ip_frame())}))
                          .add_item(5, Bytes(length))
                          .add(next_sample())
                          .build());
    EXPECT_EQ(refusals(fresh.outcome), Refusals{}) << length;
    EXPECT_EQ(fresh.outcome.records, 2U);
    expect_next_sample(fresh);
  }
}

// F16: whatever the header is, the frame's length counts and the next sample is found.
TEST(FaultSampledHeader, FrameThatCannotBeReadCountsItsLength) {
  std::vector<Bytes> frames;
  for (std::size_t length = 0; length <= 14; ++length) frames.push_back(Bytes(length));
  FrameBuilder tags;
  tags.ethernet();
  for (int i = 0; i < 100; ++i) tags.vlan(10);
  frames.push_back(tags.build());
  FrameBuilder labels;
  labels.ethernet().ether_type(0x8847);
  for (int i = 0; i < 40; ++i) labels.mpls(16, FrameBuilder::Bottom::No);
  frames.push_back(labels.build());
  for (const std::uint32_t words : {0U, 4U}) {
    FrameBuilder short_header;
    short_header.ethernet().ether_type(0x0800).ipv4({.total_length = 900, .header_words = words});
    frames.push_back(short_header.build());
  }
  for (const Bytes& frame : frames) {
    const Fresh fresh(
        SflowBuilder{}.add(sample_with({frame_record(frame)})).add(next_sample()).build());
    EXPECT_EQ(refusals(fresh.outcome), Refusals{}) << frame.size();
    ASSERT_EQ(fresh.outcome.records, 2U) << frame.size();
    EXPECT_EQ(fresh.sink.flows[0].record.layer2_octets, kFrameBytes) << frame.size();
    EXPECT_FALSE(fresh.sink.flows[0].record.has(Has::SourceAddress)) << frame.size();
    expect_next_sample(fresh);
  }
}

// F16: what is cut behind the addresses leaves them standing.
TEST(FaultSampledHeader, FrameThatIsCutBehindItsAddressesKeepsThem) {
  FrameBuilder chain;
  chain.ethernet().ether_type(0x86dd).ipv6({.payload_length = 900, .next_header = 60});
  for (int i = 0; i < 60; ++i) chain.ipv6_extension(60, 0);
  FrameBuilder fragment;
  fragment.ethernet().ether_type(0x86dd).ipv6({.payload_length = 900, .next_header = 44});
  fragment.ipv6_fragment(17, 0);
  Bytes cut_fragment = fragment.build();
  cut_fragment.resize(14 + 40 + 4);
  FrameBuilder options;
  options.ethernet().ether_type(0x0800).ipv4({.total_length = 900, .header_words = 15});
  Bytes cut_tcp = ip_frame();
  cut_tcp.resize(14 + 20 + 8);
  for (const Bytes& frame : {chain.build(), cut_fragment, options.build(), cut_tcp}) {
    const Fresh fresh(
        SflowBuilder{}.add(sample_with({frame_record(frame)})).add(next_sample()).build());
    EXPECT_EQ(refusals(fresh.outcome), Refusals{}) << frame.size();
    ASSERT_EQ(fresh.outcome.records, 2U);
    EXPECT_TRUE(fresh.sink.flows[0].record.has(Has::SourceAddress)) << frame.size();
    EXPECT_EQ(fresh.sink.flows[0].record.layer2_octets, kFrameBytes);
    expect_next_sample(fresh);
  }
}

}  // namespace
}  // namespace weir::wire
