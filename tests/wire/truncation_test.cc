#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <vector>

#include "collector/wire/decoder.h"
#include "tests/fuzz/decode_oracle.h"
#include "tests/support/golden_datagrams.h"
#include "tests/support/message_builder.h"
#include "tests/support/message_sink.h"

namespace weir::wire {
namespace {

using test::datagram_of;
using test::golden_datagrams;
using test::GoldenDatagram;
using test::MessageSink;
using test::text_of;

/// Decodes from a buffer of exactly `size` bytes, so that a sanitizer sees an over-read.
DecodeOutcome decode_exact(std::span<const std::byte> bytes, MessageSink& sink) {
  const auto exact = std::make_unique<std::byte[]>(bytes.size());
  std::memcpy(exact.get(), bytes.data(), bytes.size());
  Decoder decoder{make_shared_decoder_state(), {}};
  return decoder.decode(datagram_of({exact.get(), bytes.size()}), sink);
}

std::vector<std::string> texts_of(const MessageSink& sink) {
  std::vector<std::string> texts;
  for (const auto& flow : sink.flows) texts.push_back(text_of(flow.record));
  return texts;
}

class Golden : public testing::TestWithParam<GoldenDatagram> {};

TEST_P(Golden, IsWhole) {
  MessageSink sink;
  const DecodeOutcome outcome = decode_exact(GetParam().bytes, sink);
  EXPECT_GE(outcome.records, 2U);
  EXPECT_EQ(outcome.malformed_total, 0U);
}

TEST_P(Golden, NoLengthGivesMoreThanArrived) {
  const std::vector<std::byte>& golden = GetParam().bytes;
  MessageSink whole;
  const DecodeOutcome full = decode_exact(golden, whole);
  std::uint32_t before = 0;
  for (std::size_t size = 0; size < golden.size(); ++size) {
    MessageSink sink;
    const DecodeOutcome outcome = decode_exact(std::span{golden}.first(size), sink);
    EXPECT_EQ(outcome.records, sink.flows.size());
    EXPECT_EQ(outcome.counter_samples, sink.counters.size());
    // Records only ever come with more bytes; IPFIX and v9 read sets whole.
    EXPECT_GE(outcome.records, before) << size;
    EXPECT_LE(outcome.records, full.records);
    before = outcome.records;
    for (std::size_t i = 0; i < sink.flows.size(); ++i) {
      EXPECT_EQ(text_of(sink.flows[i].record), text_of(whole.flows[i].record)) << size;
    }
    // A cut between two sets of v9 is no error: nothing says how many there are.
    const bool is_between_sets = outcome.malformed_total == 0;
    EXPECT_LE(outcome.malformed_total, 2U) << size;
    EXPECT_TRUE(!is_between_sets || outcome.protocol == Protocol::Netflow9) << size;
  }
}

// Quality gate G2: all 255 other values of every byte.
TEST_P(Golden, AnyValueOfAnyByteKeepsTheBooksAndHarmsNoOther) {
  const std::vector<std::byte>& golden = GetParam().bytes;
  MessageSink whole;
  ASSERT_EQ(decode_exact(golden, whole).malformed_total, 0U);
  const std::vector<std::string> expected = texts_of(whole);

  const auto exact = std::make_unique<std::byte[]>(golden.size());
  std::memcpy(exact.get(), golden.data(), golden.size());
  for (std::size_t at = 0; at < golden.size(); ++at) {
    // One decoder sees all values of a byte, so that they also meet what the others taught it.
    Decoder decoder{make_shared_decoder_state(), {}};
    fuzz::Waiting waiting;
    for (unsigned value = 0; value < 256; ++value) {
      if (std::byte{static_cast<std::uint8_t>(value)} == golden[at]) continue;
      exact[at] = std::byte{static_cast<std::uint8_t>(value)};
      fuzz::decode_checked(decoder, fuzz::datagram_of({exact.get(), golden.size()}, 1'000), waiting,
                           [&] { ADD_FAILURE() << "byte " << at << " is " << value; });
    }
    exact[at] = golden[at];
    // Another exporter is read as if nothing had been.
    MessageSink sink;
    EXPECT_EQ(decoder.decode(datagram_of({exact.get(), golden.size()}), sink).malformed_total, 0U);
    EXPECT_EQ(texts_of(sink), expected) << "behind byte " << at;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Golden, testing::ValuesIn(golden_datagrams()),
                         [](const auto& golden) { return golden.param.name; });

}  // namespace
}  // namespace weir::wire
