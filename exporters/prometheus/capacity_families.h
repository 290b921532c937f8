#pragma once

#include <memory>
#include <vector>

#include "collector/billing/capacity.h"
#include "collector/contracts/contract_table.h"
#include "exporters/prometheus/metric_set.h"
#include "exporters/prometheus/traffic_collectable.h"

namespace weir::prometheus {

/// The families of one capacity view, made once and shown at every scrape until the view or the
/// contract table changes. Private to the folder.
///
/// Contracts and interfaces that have left the table since the view was made have no series.
///
/// Threads: any, once made; immutable.
struct CapacityFamilies {
  CapacityFamilies(std::shared_ptr<const billing::CapacityView> from,
                   std::shared_ptr<const contracts::ContractTable> in_force);

  std::shared_ptr<const billing::CapacityView> view;
  std::shared_ptr<const contracts::ContractTable> table;
  MetricSet set;
};

/// Adds them. The set keeps `families`' texts by pointer: the caller gives it a share of them.
void add_capacity_families(MetricSet& set, const CapacityFamilies& families);

/// Traffic between POPs.
void add_pop_families(MetricSet& set, const std::vector<PopFigures>& figures);

}  // namespace weir::prometheus
