#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "collector/ingest/capture_stats.h"
#include "collector/ingest/pcap_handle.h"
#include "collector/ingest/udp_extract.h"
#include "collector/ingest/wrapping_count.h"
#include "collector/model/datagram.h"
#include "collector/model/result.h"

namespace weir::ingest {

struct LiveCaptureOptions {
  std::string device{};  ///< network interface, or `any`
  std::string filter{};  ///< BPF text; empty: everything
  /// Longest packet kept whole. A jumbo frame fits; longer datagrams come in fragments. The
  /// ring holds buffer_bytes / snapshot_bytes packets, so that more is not better.
  std::uint32_t snapshot_bytes = 16'384;
  std::uint32_t buffer_bytes = 67'108'864;  ///< the kernel's ring of packets
};

/// Packets from a network interface as they pass: a mirror port, or a tap on export traffic.
///
/// Threads: one reads; dropped() from any. Never blocks: wait on fd(), or nap and ask again.
/// The bytes it hands out live until the next call.
class LiveCapture {
 public:
  /// Errors: NotFound (no such device; the sentence lists those there are), Permission
  /// (CAP_NET_RAW is missing), Unavailable (the interface is down), Usage (bad filter,
  /// a link type that is not read here).
  [[nodiscard]] static Result<LiveCapture> open(const LiveCaptureOptions& options);

  /// Readable when a packet waits.
  [[nodiscard]] int fd() const noexcept { return fd_; }

  /// The next UDP datagram, or nullopt when no packet waits. Unavailable: the interface is
  /// gone or down.
  [[nodiscard]] Result<std::optional<Datagram>> next_datagram();
  /// The next packet, or nullopt when none waits. Use either this or next_datagram().
  [[nodiscard]] Result<std::optional<CapturedPacket>> next_packet();

  /// Packets that the kernel dropped since the start, for want of room in the ring or by the
  /// interface itself. On the loopback interface the kernel counts each twice: going out and
  /// coming in.
  [[nodiscard]] std::uint64_t dropped() noexcept;

  /// What became of the packets that next_datagram() read. The reading thread only.
  [[nodiscard]] CaptureStats stats() const noexcept { return extractor_.stats(); }
  /// What libpcap remarked when it opened the device, for the log; else empty.
  [[nodiscard]] const std::string& warning() const noexcept { return warning_; }
  /// libpcap DLT_ value.
  [[nodiscard]] int link_type() const noexcept { return link_type_; }

 private:
  struct Drops {
    std::mutex mutex;  ///< guards the reading from libpcap and the counts
    WrappingCount ring;
    WrappingCount interface;
  };

  LiveCapture() = default;

  std::string device_;
  PcapHandle handle_;
  int fd_ = -1;
  int link_type_ = 0;
  UdpExtractor extractor_;
  std::unique_ptr<Drops> drops_;  ///< on the heap, since a mutex does not move
  std::string warning_;
};

}  // namespace weir::ingest
