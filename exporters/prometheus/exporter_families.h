#pragma once

#include <span>

#include "collector/contracts/contract_table.h"
#include "collector/core/books.h"
#include "collector/core/exporter_registry.h"
#include "exporters/prometheus/metric_set.h"
#include "exporters/prometheus/traffic_collectable.h"

namespace weir::prometheus {

/// Families of exporters: what came from each, what was wrong with it, and the books. Only
/// pairs of exporter and protocol that some worker has met make series. `table` may be null:
/// then no POP is known. `completeness` has no entry where it is unknown. Private to the folder.
void add_exporter_families(MetricSet& set, const core::ExporterRegistry& exporters,
                           std::span<const core::WorkerBooks* const> books,
                           std::span<const CompletenessFigures> completeness,
                           const contracts::ContractTable* table);

}  // namespace weir::prometheus
