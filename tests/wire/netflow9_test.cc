#include <gtest/gtest.h>

#include "tests/wire/decoder_fixture.h"

namespace weir::wire {
namespace {

using test::ByteWriter;
using test::netflow9_options_template;
using test::Netflow9Message;
using test::template_record;
using test::TestSet;
using test::text_of;

class Netflow9 : public DecoderTest {
 protected:
  /// Octets and packets, 4 bytes each.
  static TestSet small_template(std::uint16_t id = 256) {
    return {.id = 0, .body = template_record(id, {{1, 4}, {2, 4}})};
  }
  static TestSet small_data(std::uint32_t octets, std::uint32_t packets, std::uint16_t id = 256) {
    return {.id = id, .body = ByteWriter{}.u32(octets).u32(packets).data()};
  }
};

TEST_F(Netflow9, ReadsEveryFieldThatARecordHolds) {
  const auto layout = template_record(
      300, {{8, 4},  {12, 4}, {15, 4}, {10, 4},  {14, 2}, {2, 4},  {1, 8},   {22, 4},  {21, 4},
            {7, 2},  {11, 2}, {6, 1},  {4, 1},   {5, 1},  {16, 4}, {17, 2},  {61, 1},  {89, 1},
            {58, 2}, {59, 2}, {48, 2}, {352, 8}, {85, 8}, {86, 8}, {160, 8}, {999, 3}, {60, 1}});
  const auto body = ByteWriter{}
                        .address("192.0.2.1")
                        .address("198.51.100.2")
                        .address("203.0.113.3")
                        .u32(0x0102'0304)
                        .u16(600)
                        .u32(7)
                        .u64(5'000'000'000)
                        .u32(90'000)
                        .u32(95'000)
                        .u16(443)
                        .u16(50'000)
                        .u8(0x12)
                        .u8(17)
                        .u8(4)
                        .u32(4'200'000'000)
                        .u16(64'501)
                        .u8(1)
                        .u8(0x40)
                        .u16(100)
                        .u16(200)
                        .u16(5)
                        .u64(5'100'000'000)
                        .u64(111)
                        .u64(222)
                        .u64(1'699'999'000'000)
                        .zeros(3)
                        .u8(4)
                        .data();
  const DecodeOutcome outcome =
      decode(Netflow9Message{.sets = {{.id = 0, .body = layout}, {.id = 300, .body = body}}});

  FlowRecord expected;
  expected.source = IpAddress::parse("192.0.2.1").value();
  expected.destination = IpAddress::parse("198.51.100.2").value();
  expected.next_hop = IpAddress::parse("203.0.113.3").value();
  expected.input = 0x0102'0304;
  expected.output = 600;
  expected.packets = 7;
  expected.octets = 5'000'000'000;
  expected.first = 90'000;
  expected.last = 95'000;
  expected.time_format = TimeFormat::UptimeMs;
  expected.source_port = 443;
  expected.destination_port = 50'000;
  expected.tcp_flags = 0x12;
  expected.protocol = 17;
  expected.tos = 4;
  expected.source_as = 4'200'000'000;
  expected.destination_as = 64'501;
  expected.metered = MeteredDirection::Egress;
  expected.forwarding_status = 0x40;
  expected.input_vlan = 100;
  expected.output_vlan = 200;
  expected.sampler_id = 5;
  expected.layer2_octets = 5'100'000'000;
  expected.total_octets = 111;
  expected.total_packets = 222;
  expected.system_init_ms = 1'699'999'000'000;
  expected.ip_version = 4;
  expected.present = bits({Has::Octets,
                           Has::Packets,
                           Has::TotalOctets,
                           Has::TotalPackets,
                           Has::Layer2Octets,
                           Has::Input,
                           Has::Output,
                           Has::First,
                           Has::Last,
                           Has::MeteredDirection,
                           Has::SamplerId,
                           Has::SourceAddress,
                           Has::DestinationAddress,
                           Has::InputVlan,
                           Has::OutputVlan,
                           Has::SourceAs,
                           Has::DestinationAs,
                           Has::ForwardingStatus,
                           Has::SystemInit,
                           Has::NextHop,
                           Has::IpVersion});
  ASSERT_EQ(sink.flows.size(), 1U);
  EXPECT_EQ(text_of(flow(0)), text_of(expected));
  EXPECT_EQ(sink.flows[0].context.domain, 7U);
  EXPECT_EQ(sink.flows[0].context.uptime_ms, 100'000U);
  EXPECT_EQ(sink.flows[0].context.export_time, traffic_time_ms(1'700'000'000'000));
  EXPECT_EQ(outcome.records, 1U);
  EXPECT_EQ(outcome.templates, 1U);
  EXPECT_EQ(outcome.new_templates, 1U);
  EXPECT_EQ(outcome.malformed_total, 0U);
}

TEST_F(Netflow9, ReadsIpv6AndInfersItsVersion) {
  decode(Netflow9Message{
      .sets = {{.id = 0, .body = template_record(256, {{27, 16}, {28, 16}, {62, 16}})},
               {.id = 256,
                .body = ByteWriter{}
                            .address("2001:db8::1")
                            .address("2001:db8::2")
                            .address("2001:db8::3")
                            .data()}}});
  FlowRecord expected;
  expected.source = IpAddress::parse("2001:db8::1").value();
  expected.destination = IpAddress::parse("2001:db8::2").value();
  expected.next_hop = IpAddress::parse("2001:db8::3").value();
  expected.ip_version = 6;
  expected.present = bits({Has::SourceAddress, Has::DestinationAddress, Has::NextHop});
  ASSERT_EQ(sink.flows.size(), 1U);
  EXPECT_EQ(text_of(flow(0)), text_of(expected));
}

TEST_F(Netflow9, TemplateOfBothFamiliesTakesTheOneThatIsUsed) {
  decode(Netflow9Message{
      .sets = {{.id = 0, .body = template_record(256, {{8, 4}, {12, 4}, {27, 16}, {28, 16}})},
               {.id = 256,
                .body = ByteWriter{}
                            .address("192.0.2.1")
                            .address("192.0.2.2")
                            .zeros(32)
                            .zeros(8)
                            .address("2001:db8::1")
                            .address("2001:db8::2")
                            .data()}}});
  ASSERT_EQ(sink.flows.size(), 2U);
  EXPECT_EQ(flow(0).source, IpAddress::parse("192.0.2.1"));
  EXPECT_EQ(flow(0).ip_version, 4);
  EXPECT_EQ(flow(1).destination, IpAddress::parse("2001:db8::2"));
  EXPECT_EQ(flow(1).ip_version, 6);
}

TEST_F(Netflow9, ManyRecordsOfOneSetAreHandedOnWhole) {
  ByteWriter body;
  for (std::uint32_t i = 0; i < 200; ++i) body.u32(i).u32(i + 1);
  const DecodeOutcome outcome =
      decode(Netflow9Message{.sets = {small_template(), {.id = 256, .body = body.data()}}});
  EXPECT_EQ(outcome.records, 200U);
  ASSERT_EQ(sink.flows.size(), 200U);
  for (std::uint32_t i = 0; i < 200; ++i) {
    EXPECT_EQ(flow(i).octets, i);
    EXPECT_EQ(flow(i).packets, i + 1);
  }
}

TEST_F(Netflow9, ConstantsOfOneTemplateDoNotLeakIntoAnother) {
  decode(Netflow9Message{
      .sets = {{.id = 0, .body = template_record(257, {{1, 4}, {61, 1}, {243, 2}, {245, 2}})},
               small_template(),
               {.id = 257, .body = ByteWriter{}.u32(1).u8(1).u16(5).u16(6).data()},
               small_data(2, 3)}});
  ASSERT_EQ(sink.flows.size(), 2U);
  EXPECT_EQ(flow(0).proven_tags, 2);
  EXPECT_EQ(flow(0).input_vlan, 5);
  FlowRecord expected;
  expected.octets = 2;
  expected.packets = 3;
  expected.present = bits({Has::Octets, Has::Packets});
  EXPECT_EQ(text_of(flow(1)), text_of(expected));
}

TEST_F(Netflow9, LossIsCountedInExportPackets) {
  decode(Netflow9Message{.sequence = 10, .sets = {small_template()}});
  EXPECT_EQ(decode(Netflow9Message{.sequence = 11, .sets = {small_data(1, 1)}}).lost, 0U);
  EXPECT_EQ(decode(Netflow9Message{.sequence = 15, .sets = {small_data(1, 1)}}).lost, 3U);
}

TEST_F(Netflow9, RepeatedDatagramIsADuplicateUnlessItHoldsTemplatesAlone) {
  const Netflow9Message templates{.sequence = 1, .sets = {small_template()}};
  decode(templates);
  EXPECT_EQ(decode(templates).duplicates, 0U);
  const Netflow9Message data{.sequence = 2, .sets = {small_data(5, 1)}};
  decode(data);
  const DecodeOutcome outcome = decode(data);
  EXPECT_EQ(outcome.duplicates, 1U);
  EXPECT_EQ(outcome.records, 0U);
  EXPECT_EQ(sink.flows.size(), 1U);
}

TEST_F(Netflow9, TemplatesAreKeptApartByDomain) {
  decode(Netflow9Message{.domain = 1, .sets = {small_template()}});
  decode(Netflow9Message{.domain = 2,
                         .sets = {{.id = 0, .body = template_record(256, {{2, 4}, {1, 4}})}}});
  decode(Netflow9Message{.sequence = 1, .domain = 1, .sets = {small_data(10, 20)}});
  decode(Netflow9Message{.sequence = 1, .domain = 2, .sets = {small_data(10, 20)}});
  ASSERT_EQ(sink.flows.size(), 2U);
  EXPECT_EQ(flow(0).octets, 10U);
  EXPECT_EQ(flow(1).octets, 20U);
}

TEST_F(Netflow9, TemplateRedefinedInsideADatagramHoldsFromThereOn) {
  const DecodeOutcome outcome =
      decode(Netflow9Message{.sets = {small_template(),
                                      small_data(10, 20),
                                      {.id = 0, .body = template_record(256, {{2, 4}, {1, 4}})},
                                      small_data(10, 20)}});
  ASSERT_EQ(sink.flows.size(), 2U);
  EXPECT_EQ(flow(0).octets, 10U);
  EXPECT_EQ(flow(1).octets, 20U);
  EXPECT_EQ(outcome.templates, 2U);
  EXPECT_EQ(outcome.new_templates, 1U);
}

// ---- options and sampling

/// Sampler id and rate, as Cisco's sampler table sends them.
TestSet sampler_table_template() {
  return {.id = 1,
          .body = netflow9_options_template(
              {.id = 400, .scopes = {{1, 4}}, .options = {{48, 1}, {49, 1}, {50, 4}}})};
}
std::vector<std::byte> sampler_row(std::uint8_t id, std::uint32_t interval) {
  return ByteWriter{}.u32(0).u8(id).u8(2).u32(interval).data();
}

TEST_F(Netflow9, OneSamplerScalesRecordsWithoutASamplerId) {
  const DecodeOutcome outcome =
      decode(Netflow9Message{.sets = {sampler_table_template(),
                                      {.id = 400, .body = sampler_row(1, 512)},
                                      small_template(),
                                      small_data(100, 1)}});
  EXPECT_EQ(outcome.options_templates, 1U);
  EXPECT_EQ(outcome.new_options_templates, 1U);
  EXPECT_EQ(outcome.options_records, 1U);
  EXPECT_EQ(outcome.records, 1U);
  ASSERT_EQ(sink.flows.size(), 1U);
  EXPECT_EQ(flow(0).sampling_interval, 512U);
  EXPECT_EQ(flow(0).sampling_source, SamplingSource::Sampler);
}

TEST_F(Netflow9, TwoSamplersAreKeptApartByTheirIds) {
  decode(Netflow9Message{
      .sets = {sampler_table_template(),
               {.id = 400, .body = sampler_row(1, 2'000)},
               {.id = 400, .body = sampler_row(2, 4'000)},
               {.id = 0, .body = template_record(256, {{1, 4}, {48, 1}})},
               small_template(257),
               {.id = 256, .body = ByteWriter{}.u32(7).u8(1).u32(7).u8(2).u32(7).u8(3).data()},
               small_data(7, 1, 257)}});
  ASSERT_EQ(sink.flows.size(), 4U);
  EXPECT_EQ(flow(0).sampling_interval, 2'000U);
  EXPECT_EQ(flow(1).sampling_interval, 4'000U);
  // An id without a table, and no id where samplers disagree, are unknown: never one.
  EXPECT_EQ(flow(2).sampling_interval, 0U);
  EXPECT_EQ(flow(2).sampling_source, SamplingSource::Unknown);
  EXPECT_EQ(flow(3).sampling_interval, 0U);
  EXPECT_EQ(flow(3).sampling_source, SamplingSource::Unknown);
}

TEST_F(Netflow9, SamplersOfOneDomainDoNotScaleAnother) {
  decode(Netflow9Message{
      .domain = 1, .sets = {sampler_table_template(), {.id = 400, .body = sampler_row(1, 512)}}});
  decode(Netflow9Message{.domain = 2, .sets = {small_template(), small_data(100, 1)}});
  ASSERT_EQ(sink.flows.size(), 1U);
  EXPECT_EQ(flow(0).sampling_source, SamplingSource::Unknown);
}

TEST_F(Netflow9, RateOfTheDomainServesIdsWithoutATable) {
  decode(Netflow9Message{
      .sets = {{.id = 1,
                .body = netflow9_options_template(
                    {.id = 401, .scopes = {{1, 4}}, .options = {{34, 4}, {35, 1}}})},
               {.id = 401, .body = ByteWriter{}.u32(0).u32(100).u8(2).data()},
               {.id = 0, .body = template_record(256, {{1, 4}, {48, 1}})},
               {.id = 256, .body = ByteWriter{}.u32(7).u8(9).data()}}});
  ASSERT_EQ(sink.flows.size(), 1U);
  EXPECT_EQ(flow(0).sampling_interval, 100U);
  EXPECT_EQ(flow(0).sampling_source, SamplingSource::Domain);
}

TEST_F(Netflow9, RateScopedToAnInterfaceServesThatInput) {
  decode(Netflow9Message{
      .sets = {{.id = 1,
                .body = netflow9_options_template(
                    {.id = 401, .scopes = {{2, 4}}, .options = {{34, 4}}})},
               {.id = 401, .body = ByteWriter{}.u32(11).u32(100).u32(12).u32(200).data()},
               {.id = 0, .body = template_record(256, {{1, 4}, {10, 4}})},
               {.id = 256, .body = ByteWriter{}.u32(1).u32(12).u32(1).u32(13).data()}}});
  ASSERT_EQ(sink.flows.size(), 2U);
  EXPECT_EQ(flow(0).sampling_interval, 200U);
  EXPECT_EQ(flow(1).sampling_source, SamplingSource::Unknown);
}

TEST_F(Netflow9, IntervalInTheRecordWinsOverTables) {
  decode(Netflow9Message{
      .sets = {sampler_table_template(),
               {.id = 400, .body = sampler_row(1, 512)},
               {.id = 0, .body = template_record(256, {{1, 4}, {34, 4}})},
               {.id = 256, .body = ByteWriter{}.u32(7).u32(64).u32(7).u32(0).data()}}});
  ASSERT_EQ(sink.flows.size(), 2U);
  EXPECT_EQ(flow(0).sampling_interval, 64U);
  EXPECT_EQ(flow(0).sampling_source, SamplingSource::Record);
  // Zero says nothing, so the table is asked.
  EXPECT_EQ(flow(1).sampling_interval, 512U);
}

TEST_F(Netflow9, RateZeroIsIgnored) {
  decode(Netflow9Message{.sets = {sampler_table_template(),
                                  {.id = 400, .body = sampler_row(1, 512)},
                                  {.id = 400, .body = sampler_row(1, 0)},
                                  small_template(),
                                  small_data(1, 1)}});
  ASSERT_EQ(sink.flows.size(), 1U);
  EXPECT_EQ(flow(0).sampling_interval, 512U);
}

TEST_F(Netflow9, ChangedRateHoldsFromTheNextRecordOn) {
  decode(Netflow9Message{.sets = {sampler_table_template(),
                                  {.id = 400, .body = sampler_row(1, 512)},
                                  small_template(),
                                  small_data(1, 1),
                                  {.id = 400, .body = sampler_row(1, 1'024)},
                                  small_data(1, 1)}});
  ASSERT_EQ(sink.flows.size(), 2U);
  EXPECT_EQ(flow(0).sampling_interval, 512U);
  EXPECT_EQ(flow(1).sampling_interval, 1'024U);
}

TEST_F(Netflow9, SystemInitFromOptionsStandsInTheContext) {
  decode(Netflow9Message{
      .sets = {{.id = 1,
                .body = netflow9_options_template(
                    {.id = 401, .scopes = {{1, 4}}, .options = {{160, 8}}})},
               {.id = 401, .body = ByteWriter{}.u32(0).u64(1'600'000'000'000).data()},
               small_template(),
               small_data(1, 1)}});
  ASSERT_EQ(sink.flows.size(), 1U);
  EXPECT_EQ(sink.flows[0].context.system_init_ms, 1'600'000'000'000U);
}

// ---- faults (F numbers: fault classes)

TEST_F(Netflow9, SetShorterThanItsHeaderEndsTheMessage) {  // F3
  for (const std::uint16_t length : std::initializer_list<std::uint16_t>{0, 1, 2, 3}) {
    const DecodeOutcome outcome =
        decode(Netflow9Message{.sequence = length,
                               .sets = {small_template(),
                                        small_data(1, 1),
                                        {.id = 256, .body = {}, .declared_length = length},
                                        small_data(2, 2)}});
    EXPECT_EQ(refused(outcome, DecodeError::BadSetLength), 1U) << length;
    EXPECT_EQ(outcome.records, 1U);
  }
}

TEST_F(Netflow9, LongZeroTailEndsTheMessageOnce) {  // F3
  auto bytes = build(Netflow9Message{.sets = {small_template(), small_data(1, 1)}});
  bytes.resize(60'000);
  const DecodeOutcome outcome = decode_bytes(bytes);
  EXPECT_EQ(refused(outcome, DecodeError::BadSetLength), 1U);
  EXPECT_EQ(outcome.records, 1U);
}

TEST_F(Netflow9, SetBeyondTheDatagramEndsTheMessage) {
  const DecodeOutcome outcome = decode(Netflow9Message{
      .sets = {small_template(),
               small_data(1, 1),
               {.id = 256, .body = ByteWriter{}.zeros(8).data(), .declared_length = 13}}});
  EXPECT_EQ(refused(outcome, DecodeError::Truncated), 1U);
  EXPECT_EQ(outcome.records, 1U);
}

TEST_F(Netflow9, TemplateOfNoBytesIsRefused) {  // F4
  const DecodeOutcome one =
      decode(Netflow9Message{.sets = {{.id = 0, .body = template_record(256, {{1, 0}, {2, 0}})},
                                      {.id = 256, .body = ByteWriter{}.zeros(12).data()}}});
  EXPECT_EQ(refused(one, DecodeError::BadTemplate), 1U);
  EXPECT_EQ(one.records, 0U);
  EXPECT_EQ(one.sets_without_template, 1U);
  const DecodeOutcome none = decode(Netflow9Message{
      .sequence = 1, .sets = {{.id = 0, .body = template_record(256, {})}, small_template()}});
  EXPECT_EQ(refused(none, DecodeError::BadTemplate), 1U);
  EXPECT_EQ(none.templates, 0U);
}

TEST_F(Netflow9, OneFieldOfNoBytesAmongOthersIsAccepted) {  // F4, Juniper SRX
  const DecodeOutcome outcome =
      decode(Netflow9Message{.sets = {{.id = 0, .body = template_record(256, {{999, 0}, {1, 4}})},
                                      {.id = 256, .body = ByteWriter{}.u32(77).data()}}});
  EXPECT_EQ(outcome.malformed_total, 0U);
  ASSERT_EQ(sink.flows.size(), 1U);
  EXPECT_EQ(flow(0).octets, 77U);
}

TEST_F(Netflow9, RecordsAreTheWholeOnesOfASet) {  // F5
  const auto wide = template_record(256, {{1, 4}, {999, 60}});
  std::uint32_t sequence = 0;
  for (const std::size_t size : {0U, 1U, 63U, 64U, 65U, 127U, 128U}) {
    const DecodeOutcome outcome = decode(Netflow9Message{
        .sequence = sequence++,
        .sets = {{.id = 0, .body = wide}, {.id = 256, .body = ByteWriter{}.zeros(size).data()}}});
    EXPECT_EQ(outcome.records, size / 64) << size;
    EXPECT_EQ(outcome.malformed_total, 0U) << size;
  }
}

TEST_F(Netflow9, RestOfASetThatIsNoPaddingIsCounted) {  // F5
  const DecodeOutcome outcome = decode(Netflow9Message{
      .sets = {small_template(), {.id = 256, .body = ByteWriter{}.u64(1).u32(9).data()}}});
  EXPECT_EQ(outcome.records, 1U);
  EXPECT_EQ(refused(outcome, DecodeError::Truncated), 1U);
}

TEST_F(Netflow9, OptionsTemplateLengthsAreChecked) {  // F6
  std::uint32_t sequence = 0;
  const auto decode_options = [&](std::vector<std::byte> body) {
    return decode(Netflow9Message{.sequence = sequence++,
                                  .sets = {{.id = 1, .body = std::move(body)}, small_template()}});
  };
  for (const std::size_t size : {4U, 5U}) {
    std::vector<std::byte> cut =
        netflow9_options_template({.id = 400, .scopes = {{1, 4}}, .options = {{34, 4}}});
    cut.resize(size);
    const DecodeOutcome outcome = decode_options(cut);
    EXPECT_EQ(refused(outcome, DecodeError::Truncated), 1U) << size;
    EXPECT_EQ(outcome.templates, 0U);
  }
  EXPECT_EQ(refused(decode_options(netflow9_options_template(
                        {.id = 400, .scopes = {{1, 4}}, .options = {}, .declared_scope = 3})),
                    DecodeError::BadTemplate),
            1U);
  EXPECT_EQ(refused(decode_options(netflow9_options_template({.id = 400,
                                                              .scopes = {{1, 4}},
                                                              .options = {},
                                                              .declared_scope = 0xfffc,
                                                              .declared_option = 0xfffc})),
                    DecodeError::BadTemplate),
            1U);
  EXPECT_EQ(refused(decode_options(netflow9_options_template(
                        {.id = 400, .scopes = {{1, 4}}, .options = {}, .declared_option = 8})),
                    DecodeError::Truncated),
            1U);
  // Two lengths whose 16-bit sum would be zero.
  EXPECT_EQ(refused(decode_options(netflow9_options_template(
                        {.id = 400, .scopes = {{1, 0x8000}}, .options = {{34, 0x8000}}})),
                    DecodeError::BadTemplate),
            1U);
}

TEST_F(Netflow9, FieldLengthThatItsElementCannotHaveIsPassedOverAndCounted) {  // F7
  std::uint32_t sequence = 0;
  for (const std::uint16_t length : std::initializer_list<std::uint16_t>{0, 1, 3, 5, 50}) {
    const Netflow9Message message{
        .sequence = sequence++,
        .sets = {{.id = 0, .body = template_record(256, {{8, length}, {1, 4}})},
                 {.id = 256, .body = ByteWriter{}.zeros(length).u32(99).data()}}};
    const DecodeOutcome outcome = decode(message);
    EXPECT_EQ(refused(outcome, DecodeError::BadFieldLength), 1U) << length;
    EXPECT_FALSE(sink.flows.back().record.has(Has::SourceAddress));
    EXPECT_EQ(sink.flows.back().record.octets, 99U) << length;
  }
}

TEST_F(Netflow9, CountersOfOneToEightBytesAreRead) {  // F7
  std::uint32_t sequence = 0;
  for (std::uint16_t length = 1; length <= 9; ++length) {
    const DecodeOutcome outcome = decode(Netflow9Message{
        .sequence = sequence++,
        .sets = {{.id = 0, .body = template_record(256, {{1, length}, {2, 1}})},
                 {.id = 256, .body = ByteWriter{}.integer(0xa5, length).u8(3).data()}}});
    const FlowRecord& record = sink.flows.back().record;
    EXPECT_EQ(record.octets, length <= 8 ? 0xa5U : 0U) << length;
    EXPECT_EQ(record.has(Has::Octets), length <= 8) << length;
    EXPECT_EQ(record.packets, 3U);
    EXPECT_EQ(refused(outcome, DecodeError::BadFieldLength), length <= 8 ? 0U : 1U);
  }
}

TEST_F(Netflow9, Length65535IsNotVariable) {  // F8
  const DecodeOutcome outcome = decode(
      Netflow9Message{.sets = {{.id = 0, .body = template_record(256, {{1, 4}, {82, 65'535}})}}});
  EXPECT_EQ(refused(outcome, DecodeError::BadTemplate), 1U);
}

TEST_F(Netflow9, TooManyFieldsAreRefused) {  // F12
  const DecodeOutcome outcome = decode(Netflow9Message{
      .sets = {{.id = 0, .body = template_record(256, {{1, 4}}, std::uint16_t{513})}}});
  EXPECT_EQ(refused(outcome, DecodeError::BadTemplate), 1U);
  EXPECT_EQ(
      refused(decode(Netflow9Message{
                  .sequence = 1,
                  .sets = {{.id = 0, .body = template_record(256, {{1, 4}}, std::uint16_t{2})}}}),
              DecodeError::Truncated),
      1U);
}

TEST_F(Netflow9, MoreRecordsThanTheBudgetEndTheDatagram) {  // F22
  const DecodeOutcome outcome =
      decode(Netflow9Message{.sets = {{.id = 0, .body = template_record(256, {{4, 1}})},
                                      {.id = 256, .body = ByteWriter{}.zeros(60'000).data()}}});
  EXPECT_EQ(outcome.records, 8'192U);
  EXPECT_EQ(refused(outcome, DecodeError::BadCount), 1U);
  EXPECT_EQ(sink.flows.size(), 8'192U);
}

}  // namespace
}  // namespace weir::wire
