#include "collector/wire/wire_text.h"

#include <algorithm>

namespace weir::wire {
namespace {

/// Bytes of the character at the start of `text` if it is whole, valid (RFC 3629, 4) and no
/// control character; else 0.
[[nodiscard]] std::size_t character_bytes(std::span<const std::byte> text) noexcept {
  const auto at = [text](std::size_t i) { return std::to_integer<std::uint32_t>(text[i]); };
  const std::uint32_t first = at(0);
  if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
  std::size_t length = 0;
  std::uint32_t point = 0;
  if ((first & 0xe0U) == 0xc0) {
    length = 2;
    point = first & 0x1fU;
  } else if ((first & 0xf0U) == 0xe0) {
    length = 3;
    point = first & 0x0fU;
  } else if ((first & 0xf8U) == 0xf0) {
    length = 4;
    point = first & 0x07U;
  } else {
    return 0;
  }
  if (text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0U) != 0x80) return 0;
    point = point << 6 | (at(i) & 0x3fU);
  }
  constexpr std::array<std::uint32_t, 5> kShortest{0, 0, 0xa0, 0x800, 0x1'0000};
  const bool is_surrogate = point >= 0xd800 && point <= 0xdfff;
  return point < kShortest[length] || is_surrogate || point > 0x10'ffff ? 0 : length;
}

}  // namespace

WireText::WireText(std::span<const std::byte> sent) noexcept {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto end = std::ranges::find(sent, std::byte{0});
  auto rest = sent.first(static_cast<std::size_t>(end - sent.begin()));
  while (!rest.empty()) {
    const std::size_t length = character_bytes(rest);
    const std::size_t room = kMostBytes - size_;
    if (length != 0) {
      if (length > room) break;
      for (const std::byte byte : rest.first(length)) {
        bytes_[size_++] = static_cast<char>(std::to_integer<unsigned char>(byte));
      }
      rest = rest.subspan(length);
      continue;
    }
    if (room < 4) break;
    const auto value = std::to_integer<unsigned>(rest.front());
    for (const char c : {'\\', 'x', kDigits[value >> 4], kDigits[value & 15U]}) bytes_[size_++] = c;
    rest = rest.subspan(1);
  }
  while (size_ > 0 && bytes_[size_ - 1U] == ' ') --size_;
}

}  // namespace weir::wire
