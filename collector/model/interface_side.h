#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {
inline namespace model {

/// The router's own two ways through an interface, as counters know them (in, out); never the
/// customer's direction. Values index arrays and are kept in ledgers.
enum class InterfaceSide : std::uint8_t { Ingress = 0, Egress = 1 };
inline constexpr std::size_t kInterfaceSides = 2;

[[nodiscard]] constexpr std::string_view side_name(InterfaceSide side) noexcept {
  return side == InterfaceSide::Ingress ? "ingress" : "egress";
}

}  // namespace model
}  // namespace weir
