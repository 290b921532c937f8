#pragma once

#include "collector/model/flow_record.h"

namespace weir::accounting {

/// True for a record that counts both directions of a conversation (RFC 5103) and has seen
/// something in the reverse one.
[[nodiscard]] constexpr bool has_reverse(const FlowRecord& record) noexcept {
  return (record.has(Has::ReverseOctets) && record.reverse_octets != 0) ||
         (record.has(Has::ReversePackets) && record.reverse_packets != 0);
}

/// The reverse direction of a biflow record, as a record of its own: what it counts under
/// the reverse elements, from the forward destination to the forward source, over the same time.
///
/// Ends swap: addresses, ports, AS numbers, interfaces, VLANs and VRFs. What the exporter says
/// of the forward packets alone (next hop, forwarding status, tags, layer 2 octets) is not
/// said of these. Where they were metered is known only if the exporter says so (61 of
/// enterprise 29305): one record stands for the whole conversation, so each side counts.
///
/// Threads: any; a pure function.
[[nodiscard]] FlowRecord reversed(const FlowRecord& record) noexcept;

}  // namespace weir::accounting
