#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "collector/model/flow_record.h"
#include "collector/wire/packet_header.h"

namespace weir::wire {

/// The first bytes of one selected packet, as an IPFIX record carries them (RFC 7133;
/// RFC 5477, 8.3; Cisco element 104), and what the record says about them.
///
/// A plain value. `bytes` is borrowed from the datagram.
struct PacketSection {
  std::span<const std::byte> bytes;
  LinkLayer link = LinkLayer::Ethernet;        ///< 315 and 104 Ethernet, 313 Ip
  std::optional<std::uint64_t> frame_bytes;    ///< 312: the whole frame, without its checksum
  std::optional<std::uint64_t> frame_type;     ///< 408: 1 is Ethernet
  std::optional<std::uint64_t> section_bytes;  ///< 410: what of `bytes` is not padding
};

/// Adds to `record` what its packet section tells: addresses, ports, tags, and lengths.
///
/// Fields that the record names itself are left alone: a record with addresses keeps them, and
/// one that counts octets keeps its count. Otherwise the record is one sampled packet
/// (`packets` 1, unless element 2 is there), long as element 312 says, else as its IP header
/// says, else as the section is, which it surely was.
void describe_section(const PacketSection& section, FlowRecord& record) noexcept;

}  // namespace weir::wire
