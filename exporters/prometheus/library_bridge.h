#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "exporters/prometheus/metric_set.h"

namespace weir::prometheus {

/// prometheus-cpp's families as a MetricSet, so that counters kept in a library Registry come
/// out of our writer (the library writes text 0.0.4 alone). Values that are whole numbers
/// become integers.
[[nodiscard]] MetricSet from_library(const std::vector<::prometheus::MetricFamily>& families);

/// The other way, for the library's Collectable. Integers above 2^53 are rounded: the library
/// holds doubles.
[[nodiscard]] std::vector<::prometheus::MetricFamily> to_library(const MetricSet& set);

}  // namespace weir::prometheus
