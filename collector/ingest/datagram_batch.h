#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "collector/ingest/udp_socket.h"
#include "collector/model/datagram.h"
#include "collector/model/time.h"

namespace weir::ingest {

/// The longest payload of a UDP datagram that its length field can say.
inline constexpr std::size_t kLongestDatagram = 65'535;

/// Receives many datagrams a system call, into memory of its own.
///
/// Threads: one. Owns the bytes that receive() returns; they live until the next receive().
/// Invariant: receive() allocates nothing.
///
/// Layout: the heads (the first 2 KiB of each datagram) stand side by side, so that a batch of
/// common datagrams takes 128 KiB. The rest of a longer datagram lands in a space of its own, to
/// which its head is then copied. Spaces that no long datagram has used are never touched and
/// cost address space alone.
class DatagramBatch {
 public:
  /// `capacity`: datagrams a call. `longest_bytes`: what is longer is dropped and counted.
  explicit DatagramBatch(std::size_t capacity = 64, std::size_t longest_bytes = kLongestDatagram);

  /// What waits in `socket` now, up to the capacity; never blocks. Empty: nothing waits, or
  /// all that came was truncated, or the call failed (failures()). Each datagram is stamped
  /// with `arrival`. Datagrams without a byte are delivered.
  [[nodiscard]] std::span<const Datagram> receive(UdpSocket& socket, TrafficTime arrival) noexcept;

  /// Datagrams dropped for being longer than the buffer, over all sockets, ever.
  [[nodiscard]] std::uint64_t truncated() const noexcept { return truncated_; }
  /// The same, of the last receive() alone.
  [[nodiscard]] std::uint64_t last_truncated() const noexcept { return last_truncated_; }
  /// Calls that the system refused, for another reason than an empty queue.
  [[nodiscard]] std::uint64_t failures() const noexcept { return failures_; }

 private:
  struct Unmap {
    std::size_t bytes = 0;
    void operator()(std::byte* memory) const noexcept;
  };
  using Mapping = std::unique_ptr<std::byte, Unmap>;

  [[nodiscard]] static Mapping map(std::size_t bytes);
  [[nodiscard]] std::byte* head(std::size_t index) const noexcept;
  [[nodiscard]] std::byte* space(std::size_t index) const noexcept;
  [[nodiscard]] std::span<const std::byte> payload(std::size_t index, std::size_t bytes) noexcept;

  std::size_t capacity_;
  std::size_t head_bytes_;   ///< offered to the kernel first
  std::size_t space_bytes_;  ///< stride of the spaces
  Mapping heads_;
  Mapping spaces_;
  std::vector<iovec> vectors_;  ///< two a message: head, rest
  std::vector<sockaddr_in6> sources_;
  std::vector<mmsghdr> messages_;
  std::vector<Datagram> datagrams_;
  std::uint64_t truncated_ = 0;
  std::uint64_t last_truncated_ = 0;
  std::uint64_t failures_ = 0;
};

}  // namespace weir::ingest
