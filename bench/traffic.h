#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "collector/model/datagram.h"
#include "collector/model/exporter.h"

namespace weir::bench {

/// What the traffic of a benchmark looks like. Exporters have the addresses 127.1.0.1 on, all
/// of which are this machine's own, so that a sender can bind to them.
struct TrafficShape {
  Protocol protocol = Protocol::Netflow9;
  std::uint32_t exporters = 32;
  std::uint32_t interfaces = 48;
  std::uint32_t hosts = 65'536;
  std::uint32_t records = 1'000'000;  ///< at least; the last datagram is filled
  std::uint32_t sampling = 1'000;
  std::uint64_t seed = 1;
};

struct Message {
  std::vector<std::byte> payload;
  IpAddress source;
  std::uint32_t records = 0;  ///< flow records or flow samples in it
};

/// Export traffic as a router's datagrams: v5 with 30 records, v9 and IPFIX with 24 of which
/// a quarter is IPv6, sFlow with 6 samples of 128 header bytes; templates every 64 datagrams of
/// an exporter. Written by itself: shares nothing with the decoders it measures.
[[nodiscard]] std::vector<Message> make_traffic(const TrafficShape& shape);

/// "v5", "v9", "ipfix", "sflow"; Netflow9 for anything else.
[[nodiscard]] Protocol protocol_of(std::string_view word) noexcept;

}  // namespace weir::bench
