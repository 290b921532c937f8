#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "collector/model/time.h"

namespace weir::generator {

/// The hour and kind of day where a router stands: what traffic profiles depend on.
struct LocalMoment {
  double hour = 0;          ///< 0 up to 24, with its fraction
  bool is_day_off = false;  ///< Saturday, Sunday or a holiday
};

/// `offset` is local time minus UTC. Holidays are the long ones of a Japanese year: Golden
/// Week (29 April to 5 May), Obon (13 to 16 August), New Year (29 December to 3 January).
[[nodiscard]] LocalMoment local_moment(TrafficTime time, std::chrono::minutes offset) noexcept;

/// RFC 3339 with `Z` or a numeric offset, whole seconds.
[[nodiscard]] std::optional<TrafficTime> parse_rfc3339(std::string_view text) noexcept;

/// "2026-01-31T23:55:00Z"; milliseconds are cut off.
[[nodiscard]] std::string format_rfc3339(TrafficTime time);

/// "+09:00", "-05:00", "Z": local time minus UTC.
[[nodiscard]] std::optional<std::chrono::minutes> parse_utc_offset(std::string_view text) noexcept;

}  // namespace weir::generator
