#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "collector/generator/exported_flow.h"
#include "collector/generator/random.h"
#include "collector/generator/scenario.h"
#include "collector/generator/traffic_plan.h"

namespace weir::generator {

/// The generator's step. Divides a second.
inline constexpr TrafficSpan kTick{100};

/// Flows that one stream has at a time.
inline constexpr std::size_t kFlowsPerStream = 4;

/// Bytes of an Ethernet frame with FCS around an IP packet (IEEE 802.3: 64 at least).
[[nodiscard]] constexpr std::uint32_t frame_bytes(std::uint32_t ip_bytes, bool is_tagged) noexcept {
  const std::uint32_t bytes = ip_bytes + 18 + (is_tagged ? 4 : 0);
  return bytes < 64 ? 64 : bytes;
}

/// One flow of a stream and the record that its router keeps of it.
struct StreamFlow {
  FlowIdentity identity;
  TrafficTime ends;  ///< the flow gives way to another then
  ExportedFlow record;
  TrafficTime record_due;  ///< active timeout of the record
};

/// Packets of one size in one tick.
struct PacketBurst {
  std::uint32_t ip_bytes = 0;
  std::uint64_t packets = 0;
};

/// One stream's packets, tick by tick: rate by the hour of day, noise and growth, split by
/// packet size so that over time rate and mix are exact.
///
/// Threads: one. Refers to plan, rule and exporter, which outlive it.
class Stream {
 public:
  struct Parts {
    const StreamPlan& plan;
    const TrafficRule& rule;
    const ExporterPlan& exporter;
    double growth = 0;
    std::uint64_t seed = 0;
    TrafficTime start;
  };
  explicit Stream(const Parts& parts);

  /// The packets of [now, now + kTick). Valid until the next call.
  [[nodiscard]] std::span<const PacketBurst> advance(TrafficTime now);

  [[nodiscard]] const StreamPlan& plan() const noexcept { return plan_; }
  [[nodiscard]] std::array<StreamFlow, kFlowsPerStream>& flows() noexcept { return flows_; }
  /// The flow that the next packets belong to; early flows get more of them.
  [[nodiscard]] StreamFlow& pick_flow() noexcept;
  /// Puts a new flow in the place of one.
  void replace_flow(StreamFlow& flow, TrafficTime now);

  /// Bits per second at the IP layer, noise included.
  [[nodiscard]] double rate_at(TrafficTime now);

 private:
  [[nodiscard]] double noise_at(TrafficTime now);
  [[nodiscard]] IpAddress draw_host(const IpPrefix& hosts);

  const StreamPlan& plan_;
  const TrafficRule& rule_;
  const ExporterPlan& exporter_;
  double growth_;
  TrafficTime start_;
  Random random_;
  Random noise_random_;
  double mean_ip_bytes_ = 1;
  double packets_per_tick_ = 0;
  TrafficTime rate_until_;  ///< packets_per_tick_ holds before it
  std::int64_t noise_interval_ = 0;
  double noise_from_ = 0;  ///< logarithm at the start of the interval
  double noise_to_ = 0;    ///< at its end
  std::vector<PacketBurst> bursts_;
  std::vector<double> owed_packets_;  ///< per size, below one between ticks
  std::array<StreamFlow, kFlowsPerStream> flows_;
};

}  // namespace weir::generator
