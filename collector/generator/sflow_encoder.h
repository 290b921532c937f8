#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "collector/generator/byte_writer.h"
#include "collector/generator/exported_flow.h"
#include "collector/generator/scenario.h"

namespace weir::generator {

/// One packet that an sFlow agent picked.
struct PacketSample {
  FlowIdentity identity;
  std::uint32_t ip_bytes = 0;
  std::uint32_t frame_bytes = 0;      ///< with tag and FCS, padded to 64
  bool is_tagged = false;             ///< the frame carries identity.input_vlan (or 0)
  std::uint32_t source_sequence = 0;  ///< of the data source
  std::uint32_t pool = 0;             ///< packets that could have been sampled there
  std::uint8_t hop_limit = 60;
};

/// One reading of an interface's counters; bytes are those of frames with FCS.
struct InterfaceReading {
  std::uint32_t index = 0;
  std::uint64_t speed = 0;
  std::uint32_t sequence = 0;
  std::uint64_t in_octets = 0;
  std::uint64_t out_octets = 0;
  std::uint64_t in_packets = 0;
  std::uint64_t out_packets = 0;
};

/// Writes one sFlow v5 agent's datagrams (sFlow Version 5, sflow.org, July 2004).
///
/// Threads: one. Refers to the exporter's plan, which outlives it.
class SflowEncoder {
 public:
  SflowEncoder(const ExporterPlan& exporter, TrafficTime boot);

  /// All samples, packets first, in as many datagrams as they need. The records of a
  /// message are the packet samples in it.
  [[nodiscard]] std::vector<EncodedMessage> messages(std::span<const PacketSample> packets,
                                                     std::span<const InterfaceReading> readings,
                                                     TrafficTime now);

  void restart(TrafficTime boot) noexcept;

 private:
  [[nodiscard]] ByteWriter packet_sample(const PacketSample& sample) const;
  [[nodiscard]] static ByteWriter counter_sample(const InterfaceReading& reading);

  const ExporterPlan& exporter_;
  TrafficTime boot_;
  std::uint32_t sequence_ = 0;
};

/// Bytes of the sampled header that an agent sends at most.
inline constexpr std::size_t kSampledHeaderBytes = 128;

}  // namespace weir::generator
