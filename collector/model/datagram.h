#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "collector/model/connection_id.h"
#include "collector/model/ip_address.h"
#include "collector/model/time.h"

namespace weir {
inline namespace model {

/// One received UDP payload, or one whole message out of a TCP connection. A view: the bytes
/// belong to the receiver and live until it receives again.
struct Datagram {
  std::span<const std::byte> payload;
  IpAddress source;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  TrafficTime arrival;
  ConnectionId connection{};
};

/// One packet met on a link (capture file or mirror port), cut to the capture length.
struct CapturedPacket {
  std::span<const std::byte> bytes;
  std::uint32_t original_length = 0;  ///< on the link, as libpcap says: without FCS
  int link_type = 0;                  ///< libpcap DLT_ value
  TrafficTime arrival;
};

}  // namespace model
}  // namespace weir
