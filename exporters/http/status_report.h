#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collector/model/result.h"

namespace weir::http {

/// One listening socket or mirror port.
struct ListenerReport {
  std::string listen;
  std::uint64_t datagrams = 0;
  std::uint64_t dropped = 0;         ///< by the kernel, for want of buffer
  std::uint64_t recent_dropped = 0;  ///< of these, in the last recent_seconds
  std::uint64_t truncated = 0;
  std::uint64_t requested_buffer_bytes = 0;
  std::uint64_t granted_buffer_bytes = 0;
  bool is_failing = false;  ///< a mirror port that is gone or down

  friend bool operator==(const ListenerReport&, const ListenerReport&) = default;
};

/// A source that may not send. The list is short, whatever the number of sources.
struct RefusedSourceReport {
  std::string address;
  std::uint64_t datagrams = 0;  ///< since it entered the list
  std::int64_t last_ms = 0;

  friend bool operator==(const RefusedSourceReport&, const RefusedSourceReport&) = default;
};

/// What `GET /api/v1/status` answers: the collector itself at one moment (docs/openapi.yaml).
/// Times are Unix time in milliseconds.
struct StatusReport {
  std::string version;
  std::int64_t now_ms = 0;
  std::int64_t started_ms = 0;
  std::uint64_t recent_seconds = 0;
  std::vector<std::string> not_ready_because;  ///< empty: ready
  std::vector<ListenerReport> listeners;
  std::uint64_t refused_datagrams = 0;
  std::vector<RefusedSourceReport> refused_sources;  ///< the last ones, newest first
  std::uint64_t unreadable_datagrams = 0;            ///< whose protocol could not be told
  std::uint64_t recent_unreadable_datagrams = 0;
  std::int64_t last_scrape_ms = 0;  ///< of /metrics; 0: none yet
  std::string scraper;              ///< its user agent
  std::int64_t clock_skew_limit_ms = 0;

  friend bool operator==(const StatusReport&, const StatusReport&) = default;
};

[[nodiscard]] std::string to_json(const StatusReport& report);

/// Reads what to_json() wrote. Fields that are missing, as in the answer of another version, are
/// left at their defaults; text that is no such answer at all is an error.
[[nodiscard]] Result<StatusReport> parse_status_report(std::string_view json);

}  // namespace weir::http
