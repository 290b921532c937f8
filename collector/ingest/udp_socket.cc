#include "collector/ingest/udp_socket.h"

#include <fmt/format.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string>

#include "collector/ingest/listen_failure.h"
#include "collector/ingest/socket_address.h"

namespace weir::ingest {
namespace {

std::string endpoint_text(const UdpSocketOptions& options) {
  const std::string address = options.address.to_string();
  return options.address.is_v4() ? fmt::format("udp {}:{}", address, options.port)
                                 : fmt::format("udp [{}]:{}", address, options.port);
}

tl::unexpected<Error> open_failure(const UdpSocketOptions& options, int error) {
  return listen_failure(endpoint_text(options), error, "ss -ulpn");
}

bool set_int(int fd, int level, int option, int value) noexcept {
  return ::setsockopt(fd, level, option, &value, sizeof value) == 0;
}

std::uint32_t read_buffer_bytes(int fd) noexcept {
  int value = 0;
  socklen_t length = sizeof value;
  if (::getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, &length) != 0 || value < 0) return 0;
  return static_cast<std::uint32_t>(value);
}

void request_buffer(int fd, std::uint32_t bytes) noexcept {
  const int wanted = static_cast<int>(
      std::min<std::uint32_t>(bytes, static_cast<std::uint32_t>(std::numeric_limits<int>::max())));
  // FORCE goes beyond net.core.rmem_max but needs CAP_NET_ADMIN. A smaller buffer still works,
  // and what was granted is read back and shown.
  if (!set_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, wanted))
    static_cast<void>(set_int(fd, SOL_SOCKET, SO_RCVBUF, wanted));
}

}  // namespace

Result<UdpSocket> UdpSocket::open(const UdpSocketOptions& options) {
  const int family = options.address.is_v4() ? AF_INET : AF_INET6;
  UdpSocket result;
  result.fd_ = UniqueFd(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int fd = result.fd_.get();
  if (fd < 0) return open_failure(options, errno);
  if (options.sharing == PortSharing::Reuse && !set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1))
    return open_failure(options, errno);
  // The system's default for V6ONLY differs from machine to machine (net.ipv6.bindv6only).
  if (family == AF_INET6 && !set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0))
    return open_failure(options, errno);
  // Before bind(): nothing arrives while the buffer is small.
  if (options.receive_buffer_bytes != 0) request_buffer(fd, options.receive_buffer_bytes);

  const SocketAddress address = make_socket_address(options.address, options.port);
  sockaddr_storage storage = address.storage;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&storage), address.length) != 0)
    return open_failure(options, errno);

  socklen_t length = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0)
    return open_failure(options, errno);
  sockaddr_in6 bound{};
  std::memcpy(&bound, &storage, sizeof bound);
  const AddressAndPort local = read_socket_address(bound);
  result.local_address_ = local.address;
  result.local_port_ = local.port;
  result.requested_ = options.receive_buffer_bytes;
  result.granted_ = read_buffer_bytes(fd);
  result.drops_ = std::make_unique<Drops>();
  return result;
}

std::uint64_t UdpSocket::dropped() noexcept {
  // SO_RXQ_OVFL tells of drops only with the next datagram that fits, so that it misses the
  // last ones; the socket's memory information has them all.
  const std::lock_guard lock(drops_->mutex);
  std::array<std::uint32_t, SK_MEMINFO_VARS> information{};
  socklen_t length = sizeof information;
  const bool is_read =
      ::getsockopt(fd_.get(), SOL_SOCKET, SO_MEMINFO, information.data(), &length) == 0 &&
      length >= (SK_MEMINFO_DROPS + 1) * sizeof(std::uint32_t);
  return is_read ? drops_->count.advance(information[SK_MEMINFO_DROPS]) : drops_->count.total();
}

}  // namespace weir::ingest
