#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weir {
inline namespace model {

/// An IPv4 or IPv6 address as two host-order words. IPv4 is held in its mapped form
/// ::ffff:a.b.c.d (RFC 4291, 2.5.5.2), so a mapped address and the IPv4 address it
/// maps are the same address: a dual-stack socket shows IPv4 exporters that way.
class IpAddress {
 public:
  /// The unspecified address `::`.
  constexpr IpAddress() noexcept = default;

  [[nodiscard]] static constexpr IpAddress v4(std::uint32_t address) noexcept {
    return IpAddress{0, 0x0000'ffff'0000'0000ULL | address};
  }
  [[nodiscard]] static constexpr IpAddress v6(std::uint64_t high, std::uint64_t low) noexcept {
    return IpAddress{high, low};
  }
  /// Dotted decimal or RFC 4291 text; nothing else, no scope, no prefix length.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

  [[nodiscard]] constexpr std::uint64_t high() const noexcept { return high_; }
  [[nodiscard]] constexpr std::uint64_t low() const noexcept { return low_; }
  [[nodiscard]] constexpr bool is_v4() const noexcept {
    return high_ == 0 && (low_ >> 32) == 0xffff;
  }
  [[nodiscard]] constexpr bool is_unspecified() const noexcept { return high_ == 0 && low_ == 0; }
  /// The 32 bits of an IPv4 address; only for is_v4().
  [[nodiscard]] constexpr std::uint32_t v4_value() const noexcept {
    return static_cast<std::uint32_t>(low_);
  }

  /// Dotted decimal for IPv4, RFC 5952 text for IPv6.
  [[nodiscard]] std::string to_string() const;

  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) noexcept = default;

 private:
  constexpr IpAddress(std::uint64_t high, std::uint64_t low) noexcept : high_(high), low_(low) {}

  std::uint64_t high_ = 0;
  std::uint64_t low_ = 0;
};

/// Mixes all 128 bits with `seed`; outsiders choose source addresses, so tables keyed
/// by address take a random seed per process.
[[nodiscard]] constexpr std::uint64_t hash_address(const IpAddress& address,
                                                   std::uint64_t seed) noexcept {
  std::uint64_t h = seed ^ (address.high() * 0x9e37'79b9'7f4a'7c15ULL);
  h = (h ^ (h >> 29) ^ address.low()) * 0xbf58'476d'1ce4'e5b9ULL;
  return h ^ (h >> 32);
}

/// An address block in CIDR form. Invariant: bits beyond `length` are zero.
/// `length` counts in the address's own family: 0..32 for IPv4, 0..128 for IPv6.
class IpPrefix {
 public:
  /// "192.0.2.0/24" or "2001:db8::/32"; a bare address is a full-length prefix. Bits set
  /// beyond the length are refused (nullopt), since they are most often a typing error.
  [[nodiscard]] static std::optional<IpPrefix> parse(std::string_view text);

  /// `length` must fit the family of `address`; bits beyond it are cleared.
  IpPrefix(IpAddress address, std::uint8_t length) noexcept;

  [[nodiscard]] const IpAddress& address() const noexcept { return address_; }
  [[nodiscard]] std::uint8_t length() const noexcept { return length_; }
  [[nodiscard]] bool is_v4() const noexcept { return address_.is_v4(); }
  [[nodiscard]] bool contains(const IpAddress& address) const noexcept;
  [[nodiscard]] std::string to_string() const;

  friend auto operator<=>(const IpPrefix&, const IpPrefix&) noexcept = default;

 private:
  IpAddress address_;
  std::uint8_t length_ = 0;
};

}  // namespace model
}  // namespace weir

template <>
struct std::hash<weir::IpAddress> {
  std::size_t operator()(const weir::IpAddress& address) const noexcept {
    return weir::hash_address(address, 0);
  }
};
