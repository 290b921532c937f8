// Fault classes F3 to F9, F11 and F22 (README.md): sets, templates and lengths of NetFlow v9 and
// IPFIX, provoked where the unit tests of the protocols do not.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/wire/decoder_fixture.h"
#include "tests/wire/refusals.h"

namespace weir::wire {
namespace {

using test::build;
using test::ByteWriter;
using test::ipfix_options_template;
using test::IpfixMessage;
using test::netflow9_options_template;
using test::Netflow9Message;
using test::template_record;
using test::TestField;
using test::TestSet;

class Fault : public DecoderTest {
 protected:
  /// By a decoder that has seen nothing.
  DecodeOutcome decode_fresh(const std::vector<std::byte>& bytes) {
    sink.flows.clear();
    Decoder fresh{make_shared_decoder_state(), {}};
    return fresh.decode(test::datagram_of(bytes), sink);
  }
  template <class Message>
  DecodeOutcome decode_fresh(const Message& message) {
    return decode_fresh(build(message));
  }
};
using FaultSetLength = Fault;
using FaultEmptyTemplate = Fault;
using FaultShortSet = Fault;
using FaultOptionsTemplate = Fault;
using FaultFieldLength = Fault;
using FaultVariableLength = Fault;
using FaultStructuredData = Fault;
using FaultDataFirst = Fault;
using FaultAmplification = Fault;

TestSet octets_template(std::uint16_t id = 256) {
  return {.id = 0, .body = template_record(id, {{1, 4}, {2, 4}})};
}
TestSet ipfix_octets_template(std::uint16_t id = 256) {
  return {.id = 2, .body = template_record(id, {{1, 4}, {2, 4}})};
}
TestSet data(std::uint32_t octets, std::uint32_t packets, std::uint16_t id = 256) {
  return {.id = id, .body = ByteWriter{}.u32(octets).u32(packets).data()};
}

// F3: Graylog #27127, 24 bytes that never end.
TEST_F(FaultSetLength, HeaderAndASetOfNoLengthEndAtOnce) {
  for (const std::uint16_t length : std::initializer_list<std::uint16_t>{0, 1, 2, 3}) {
    const TestSet set{.id = 256, .body = {}, .declared_length = length};
    const auto netflow9 = build(Netflow9Message{.sets = {set}});
    ASSERT_EQ(netflow9.size(), 24U);
    EXPECT_EQ(refusals(decode_fresh(netflow9)), (Refusals{{"bad_set_length", 1}})) << length;
    EXPECT_EQ(refusals(decode_fresh(IpfixMessage{.sets = {set}})),
              (Refusals{{"bad_set_length", 1}}))
        << length;
  }
}

// F3: python-netflow-v9 #36, a buffer that was sent whole.
TEST_F(FaultSetLength, ZeroTailOfAnIpfixMessageEndsItOnce) {
  const std::vector<std::byte> records =
      build(IpfixMessage{.sets = {ipfix_octets_template(), data(1, 2)}});
  std::vector<std::byte> bytes = records;
  bytes.resize(60'000);
  // The message's length ends before the zeros: they are not looked at.
  const DecodeOutcome beyond = decode_fresh(bytes);
  EXPECT_EQ(refusals(beyond), (Refusals{{"bad_message_length", 1}}));
  EXPECT_EQ(beyond.records, 1U);
  // And here it contains them.
  bytes[2] = std::byte{60'000 >> 8};
  bytes[3] = std::byte{60'000 & 0xff};
  const DecodeOutcome inside = decode_fresh(bytes);
  EXPECT_EQ(refusals(inside), (Refusals{{"bad_set_length", 1}}));
  EXPECT_EQ(inside.records, 1U);
}

// F4: vflow #97, `00 00 00 08 01 00 00 00`, then data.
TEST_F(FaultEmptyTemplate, NeverGivesARecord) {
  const TestSet twelve{.id = 256, .body = ByteWriter{}.zeros(12).data()};
  const TestSet none{.id = 0, .body = template_record(256, {})};
  EXPECT_EQ(none.body, (ByteWriter{}.u16(256).u16(0).data()));
  // Whoever says that cannot be followed: the message ends.
  const DecodeOutcome netflow9 = decode_fresh(Netflow9Message{.sets = {none, twelve}});
  EXPECT_EQ(refusals(netflow9), (Refusals{{"bad_template", 1}}));
  EXPECT_EQ(netflow9.records, 0U);

  const DecodeOutcome ipfix =
      decode_fresh(IpfixMessage{.sets = {{.id = 2, .body = template_record(256, {{1, 0}, {2, 0}})},
                                         twelve,
                                         ipfix_octets_template(257),
                                         data(1, 2, 257)}});
  EXPECT_EQ(refusals(ipfix), (Refusals{{"bad_template", 1}}));
  EXPECT_EQ(ipfix.records, 1U);
  EXPECT_EQ(ipfix.sets_without_template, 1U);
}

TEST_F(FaultEmptyTemplate, OfOptionsIsRefusedToo) {
  const TestSet twelve{.id = 400, .body = ByteWriter{}.zeros(12).data()};
  const DecodeOutcome no_fields = decode_fresh(Netflow9Message{
      .sets = {
          {.id = 1, .body = netflow9_options_template({.id = 400, .scopes = {}, .options = {}})},
          twelve}});
  EXPECT_EQ(refusals(no_fields), (Refusals{{"bad_template", 1}}));
  const DecodeOutcome no_bytes = decode_fresh(IpfixMessage{
      .sets = {
          {.id = 3,
           .body = ipfix_options_template({.id = 400, .scopes = {{149, 0}}, .options = {{34, 0}}})},
          twelve}});
  EXPECT_EQ(refusals(no_bytes), (Refusals{{"bad_template", 1}}));
  EXPECT_EQ(no_bytes.options_records, 0U);
  EXPECT_EQ(no_fields.options_records, 0U);
}

// F5: records = floor(body / 64), in IPFIX as in v9, and no byte behind them is read.
TEST_F(FaultShortSet, GivesItsWholeRecordsInIpfix) {
  for (const std::size_t size : {0U, 1U, 63U, 64U, 65U, 127U, 128U}) {
    std::vector<std::byte> body(size, std::byte{0});
    const DecodeOutcome outcome = decode_fresh(
        IpfixMessage{.sets = {{.id = 2, .body = template_record(256, {{1, 4}, {999, 60}})},
                              {.id = 256, .body = body}}});
    EXPECT_EQ(outcome.records, size / 64) << size;
    EXPECT_EQ(outcome.malformed_total, 0U) << size;
    for (std::byte& byte : body) byte = std::byte{0xff};
    const DecodeOutcome full = decode_fresh(
        IpfixMessage{.sets = {{.id = 2, .body = template_record(256, {{1, 4}, {999, 60}})},
                              {.id = 256, .body = body}}});
    EXPECT_EQ(full.records, size / 64) << size;
    // A rest of more than three bytes that is not zero is part of a record.
    EXPECT_EQ(refusals(full), size % 64 > 3 ? (Refusals{{"truncated", 1}}) : Refusals{}) << size;
  }
}

// F6: set lengths 4 to 9: less than the six bytes that an options template begins with.
TEST_F(FaultOptionsTemplate, ShorterThanItsHeaderIsRefused) {
  const auto whole =
      netflow9_options_template({.id = 400, .scopes = {{1, 4}}, .options = {{34, 4}}});
  for (std::size_t size = 0; size < 6; ++size) {
    const TestSet cut{.id = 1, .body = {whole.begin(), whole.begin() + static_cast<int>(size)}};
    const DecodeOutcome outcome =
        decode_fresh(Netflow9Message{.sets = {cut, octets_template(), data(1, 2)}});
    // Up to three bytes are padding of an empty set; a header that is begun must be whole.
    EXPECT_EQ(refusals(outcome), size < 4 ? Refusals{} : (Refusals{{"truncated", 1}})) << size;
    EXPECT_EQ(outcome.records, size < 4 ? 1U : 0U) << size;
    EXPECT_EQ(outcome.options_templates, 0U);

    const auto ipfix =
        ipfix_options_template({.id = 400, .scopes = {{149, 4}}, .options = {{34, 4}}});
    const TestSet ipfix_cut{.id = 3,
                            .body = {ipfix.begin(), ipfix.begin() + static_cast<int>(size)}};
    const DecodeOutcome of_ipfix =
        decode_fresh(IpfixMessage{.sets = {ipfix_cut, ipfix_octets_template(), data(1, 2)}});
    EXPECT_EQ(refusals(of_ipfix), size < 4 ? Refusals{} : (Refusals{{"truncated", 1}})) << size;
    EXPECT_EQ(of_ipfix.options_templates, 0U);
  }
}

// F6: CVE-2026-48684. Lengths near the end of 16 bits, alone and together.
TEST_F(FaultOptionsTemplate, LengthsThatNoSetCanHoldAreRefused) {
  struct Lengths {
    std::uint16_t scope;
    std::uint16_t option;
    const char* reason;
  };
  for (const Lengths& lengths :
       {Lengths{0xfffc, 4, "bad_template"}, Lengths{4, 0xfffc, "bad_template"},
        Lengths{0xfffc, 0xfffc, "bad_template"}, Lengths{0x8000, 0x8000, "bad_template"},
        Lengths{3, 4, "bad_template"}, Lengths{4, 6, "bad_template"}, Lengths{8, 8, "truncated"}}) {
    const DecodeOutcome outcome = decode_fresh(Netflow9Message{
        .sets = {{.id = 1,
                  .body = netflow9_options_template({.id = 400,
                                                     .scopes = {{1, 4}},
                                                     .options = {{34, 4}},
                                                     .declared_scope = lengths.scope,
                                                     .declared_option = lengths.option})},
                 octets_template(),
                 data(1, 2)}});
    EXPECT_EQ(refusals(outcome), (Refusals{{lengths.reason, 1}}))
        << lengths.scope << ' ' << lengths.option;
    EXPECT_EQ(outcome.options_templates, 0U);
    EXPECT_EQ(outcome.records, 0U);
  }
}

// F6: nfdump 66af6496, a record length that is zero in 16 bits.
TEST_F(FaultOptionsTemplate, RecordLengthIsSummedBeyond16Bits) {
  const std::vector<TestField> scopes{{149, 0x8000}};
  const std::vector<TestField> options{{34, 0x8000}};
  const TestSet records{.id = 400, .body = ByteWriter{}.zeros(64).data()};
  const DecodeOutcome netflow9 = decode_fresh(Netflow9Message{
      .sets = {
          {.id = 1,
           .body = netflow9_options_template({.id = 400, .scopes = scopes, .options = options})},
          records}});
  EXPECT_EQ(refusals(netflow9), (Refusals{{"bad_template", 1}}));
  EXPECT_EQ(netflow9.options_records, 0U);
  const DecodeOutcome ipfix = decode_fresh(IpfixMessage{
      .sets = {{.id = 3,
                .body = ipfix_options_template({.id = 400, .scopes = scopes, .options = options})},
               records}});
  EXPECT_EQ(refusals(ipfix), (Refusals{{"bad_template", 1}}));
  EXPECT_EQ(ipfix.options_records, 0U);
}

// F7: pmacct #934. The record keeps step, the field is not used, the copy never exceeds its
// destination.
TEST_F(FaultFieldLength, AddressOfAnyOtherLengthIsPassedOver) {
  for (const std::uint16_t element : std::initializer_list<std::uint16_t>{8, 12, 15, 27, 28, 62}) {
    const bool is_v4 = element <= 15;
    for (const std::uint16_t length :
         std::initializer_list<std::uint16_t>{0, 1, 3, 4, 5, 12, 15, 16, 17, 50, 255}) {
      ByteWriter body;
      for (std::uint16_t i = 0; i < length; ++i) body.u8(0x41);
      const DecodeOutcome outcome = decode_fresh(IpfixMessage{
          .sets = {{.id = 2, .body = template_record(256, {{1, 4}, {element, length}, {2, 4}})},
                   {.id = 256, .body = ByteWriter{}.u32(7).bytes(body.data()).u32(9).data()}}});
      const bool is_usable = length == (is_v4 ? 4 : 16);
      EXPECT_EQ(refusals(outcome), is_usable ? Refusals{} : (Refusals{{"bad_field_length", 1}}))
          << element << ' ' << length;
      ASSERT_EQ(outcome.records, 1U);
      EXPECT_EQ(flow(0).octets, 7U);
      EXPECT_EQ(flow(0).packets, 9U);
    }
  }
}

TEST_F(FaultFieldLength, AddressOfNearlyAWholeSetIsPassedOver) {
  const DecodeOutcome outcome = decode_fresh(
      Netflow9Message{.sets = {{.id = 0, .body = template_record(256, {{8, 65'500}, {1, 4}})},
                               {.id = 256, .body = ByteWriter{}.zeros(1'000).data()},
                               octets_template(257),
                               data(1, 2, 257)}});
  // The set holds no whole record; zeros may be padding.
  EXPECT_EQ(refusals(outcome), (Refusals{{"bad_field_length", 1}}));
  EXPECT_EQ(outcome.records, 1U);
  EXPECT_EQ(refusals(decode_fresh(Netflow9Message{
                .sets = {{.id = 0, .body = template_record(256, {{8, 65'534}, {1, 4}})}}})),
            (Refusals{{"bad_template", 1}}));
}

// F7: telegraf #14370, integers of widths that no machine has.
TEST_F(FaultFieldLength, CountersOfImpossibleWidthArePassedOver) {
  for (const std::uint16_t length : std::initializer_list<std::uint16_t>{0, 9, 16, 255}) {
    const DecodeOutcome outcome = decode_fresh(IpfixMessage{
        .sets = {{.id = 2, .body = template_record(256, {{1, length}, {2, 3}})},
                 {.id = 256, .body = ByteWriter{}.zeros(length).integer(5, 3).data()}}});
    EXPECT_EQ(refusals(outcome), (Refusals{{"bad_field_length", 1}})) << length;
    ASSERT_EQ(outcome.records, 1U);
    EXPECT_FALSE(flow(0).has(Has::Octets));
    EXPECT_EQ(flow(0).packets, 5U);
  }
}

// F8: the set is refused, what was decoded before it stands.
TEST_F(FaultVariableLength, BeyondTheRecordEndsTheMessage) {
  const auto layout = template_record(256, {{1, 4}, {82, 65'535}, {2, 4}});
  const auto whole = ByteWriter{}.u32(1).u8(2).zeros(2).u32(2).data();
  const std::vector<std::vector<std::byte>> broken{
      ByteWriter{}.u32(1).u8(254).zeros(10).data(),                    // 254 with 10 left
      ByteWriter{}.u32(1).u8(5).zeros(4).data(),                       // into element 2 and beyond
      ByteWriter{}.u32(1).u8(0xff).u8(0xff).u8(0xff).zeros(4).data(),  // 65,535
      ByteWriter{}.u32(1).u8(0xff).u16(2).zeros(2).data(),             // long form, then nothing
  };
  for (const auto& bad : broken) {
    ByteWriter body;
    body.bytes(whole).bytes(bad);
    const DecodeOutcome outcome =
        decode_fresh(IpfixMessage{.sets = {{.id = 2, .body = layout},
                                           {.id = 256, .body = body.data()},
                                           ipfix_octets_template(257)}});
    EXPECT_EQ(refusals(outcome), (Refusals{{"bad_variable_length", 1}}));
    EXPECT_EQ(outcome.records, 1U);
    EXPECT_EQ(outcome.templates, 1U);
  }
}

TEST_F(FaultVariableLength, LongFormOfLengthZeroIsLegal) {
  const DecodeOutcome outcome = decode_fresh(
      IpfixMessage{.sets = {{.id = 2, .body = template_record(256, {{1, 4}, {82, 65'535}})},
                            {.id = 256, .body = ByteWriter{}.u32(7).u8(0xff).u16(0).data()}}});
  EXPECT_EQ(refusals(outcome), Refusals{});
  ASSERT_EQ(outcome.records, 1U);
  EXPECT_EQ(flow(0).octets, 7U);
}

// F9: subTemplateMultiList (293) whose entry has length 0; subTemplateList (292) of the very
// template that holds it; basicLists (291) in one another, 200 deep. None is entered.
TEST_F(FaultStructuredData, ListsAreOpaqueWhateverTheyHold) {
  const std::vector<std::byte> no_progress =
      ByteWriter{}.u8(0xff).u16(256).u16(0).u16(256).u16(0).data();
  const std::vector<std::byte> itself = ByteWriter{}.u8(0xff).u16(256).u32(1).u8(3).data();
  ByteWriter deep;
  for (int level = 0; level < 200; ++level) {
    const int rest = (200 - level - 1) * 8;
    deep.u8(0xff).u16(291).u16(65'535).u8(255).u16(static_cast<std::uint64_t>(rest));
  }
  const DecodeOutcome outcome = decode_fresh(IpfixMessage{
      .sets = {
          {.id = 2,
           .body = template_record(256, {{293, 65'535}, {292, 65'535}, {291, 65'535}, {1, 4}})},
          {.id = 256,
           .body = ByteWriter{}
                       .u8(no_progress.size())
                       .bytes(no_progress)
                       .u8(itself.size())
                       .bytes(itself)
                       .u8(255)
                       .u16(deep.data().size())
                       .bytes(deep.data())
                       .u32(44)
                       .data()},
          ipfix_octets_template(257),
          data(1, 2, 257)}});
  EXPECT_EQ(refusals(outcome), Refusals{});
  ASSERT_EQ(outcome.records, 2U);
  EXPECT_EQ(flow(0).octets, 44U);
  EXPECT_EQ(flow(1).octets, 1U);
}

// F11: filebeat #17615, a router that repeats its templates every 15 minutes and a collector that
// has just started. What came blind is counted, waits, and is dated as it was sent.
TEST_F(FaultDataFirst, FifteenBlindMinutesAreHeldAndThenDecoded) {
  constexpr int kMinutes = 15;
  std::uint32_t held = 0;
  Datagram last;
  for (int minute = 0; minute < kMinutes; ++minute) {
    const auto bytes =
        build(Netflow9Message{.sequence = static_cast<std::uint32_t>(minute),
                              .sets = {data(1'000, static_cast<std::uint32_t>(minute))}});
    Datagram datagram = test::datagram_of(bytes);
    datagram.arrival += std::chrono::minutes{minute};
    const DecodeOutcome outcome = decoder.decode(datagram, sink);
    EXPECT_EQ(outcome.sets_without_template, 1U);
    EXPECT_EQ(outcome.records, 0U);
    EXPECT_EQ(outcome.given_up_bytes, 0U);
    held += outcome.held_bytes;
    last = datagram;
  }
  EXPECT_EQ(held, kMinutes * 8U);
  const auto bytes = build(Netflow9Message{.sequence = kMinutes, .sets = {octets_template()}});
  Datagram datagram = test::datagram_of(bytes);
  datagram.arrival = last.arrival + std::chrono::minutes{1};
  const DecodeOutcome outcome = decoder.decode(datagram, sink);
  EXPECT_EQ(outcome.rescued_records, kMinutes);
  EXPECT_EQ(outcome.rescued_bytes, held);
  EXPECT_EQ(outcome.given_up_bytes, 0U);
  ASSERT_EQ(sink.flows.size(), kMinutes);
  for (int minute = 0; minute < kMinutes; ++minute) {
    const auto& taken = sink.flows[static_cast<std::size_t>(minute)];
    EXPECT_EQ(taken.record.packets, static_cast<std::uint64_t>(minute));
    EXPECT_EQ(taken.context.arrival, test::datagram_of({}).arrival + std::chrono::minutes{minute});
  }
}

// F22: the longest message of one-byte records. The budget is per datagram.
TEST_F(FaultAmplification, RecordsOfOneByteEndAtTheBudget) {
  const DecodeOutcome outcome =
      decode_fresh(IpfixMessage{.sets = {{.id = 2, .body = template_record(256, {{4, 1}})},
                                         {.id = 256, .body = ByteWriter{}.zeros(65'000).data()}}});
  EXPECT_EQ(outcome.records, 8'192U);
  EXPECT_EQ(refusals(outcome), (Refusals{{"bad_count", 1}}));
  const DecodeOutcome options = decode_fresh(IpfixMessage{
      .sets = {{.id = 3,
                .body = ipfix_options_template({.id = 400, .scopes = {{149, 1}}, .options = {}})},
               {.id = 400, .body = ByteWriter{}.zeros(65'000).data()}}});
  EXPECT_EQ(options.options_records, 8'192U);
  EXPECT_EQ(refusals(options), (Refusals{{"bad_count", 1}}));
}

// F22: many sets of nothing, known and unknown. Each is four bytes of work and keeps nothing.
TEST_F(FaultAmplification, SixteenThousandEmptySetsKeepNothing) {
  constexpr std::uint32_t kSets = 16'000;
  std::vector<TestSet> known{ipfix_octets_template()};
  std::vector<TestSet> unknown;
  for (std::uint32_t i = 0; i < kSets; ++i) {
    known.push_back({.id = 256, .body = {}});
    unknown.push_back({.id = static_cast<std::uint16_t>(256 + i), .body = {}});
  }
  const DecodeOutcome of_known = decode_fresh(IpfixMessage{.sets = known});
  EXPECT_EQ(refusals(of_known), Refusals{});
  EXPECT_EQ(of_known.records, 0U);
  const DecodeOutcome of_unknown = decode_fresh(IpfixMessage{.sets = unknown});
  EXPECT_EQ(refusals(of_unknown), Refusals{});
  EXPECT_EQ(of_unknown.sets_without_template, kSets);
  EXPECT_EQ(of_unknown.held_bytes, 0U);
}

}  // namespace
}  // namespace weir::wire
