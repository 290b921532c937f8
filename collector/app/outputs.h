#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "collector/pipeline/pipeline.h"
#include "exporters/http/status_page.h"
#include "exporters/prometheus/traffic_collectable.h"

namespace weir::app {

/// Why the collector is not ready to be relied on; empty when it is.
[[nodiscard]] std::vector<std::string> not_ready_because(const pipeline::Pipeline& pipeline);

/// Where the metrics of a running pipeline come from. `pipeline` outlives the sources.
[[nodiscard]] prometheus::Sources metric_sources(const pipeline::Pipeline& pipeline);

/// The page at `/`, of this moment.
[[nodiscard]] http::StatusPage status_page(const pipeline::Pipeline& pipeline,
                                           std::vector<std::string> not_ready);

}  // namespace weir::app
