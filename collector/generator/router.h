#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "collector/generator/netflow_encoder.h"
#include "collector/generator/random.h"
#include "collector/generator/scenario.h"
#include "collector/generator/sflow_encoder.h"
#include "collector/generator/stream.h"
#include "collector/generator/truth.h"

namespace weir::generator {

/// One datagram on its way to the collector.
struct Emission {
  std::uint32_t exporter = 0;  ///< place in Scenario::exporters
  TrafficTime time;
  std::vector<std::byte> payload;
};

/// One exporting router: samples packets, keeps the flow cache and counters, exports, and
/// loses, delays, doubles and restarts as its plan says. What it exports goes into the truth
/// at the moment its fate is known.
///
/// Loss, reordering and duplication touch datagrams with flow data alone. Templates and
/// options always arrive, so that the truth does not hang on how long a collector waits.
///
/// Threads: one. Refers to the exporter's plan and to the truth (may be null), which outlive
/// it; owns its streams.
class Router {
 public:
  Router(const ExporterPlan& exporter, std::uint32_t number, std::uint64_t seed, TrafficTime start,
         Truth* truth);

  void add_stream(const Stream::Parts& parts);

  /// Plays [now, now + kTick) and returns what leaves at its end.
  [[nodiscard]] std::vector<Emission> advance(TrafficTime now);

  /// Exports all that the cache holds, as a router does that shuts down in order.
  [[nodiscard]] std::vector<Emission> finish(TrafficTime now);

 private:
  /// Sampling and counters of one interface.
  struct Port {
    std::uint64_t packets_until_sample = 1;
    std::uint32_t pool = 0;
    std::uint32_t sample_sequence = 0;
    InterfaceReading reading;
  };
  /// A record on its way out, and whose it is.
  struct Due {
    ExportedFlow flow;
    TruthKey key;
    bool is_tagged = false;
    TrafficTime time;  ///< inactive timeout
  };
  struct Message {
    std::vector<std::byte> payload;
    std::vector<TruthEntry> entries;
  };

  [[nodiscard]] bool is_sflow() const noexcept { return sflow_.has_value(); }
  void meter(Stream& stream, TrafficTime now);
  void add_packets(Stream& stream, StreamFlow& flow, const PacketBurst& burst, TrafficTime first,
                   TrafficTime last);
  void add_sample(Stream& stream, std::uint32_t ip_bytes, std::uint32_t pool);
  void count_interfaces(const StreamPlan& plan, const PacketBurst& burst);
  void expire(TrafficTime now);
  void expire_all();
  void close_record(Stream& stream, StreamFlow& flow);
  [[nodiscard]] Due due_record(const Stream& stream, const StreamFlow& flow) const;
  [[nodiscard]] TruthEntry entry_of(const Due& due) const;
  void restart(TrafficTime now, std::vector<Emission>& leaving);
  void announce(TrafficTime now, std::vector<Emission>& leaving);
  void export_flows(TrafficTime now, std::vector<Emission>& leaving);
  void export_samples(TrafficTime now, std::vector<Emission>& leaving);
  /// Decides a message's way: lost, held back, once or twice.
  void send(Message message, TrafficTime now, std::vector<Emission>& leaving);
  void release_held(TrafficTime now, std::vector<Emission>& leaving);
  void emit(const Message& message, TrafficTime now, std::vector<Emission>& leaving);
  void record_truth(const Message& message, TrafficTime now, Arrival arrival);
  [[nodiscard]] bool is_input_tagged(const StreamPlan& plan) const noexcept {
    return exporter_.interfaces[plan.source.interface].is_tagged;
  }

  const ExporterPlan& exporter_;
  std::uint32_t number_;
  TrafficTime start_;
  Truth* truth_;
  Random random_;       ///< sampling and flows
  Random fate_random_;  ///< loss, reordering, duplication
  std::optional<NetflowEncoder> netflow_;
  std::optional<SflowEncoder> sflow_;
  std::vector<Stream> streams_;
  std::vector<Volume> carried_;  ///< per stream, since the last whole second
  std::vector<Port> ports_;      ///< per interface
  std::vector<Due> idle_;        ///< ended flows that wait for the inactive timeout
  std::vector<Due> expired_;     ///< leave at the next whole second
  std::vector<PacketSample> samples_;
  std::vector<TruthEntry> sample_entries_;  ///< one for each of samples_
  std::optional<Message> held_;
  TrafficTime next_announcement_;
  std::optional<TrafficTime> restart_time_;
};

}  // namespace weir::generator
