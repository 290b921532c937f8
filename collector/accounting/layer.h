#pragma once

#include <cstdint>

#include "collector/model/flow_record.h"
#include "collector/model/layer.h"

namespace weir::accounting {

/// Ethernet header (14) and frame check sequence (4) around an IP packet (IEEE 802.3, 3.1.1).
inline constexpr std::uint64_t kFrameOverhead = 18;
/// One 802.1Q tag.
inline constexpr std::uint64_t kTagBytes = 4;
/// Shortest frame, padding included (IEEE 802.3, 4A.4.2).
inline constexpr std::uint64_t kShortestFrame = 64;
/// Preamble and start delimiter (8) and inter-frame gap (12).
inline constexpr std::uint64_t kWireOverhead = 20;

/// The bytes that a record reports, at `layer`, not scaled. `tags` is the number of 802.1Q
/// tags that each of its frames is known to carry.
///
/// - Layer 2 counts (element 352, an sFlow frame length with its FCS) are taken as they are at
///   Ethernet; an IP count (element 1) gains 18 bytes and 4 per tag for each packet, and is
///   at least 64 per packet. Wire adds 20 per packet to either.
/// - At Ip, an IP count is taken as it is; a layer 2 count alone loses what Ethernet adds.
/// - A record without a packet count keeps the bytes it has: nothing tells how many frames
///   they were, so no overhead is added.
/// - Running totals (85, 86) are no amounts of a flow: a record with nothing else has 0 bytes
///   (has_only_totals()). What exceeds 64 bits saturates, and scaling refuses it.
///
/// Threads: any; a pure function.
[[nodiscard]] std::uint64_t layer_bytes(const FlowRecord& record, Layer layer,
                                        std::uint32_t tags) noexcept;

/// True for a record that counts bytes in running totals only: what it adds can be told
/// only beside its predecessor.
[[nodiscard]] constexpr bool has_only_totals(const FlowRecord& record) noexcept {
  return record.has(Has::TotalOctets) && !record.has(Has::Octets) && !record.has(Has::Layer2Octets);
}

}  // namespace weir::accounting
