#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "collector/model/ip_address.h"

namespace weir::generator {

/// Writes network byte order into a buffer that it owns. Threads: one.
class ByteWriter {
 public:
  void u8(std::uint64_t value) { bytes_.push_back(static_cast<std::byte>(value & 0xff)); }
  void u16(std::uint64_t value) {
    u8(value >> 8);
    u8(value);
  }
  void u32(std::uint64_t value) {
    u16(value >> 16);
    u16(value);
  }
  void u64(std::uint64_t value) {
    u32(value >> 32);
    u32(value);
  }
  /// 4 or 16 bytes, by the address's family.
  void address(const IpAddress& value) {
    if (value.is_v4()) {
      u32(value.v4_value());
    } else {
      u64(value.high());
      u64(value.low());
    }
  }
  void zeros(std::size_t count) { bytes_.resize(bytes_.size() + count); }
  void append(std::span<const std::byte> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  /// Zeros up to the next multiple of four since `start`.
  void pad_to_word(std::size_t start) {
    while ((bytes_.size() - start) % 4 != 0) u8(0);
  }

  /// Overwrites two bytes written before, such as a length known only later.
  void set_u16(std::size_t at, std::uint64_t value) {
    bytes_[at] = static_cast<std::byte>((value >> 8) & 0xff);
    bytes_[at + 1] = static_cast<std::byte>(value & 0xff);
  }
  void set_u32(std::size_t at, std::uint64_t value) {
    set_u16(at, value >> 16);
    set_u16(at + 2, value);
  }

  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  [[nodiscard]] const std::vector<std::byte>& bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::vector<std::byte> take() noexcept { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace weir::generator
