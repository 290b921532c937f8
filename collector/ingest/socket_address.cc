#include "collector/ingest/socket_address.h"

#include <arpa/inet.h>
#include <endian.h>

#include <cstring>

namespace weir::ingest {

SocketAddress make_socket_address(const IpAddress& address, std::uint16_t port) noexcept {
  SocketAddress result;
  if (address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    v4.sin_addr.s_addr = htonl(address.v4_value());
    std::memcpy(&result.storage, &v4, sizeof v4);
    result.length = sizeof v4;
    return result;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  const std::uint64_t high = htobe64(address.high());
  const std::uint64_t low = htobe64(address.low());
  std::memcpy(v6.sin6_addr.s6_addr, &high, sizeof high);
  std::memcpy(v6.sin6_addr.s6_addr + sizeof high, &low, sizeof low);
  std::memcpy(&result.storage, &v6, sizeof v6);
  result.length = sizeof v6;
  return result;
}

AddressAndPort read_socket_address(const sockaddr_in6& address) noexcept {
  if (address.sin6_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return {.address = IpAddress::v4(ntohl(v4.sin_addr.s_addr)), .port = ntohs(v4.sin_port)};
  }
  if (address.sin6_family != AF_INET6) return {};
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, address.sin6_addr.s6_addr, sizeof high);
  std::memcpy(&low, address.sin6_addr.s6_addr + sizeof high, sizeof low);
  return {.address = IpAddress::v6(be64toh(high), be64toh(low)), .port = ntohs(address.sin6_port)};
}

}  // namespace weir::ingest
