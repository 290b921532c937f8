#include "collector/model/ip_address.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>

namespace weir {
inline namespace model {
namespace {

std::uint64_t read_word(const unsigned char* bytes) noexcept {
  std::uint64_t word = 0;
  for (int i = 0; i < 8; ++i) word = word << 8 | bytes[i];
  return word;
}

struct Mask {
  std::uint64_t high;
  std::uint64_t low;
};

/// The mask of the first `bits` of 128.
Mask mask_of(unsigned bits) noexcept {
  const auto ones = [](unsigned n) { return n == 0 ? 0 : ~std::uint64_t{0} << (64 - n); };
  return bits <= 64 ? Mask{ones(bits), 0} : Mask{~std::uint64_t{0}, ones(bits - 64)};
}

/// IPv4 lives in the last 32 of 128 bits.
unsigned mapped_length(const IpAddress& address, unsigned length) noexcept {
  return address.is_v4() ? length + 96 : length;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string terminated(text);
  if (in_addr v4_bytes{}; inet_pton(AF_INET, terminated.c_str(), &v4_bytes) == 1)
    return v4(ntohl(v4_bytes.s_addr));
  if (in6_addr v6_bytes{}; inet_pton(AF_INET6, terminated.c_str(), &v6_bytes) == 1)
    return v6(read_word(v6_bytes.s6_addr), read_word(v6_bytes.s6_addr + 8));
  return std::nullopt;
}

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_v4()) {
    const in_addr bytes{htonl(v4_value())};
    inet_ntop(AF_INET, &bytes, text.data(), text.size());
  } else {
    in6_addr bytes{};
    for (int i = 0; i < 8; ++i) {
      bytes.s6_addr[i] = static_cast<unsigned char>(high_ >> (56 - 8 * i));
      bytes.s6_addr[8 + i] = static_cast<unsigned char>(low_ >> (56 - 8 * i));
    }
    inet_ntop(AF_INET6, &bytes, text.data(), text.size());
  }
  return text.data();
}

IpPrefix::IpPrefix(IpAddress address, std::uint8_t length) noexcept : length_(length) {
  const Mask mask = mask_of(mapped_length(address, length));
  address_ = IpAddress::v6(address.high() & mask.high, address.low() & mask.low);
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  const unsigned longest = address->is_v4() ? 32 : 128;
  unsigned length = longest;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (error != std::errc{} || end != digits.data() + digits.size() || length > longest)
      return std::nullopt;
  }
  const IpPrefix prefix(*address, static_cast<std::uint8_t>(length));
  if (prefix.address() != *address) return std::nullopt;
  return prefix;
}

bool IpPrefix::contains(const IpAddress& address) const noexcept {
  if (address.is_v4() != is_v4()) return false;
  const Mask mask = mask_of(mapped_length(address_, length_));
  return (address.high() & mask.high) == address_.high() &&
         (address.low() & mask.low) == address_.low();
}

std::string IpPrefix::to_string() const {
  return address_.to_string() + "/" + std::to_string(length_);
}

}  // namespace model
}  // namespace weir
