#pragma once

#include <cstdint>

namespace weir::ingest {

/// What became of captured packets. Every packet ends in exactly one way:
///   packets = (datagrams - datagrams_reassembled) + fragments_reassembled + fragments_dropped
///             + fragments waiting + not_udp + truncated_packets + malformed
struct CaptureStats {
  std::uint64_t packets = 0;
  std::uint64_t datagrams = 0;              ///< handed out
  std::uint64_t datagrams_reassembled = 0;  ///< of these, put together from fragments
  std::uint64_t fragments_reassembled = 0;  ///< fragments that such datagrams came in
  std::uint64_t fragments_dropped = 0;      ///< incomplete, repeated, overlapping, over a limit
  std::uint64_t not_udp = 0;                ///< other protocols
  std::uint64_t truncated_packets = 0;      ///< the capture length cut off part of the payload
  std::uint64_t malformed = 0;              ///< whole, but not what its headers claim

  friend bool operator==(const CaptureStats&, const CaptureStats&) = default;
};

}  // namespace weir::ingest
