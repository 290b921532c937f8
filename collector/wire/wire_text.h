#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace weir::wire {

/// A text that an exporter sent, made safe to keep and to show.
///
/// Cut at the first NUL, at most kMostBytes, always valid UTF-8: control characters and bytes
/// that are no UTF-8 stand as `\xHH`, blanks at the end are dropped. Reading what view() gives
/// again changes nothing.
///
/// Threads: a plain value; holds its bytes itself.
class WireText {
 public:
  static constexpr std::size_t kMostBytes = 128;

  WireText() = default;
  explicit WireText(std::span<const std::byte> sent) noexcept;
  explicit WireText(std::string_view sent) noexcept
      : WireText(std::as_bytes(std::span{sent.data(), sent.size()})) {}

  [[nodiscard]] std::string_view view() const noexcept { return {bytes_.data(), size_}; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

 private:
  std::array<char, kMostBytes> bytes_;  // read only below size_
  std::uint8_t size_ = 0;
};

}  // namespace weir::wire
