#pragma once

#include <cstdint>
#include <string_view>

namespace weir::wire {

/// The name of an information element: of the IANA registry (enterprise 0), or of the vendors
/// whose elements occur in export of routers and firewalls. Reverse elements (enterprise 29305)
/// bear the name of the forward one; is_reverse() tells them apart. Empty when unknown.
///
/// Threads: any; a look-up in a constant table.
[[nodiscard]] std::string_view element_name(std::uint32_t enterprise, std::uint16_t id) noexcept;

/// The vendor behind an enterprise number; empty when unknown.
[[nodiscard]] std::string_view enterprise_name(std::uint32_t enterprise) noexcept;

/// RFC 5103, 6.1.
[[nodiscard]] constexpr bool is_reverse(std::uint32_t enterprise) noexcept {
  return enterprise == 29'305;
}

}  // namespace weir::wire
