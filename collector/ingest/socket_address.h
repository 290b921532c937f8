#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>

#include "collector/model/ip_address.h"

namespace weir::ingest {

/// Between IpAddress and the kernel's socket addresses. Pure functions; any thread.
/// Folder-private.

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

struct AddressAndPort {
  IpAddress address;
  std::uint16_t port = 0;
};

/// IPv4 as AF_INET, everything else as AF_INET6.
[[nodiscard]] SocketAddress make_socket_address(const IpAddress& address,
                                                std::uint16_t port) noexcept;

/// Reads AF_INET and AF_INET6; another family gives `::` and port 0. sockaddr_in6 has room for
/// both, which is why the kernel writes into it.
[[nodiscard]] AddressAndPort read_socket_address(const sockaddr_in6& address) noexcept;

}  // namespace weir::ingest
