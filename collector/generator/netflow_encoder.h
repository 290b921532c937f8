#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "collector/generator/byte_writer.h"
#include "collector/generator/exported_flow.h"
#include "collector/generator/scenario.h"

namespace weir::generator {

/// Writes one exporter's NetFlow v5, NetFlow v9 or IPFIX messages: headers, sequence
/// numbers, uptime, templates and sampler announcements.
///
/// Threads: one. Refers to the exporter's plan, which outlives it. Export times are whole
/// seconds, since a v9 header has no finer ones; so its flow times are exact.
class NetflowEncoder {
 public:
  /// `boot` is when the router started: its uptime is zero then.
  NetflowEncoder(const ExporterPlan& exporter, TrafficTime boot);

  /// Templates and the sampling announcement; nullopt for NetFlow v5, which has none.
  [[nodiscard]] std::optional<EncodedMessage> announcement(TrafficTime now);

  /// All `flows`, in as many messages as they need, in order.
  [[nodiscard]] std::vector<EncodedMessage> messages(std::span<const ExportedFlow> flows,
                                                     TrafficTime now);

  /// The router starts anew: sequence numbers and uptime begin at zero.
  void restart(TrafficTime boot) noexcept;

 private:
  [[nodiscard]] EncodedMessage netflow5_message(std::span<const ExportedFlow> flows,
                                                TrafficTime now);
  [[nodiscard]] EncodedMessage template_message(std::span<const ExportedFlow> flows,
                                                TrafficTime now);
  [[nodiscard]] ByteWriter begin(TrafficTime now) const;
  /// Fills in the header's count or length and moves the sequence on.
  [[nodiscard]] std::vector<std::byte> finish(ByteWriter writer, std::size_t all_records,
                                              std::size_t data_records);
  void write_template(ByteWriter& writer, std::uint16_t id) const;
  void write_options_template(ByteWriter& writer) const;
  void write_options_record(ByteWriter& writer) const;
  void write_flow(ByteWriter& writer, const ExportedFlow& flow) const;
  [[nodiscard]] std::size_t flow_bytes(const ExportedFlow& flow) const noexcept;
  /// Low 32 bits of the router's uptime in milliseconds.
  [[nodiscard]] std::uint32_t uptime_ms(TrafficTime time) const noexcept;
  [[nodiscard]] bool is_netflow9() const noexcept {
    return exporter_.protocol == Protocol::Netflow9;
  }

  const ExporterPlan& exporter_;
  TrafficTime boot_;
  std::uint32_t sequence_ = 0;
};

}  // namespace weir::generator
