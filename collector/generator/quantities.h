#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "collector/model/time.h"

namespace weir::generator {

/// "500M", "3G", "3Gbps", "1.5G", "64k" or plain bits per second; decimal, exact.
[[nodiscard]] std::optional<std::uint64_t> parse_rate(std::string_view text) noexcept;

/// "500ms", "10s", "2m", "1h", "0"; not negative.
[[nodiscard]] std::optional<TrafficSpan> parse_span(std::string_view text) noexcept;

/// "2%" as 0.02; 0 to 1000 percent.
[[nodiscard]] std::optional<double> parse_percent(std::string_view text) noexcept;

/// A number with an optional fraction: "0.25".
[[nodiscard]] std::optional<double> parse_decimal(std::string_view text) noexcept;

/// Decimal digits alone, no sign, no leading zero.
[[nodiscard]] std::optional<std::uint64_t> parse_integer(std::string_view text) noexcept;

}  // namespace weir::generator
