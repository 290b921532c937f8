#pragma once

#include <cstdint>
#include <optional>

#include "collector/model/flow_record.h"
#include "collector/model/observation.h"
#include "collector/model/units.h"

namespace weir::accounting {

/// The operator's word on how an exporter samples. Zero: not said.
struct SamplingTerms {
  std::uint32_t default_interval = 0;  ///< used where the exporter says nothing
  std::uint32_t force_interval = 0;    ///< used whatever the exporter says

  friend bool operator==(const SamplingTerms&, const SamplingTerms&) = default;
};

/// The sampling interval of a record: the forced one, else what the exporter announced, else
/// the default, else kUnknownSampling. An unknown interval is a state of its own: such bytes
/// are never taken as unsampled.
///
/// Threads: any; a pure function.
[[nodiscard]] constexpr SamplingInterval resolve_sampling(const FlowRecord& record,
                                                          SamplingTerms terms) noexcept {
  if (terms.force_interval != 0) return SamplingInterval{terms.force_interval};
  if (record.sampling_interval != 0) return SamplingInterval{record.sampling_interval};
  return SamplingInterval{terms.default_interval};
}

/// What a record counts of its sampled packets, at one layer (layer.h), before scaling.
struct Unscaled {
  std::uint64_t bytes = 0;
  std::uint64_t packets = 0;
  bool is_single_packet = false;  ///< `bytes` is the length of one sampled packet
  /// Longest packet that a flow record may hold: its packets' own lengths are not known.
  std::uint32_t largest_packet_bytes = 1'500;
};

/// Estimates what passed the router from what was sampled: the only place that multiplies
/// by the sampling interval N.
///
/// bytes = N b, packets = N p. The variance of bytes is N (N-1) b^2 for a single packet (the
/// Horvitz-Thompson estimate with inclusion probability 1/N); a flow record of many packets
/// gives the sum of b^2 only between bounds, and the upper one, largest packet times bytes,
/// is taken, so that the error shown is never too small. It saturates at the largest value.
///
/// nullopt if bytes or packets exceed 64 bits (Fate::Implausible). `interval` is known.
///
/// Threads: any; a pure function.
[[nodiscard]] std::optional<Amount> scale(const Unscaled& counted,
                                          SamplingInterval interval) noexcept;

}  // namespace weir::accounting
