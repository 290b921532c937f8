#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "collector/model/ip_address.h"
#include "collector/model/time.h"

namespace weir::generator {

/// What a flow's packets have in common. Threads: plain data.
struct FlowIdentity {
  IpAddress source;
  IpAddress destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint8_t protocol = 6;  ///< IP protocol number
  std::uint8_t tos = 0;
  std::uint32_t input = 0;  ///< ifIndex
  std::uint32_t output = 0;
  std::uint16_t input_vlan = 0;
  std::uint16_t output_vlan = 0;
  std::uint32_t source_as = 0;
  std::uint32_t destination_as = 0;
};

/// A flow record as a router exports it: sampled packets, not scaled, true times.
struct ExportedFlow {
  FlowIdentity identity;
  std::uint64_t octets = 0;  ///< IP bytes
  std::uint64_t packets = 0;
  TrafficTime first;
  TrafficTime last;
};

/// A datagram's payload and which of the records given to the encoder are in it.
struct EncodedMessage {
  std::vector<std::byte> payload;
  std::size_t first_record = 0;
  std::size_t record_count = 0;  ///< 0: templates and options alone
};

/// Payload bytes that fit an Ethernet frame with some room for tunnels.
inline constexpr std::size_t kLargestPayloadBytes = 1'400;

}  // namespace weir::generator
