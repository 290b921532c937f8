#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "collector/ingest/datagram_batch.h"
#include "collector/ingest/udp_socket.h"
#include "collector/model/ip_address.h"

namespace weir::test {

inline const IpAddress kLoopbackV4 = IpAddress::v4(0x7f00'0001);
inline const IpAddress kLoopbackV6 = IpAddress::v6(0, 1);

/// Sends datagrams over loopback, where they are queued or dropped before send() returns.
class Sender {
 public:
  Sender(const IpAddress& to, std::uint16_t port);
  ~Sender();
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  void send(std::span<const std::byte> payload) const;
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

/// Everything that waits in `socket`, copied.
[[nodiscard]] std::vector<std::vector<std::byte>> drain(ingest::DatagramBatch& batch,
                                                        ingest::UdpSocket& socket);

}  // namespace weir::test
