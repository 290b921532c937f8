#include <gtest/gtest.h>

#include <array>
#include <string>

#include "collector/wire/interface_table.h"
#include "collector/wire/shared_decoder_state.h"
#include "collector/wire/wire_text.h"
#include "tests/wire/decoder_fixture.h"

namespace weir::wire {
namespace {

using test::ByteWriter;
using test::ipfix_options_template;
using test::IpfixMessage;
using test::netflow9_options_template;
using test::Netflow9Message;

using namespace std::string_literals;

std::string clean(const std::string& sent) { return std::string(WireText{sent}.view()); }

// F17: strings without terminator, invalid UTF-8, embedded NUL, control bytes.
TEST(WireText, EndsAtTheFirstNulAndAt128Bytes) {
  EXPECT_EQ(clean("et-0/0/1\0\0\0x"s), "et-0/0/1");
  EXPECT_EQ(clean("\0et"s), "");
  EXPECT_EQ(clean(""), "");
  EXPECT_EQ(clean(std::string(65'535, 'A')), std::string(128, 'A'));
  EXPECT_EQ(clean("ae1   "), "ae1");
}

TEST(WireText, EscapesWhatIsNoTextAndCutsNoCharacter) {
  EXPECT_EQ(clean("a\nb\x7f\x1b[2J"), "a\\x0ab\\x7f\\x1b[2J");
  EXPECT_EQ(clean("東京"), "東京");
  EXPECT_EQ(clean("\xc3"), "\\xc3");
  EXPECT_EQ(clean("\xc0\xaf"), "\\xc0\\xaf");           // overlong
  EXPECT_EQ(clean("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // surrogate
  EXPECT_EQ(clean("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(clean("\xc2\x9b"), "\\xc2\\x9b");  // control character of two bytes
  EXPECT_EQ(clean(std::string(127, 'A') + "é"), std::string(127, 'A'));
  EXPECT_EQ(clean(std::string(126, 'A') + "\n"), std::string(126, 'A'));
}

TEST(WireText, ReadAgainIsTheSame) {
  for (const std::string& sent : {"a\nb"s, "東京  "s, std::string(127, 'A') + "  x", "\xff"s}) {
    EXPECT_EQ(clean(clean(sent)), clean(sent));
  }
}

constexpr IpAddress kRouter = IpAddress::v4(0xc000'02fa);

class InterfaceNames : public DecoderTest {
 protected:
  [[nodiscard]] std::vector<LearnedInterface> learned() const {
    return shared->interfaces().of(kRouter);
  }
  static ByteWriter& text(ByteWriter& to, const std::string& value, std::size_t length) {
    to.bytes(std::as_bytes(std::span{value}));
    return to.zeros(length - value.size());
  }
};

TEST_F(InterfaceNames, AreReadFromACiscoInterfaceTable) {
  // Scope system, then ifIndex, name and description as fixed fields.
  ByteWriter row;
  row.u32(0xc000'02fa).u32(512);
  text(row, "Te0/0/1", 32);
  text(row, "customer 東京", 64);
  const DecodeOutcome outcome = decode(Netflow9Message{
      .sets = {{.id = 1,
                .body = netflow9_options_template(
                    {.id = 256, .scopes = {{1, 4}}, .options = {{10, 4}, {82, 32}, {83, 64}}})},
               {.id = 256, .body = row.data()}}});
  EXPECT_EQ(outcome.options_records, 1U);
  EXPECT_EQ(outcome.malformed_total, 0U);
  EXPECT_EQ(learned(), (std::vector<LearnedInterface>{
                           {.ifindex = 512, .name = "Te0/0/1", .description = "customer 東京"}}));
}

TEST_F(InterfaceNames, AreReadByAVersion9InterfaceScopeOfTwoBytes) {
  ByteWriter row;
  row.u16(7);
  text(row, "ae7", 8);
  (void)decode(
      Netflow9Message{.sets = {{.id = 1,
                                .body = netflow9_options_template(
                                    {.id = 256, .scopes = {{2, 2}}, .options = {{82, 8}}})},
                               {.id = 256, .body = row.data()}}});
  EXPECT_EQ(learned(), (std::vector<LearnedInterface>{{.ifindex = 7, .name = "ae7"}}));
}

TEST_F(InterfaceNames, OfVariableLengthAreReadFromIpfix) {
  for (const std::uint16_t index : std::to_array<std::uint16_t>({10, 14, 252, 253})) {
    const auto set_id = static_cast<std::uint16_t>(300 + index);
    ByteWriter rows;
    rows.u32(index).u8(3).bytes(std::as_bytes(std::span{"ae1", 3})).u32(1'000);
    rows.u32(index + 1'000U).u8(255).u16(2).bytes(std::as_bytes(std::span{"xe", 2})).u32(1'000);
    const DecodeOutcome outcome = decode(IpfixMessage{
        .sets = {{.id = 3,
                  .body = ipfix_options_template(
                      {.id = set_id, .scopes = {{index, 4}}, .options = {{82, 65'535}, {34, 4}}})},
                 {.id = set_id, .body = rows.data()}}});
    EXPECT_EQ(outcome.options_records, 2U);
  }
  const auto all = learned();
  ASSERT_EQ(all.size(), 8U);
  EXPECT_EQ(all[0], (LearnedInterface{.ifindex = 10, .name = "ae1"}));
  EXPECT_EQ(all[1], (LearnedInterface{.ifindex = 1'010, .name = "xe"}));
  // The rate of the interface is read from the same record.
  FlowRecord record;
  record.input = 253;
  record.set(Has::Input);
  EXPECT_EQ(shared->samplers({.address = kRouter, .protocol = Protocol::Ipfix, .domain = 7})
                ->of(record, 0)
                .interval,
            1'000U);
}

TEST_F(InterfaceNames, WithoutAnIndexOrATextNameNothing) {
  ByteWriter row;
  row.u32(0);
  text(row, "null0", 8);
  row.u32(9).zeros(8);
  (void)decode(
      Netflow9Message{.sets = {{.id = 1,
                                .body = netflow9_options_template(
                                    {.id = 256, .scopes = {{2, 4}}, .options = {{82, 8}}})},
                               {.id = 256, .body = row.data()}}});
  EXPECT_EQ(learned(), std::vector<LearnedInterface>{});
}

TEST_F(InterfaceNames, OfDataRecordsAreNotTaken) {
  ByteWriter row;
  row.u32(9);
  text(row, "forged", 8);
  (void)decode(
      Netflow9Message{.sets = {{.id = 0, .body = test::template_record(256, {{10, 4}, {82, 8}})},
                               {.id = 256, .body = row.data()}}});
  EXPECT_EQ(learned(), std::vector<LearnedInterface>{});
}

TEST(InterfaceTable, WhatIsToldAgainChangesNothing) {
  InterfaceTable table;
  const InterfaceAnnouncement said{.ifindex = 1, .name = WireText{"ae1"}};
  EXPECT_EQ(table.learn(kRouter, said), InterfaceTable::Taught::Changed);
  EXPECT_EQ(table.learn_speed(kRouter, 1, 1'000), InterfaceTable::Taught::Changed);
  const auto generation = table.generation();
  EXPECT_EQ(table.learn(kRouter, said), InterfaceTable::Taught::Nothing);
  EXPECT_EQ(table.learn_speed(kRouter, 1, 1'000), InterfaceTable::Taught::Nothing);
  EXPECT_EQ(table.generation(), generation);
}

TEST(InterfaceTable, ANameIsThatOfTheInterfaceThatGotItLast) {
  InterfaceTable table;
  (void)table.learn(kRouter, {.ifindex = 9, .name = WireText{"ae1"}});
  (void)table.learn(kRouter, {.ifindex = 3, .name = WireText{"ae1"}});
  (void)table.learn(kRouter, {.ifindex = 9, .name = WireText{"ae1"}});
  const auto all = table.of(kRouter);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all.back().ifindex, 3U);
}

TEST_F(InterfaceNames, BeyondTheBoundAreRefusedAndCountedAndTouchNoOtherExporter) {
  for (std::uint32_t i = 1; i <= InterfaceTable::kMostPerExporter; ++i) {
    (void)shared->interfaces().learn_speed(kRouter, i, 1);
  }
  ByteWriter row;
  row.u32(100'000);
  text(row, "one more", 8);
  const DecodeOutcome outcome =
      decode(Netflow9Message{.sets = {{.id = 1,
                                       .body = netflow9_options_template(
                                           {.id = 256, .scopes = {{2, 4}}, .options = {{82, 8}}})},
                                      {.id = 256, .body = row.data()}}});
  EXPECT_EQ(refused(outcome, DecodeError::TooManyInterfaces), 1U);
  EXPECT_EQ(learned().size(), InterfaceTable::kMostPerExporter);
  EXPECT_EQ(shared->interfaces().learn_speed(IpAddress::v4(1), 1, 1),
            InterfaceTable::Taught::Changed);
}

}  // namespace
}  // namespace weir::wire
