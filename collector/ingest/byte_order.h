#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace weir::ingest {

/// Big-endian fields of packet headers. The caller has compared `offset` with the length.
/// Folder-private; any thread.

[[nodiscard]] constexpr std::uint8_t read_u8(std::span<const std::byte> bytes,
                                             std::size_t offset) noexcept {
  return std::to_integer<std::uint8_t>(bytes[offset]);
}

[[nodiscard]] constexpr std::uint16_t read_u16(std::span<const std::byte> bytes,
                                               std::size_t offset) noexcept {
  return static_cast<std::uint16_t>((read_u8(bytes, offset) << 8) | read_u8(bytes, offset + 1));
}

[[nodiscard]] constexpr std::uint32_t read_u32(std::span<const std::byte> bytes,
                                               std::size_t offset) noexcept {
  return (std::uint32_t{read_u16(bytes, offset)} << 16) | read_u16(bytes, offset + 2);
}

[[nodiscard]] constexpr std::uint64_t read_u64(std::span<const std::byte> bytes,
                                               std::size_t offset) noexcept {
  return (std::uint64_t{read_u32(bytes, offset)} << 32) | read_u32(bytes, offset + 4);
}

}  // namespace weir::ingest
