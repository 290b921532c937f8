#include <gtest/gtest.h>

#include "tests/wire/decoder_fixture.h"

namespace weir::wire {
namespace {

using test::ByteWriter;
using test::ipfix_options_template;
using test::IpfixMessage;
using test::template_record;
using test::TestSet;

/// IPFIX over TCP: what a connection teaches is its own.
class IpfixStream : public DecoderTest {
 protected:
  /// Octets, then packets.
  static TestSet octets_first(std::uint16_t id = 256) {
    return {.id = 2, .body = template_record(id, {{1, 4}, {2, 4}})};
  }
  static TestSet packets_first() {
    return {.id = 2, .body = template_record(256, {{2, 4}, {1, 4}})};
  }
  static TestSet data(std::uint32_t first, std::uint32_t second, std::uint16_t id = 256) {
    return {.id = id, .body = ByteWriter{}.u32(first).u32(second).data()};
  }
  static TestSet withdrawal(std::uint16_t id) { return {.id = 2, .body = template_record(id, {})}; }
};

TEST_F(IpfixStream, ConnectionsFromOneAddressReadTheirOwnLayoutOfOneId) {
  decode_over(1, IpfixMessage{.sets = {octets_first()}});
  decode_over(2, IpfixMessage{.sets = {packets_first()}});
  decode_over(1, IpfixMessage{.sets = {data(1'000, 3)}});
  decode_over(2, IpfixMessage{.sets = {data(4, 2'000)}});
  ASSERT_EQ(sink.flows.size(), 2U);
  EXPECT_EQ(flow(0).octets, 1'000U);
  EXPECT_EQ(flow(0).packets, 3U);
  EXPECT_EQ(flow(1).octets, 2'000U);
  EXPECT_EQ(flow(1).packets, 4U);
}

TEST_F(IpfixStream, DomainsOfOneConnectionHaveTemplatesOfTheirOwn) {
  decode_over(1, IpfixMessage{.domain = 7, .sets = {octets_first()}});
  decode_over(1, IpfixMessage{.domain = 8, .sets = {packets_first(), data(4, 2'000)}});
  decode_over(1, IpfixMessage{.domain = 7, .sets = {data(1'000, 3)}});
  ASSERT_EQ(sink.flows.size(), 2U);
  EXPECT_EQ(flow(0).octets, 2'000U);
  EXPECT_EQ(flow(1).octets, 1'000U);
}

TEST_F(IpfixStream, TemplatesPassNeitherBetweenConnectionsNorToOrFromUdp) {
  decode_over(1, IpfixMessage{.sets = {octets_first()}});
  EXPECT_EQ(decode_over(2, IpfixMessage{.sets = {data(1, 1)}}).sets_without_template, 1U);
  EXPECT_EQ(decode(IpfixMessage{.sets = {data(2, 1)}}).sets_without_template, 1U);
  decode(IpfixMessage{.sets = {octets_first(257)}});
  EXPECT_EQ(decode_over(2, IpfixMessage{.sets = {data(3, 1, 257)}}).sets_without_template, 1U);
  EXPECT_TRUE(sink.flows.empty());
}

TEST_F(IpfixStream, DataBeforeItsTemplateIsReadByThatOfItsOwnConnection) {
  const DecodeOutcome held = decode_over(1, IpfixMessage{.sets = {data(1'000, 3)}});
  EXPECT_EQ(held.held_bytes, 8U);
  const DecodeOutcome other = decode_over(2, IpfixMessage{.sets = {packets_first()}});
  EXPECT_EQ(other.rescued_records, 0U);
  const DecodeOutcome own = decode_over(1, IpfixMessage{.sets = {octets_first()}});
  EXPECT_EQ(own.rescued_records, 1U);
  EXPECT_EQ(own.rescued_bytes, 8U);
  ASSERT_EQ(sink.flows.size(), 1U);
  EXPECT_EQ(flow(0).octets, 1'000U);
}

TEST_F(IpfixStream, WithdrawnTemplateReadsNothingMoreUntilItIsTaughtAgain) {
  decode_over(1, IpfixMessage{.sets = {octets_first(), octets_first(257), data(1, 1)}});
  const DecodeOutcome outcome = decode_over(
      1, IpfixMessage{.sequence = 1, .sets = {withdrawal(256), data(2, 2), data(3, 3, 257)}});
  EXPECT_EQ(outcome.withdrawals, 1U);
  EXPECT_EQ(outcome.records, 1U);
  EXPECT_EQ(outcome.sets_without_template, 1U);
  const DecodeOutcome again =
      decode_over(1, IpfixMessage{.sequence = 3, .sets = {packets_first(), data(4, 4'000)}});
  EXPECT_EQ(again.records, 2U);  // what waited, too
  EXPECT_EQ(sink.flows.at(2).record.octets, 4'000U);
}

TEST_F(IpfixStream, WithdrawalOfASetIdForgetsAllOfItsKindInItsConnection) {  // RFC 7011, 8.1
  const TestSet options_template{
      .id = 3,
      .body = ipfix_options_template({.id = 400, .scopes = {{149, 4}}, .options = {{34, 4}}})};
  decode_over(1, IpfixMessage{.sets = {octets_first(256), octets_first(257), options_template}});
  decode_over(2, IpfixMessage{.sets = {octets_first(256)}});
  const DecodeOutcome outcome = decode_over(
      1, IpfixMessage{.sets = {withdrawal(2),
                               data(1, 1),
                               data(1, 1, 257),
                               {.id = 400, .body = ByteWriter{}.u32(7).u32(9).data()}}});
  EXPECT_EQ(outcome.withdrawals, 1U);
  EXPECT_EQ(outcome.sets_without_template, 2U);
  EXPECT_EQ(outcome.options_records, 1U);
  EXPECT_EQ(decode_over(2, IpfixMessage{.sets = {data(1, 1)}}).records, 1U);
}

TEST_F(IpfixStream, NothingOfAConnectionIsLeftWhenItHasEnded) {
  decode_over(1, IpfixMessage{.sequence = 100, .sets = {octets_first(), data(1, 1)}});
  decoder.forget(test::datagram_of({}).source, ConnectionId{1});
  // The next one comes from the same port, with a count and templates of its own.
  const DecodeOutcome outcome = decode_over(2, IpfixMessage{.sequence = 0, .sets = {data(2, 2)}});
  EXPECT_EQ(outcome.sets_without_template, 1U);
  EXPECT_EQ(outcome.records, 0U);
  EXPECT_EQ(outcome.lost + outcome.restarts + outcome.out_of_order, 0U);
  decoder.forget(IpAddress::v4(1), ConnectionId{2});  // nobody
}

TEST_F(IpfixStream, EndingAConnectionLeavesTheOthersOfItsAddressAlone) {
  decode_over(1, IpfixMessage{.sets = {octets_first()}});
  decode_over(2, IpfixMessage{.sets = {octets_first()}});
  decoder.forget(test::datagram_of({}).source, ConnectionId{1});
  EXPECT_EQ(decode_over(2, IpfixMessage{.sets = {data(1, 1)}}).records, 1U);
}

TEST_F(IpfixStream, LossIsCountedByConnectionAndDomain) {
  decode_over(1, IpfixMessage{.sequence = 0, .sets = {octets_first(), data(1, 1)}});
  decode_over(2, IpfixMessage{.sequence = 500, .sets = {octets_first(), data(1, 1)}});
  EXPECT_EQ(decode_over(1, IpfixMessage{.sequence = 4, .sets = {data(1, 1)}}).lost, 3U);
  EXPECT_EQ(decode_over(2, IpfixMessage{.sequence = 501, .sets = {data(1, 1)}}).lost, 0U);
}

TEST_F(IpfixStream, TheSameMessageTwiceIsNoRepeatSinceTcpDeliversOnce) {
  decode_over(1, IpfixMessage{.sets = {octets_first()}});
  decode_over(1, IpfixMessage{.sets = {data(1, 1)}});
  const DecodeOutcome outcome = decode_over(1, IpfixMessage{.sets = {data(1, 1)}});
  EXPECT_EQ(outcome.duplicates, 0U);
  EXPECT_EQ(outcome.records, 1U);
}

TEST_F(IpfixStream, TemplatesOfAConnectionAreBounded) {
  Decoder small{shared, {.templates_per_domain = 2}};
  const auto teach = [&](std::uint16_t id) {
    const auto bytes = test::build(IpfixMessage{.sets = {octets_first(id)}});
    Datagram datagram = test::datagram_of(bytes);
    datagram.connection = ConnectionId{1};
    return small.decode(datagram, sink);
  };
  EXPECT_EQ(teach(256).new_templates, 1U);
  EXPECT_EQ(teach(257).new_templates, 1U);
  const DecodeOutcome third = teach(258);
  EXPECT_EQ(third.new_templates, 0U);
  EXPECT_EQ(refused(third, DecodeError::TooManyTemplates), 1U);
  EXPECT_TRUE(is_sound(third));
  EXPECT_EQ(teach(256).malformed_total, 0U);
}

TEST_F(IpfixStream, OnlyABrokenStructureIsUnsound) {
  EXPECT_TRUE(is_sound(decode_over(1, IpfixMessage{.sets = {octets_first(), data(1, 1)}})));
  EXPECT_FALSE(is_sound(
      decode_over(1, IpfixMessage{.sets = {{.id = 256, .body = {}, .declared_length = 3}}})));
  EXPECT_FALSE(is_sound(
      decode_over(1, IpfixMessage{.sets = {{.id = 256, .body = {}, .declared_length = 300}}})));
}

}  // namespace
}  // namespace weir::wire
