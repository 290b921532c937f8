#include <gtest/gtest.h>

#include <bit>

#include "tests/wire/decoder_fixture.h"

namespace weir::wire {
namespace {

using test::ByteWriter;
using test::ipfix_options_template;
using test::IpfixMessage;
using test::template_record;
using test::TestSet;
using test::text_of;

class Ipfix : public DecoderTest {
 protected:
  static TestSet small_template(std::uint16_t id = 256) {
    return {.id = 2, .body = template_record(id, {{1, 4}, {2, 4}})};
  }
  static TestSet small_data(std::uint32_t octets, std::uint32_t packets, std::uint16_t id = 256) {
    return {.id = id, .body = ByteWriter{}.u32(octets).u32(packets).data()};
  }
  /// Sampling that `options` announce for the whole domain, for a record that says nothing.
  FlowRecord sampled_by(std::vector<test::TestField> options,
                        const std::vector<std::byte>& values) {
    const auto body = ByteWriter{}.u32(7).bytes(values).data();
    decode(IpfixMessage{
        .sets = {{.id = 3,
                  .body = ipfix_options_template(
                      {.id = 400, .scopes = {{149, 4}}, .options = std::move(options)})},
                 {.id = 400, .body = body},
                 small_template(),
                 small_data(1, 1)}});
    return sink.flows.at(0).record;
  }
};

TEST_F(Ipfix, ReadsReducedSizesTimesAndReverseCounters) {
  const DecodeOutcome outcome = decode(
      IpfixMessage{.sequence = 9,
                   .domain = 42,
                   .sets = {{.id = 2,
                             .body = template_record(300, {{8, 4},
                                                           {12, 4},
                                                           {1, 5},
                                                           {2, 3},
                                                           {1, 8, 29'305},
                                                           {2, 4, 29'305},
                                                           {152, 8},
                                                           {153, 8},
                                                           {10, 2},
                                                           {14, 4},
                                                           {100, 6, 9},
                                                           {254, 2}})},
                            {.id = 300,
                             .body = ByteWriter{}
                                         .address("192.0.2.1")
                                         .address("198.51.100.2")
                                         .integer(0x01'0000'0001, 5)
                                         .integer(70'000, 3)
                                         .u64(11)
                                         .u32(12)
                                         .u64(1'700'000'000'111)
                                         .u64(1'700'000'000'222)
                                         .u16(3)
                                         .u32(4)
                                         .zeros(6)
                                         .u16(77)
                                         .data()}}});
  FlowRecord expected;
  expected.source = IpAddress::parse("192.0.2.1").value();
  expected.destination = IpAddress::parse("198.51.100.2").value();
  expected.octets = 0x01'0000'0001;
  expected.packets = 70'000;
  expected.reverse_octets = 11;
  expected.reverse_packets = 12;
  expected.first = 1'700'000'000'111;
  expected.last = 1'700'000'000'222;
  expected.time_format = TimeFormat::Milliseconds;
  expected.input = 3;
  expected.output = 4;
  expected.output_vlan = 77;
  expected.ip_version = 4;
  expected.present = bits({Has::SourceAddress, Has::DestinationAddress, Has::Octets, Has::Packets,
                           Has::ReverseOctets, Has::ReversePackets, Has::First, Has::Last,
                           Has::Input, Has::Output, Has::OutputVlan});
  ASSERT_EQ(sink.flows.size(), 1U);
  EXPECT_EQ(text_of(flow(0)), text_of(expected));
  const MessageContext& context = sink.flows[0].context;
  EXPECT_EQ(context.protocol, Protocol::Ipfix);
  EXPECT_EQ(context.domain, 42U);
  EXPECT_FALSE(context.has_uptime);
  EXPECT_EQ(context.export_time, traffic_time_ms(1'700'000'000'000));
  EXPECT_EQ(outcome.records, 1U);
  EXPECT_EQ(outcome.malformed_total, 0U);
}

TEST_F(Ipfix, InitiatorAndResponderCountersStandInForMissingOnes) {
  decode(IpfixMessage{
      .sets = {{.id = 2, .body = template_record(256, {{231, 4}, {232, 4}, {298, 4}, {299, 4}})},
               {.id = 2, .body = template_record(257, {{231, 4}, {1, 4}})},
               {.id = 256, .body = ByteWriter{}.u32(1).u32(2).u32(3).u32(4).data()},
               {.id = 257, .body = ByteWriter{}.u32(5).u32(6).data()}}});
  ASSERT_EQ(sink.flows.size(), 2U);
  EXPECT_EQ(flow(0).octets, 1U);
  EXPECT_EQ(flow(0).reverse_octets, 2U);
  EXPECT_EQ(flow(0).packets, 3U);
  EXPECT_EQ(flow(0).reverse_packets, 4U);
  EXPECT_EQ(flow(1).octets, 6U);
}

// RFC 7011, 6.2: reduced sizes are for integers, not for points in time.
TEST_F(Ipfix, PointsInTimeOfAnotherLengthAreUnusable) {
  const DecodeOutcome outcome = decode(
      IpfixMessage{.sets = {{.id = 2, .body = template_record(400, {{1, 4}, {152, 6}, {151, 8}})},
                            {.id = 400, .body = ByteWriter{}.u32(9).zeros(6).zeros(8).data()}}});
  EXPECT_EQ(outcome.records, 1U);
  EXPECT_EQ(outcome.malformed[static_cast<std::size_t>(DecodeError::BadFieldLength)], 1U);
  EXPECT_EQ(flow(0).octets, 9U);
  EXPECT_EQ(flow(0).time_format, TimeFormat::None);
}

TEST_F(Ipfix, TimesAreTakenFromTheBestFormatThatIsSent) {
  struct Case {
    std::uint16_t first, last, length;
    TimeFormat format;
  };
  std::uint16_t id = 256;
  for (const Case& c :
       {Case{22, 21, 4, TimeFormat::UptimeMs}, Case{150, 151, 4, TimeFormat::Seconds},
        Case{152, 153, 8, TimeFormat::Milliseconds}, Case{154, 155, 8, TimeFormat::NtpMicroseconds},
        Case{156, 157, 8, TimeFormat::NtpNanoseconds},
        Case{158, 159, 4, TimeFormat::DeltaMicroseconds}}) {
    ++id;
    decode(IpfixMessage{
        .sets = {
            {.id = 2, .body = template_record(id, {{c.first, c.length}, {c.last, c.length}})},
            {.id = id, .body = ByteWriter{}.integer(5, c.length).integer(6, c.length).data()}}});
    const FlowRecord& record = sink.flows.back().record;
    EXPECT_EQ(record.time_format, c.format);
    EXPECT_EQ(record.first, 5U);
    EXPECT_EQ(record.last, 6U);
  }
  decode(IpfixMessage{
      .sets = {
          {.id = 2,
           .body =
               template_record(400, {{158, 4}, {159, 4}, {22, 4}, {21, 4}, {152, 8}, {153, 8}})},
          {.id = 400, .body = ByteWriter{}.u32(1).u32(2).u32(3).u32(4).u64(5).u64(6).data()}}});
  EXPECT_EQ(sink.flows.back().record.time_format, TimeFormat::Milliseconds);
  EXPECT_EQ(sink.flows.back().record.first, 5U);
  EXPECT_EQ(sink.flows.back().record.last, 6U);
}

TEST_F(Ipfix, VariableLengthFieldsAreWalkedRecordByRecord) {
  const auto text = [](std::size_t n) { return ByteWriter{}.zeros(n).data(); };
  const DecodeOutcome outcome = decode(
      IpfixMessage{.sets = {{.id = 2, .body = template_record(256, {{8, 4}, {82, 65'535}, {1, 4}})},
                            {.id = 256,
                             .body = ByteWriter{}
                                         .address("192.0.2.1")
                                         .u8(3)
                                         .bytes(text(3))
                                         .u32(10)
                                         .address("192.0.2.2")
                                         .u8(0)
                                         .u32(20)
                                         .address("192.0.2.3")
                                         .u8(255)
                                         .u16(300)
                                         .bytes(text(300))
                                         .u32(30)
                                         .zeros(3)
                                         .data()}}});
  EXPECT_EQ(outcome.records, 3U);
  EXPECT_EQ(outcome.malformed_total, 0U);
  ASSERT_EQ(sink.flows.size(), 3U);
  for (std::uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(flow(i).source, IpAddress::v4(0xc000'0201U + i));
    EXPECT_EQ(flow(i).octets, 10 * (i + 1));
    EXPECT_EQ(flow(i).ip_version, 4);
  }
}

TEST_F(Ipfix, VariableLengthBeyondTheRecordEndsTheMessage) {  // F8
  const auto before = template_record(256, {{82, 65'535}, {1, 4}});
  const auto behind = template_record(256, {{1, 4}, {82, 65'535}});
  const std::vector<std::pair<std::vector<std::byte>, std::vector<std::byte>>> broken{
      {before, ByteWriter{}.u8(254).zeros(10).data()},
      {before, ByteWriter{}.u8(0xff).u8(0xff).u8(0xff).zeros(4).data()},
      // Leaves too little for the counter behind it.
      {before, ByteWriter{}.u8(3).zeros(6).data()},
      // The long form is cut.
      {behind, ByteWriter{}.zeros(4).u8(0xff).data()},
      {behind, ByteWriter{}.zeros(4).u8(0xff).u8(0).data()},
  };
  for (const auto& [layout, body] : broken) {
    const DecodeOutcome outcome = decode(IpfixMessage{
        .sets = {{.id = 2, .body = layout}, {.id = 256, .body = body}, small_template(257)}});
    EXPECT_EQ(outcome.templates, 1U);
    EXPECT_EQ(outcome.records, 0U);
    EXPECT_EQ(refused(outcome, DecodeError::BadVariableLength), 1U);
  }
  const auto& variable = before;
  const DecodeOutcome empty = decode(
      IpfixMessage{.sets = {{.id = 2, .body = variable},
                            {.id = 256, .body = ByteWriter{}.u8(0xff).u16(0).u32(5).data()}}});
  EXPECT_EQ(empty.records, 1U);
  EXPECT_EQ(empty.malformed_total, 0U);
}

TEST_F(Ipfix, StructuredDataIsSkippedByItsLength) {  // F9
  ByteWriter nested;
  for (int i = 0; i < 50; ++i) nested.u8(255).u16(0);
  const DecodeOutcome outcome = decode(IpfixMessage{
      .sets = {
          {.id = 2, .body = template_record(256, {{291, 65'535}, {292, 65'535}, {1, 4}})},
          {.id = 256, .body = ByteWriter{}.u8(150).bytes(nested.data()).u8(0).u32(44).data()}}});
  EXPECT_EQ(outcome.records, 1U);
  EXPECT_EQ(flow(0).octets, 44U);
}

TEST_F(Ipfix, LossIsCountedInDataRecordsOptionsIncluded) {
  const TestSet options_template{
      .id = 3,
      .body = ipfix_options_template({.id = 400, .scopes = {{149, 4}}, .options = {{34, 4}}})};
  const TestSet options{.id = 400, .body = ByteWriter{}.u32(7).u32(100).data()};
  decode(IpfixMessage{.sequence = 0, .sets = {small_template(), options_template}});
  EXPECT_EQ(decode(IpfixMessage{.sequence = 0, .sets = {small_data(1, 1), options}}).lost, 0U);
  EXPECT_EQ(decode(IpfixMessage{.sequence = 2, .sets = {small_data(1, 1)}}).lost, 0U);
  EXPECT_EQ(decode(IpfixMessage{.sequence = 10, .sets = {small_data(1, 1)}}).lost, 7U);
}

TEST_F(Ipfix, UnknownSetsMakeTheNextNumberUnknownAndReportNoLoss) {
  decode(IpfixMessage{.sequence = 0, .sets = {small_data(1, 1, 999)}});
  EXPECT_EQ(decode(IpfixMessage{.sequence = 25, .sets = {small_template()}}).lost, 0U);
  EXPECT_EQ(decode(IpfixMessage{.sequence = 26, .sets = {small_data(1, 1)}}).lost, 1U);
}

TEST_F(Ipfix, SystematicSamplingIsIntervalPlusSpaceOverInterval) {
  EXPECT_EQ(sampled_by({{305, 4}, {306, 4}}, ByteWriter{}.u32(1).u32(999).data()).sampling_interval,
            1'000U);
}
TEST_F(Ipfix, SystematicSamplingOfSeveralPacketsIsDivided) {
  EXPECT_EQ(sampled_by({{305, 4}, {306, 4}}, ByteWriter{}.u32(10).u32(90).data()).sampling_interval,
            10U);
}
TEST_F(Ipfix, RandomSamplingIsPopulationOverSize) {
  EXPECT_EQ(
      sampled_by({{309, 4}, {310, 4}}, ByteWriter{}.u32(1).u32(4'096).data()).sampling_interval,
      4'096U);
}
TEST_F(Ipfix, ProbabilityIsInverted) {
  EXPECT_EQ(
      sampled_by({{311, 8}}, ByteWriter{}.u64(std::bit_cast<std::uint64_t>(1.0 / 2'048)).data())
          .sampling_interval,
      2'048U);
}
TEST_F(Ipfix, ProbabilityOfFourBytesIsReadToo) {
  EXPECT_EQ(sampled_by({{311, 4}}, ByteWriter{}.u32(std::bit_cast<std::uint32_t>(0.001F)).data())
                .sampling_interval,
            1'000U);
}
TEST_F(Ipfix, ImpossibleProbabilityIsUnknown) {
  EXPECT_EQ(sampled_by({{311, 8}}, ByteWriter{}.u64(std::bit_cast<std::uint64_t>(-1.0)).data())
                .sampling_source,
            SamplingSource::Unknown);
}
TEST_F(Ipfix, DivisionByAnIntervalOfZeroIsUnknown) {
  EXPECT_EQ(sampled_by({{305, 4}, {306, 4}}, ByteWriter{}.u32(0).u32(999).data()).sampling_source,
            SamplingSource::Unknown);
}

TEST_F(Ipfix, SelectorIdFindsItsSampler) {
  decode(IpfixMessage{
      .sets = {{.id = 3,
                .body = ipfix_options_template(
                    {.id = 400, .scopes = {{302, 4}}, .options = {{305, 4}, {306, 4}}})},
               {.id = 400,
                .body = ByteWriter{}.u32(1).u32(1).u32(1'999).u32(2).u32(1).u32(3'999).data()},
               {.id = 2, .body = template_record(256, {{1, 4}, {302, 8}})},
               {.id = 256, .body = ByteWriter{}.u32(5).u64(2).u32(5).u64(1).data()}}});
  ASSERT_EQ(sink.flows.size(), 2U);
  EXPECT_EQ(flow(0).sampling_interval, 4'000U);
  EXPECT_EQ(flow(0).sampler_id, 2U);
  EXPECT_EQ(flow(1).sampling_interval, 2'000U);
}

TEST_F(Ipfix, OptionsScopeOfZeroOrBeyondItsFieldsIsRefused) {  // F6
  for (const std::uint16_t scope : std::initializer_list<std::uint16_t>{0, 3, 0xffff}) {
    const DecodeOutcome outcome =
        decode(IpfixMessage{.sets = {{.id = 3,
                                      .body = ipfix_options_template({.id = 400,
                                                                      .scopes = {{149, 4}},
                                                                      .options = {{34, 4}},
                                                                      .declared_scope = scope})}}});
    EXPECT_EQ(refused(outcome, DecodeError::BadScope), 1U) << scope;
    EXPECT_EQ(outcome.new_options_templates, 0U);
  }
}

TEST_F(Ipfix, WithdrawalOverUdpIsCountedAndIgnored) {  // RFC 7011, 8.4
  decode(IpfixMessage{.sets = {small_template()}});
  for (const TestSet& withdrawal : {TestSet{.id = 2, .body = template_record(256, {})},
                                    TestSet{.id = 2, .body = template_record(2, {})}}) {
    const DecodeOutcome outcome = decode(IpfixMessage{.sets = {withdrawal, small_data(2, 2)}});
    EXPECT_EQ(outcome.withdrawals, 1U);
    EXPECT_EQ(outcome.records, 1U);
    EXPECT_EQ(outcome.malformed_total, 0U);
  }
}

TEST_F(Ipfix, MessageLengthThatIsOffByAFewIsReadInsideTheDatagramAndCounted) {
  // 16 + 16 + 12 bytes.
  for (const std::uint16_t declared :
       std::initializer_list<std::uint16_t>{40, 43, 45, 60'000, 0, 15}) {
    const auto bytes = build(
        IpfixMessage{.sets = {small_template(), small_data(1, 1)}, .declared_length = declared});
    Decoder fresh{make_shared_decoder_state(), {}};
    const DecodeOutcome outcome = fresh.decode(test::datagram_of(bytes), sink);
    EXPECT_EQ(outcome.records, 1U) << declared;
    EXPECT_EQ(refused(outcome, DecodeError::BadMessageLength), 1U) << declared;
    EXPECT_EQ(outcome.malformed_total, 1U);
  }
}

TEST_F(Ipfix, WhatFollowsTheMessageIsCountedAndNotRead) {
  auto bytes = build(IpfixMessage{.sets = {small_template(), small_data(1, 1)}});
  const auto more = build(IpfixMessage{.sequence = 1, .sets = {small_data(2, 2)}});
  bytes.insert(bytes.end(), more.begin(), more.end());
  const DecodeOutcome outcome = decode_bytes(bytes);
  EXPECT_EQ(outcome.records, 1U);
  EXPECT_EQ(refused(outcome, DecodeError::BadMessageLength), 1U);
}

TEST_F(Ipfix, SetShorterThanItsHeaderIsRejected) {  // F3
  for (const std::uint16_t length : std::initializer_list<std::uint16_t>{0, 1, 2, 3}) {
    const DecodeOutcome outcome =
        decode(IpfixMessage{.sets = {small_template(),
                                     small_data(length, 1),
                                     {.id = 256, .body = {}, .declared_length = length}}});
    EXPECT_EQ(refused(outcome, DecodeError::BadSetLength), 1U);
    EXPECT_EQ(outcome.records, 1U);
  }
}

TEST_F(Ipfix, SetOfSeveralTemplatesWithPaddingIsRead) {
  ByteWriter body;
  body.bytes(template_record(256, {{1, 4}, {2, 4}})).bytes(template_record(257, {{1, 8}})).zeros(2);
  const DecodeOutcome outcome =
      decode(IpfixMessage{.sets = {{.id = 2, .body = body.data()},
                                   small_data(1, 1),
                                   {.id = 257, .body = ByteWriter{}.u64(9).zeros(3).data()}}});
  EXPECT_EQ(outcome.templates, 2U);
  EXPECT_EQ(outcome.records, 2U);
  EXPECT_EQ(outcome.malformed_total, 0U);
}

TEST_F(Ipfix, RepeatedElementsAreLegal) {  // F4
  const DecodeOutcome outcome =
      decode(IpfixMessage{.sets = {{.id = 2, .body = template_record(256, {{1, 4}, {1, 4}})},
                                   {.id = 256, .body = ByteWriter{}.u32(5).u32(6).data()}}});
  EXPECT_EQ(outcome.records, 1U);
  EXPECT_EQ(flow(0).octets, 5U);
}

}  // namespace
}  // namespace weir::wire
