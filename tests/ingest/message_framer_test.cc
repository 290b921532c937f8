#include "collector/ingest/message_framer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/support/message_builder.h"

namespace weir::ingest {
namespace {

using Bytes = std::vector<std::byte>;
using test::ByteWriter;

/// A message of `length` bytes, all of them `fill` behind the first four.
Bytes message(std::uint16_t length, std::uint8_t fill = 0xaa, std::uint16_t version = 10) {
  Bytes bytes = ByteWriter{}.u16(version).u16(length).data();
  bytes.resize(std::max<std::size_t>(length, 4), std::byte{fill});
  return bytes;
}

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

/// What a framer gives when it is fed `chunks`, and its error if it had one.
struct Framed {
  std::vector<Bytes> messages;
  std::optional<FramingError> error;
  bool is_mid_message = false;
};

void feed(MessageFramer& framer, std::span<const std::byte> chunk, Framed& framed) {
  while (!chunk.empty() && !framed.error) {
    const auto space = framer.space();
    ASSERT_FALSE(space.empty());
    const std::size_t count = std::min(space.size(), chunk.size());
    std::copy_n(chunk.begin(), count, space.begin());
    framer.took(count);
    chunk = chunk.subspan(count);
    for (;;) {
      const auto next = framer.next();
      if (!next) framed.error = next.error();
      if (!next || !*next) break;
      framed.messages.emplace_back((*next)->begin(), (*next)->end());
    }
  }
  framed.is_mid_message = framer.is_mid_message();
}

Framed framed(std::initializer_list<std::span<const std::byte>> chunks) {
  MessageFramer framer;
  Framed result;
  for (const auto chunk : chunks) feed(framer, chunk, result);
  return result;
}

TEST(MessageFramer, GivesEveryMessageOfOneRead) {
  const auto result = framed({joined({message(16), message(20, 1), message(400, 2)})});
  EXPECT_EQ(result.messages, (std::vector{message(16), message(20, 1), message(400, 2)}));
  EXPECT_FALSE(result.error);
  EXPECT_FALSE(result.is_mid_message);
}

TEST(MessageFramer, PutsTogetherMessagesThatAreSplitAtAnyByte) {
  const Bytes all = joined({message(30, 1), message(16), message(25, 2)});
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    const auto result = framed({std::span{all}.first(cut), std::span{all}.subspan(cut)});
    EXPECT_EQ(result.messages, (std::vector{message(30, 1), message(16), message(25, 2)})) << cut;
    EXPECT_FALSE(result.error) << cut;
  }
}

TEST(MessageFramer, PutsTogetherMessagesThatComeByteByByte) {
  const Bytes all = joined({message(30, 1), message(16), message(25, 2)});
  MessageFramer framer;
  Framed result;
  for (const std::byte& byte : all) feed(framer, {&byte, 1}, result);
  EXPECT_EQ(result.messages, (std::vector{message(30, 1), message(16), message(25, 2)}));
}

TEST(MessageFramer, TellsWhetherAMessageIsUnderWay) {
  const Bytes whole = message(20);
  for (std::size_t cut = 1; cut < whole.size(); ++cut)
    EXPECT_TRUE(framed({std::span{whole}.first(cut)}).is_mid_message) << cut;
  EXPECT_FALSE(framed({whole}).is_mid_message);
}

TEST(MessageFramer, TakesTheLongestMessageAHeaderCanDeclare) {
  const auto result = framed({joined({message(65'535, 1), message(16), message(65'535, 2)})});
  EXPECT_EQ(result.messages, (std::vector{message(65'535, 1), message(16), message(65'535, 2)}));
}

TEST(MessageFramer, ABusyStreamGetsMoreSpaceUpToOneMessage) {
  MessageFramer framer;
  std::size_t largest = 0;
  const Bytes busy = message(1'400);
  for (int i = 0; i < 200; ++i) {
    auto space = framer.space();
    largest = std::max(largest, space.size());
    for (auto& byte : space) byte = std::byte{0};
    // A read that fills the space with whole messages.
    std::size_t at = 0;
    for (; at + busy.size() <= space.size(); at += busy.size())
      std::ranges::copy(busy, space.begin() + static_cast<std::ptrdiff_t>(at));
    std::ranges::copy(std::span{busy}.first(space.size() - at),
                      space.begin() + static_cast<std::ptrdiff_t>(at));
    framer.took(space.size());
    while (framer.next().value()) {
    }
    const std::size_t rest = busy.size() - (space.size() - at);
    const auto tail = framer.space();
    std::ranges::copy(std::span{busy}.last(rest), tail.begin());
    framer.took(rest);
    EXPECT_TRUE(framer.next().value());
  }
  EXPECT_GT(largest, 60'000U);
  EXPECT_LE(largest, MessageFramer::kLongestMessage);
}

TEST(MessageFramer, AnotherVersionIsAnErrorThatStays) {
  for (const std::uint16_t version :
       std::initializer_list<std::uint16_t>{0, 5, 9, 11, 0x0a00, 0x1603}) {
    const auto result = framed({joined({message(16), message(16, 0, version), message(16)})});
    EXPECT_EQ(result.messages.size(), 1U) << version;
    EXPECT_EQ(result.error, FramingError::BadVersion) << version;
  }
  MessageFramer framer;
  Framed result;
  feed(framer, message(16, 0, 9), result);
  EXPECT_EQ(framer.next().error(), FramingError::BadVersion);
}

TEST(MessageFramer, AVersionIsRefusedBeforeTheLengthHasCome) {
  EXPECT_EQ(framed({ByteWriter{}.u16(9).data()}).error, FramingError::BadVersion);
}

TEST(MessageFramer, ALengthBelowTheHeaderIsRefused) {
  for (const std::uint16_t length : std::initializer_list<std::uint16_t>{0, 1, 4, 15})
    EXPECT_EQ(framed({message(length)}).error, FramingError::BadLength) << length;
}

}  // namespace
}  // namespace weir::ingest
