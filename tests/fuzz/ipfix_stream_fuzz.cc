/// Any bytes in any chunks: a stream is cut into the same messages as if it came in one piece,
/// every read makes progress, and no more is held than the longest message.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <vector>

#include "collector/ingest/message_framer.h"

namespace {

using weir::ingest::FramingError;
using weir::ingest::MessageFramer;

struct Cut {
  std::vector<std::vector<std::byte>> messages;
  std::optional<FramingError> error;
};

void require(bool holds) {
  if (!holds) std::abort();
}

/// The rule itself: 16 bits of version, 16 bits of length that counts the header (RFC 7011, 3.1).
Cut cut_plainly(std::span<const std::byte> stream) {
  Cut cut;
  const auto word = [&](std::size_t at) {
    return std::to_integer<std::size_t>(stream[at]) * 256 +
           std::to_integer<std::size_t>(stream[at + 1]);
  };
  while (stream.size() >= 2) {
    if (word(0) != 10) {
      cut.error = FramingError::BadVersion;
      return cut;
    }
    if (stream.size() < 4) break;
    const std::size_t length = word(2);
    if (length < 16) {
      cut.error = FramingError::BadLength;
      return cut;
    }
    if (stream.size() < length) break;
    cut.messages.emplace_back(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(length));
    stream = stream.subspan(length);
  }
  return cut;
}

Cut cut_in_chunks(std::span<const std::byte> stream, std::span<const std::uint8_t> chunks) {
  Cut cut;
  MessageFramer framer;
  std::size_t turn = 0;
  while (!stream.empty() && !cut.error) {
    const auto space = framer.space();
    require(!space.empty() && space.size() <= MessageFramer::kLongestMessage);
    // Chunks of one byte to more than the space, by square steps.
    const std::size_t step = chunks.empty() ? 255 : chunks[turn++ % chunks.size()];
    const std::size_t count = std::min({step * step + 1, space.size(), stream.size()});
    std::copy_n(stream.begin(), count, space.begin());
    framer.took(count);
    stream = stream.subspan(count);
    for (;;) {
      const auto next = framer.next();
      if (!next) {
        cut.error = next.error();
        break;
      }
      if (!*next) break;
      cut.messages.emplace_back((*next)->begin(), (*next)->end());
    }
  }
  return cut;
}

}  // namespace

/// The first byte says how many bytes of chunk sizes follow; the rest is the stream.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t sizes = std::min<std::size_t>(data[0], size - 1);
  const std::span<const std::uint8_t> chunks{data + 1, sizes};
  const auto stream = std::as_bytes(std::span{data + 1 + sizes, size - 1 - sizes});
  const Cut plain = cut_plainly(stream);
  const Cut chunked = cut_in_chunks(stream, chunks);
  require(plain.messages == chunked.messages);
  require(plain.error == chunked.error);
  return 0;
}
