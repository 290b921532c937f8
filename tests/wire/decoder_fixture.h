#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <vector>

#include "collector/wire/decoder.h"
#include "tests/support/message_builder.h"
#include "tests/support/message_sink.h"

namespace weir::wire {

/// One decoder and what it handed on.
class DecoderTest : public testing::Test {
 protected:
  template <class Message>
  DecodeOutcome decode(const Message& message) {
    return decode_bytes(test::build(message));
  }
  DecodeOutcome decode_bytes(const std::vector<std::byte>& bytes) {
    return decoder.decode(test::datagram_of(bytes), sink);
  }
  template <class Message>
  DecodeOutcome decode_from(std::uint16_t port, const Message& message) {
    const auto bytes = test::build(message);
    Datagram datagram = test::datagram_of(bytes);
    datagram.source_port = port;
    return decoder.decode(datagram, sink);
  }
  /// Over a TCP connection, always from the same port.
  template <class Message>
  DecodeOutcome decode_over(std::uint64_t connection, const Message& message) {
    const auto bytes = test::build(message);
    Datagram datagram = test::datagram_of(bytes);
    datagram.connection = ConnectionId{connection};
    return decoder.decode(datagram, sink);
  }
  [[nodiscard]] const FlowRecord& flow(std::size_t index) const {
    return sink.flows.at(index).record;
  }

  static std::uint32_t refused(const DecodeOutcome& outcome, DecodeError reason) {
    return outcome.malformed[static_cast<std::size_t>(reason)];
  }
  static std::uint32_t bits(std::initializer_list<Has> all) {
    std::uint32_t sum = 0;
    for (const Has has : all) sum |= static_cast<std::uint32_t>(has);
    return sum;
  }

  std::shared_ptr<SharedDecoderState> shared = make_shared_decoder_state();
  Decoder decoder{shared, {}};
  test::MessageSink sink;
};

}  // namespace weir::wire
