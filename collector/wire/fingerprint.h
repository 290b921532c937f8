#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace weir::wire {

/// A 64-bit mark of a datagram's bytes, to tell a datagram that the network doubled from
/// another one that carries the same sequence number. Reads every byte, four words abreast.
/// Not a defence: who can forge a datagram can forge its mark.
[[nodiscard]] inline std::uint64_t fingerprint(std::span<const std::byte> bytes) noexcept {
  constexpr std::uint64_t kMultiplier = 0x9e37'79b9'7f4a'7c15ULL;
  const auto word = [](const std::byte* at) noexcept {
    std::uint64_t value = 0;
    std::memcpy(&value, at, sizeof value);
    return value;
  };
  const auto mix = [](std::uint64_t lane, std::uint64_t value) noexcept {
    lane = (lane ^ value) * kMultiplier;
    return lane ^ (lane >> 32);
  };
  std::uint64_t a = bytes.size();
  std::uint64_t b = 1;
  std::uint64_t c = 2;
  std::uint64_t d = 3;
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 32; left -= 32, at += 32) {
    a = mix(a, word(at));
    b = mix(b, word(at + 8));
    c = mix(c, word(at + 16));
    d = mix(d, word(at + 24));
  }
  for (; left >= 8; left -= 8, at += 8) a = mix(a, word(at));
  std::uint64_t tail = 0;
  if (left != 0) std::memcpy(&tail, at, left);
  return mix(mix(mix(a, b), mix(c, d)), tail);
}

}  // namespace weir::wire
