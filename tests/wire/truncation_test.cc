#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "collector/wire/decoder.h"
#include "tests/support/message_builder.h"
#include "tests/support/message_sink.h"

namespace weir::wire {
namespace {

using test::build;
using test::ByteWriter;
using test::datagram_of;
using test::ipfix_options_template;
using test::IpfixMessage;
using test::MessageSink;
using test::Netflow5Message;
using test::Netflow5Record;
using test::netflow9_options_template;
using test::Netflow9Message;
using test::template_record;
using test::text_of;

std::vector<std::byte> golden_netflow9() {
  ByteWriter data;
  for (std::uint32_t i = 0; i < 4; ++i) {
    data.u32(i).address("192.0.2.1").u32(i).u16(9).zeros(16).u8(1);
  }
  return build(Netflow9Message{
      .sets = {{.id = 0,
                .body = template_record(256, {{1, 4}, {8, 4}, {2, 4}, {10, 2}, {27, 16}, {48, 1}})},
               {.id = 1,
                .body = netflow9_options_template(
                    {.id = 400, .scopes = {{1, 4}}, .options = {{48, 1}, {50, 4}}})},
               {.id = 400, .body = ByteWriter{}.u32(0).u8(1).u32(100).data()},
               {.id = 256, .body = data.data()}}});
}

std::vector<std::byte> golden_ipfix() {
  return build(IpfixMessage{
      .sets = {
          {.id = 2, .body = template_record(256, {{1, 8}, {82, 65'535}, {8, 4}, {1, 8, 29'305}})},
          {.id = 3,
           .body = ipfix_options_template(
               {.id = 400, .scopes = {{302, 4}}, .options = {{305, 4}, {306, 4}, {82, 65'535}}})},
          {.id = 400, .body = ByteWriter{}.u32(1).u32(1).u32(99).u8(2).u16(0).data()},
          {.id = 256,
           .body = ByteWriter{}
                       .u64(1)
                       .u8(2)
                       .u16(0)
                       .u32(9)
                       .u64(3)
                       .u64(1)
                       .u8(255)
                       .u16(3)
                       .zeros(3)
                       .u32(9)
                       .u64(3)
                       .data()},
          {.id = 2, .body = template_record(256, {})}}});
}

std::vector<std::byte> golden_netflow5() {
  return build(Netflow5Message{.records = std::vector<Netflow5Record>(4)});
}

/// Decodes from a buffer of exactly `size` bytes, so that a sanitizer sees an over-read.
DecodeOutcome decode_exact(std::span<const std::byte> bytes, MessageSink& sink) {
  const auto exact = std::make_unique<std::byte[]>(bytes.size());
  std::memcpy(exact.get(), bytes.data(), bytes.size());
  Decoder decoder{make_shared_decoder_state(), {}};
  return decoder.decode(datagram_of({exact.get(), bytes.size()}), sink);
}

class Truncation : public testing::TestWithParam<std::vector<std::byte> (*)()> {};

TEST_P(Truncation, NoLengthGivesMoreThanArrived) {
  const std::vector<std::byte> golden = GetParam()();
  MessageSink whole;
  const DecodeOutcome full = decode_exact(golden, whole);
  EXPECT_GT(full.records, 0U);
  EXPECT_EQ(full.malformed_total, 0U);
  std::uint32_t before = 0;
  for (std::size_t size = 1; size < golden.size(); ++size) {
    MessageSink sink;
    const DecodeOutcome outcome = decode_exact(std::span{golden}.first(size), sink);
    EXPECT_EQ(outcome.records, sink.flows.size());
    // Records only ever come with more bytes; IPFIX and v9 read sets whole.
    EXPECT_GE(outcome.records, before) << size;
    EXPECT_LE(outcome.records, full.records);
    before = outcome.records;
    for (std::size_t i = 0; i < sink.flows.size(); ++i) {
      EXPECT_EQ(text_of(sink.flows[i].record), text_of(whole.flows[i].record)) << size;
    }
  }
}

TEST_P(Truncation, NoChangeOfOneByteReadsBeyondTheDatagram) {
  const std::vector<std::byte> golden = GetParam()();
  for (std::size_t at = 0; at < golden.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      std::vector<std::byte> broken = golden;
      broken[at] ^= static_cast<std::byte>(flip);
      MessageSink sink;
      const DecodeOutcome outcome = decode_exact(broken, sink);
      EXPECT_EQ(outcome.records, sink.flows.size());
      EXPECT_LE(outcome.records, broken.size());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Golden, Truncation,
                         testing::Values(&golden_netflow5, &golden_netflow9, &golden_ipfix));

}  // namespace
}  // namespace weir::wire
