#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "exporters/prometheus/metric_set.h"

namespace weir::prometheus {

/// How a scrape is written.
enum class Format : std::uint8_t {
  Text,         ///< Prometheus text format 0.0.4
  OpenMetrics,  ///< OpenMetrics 1.0
};

/// The Content-Type of a format, with version and charset.
[[nodiscard]] std::string_view content_type(Format format) noexcept;

/// Writes all families that have samples. Integers are written in full, other values as the
/// shortest decimal that reads back as the same double, without exponent up to 1e17.
[[nodiscard]] std::string render(const MetricSet& set, Format format);

}  // namespace weir::prometheus
