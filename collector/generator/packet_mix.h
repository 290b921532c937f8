#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::generator {

/// Packets of one IP length and how many of every hundred packets have it.
struct PacketClass {
  std::uint32_t ip_bytes = 0;
  std::uint32_t percent = 0;
};

/// Sizes of a traffic's packets. Invariant: the percentages sum to 100.
class PacketMix {
 public:
  /// `imix` (58 % 40, 33 % 576, 9 % 1500 bytes), `large`, `small` or `fixed N` with N from
  /// 40 to 9000.
  [[nodiscard]] static std::optional<PacketMix> parse(std::string_view text);

  PacketMix();  ///< large

  [[nodiscard]] std::span<const PacketClass> classes() const noexcept { return classes_; }
  [[nodiscard]] double mean_ip_bytes() const noexcept;

 private:
  explicit PacketMix(std::vector<PacketClass> classes) : classes_(std::move(classes)) {}

  std::vector<PacketClass> classes_;
};

/// Smallest IP length the generator gives an IPv6 packet: header and TCP header.
inline constexpr std::uint32_t kSmallestIpv6Bytes = 60;

}  // namespace weir::generator
