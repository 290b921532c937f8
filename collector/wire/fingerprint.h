#pragma once

#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace weir::wire {

/// A 64-bit mark of a datagram's bytes, to tell a datagram that the network doubled from
/// another one that carries the same sequence number. Reads every byte.
/// Not a defence: who can forge a datagram can forge its mark.
[[nodiscard]] inline std::uint64_t fingerprint(std::span<const std::byte> bytes) noexcept {
  return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace weir::wire
