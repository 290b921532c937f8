#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <tl/expected.hpp>

namespace weir::ingest {

/// Finds the IP packet inside a captured frame. Pure functions over untrusted bytes; any
/// thread.

enum class LinkError : std::uint8_t {
  NotIp,      ///< a frame of another network protocol
  Truncated,  ///< ends inside its link header
};

/// Link types (libpcap DLT_ values) that find_ip() reads: Ethernet, Linux cooked 1 and 2, raw
/// IP, BSD loopback.
[[nodiscard]] bool is_link_type_supported(int link_type) noexcept;

/// The bytes from the IP header on, with whatever trails the packet. VLAN tags are skipped.
/// Of a link type that is not supported every frame is NotIp.
[[nodiscard]] tl::expected<std::span<const std::byte>, LinkError> find_ip(
    int link_type, std::span<const std::byte> frame) noexcept;

}  // namespace weir::ingest
