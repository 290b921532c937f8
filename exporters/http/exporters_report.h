#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/core/exporter_sums.h"
#include "collector/model/exporter.h"
#include "collector/model/result.h"

namespace weir::http {

/// One exporter over one protocol.
struct ProtocolReport {
  Protocol protocol = Protocol::Netflow5;
  core::ExporterSums sums;      ///< since the start
  core::ExporterCounts recent;  ///< what was added in the last ExportersReport::recent_seconds
  /// What the sampling interval rests on: "record", "sampler", "domain" or "header" as the
  /// exporter announced it, "default" or "forced" as configured, "unknown".
  std::string sampling_source = "unknown";
  /// Of the last closed five minutes, 0 to 1; nullopt while unknown.
  std::optional<double> completeness;
  std::string completeness_state = "unknown";  ///< "measured", "silent" or "unknown"

  /// Bytes of sets that wait for their template now.
  [[nodiscard]] std::uint64_t held_bytes_now() const noexcept;

  friend bool operator==(const ProtocolReport&, const ProtocolReport&) = default;
};

/// An interface whose flow estimate has been apart from its counter for so long that it is an
/// alarm.
struct InterfaceAlarm {
  std::uint32_t interface = 0;  ///< ifIndex
  std::string direction;        ///< "ingress" or "egress"
  double ratio = 0;             ///< flow / counter, of the last five minutes that have both
  std::uint64_t minutes = 0;    ///< apart in a row
  std::string cause;            ///< likeliest: as in weir_interface_estimate_alarm

  friend bool operator==(const InterfaceAlarm&, const InterfaceAlarm&) = default;
};

/// One exporter, configured or heard.
struct ExporterReport {
  std::string address;
  std::string name;  ///< the address where the configuration gives none
  std::string pop;
  bool is_configured = false;
  std::uint64_t configured_interfaces = 0;  ///< named in the configuration or carrying a contract
  std::vector<ProtocolReport> protocols;    ///< those it was heard over
  std::vector<InterfaceAlarm> interface_alarms = {};

  friend bool operator==(const ExporterReport&, const ExporterReport&) = default;
};

/// What `GET /api/v1/exporters` answers: the state of all exporters at one moment
/// (docs/openapi.yaml). Times are Unix time in milliseconds.
struct ExportersReport {
  std::int64_t now_ms = 0;
  std::uint64_t recent_seconds = 0;
  std::int64_t completeness_start_ms = 0;  ///< of the five minutes that completeness is about
  std::vector<ExporterReport> exporters;

  friend bool operator==(const ExportersReport&, const ExportersReport&) = default;
};

/// What a protocol numbers, so what is lost: "flows", "packets", "records", "datagrams"; empty
/// for those that number nothing.
[[nodiscard]] std::string_view sequence_unit(Protocol protocol) noexcept;

[[nodiscard]] std::string to_json(const ExportersReport& report);

/// Reads what to_json() wrote. Fields that are missing, as in the answer of another version, are
/// left at their defaults; text that is no such answer at all is an error.
[[nodiscard]] Result<ExportersReport> parse_exporters_report(std::string_view json);

}  // namespace weir::http
