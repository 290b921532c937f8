#include "tests/ingest/loopback.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

namespace weir::test {

Sender::Sender(const IpAddress& to, std::uint16_t port)
    : fd_(::socket(to.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  sockaddr_storage storage{};
  socklen_t length = 0;
  if (to.is_v4()) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(to.v4_value());
    length = sizeof address;
    std::memcpy(&storage, &address, sizeof address);
  } else {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    EXPECT_EQ(::inet_pton(AF_INET6, to.to_string().c_str(), &address.sin6_addr), 1);
    length = sizeof address;
    std::memcpy(&storage, &address, sizeof address);
  }
  EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&storage), length), 0);
  length = sizeof storage;
  EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&storage), &length), 0);
  // The port stands at the same place for both families.
  sockaddr_in address{};
  std::memcpy(&address, &storage, sizeof address);
  port_ = ntohs(address.sin_port);
}

Sender::~Sender() { ::close(fd_); }

void Sender::send(std::span<const std::byte> payload) const {
  EXPECT_EQ(::send(fd_, payload.data(), payload.size(), 0), static_cast<ssize_t>(payload.size()));
}

std::vector<std::vector<std::byte>> drain(ingest::DatagramBatch& batch, ingest::UdpSocket& socket) {
  std::vector<std::vector<std::byte>> payloads;
  for (;;) {
    const auto datagrams = batch.receive(socket, TrafficTime{});
    if (datagrams.empty()) return payloads;
    for (const Datagram& datagram : datagrams)
      payloads.emplace_back(datagram.payload.begin(), datagram.payload.end());
  }
}

}  // namespace weir::test
