#include "collector/ingest/message_framer.h"

#include <algorithm>

namespace weir::ingest {
namespace {

constexpr std::uint16_t kIpfixVersion = 10;
constexpr std::size_t kHeaderBytes = 16;
/// Enough for a few common messages. A busy connection gets more, an idle one does not need it.
constexpr std::size_t kFirstCapacity = 4'096;

}  // namespace

MessageFramer::MessageFramer() : bytes_(kFirstCapacity) {}

std::uint16_t MessageFramer::word_at(std::size_t position) const noexcept {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes_[position]) << 8 |
                                    std::to_integer<unsigned>(bytes_[position + 1]));
}

std::span<std::byte> MessageFramer::space() {
  if (begin_ != 0) {
    std::copy(bytes_.begin() + static_cast<std::ptrdiff_t>(begin_),
              bytes_.begin() + static_cast<std::ptrdiff_t>(end_), bytes_.begin());
    end_ -= begin_;
    begin_ = 0;
  }
  const std::size_t grown = was_filled_ ? bytes_.size() * 2 : bytes_.size();
  const std::size_t capacity = std::min(std::max(grown, wanted_), kLongestMessage);
  if (capacity > bytes_.size()) bytes_.resize(capacity);
  was_filled_ = false;
  return std::span{bytes_}.subspan(end_);
}

void MessageFramer::took(std::size_t bytes) noexcept {
  end_ += std::min(bytes, bytes_.size() - end_);
  was_filled_ = end_ == bytes_.size();
}

tl::expected<std::optional<std::span<const std::byte>>, FramingError>
MessageFramer::next() noexcept {
  const std::size_t held = end_ - begin_;
  wanted_ = 0;
  if (held < 2) return std::nullopt;
  if (word_at(begin_) != kIpfixVersion) return tl::unexpected(FramingError::BadVersion);
  if (held < 4) return std::nullopt;
  const std::size_t length = word_at(begin_ + 2);
  if (length < kHeaderBytes) return tl::unexpected(FramingError::BadLength);
  if (held < length) {
    wanted_ = length;
    return std::nullopt;
  }
  const auto message = std::span<const std::byte>{bytes_}.subspan(begin_, length);
  begin_ += length;
  return message;
}

}  // namespace weir::ingest
