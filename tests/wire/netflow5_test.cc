#include <gtest/gtest.h>

#include <algorithm>

#include "collector/wire/decoder.h"
#include "tests/support/message_builder.h"
#include "tests/support/message_sink.h"

namespace weir::wire {
namespace {

using test::build;
using test::datagram_of;
using test::MessageSink;
using test::Netflow5Message;
using test::Netflow5Record;
using test::text_of;

std::uint32_t bits(std::initializer_list<Has> all) {
  std::uint32_t sum = 0;
  for (const Has has : all) sum |= static_cast<std::uint32_t>(has);
  return sum;
}

std::uint32_t refused(const DecodeOutcome& outcome, DecodeError reason) {
  return outcome.malformed[static_cast<std::size_t>(reason)];
}

FlowRecord golden_record() {
  FlowRecord r;
  r.source = IpAddress::parse("192.0.2.1").value();
  r.destination = IpAddress::parse("198.51.100.2").value();
  r.next_hop = IpAddress::parse("203.0.113.3").value();
  r.octets = 1'500;
  r.packets = 10;
  r.first = 90'000;
  r.last = 95'000;
  r.input = 11;
  r.output = 12;
  r.source_as = 64'500;
  r.destination_as = 64'501;
  r.time_format = TimeFormat::UptimeMs;
  r.source_port = 443;
  r.destination_port = 50'000;
  r.protocol = 6;
  r.tos = 8;
  r.tcp_flags = 0x1b;
  r.ip_version = 4;
  r.present = bits({Has::Octets, Has::Packets, Has::Input, Has::Output, Has::First, Has::Last,
                    Has::SourceAddress, Has::DestinationAddress, Has::SourceAs, Has::DestinationAs,
                    Has::NextHop});
  return r;
}

class Netflow5 : public testing::Test {
 protected:
  DecodeOutcome decode(const Netflow5Message& message) {
    const auto bytes = build(message);
    return decoder.decode(datagram_of(bytes), sink);
  }

  Decoder decoder{make_shared_decoder_state(), {}};
  MessageSink sink;
};

TEST_F(Netflow5, ReadsEveryFieldOfARecordAndItsHeader) {
  const DecodeOutcome outcome = decode({.sequence = 5,
                                        .engine_type = 2,
                                        .engine_id = 3,
                                        .sampling = 0x43e8,
                                        .records = {Netflow5Record{}}});
  ASSERT_EQ(sink.flows.size(), 1U);
  FlowRecord expected = golden_record();
  expected.sampling_interval = 1'000;  // the top two bits are the mode
  expected.sampling_source = SamplingSource::Header;
  EXPECT_EQ(text_of(sink.flows[0].record), text_of(expected));

  const MessageContext& context = sink.flows[0].context;
  EXPECT_EQ(context.source, IpAddress::parse("192.0.2.250"));
  EXPECT_EQ(context.agent, context.source);
  EXPECT_EQ(context.source_port, 50'000);
  EXPECT_EQ(context.protocol, Protocol::Netflow5);
  EXPECT_EQ(context.domain, 2U * 256U + 3U);
  EXPECT_EQ(context.arrival, traffic_time_ms(1'700'000'001'000));
  EXPECT_EQ(context.released, context.arrival);
  EXPECT_EQ(context.export_time, traffic_time_ms(1'700'000'000'500));
  EXPECT_TRUE(context.has_export_time);
  EXPECT_TRUE(context.has_uptime);
  EXPECT_EQ(context.uptime_ms, 100'000U);

  EXPECT_TRUE(outcome.has_protocol);
  EXPECT_EQ(outcome.protocol, Protocol::Netflow5);
  EXPECT_EQ(outcome.domain, 515U);
  EXPECT_EQ(outcome.records, 1U);
  EXPECT_EQ(outcome.malformed_total, 0U);
}

TEST_F(Netflow5, SamplingIntervalZeroIsUnknown) {
  decode({.sampling = 0x4000, .records = {Netflow5Record{}}});
  ASSERT_EQ(sink.flows.size(), 1U);
  EXPECT_EQ(text_of(sink.flows[0].record), text_of(golden_record()));
}

TEST_F(Netflow5, VersionOneHasNoSequenceAndNoAs) {
  const DecodeOutcome outcome = decode({.version = 1, .records = {Netflow5Record{}}});
  EXPECT_EQ(outcome.protocol, Protocol::Netflow1);
  ASSERT_EQ(sink.flows.size(), 1U);
  FlowRecord expected = golden_record();
  expected.source_as = 0;
  expected.destination_as = 0;
  expected.present &= ~bits({Has::SourceAs, Has::DestinationAs});
  EXPECT_EQ(text_of(sink.flows[0].record), text_of(expected));
}

// Byte by byte, since a builder could share the decoder's idea of the length.
TEST_F(Netflow5, VersionOneRecordHasFortyEightBytes) {
  std::vector<std::byte> bytes(16 + 2 * 48);
  bytes[1] = std::byte{1};              // version
  bytes[3] = std::byte{2};              // count
  bytes[16 + 48 + 38] = std::byte{17};  // protocol of the second record
  bytes[16 + 48 + 23] = std::byte{99};  // its octets
  const DecodeOutcome outcome = decoder.decode(datagram_of(bytes), sink);
  EXPECT_EQ(outcome.malformed_total, 0U);
  ASSERT_EQ(sink.flows.size(), 2U);
  EXPECT_EQ(sink.flows[1].record.protocol, 17);
  EXPECT_EQ(sink.flows[1].record.octets, 99U);
}

TEST_F(Netflow5, VersionSevenIsReadToo) {
  const DecodeOutcome outcome =
      decode({.version = 7, .records = {Netflow5Record{}, Netflow5Record{}}});
  EXPECT_EQ(outcome.protocol, Protocol::Netflow7);
  ASSERT_EQ(sink.flows.size(), 2U);
  EXPECT_EQ(text_of(sink.flows[1].record), text_of(golden_record()));
}

TEST_F(Netflow5, LossIsCountedInFlows) {
  const std::vector<Netflow5Record> thirty(30);
  EXPECT_EQ(decode({.sequence = 1'000, .records = thirty}).lost, 0U);
  EXPECT_EQ(decode({.sequence = 1'060, .records = thirty}).lost, 30U);
  const DecodeOutcome late = decode({.sequence = 1'030, .records = thirty});
  EXPECT_EQ(late.out_of_order, 1U);
  EXPECT_EQ(late.recovered, 30U);
  EXPECT_EQ(late.records, 30U);
}

TEST_F(Netflow5, RebootIsARestartWithoutLoss) {
  decode({.uptime_ms = 4'000'000, .sequence = 4'000'000'000U, .records = {Netflow5Record{}}});
  const DecodeOutcome outcome =
      decode({.uptime_ms = 1'000, .sequence = 0, .records = {Netflow5Record{}}});
  EXPECT_EQ(outcome.restarts, 1U);
  EXPECT_EQ(outcome.lost, 0U);
}

TEST_F(Netflow5, ForbiddenCountsHandNothingOn) {
  for (const std::uint16_t count : std::initializer_list<std::uint16_t>{0, 31, 0xffff}) {
    const DecodeOutcome outcome =
        decode({.records = std::vector<Netflow5Record>(2), .declared_count = count});
    EXPECT_EQ(refused(outcome, DecodeError::BadCount), 1U) << count;
    EXPECT_EQ(outcome.records, 0U);
  }
  EXPECT_TRUE(sink.flows.empty());
}

TEST_F(Netflow5, CountBeyondTheDatagramGivesWholeRecordsAndIsCounted) {
  auto bytes = build(Netflow5Message{.records = std::vector<Netflow5Record>(3)});
  bytes.pop_back();
  const DecodeOutcome outcome = decoder.decode(datagram_of(bytes), sink);
  EXPECT_EQ(outcome.records, 2U);
  EXPECT_EQ(refused(outcome, DecodeError::BadCount), 1U);
  EXPECT_EQ(sink.flows.size(), 2U);
}

TEST_F(Netflow5, SurplusBytesAreCounted) {
  auto bytes = build(Netflow5Message{.records = std::vector<Netflow5Record>(1)});
  bytes.resize(bytes.size() + 48);
  const DecodeOutcome outcome = decoder.decode(datagram_of(bytes), sink);
  EXPECT_EQ(outcome.records, 1U);
  EXPECT_EQ(refused(outcome, DecodeError::BadCount), 1U);
}

TEST_F(Netflow5, RepeatedDatagramHandsNothingOn) {
  const Netflow5Message message{.sequence = 9, .records = std::vector<Netflow5Record>(2)};
  decode(message);
  const DecodeOutcome outcome = decode(message);
  EXPECT_EQ(outcome.duplicates, 1U);
  EXPECT_EQ(outcome.records, 0U);
  EXPECT_EQ(sink.flows.size(), 2U);
}

TEST_F(Netflow5, ExporterThatNeverCountsIsDecodedInFull) {
  for (std::uint32_t i = 0; i < 5; ++i) {
    EXPECT_EQ(decode({.seconds = 1'700'000'000 + i, .records = {Netflow5Record{}}}).records, 1U);
  }
  EXPECT_EQ(sink.flows.size(), 5U);
}

TEST_F(Netflow5, EgressInterfaceZeroMeansDropped) {
  decode({.records = {Netflow5Record{.output = 0}, Netflow5Record{.input = 0, .output = 0}}});
  ASSERT_EQ(sink.flows.size(), 2U);
  EXPECT_EQ(sink.flows[0].record.forwarding, Forwarding::Dropped);
  // No interface at all: the exporter does not know them.
  EXPECT_EQ(sink.flows[1].record.forwarding, Forwarding::Forwarded);
}

TEST(DecoderVersion, EmptyShortAndForeignDatagramsAreCountedByReason) {
  Decoder decoder{make_shared_decoder_state(), {}};
  MessageSink sink;
  const auto reason_of = [&](std::vector<std::byte> bytes) {
    const DecodeOutcome outcome = decoder.decode(datagram_of(bytes), sink);
    EXPECT_FALSE(outcome.has_protocol);
    EXPECT_EQ(outcome.malformed_total, 1U);
    const auto at = std::ranges::find(outcome.malformed, std::uint16_t{1});
    return static_cast<DecodeError>(at - outcome.malformed.begin());
  };
  EXPECT_EQ(reason_of({}), DecodeError::Empty);
  EXPECT_EQ(reason_of({std::byte{5}}), DecodeError::Truncated);
  EXPECT_EQ(reason_of({std::byte{0}, std::byte{5}}), DecodeError::Truncated);
  EXPECT_EQ(reason_of({std::byte{0}, std::byte{9}}), DecodeError::Truncated);
  EXPECT_EQ(reason_of({std::byte{0}, std::byte{8}}), DecodeError::UnknownVersion);
  EXPECT_EQ(reason_of({std::byte{0}, std::byte{0}, std::byte{0}, std::byte{4}}),
            DecodeError::UnknownVersion);
  EXPECT_TRUE(sink.flows.empty());
}

}  // namespace
}  // namespace weir::wire
