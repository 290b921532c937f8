#include <gtest/gtest.h>

#include "tests/support/sflow_builder.h"
#include "tests/wire/decoder_fixture.h"

namespace weir::wire {
namespace {

using test::ByteWriter;
using test::IpfixMessage;
using test::Netflow5Message;
using test::Netflow5Record;
using test::Netflow9Message;
using test::template_record;
using test::TestSet;

/// What datagrams say of their place in the stream: units received, and whether the loss
/// before them can be known.
class SequencePlace : public DecoderTest {
 protected:
  static TestSet small_template(std::uint16_t set) {
    return {.id = set, .body = template_record(256, {{1, 4}, {2, 4}})};
  }
  static TestSet small_data(std::size_t records, std::uint16_t id = 256) {
    return {.id = id, .body = ByteWriter{}.zeros(8 * records).data()};
  }
};

TEST_F(SequencePlace, Netflow5CountsFlows) {
  const auto first =
      decode(Netflow5Message{.sequence = 100, .records = {Netflow5Record{}, Netflow5Record{}}});
  EXPECT_EQ(first.units, 2U);
  EXPECT_EQ(first.sequence_unknown, 1U);
  const auto second = decode(Netflow5Message{.sequence = 102, .records = {Netflow5Record{}}});
  EXPECT_EQ(second.units, 1U);
  EXPECT_EQ(second.sequence_unknown, 0U);
}

TEST_F(SequencePlace, Netflow1NumbersNothing) {
  const auto outcome = decode(Netflow5Message{.version = 1, .records = {Netflow5Record{}}});
  EXPECT_EQ(outcome.units, 0U);
  EXPECT_EQ(outcome.sequence_unknown, 0U);
}

TEST_F(SequencePlace, Netflow9CountsPacketsWhetherTheirTemplatesAreKnownOrNot) {
  EXPECT_EQ(decode(Netflow9Message{.sequence = 1, .sets = {small_data(3)}}).units, 1U);
  const auto second = decode(Netflow9Message{.sequence = 4, .sets = {small_template(0)}});
  EXPECT_EQ(second.units, 1U);
  EXPECT_EQ(second.lost, 2U);
  EXPECT_EQ(second.sequence_unknown, 0U);
}

TEST_F(SequencePlace, IpfixWithUnknownTemplatesLosesItsPlaceInsteadOfCountingNoLoss) {
  EXPECT_EQ(decode(IpfixMessage{.sequence = 0, .sets = {small_data(3)}}).sequence_unknown, 1U);
  // How many records the first message held is not known.
  EXPECT_EQ(decode(IpfixMessage{.sequence = 9, .sets = {small_data(3)}}).sequence_unknown, 1U);
  const auto with_template =
      decode(IpfixMessage{.sequence = 12, .sets = {small_template(2), small_data(2)}});
  EXPECT_EQ(with_template.sequence_unknown, 1U);
  // The sets that waited are of messages that came before.
  EXPECT_EQ(with_template.units, 2U);
  EXPECT_EQ(with_template.rescued_records, 6U);
  const auto next = decode(IpfixMessage{.sequence = 20, .sets = {small_data(1)}});
  EXPECT_EQ(next.sequence_unknown, 0U);
  EXPECT_EQ(next.lost, 6U);
  EXPECT_EQ(next.units, 1U);
}

TEST_F(SequencePlace, ARestartIsAPlaceThatIsUnknown) {
  EXPECT_EQ(decode(Netflow9Message{.uptime_ms = 9'000'000, .sequence = 700}).sequence_unknown, 1U);
  const auto restarted = decode(Netflow9Message{.uptime_ms = 1'000, .sequence = 1});
  EXPECT_EQ(restarted.restarts, 1U);
  EXPECT_EQ(restarted.lost, 0U);
  EXPECT_EQ(restarted.sequence_unknown, 1U);
}

TEST_F(SequencePlace, ARepeatIsNoUnit) {
  const Netflow9Message message{.sequence = 5, .sets = {small_template(0), small_data(1)}};
  EXPECT_EQ(decode(message).units, 1U);
  const auto repeated = decode(message);
  EXPECT_EQ(repeated.duplicates, 1U);
  EXPECT_EQ(repeated.units, 0U);
  EXPECT_EQ(repeated.sequence_unknown, 0U);
}

TEST_F(SequencePlace, SflowCountsDatagrams) {
  const auto send = [this](std::uint32_t sequence) {
    return decode_bytes(test::SflowBuilder{}.sequence(sequence).build());
  };
  EXPECT_EQ(send(10).sequence_unknown, 1U);
  const auto second = send(12);
  EXPECT_EQ(second.units, 1U);
  EXPECT_EQ(second.lost, 1U);
  EXPECT_EQ(second.sequence_unknown, 0U);
}

}  // namespace
}  // namespace weir::wire
