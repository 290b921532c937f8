#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "collector/ingest/capture_stats.h"
#include "collector/ingest/fragment_table.h"
#include "collector/model/datagram.h"

namespace weir::ingest {

/// Reads UDP datagrams out of captured packets: IPv4 and IPv6, reassembled where they came in
/// fragments. What is no datagram is counted.
///
/// Threads: one. The bytes of a datagram live until the next extract(), or as long as the
/// packet they came in, whichever is shorter.
class UdpExtractor {
 public:
  explicit UdpExtractor(FragmentLimits limits = {}) : fragments_(limits) {}

  [[nodiscard]] std::optional<Datagram> extract(const CapturedPacket& packet);

  /// Says that no packet follows: fragments that wait are dropped and counted.
  void finish() noexcept { fragments_.drop_all(); }

  [[nodiscard]] CaptureStats stats() const noexcept;

 private:
  /// The packet at hand, as far as its headers are read.
  struct Packet {
    IpAddress source{};
    IpAddress destination{};
    TrafficTime arrival{};
    std::span<const std::byte> rest{};  ///< from the next header on
    std::size_t fragments = 0;          ///< that it came in; 0: whole
    bool is_cut = false;                ///< by the capture length: `rest` ends before the packet
  };

  /// Why a packet gives no datagram.
  enum class Refusal : std::uint8_t { NotUdp, Truncated, Malformed };

  [[nodiscard]] std::optional<Datagram> read_v4(std::span<const std::byte> bytes,
                                                const CapturedPacket& captured);
  [[nodiscard]] std::optional<Datagram> read_v6(std::span<const std::byte> bytes,
                                                const CapturedPacket& captured);
  /// From the header that `next_header` names on, over IPv6 extension headers.
  [[nodiscard]] std::optional<Datagram> read_next(std::uint8_t next_header, Packet packet);
  [[nodiscard]] std::optional<Datagram> read_udp(const Packet& packet);
  /// `packet.rest` is the fragment's payload; `place` says where it belongs.
  struct FragmentPlace {
    std::uint32_t identification = 0;
    std::size_t offset = 0;
    bool is_last = false;
  };
  [[nodiscard]] std::optional<Datagram> read_fragment(std::uint8_t next_header, Packet packet,
                                                      const FragmentPlace& place);
  std::nullopt_t refuse(const Packet& packet, Refusal refusal) noexcept;
  /// Of a packet that ends too early: the capture's doing or its own.
  std::nullopt_t refuse_short(const Packet& packet) noexcept;

  FragmentTable fragments_;
  CaptureStats stats_;
};

}  // namespace weir::ingest
