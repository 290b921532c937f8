#include "collector/generator/udp_sender.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

namespace weir::generator {
namespace {

struct HostAndPort {
  std::string host;
  std::string port;
};

std::optional<HostAndPort> split_target(std::string_view target) {
  const std::size_t colon = target.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == target.size())
    return std::nullopt;
  std::string_view host = target.substr(0, colon);
  if (host.front() == '[') {
    if (host.back() != ']') return std::nullopt;
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  const auto port = target.substr(colon + 1);
  if (port.find_first_not_of("0123456789") != std::string_view::npos || port.size() > 5)
    return std::nullopt;
  return HostAndPort{std::string{host}, std::string{port}};
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t bytes = 0;
};

SocketAddress socket_address(const IpAddress& address) noexcept {
  SocketAddress result;
  if (address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_addr.s_addr = htonl(address.v4_value());
    std::memcpy(&result.storage, &v4, sizeof v4);
    result.bytes = sizeof v4;
    return result;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  for (std::size_t i = 0; i < 8; ++i) {
    const std::size_t shift = 56 - 8 * i;
    v6.sin6_addr.s6_addr[i] = static_cast<std::uint8_t>((address.high() >> shift) & 0xff);
    v6.sin6_addr.s6_addr[i + 8] = static_cast<std::uint8_t>((address.low() >> shift) & 0xff);
  }
  std::memcpy(&result.storage, &v6, sizeof v6);
  result.bytes = sizeof v6;
  return result;
}

const sockaddr* generic(const sockaddr_storage& storage) noexcept {
  return static_cast<const sockaddr*>(static_cast<const void*>(&storage));
}

}  // namespace

Result<UdpSender> UdpSender::open(std::string_view target,
                                  std::span<const ExporterPlan> exporters) {
  const auto split = split_target(target);
  if (!split)
    return failure(ErrorCode::Usage,
                   fmt::format("'{}' is not a target; write HOST:PORT or [ADDRESS]:PORT", target));
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(split->host.c_str(), split->port.c_str(), &hints, &found);
  if (error != 0)
    return failure(ErrorCode::Usage, fmt::format("cannot find {}: {}; write an address", target,
                                                 gai_strerror(error)));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list{found, &freeaddrinfo};

  UdpSender sender;
  // A name such as localhost has two families: take the one that the exporters have.
  const int wanted = exporters.empty() || exporters.front().address.is_v4() ? AF_INET : AF_INET6;
  const addrinfo* chosen = list.get();
  for (const addrinfo* one = list.get(); one != nullptr; one = one->ai_next)
    if (one->ai_family == wanted) {
      chosen = one;
      break;
    }
  std::memcpy(&sender.target_, chosen->ai_addr, chosen->ai_addrlen);
  sender.target_bytes_ = chosen->ai_addrlen;

  for (const ExporterPlan& exporter : exporters) {
    const SocketAddress source = socket_address(exporter.address);
    if (source.storage.ss_family != sender.target_.ss_family)
      return failure(ErrorCode::Usage,
                     fmt::format("exporter {} has address {}, of another family than {}; change "
                                 "one of them",
                                 exporter.name, exporter.address.to_string(), target));
    const int fd = socket(source.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
      return failure(ErrorCode::Unavailable,
                     fmt::format("cannot open a socket: {}", std::strerror(errno)));
    sender.sockets_.push_back(fd);
    if (bind(fd, generic(source.storage), source.bytes) != 0)
      return failure(
          ErrorCode::Unavailable,
          fmt::format("cannot send from {} (exporter {}): {}; give exporters addresses of this "
                      "machine (127.1.0.1 and so on on loopback), or write a file with --pcap",
                      exporter.address.to_string(), exporter.name, std::strerror(errno)));
  }
  return sender;
}

bool UdpSender::send(std::size_t exporter, std::span<const std::byte> payload) noexcept {
  ssize_t sent = 0;
  do {
    sent = sendto(sockets_[exporter], payload.data(), payload.size(), 0, generic(target_),
                  target_bytes_);
  } while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(payload.size());
}

UdpSender::UdpSender(UdpSender&& other) noexcept
    : sockets_(std::exchange(other.sockets_, {})),
      target_(other.target_),
      target_bytes_(other.target_bytes_) {}

UdpSender::~UdpSender() {
  for (const int fd : sockets_) close(fd);
}

}  // namespace weir::generator
