#pragma once

#include <cstdint>
#include <optional>

#include "exporters/prometheus/metric_set.h"

namespace weir::prometheus {

/// What the process uses of the machine, as /proc says. A part that cannot be read (no /proc,
/// no right) is absent.
struct ProcessUse {
  std::optional<double> cpu_seconds;
  std::optional<std::uint64_t> resident_bytes;
  std::optional<std::uint64_t> virtual_bytes;
  std::optional<std::uint64_t> open_files;
  std::optional<std::uint64_t> most_open_files;
  std::optional<std::uint64_t> threads;
  std::optional<double> start_seconds;  ///< UTC
};

/// Any thread.
[[nodiscard]] ProcessUse read_process_use();

/// The process_* families, under the names that every Prometheus client library uses.
void add_process_families(MetricSet& set, const ProcessUse& use);

}  // namespace weir::prometheus
