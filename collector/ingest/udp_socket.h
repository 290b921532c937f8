#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include "collector/ingest/unique_fd.h"
#include "collector/ingest/wrapping_count.h"
#include "collector/model/ip_address.h"
#include "collector/model/result.h"

namespace weir::ingest {

/// Whether other sockets may listen on the same address and port.
enum class PortSharing : std::uint8_t {
  Exclusive,  ///< opening fails while anybody listens there
  Reuse,      ///< SO_REUSEPORT: the kernel spreads senders over the sockets of one user
};

struct UdpSocketOptions {
  IpAddress address{};     ///< `::` receives IPv4 too
  std::uint16_t port = 0;  ///< 0: a free one, see local_port()
  /// Asked of the kernel; 0 leaves the system's default.
  std::uint32_t receive_buffer_bytes = 33'554'432;
  PortSharing sharing = PortSharing::Reuse;
};

/// A bound, non-blocking UDP socket that receives flow export.
///
/// Threads: one receives from it (datagram_batch.h); dropped() and the getters from any.
/// Owns its descriptor, which programs that the process starts do not inherit.
class UdpSocket {
 public:
  /// Errors: Unavailable (port in use, address not of this machine, no IPv6), Permission
  /// (a port that only root may open), Internal.
  [[nodiscard]] static Result<UdpSocket> open(const UdpSocketOptions& options);

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  [[nodiscard]] IpAddress local_address() const noexcept { return local_address_; }
  [[nodiscard]] std::uint16_t local_port() const noexcept { return local_port_; }

  [[nodiscard]] std::uint32_t requested_buffer_bytes() const noexcept { return requested_; }
  /// As the kernel counts: twice the request where it is granted in full, since the kernel
  /// adds as much for its own book-keeping.
  [[nodiscard]] std::uint32_t granted_buffer_bytes() const noexcept { return granted_; }

  /// Datagrams that the kernel dropped on this socket since it was opened (queue full or bad
  /// checksum). Exact: what was sent here is what was received plus this.
  [[nodiscard]] std::uint64_t dropped() noexcept;

 private:
  struct Drops {
    std::mutex mutex;  ///< guards the reading from the kernel and `count`
    WrappingCount count;
  };

  UdpSocket() = default;

  UniqueFd fd_;
  IpAddress local_address_;
  std::uint16_t local_port_ = 0;
  std::uint32_t requested_ = 0;
  std::uint32_t granted_ = 0;
  std::unique_ptr<Drops> drops_;  ///< on the heap, since a mutex does not move
};

}  // namespace weir::ingest
