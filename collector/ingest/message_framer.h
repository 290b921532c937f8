#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <tl/expected.hpp>
#include <vector>

namespace weir::ingest {

/// Why a stream cannot be cut into messages any further: its end is all that is left to it.
enum class FramingError : std::uint8_t {
  BadVersion,  ///< not an IPFIX message (RFC 7011, 3.1)
  BadLength,   ///< shorter than its own header
};

/// Cuts the bytes of one TCP connection into IPFIX messages, by the length in each header
/// (RFC 7011, 10.4).
///
/// Use: read into space(), tell took(), then take next() until it gives none.
///
/// Threads: one. Owns the bytes, never more than the longest message has; what next() gives
/// lives until the next space().
class MessageFramer {
 public:
  /// The longest message that a header can declare.
  static constexpr std::size_t kLongestMessage = 65'535;

  MessageFramer();

  /// Where to read to: at least one byte, unless next() still has a message or has failed.
  [[nodiscard]] std::span<std::byte> space();
  /// `bytes` of the space were filled.
  void took(std::size_t bytes) noexcept;

  /// The next whole message; nullopt: more bytes must come first. An error stays.
  [[nodiscard]] tl::expected<std::optional<std::span<const std::byte>>, FramingError>
  next() noexcept;

  /// Some bytes of a message are there, the rest is not.
  [[nodiscard]] bool is_mid_message() const noexcept { return begin_ != end_; }

 private:
  [[nodiscard]] std::uint16_t word_at(std::size_t position) const noexcept;

  std::vector<std::byte> bytes_;
  std::size_t begin_ = 0;  ///< of what is not yet given out
  std::size_t end_ = 0;
  std::size_t wanted_ = 0;  ///< length of the message that is under way, if known
  bool was_filled_ = false;
};

}  // namespace weir::ingest
