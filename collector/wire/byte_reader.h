#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace weir::wire {

/// Bounds-checked big-endian cursor over bytes that came from the network.
///
/// The first failure sticks: a read beyond the end gives zero, moves nothing and makes ok()
/// false for good, so that a caller reads a whole header and asks once. Lengths are compared
/// with what remains, never added to what was read.
///
/// Threads: a plain value, used by one thread. Owns nothing: the bytes outlive it.
class ByteReader {
 public:
  constexpr explicit ByteReader(std::span<const std::byte> bytes) noexcept
      : data_(bytes.data()), size_(bytes.size()) {}

  [[nodiscard]] std::uint8_t u8() noexcept { return static_cast<std::uint8_t>(integer<1>()); }
  [[nodiscard]] std::uint16_t u16() noexcept { return static_cast<std::uint16_t>(integer<2>()); }
  [[nodiscard]] std::uint32_t u24() noexcept { return static_cast<std::uint32_t>(integer<3>()); }
  [[nodiscard]] std::uint32_t u32() noexcept { return static_cast<std::uint32_t>(integer<4>()); }
  [[nodiscard]] std::uint64_t u64() noexcept { return integer<8>(); }

  /// Unsigned integer of 1 to 8 bytes; any other length fails.
  [[nodiscard]] std::uint64_t uint_of(std::size_t length) noexcept {
    if (length == 0 || length > 8) {
      failed_ = true;
      return 0;
    }
    const std::span<const std::byte> field = bytes(length);
    std::uint64_t value = 0;
    for (const std::byte b : field) value = (value << 8) | std::to_integer<std::uint64_t>(b);
    return value;
  }

  /// The next `n` bytes, or an empty span when fewer remain.
  [[nodiscard]] std::span<const std::byte> bytes(std::size_t n) noexcept {
    if (!claim(n)) return {};
    const std::span<const std::byte> view{data_ + position_, n};
    position_ += n;
    return view;
  }

  void skip(std::size_t n) noexcept {
    if (claim(n)) position_ += n;
  }

  /// A reader of the next `n` bytes alone, which this one passes over. When fewer remain,
  /// this reader fails and the other is empty.
  [[nodiscard]] ByteReader sub(std::size_t n) noexcept { return ByteReader{bytes(n)}; }

  [[nodiscard]] std::size_t remaining() const noexcept { return failed_ ? 0 : size_ - position_; }
  [[nodiscard]] std::span<const std::byte> rest() const noexcept {
    return {data_ + position_, remaining()};
  }
  [[nodiscard]] bool ok() const noexcept { return !failed_; }
  [[nodiscard]] std::size_t position() const noexcept { return position_; }

 private:
  [[nodiscard]] bool claim(std::size_t n) noexcept {
    if (failed_ || n > size_ - position_) failed_ = true;
    return !failed_;
  }

  template <std::size_t N>
  [[nodiscard]] std::uint64_t integer() noexcept {
    if (!claim(N)) return 0;
    // One load and one swap where there is an instruction for it: compilers do not see that
    // in a loop over bytes.
    std::uint64_t value = 0;
    const std::byte* const at = data_ + position_;
    position_ += N;
    if constexpr (N == 2) {
      std::uint16_t word = 0;
      std::memcpy(&word, at, sizeof word);
      value = std::endian::native == std::endian::little ? __builtin_bswap16(word) : word;
    } else if constexpr (N == 4) {
      std::uint32_t word = 0;
      std::memcpy(&word, at, sizeof word);
      value = std::endian::native == std::endian::little ? __builtin_bswap32(word) : word;
    } else if constexpr (N == 8) {
      std::memcpy(&value, at, sizeof value);
      value = std::endian::native == std::endian::little ? __builtin_bswap64(value) : value;
    } else {
      for (std::size_t i = 0; i < N; ++i) {
        value = (value << 8) | std::to_integer<std::uint64_t>(at[i]);
      }
    }
    return value;
  }

  const std::byte* data_;
  std::size_t size_;
  std::size_t position_ = 0;
  bool failed_ = false;
};

}  // namespace weir::wire
