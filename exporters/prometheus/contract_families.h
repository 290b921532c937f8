#pragma once

#include <vector>

#include "collector/billing/baseline_view.h"
#include "collector/billing/billing_view.h"
#include "collector/core/totals.h"
#include "collector/model/time.h"
#include "exporters/prometheus/metric_set.h"
#include "exporters/prometheus/table_labels.h"

namespace weir::prometheus {

struct InterfaceFigures;

/// Families of contracts. The set keeps `labels`' texts by pointer: the caller gives it a
/// share of them. Private to the folder.
void add_contract_families(MetricSet& set, const TableLabels& labels,
                           const core::TotalsSnapshot& snapshot, TrafficTime now);

/// Families of what contracts owe by now, likewise.
void add_billing_families(MetricSet& set, const TableLabels& labels,
                          const billing::BillingView& view);

/// Families of what contracts usually carry, likewise.
void add_baseline_families(MetricSet& set, const TableLabels& labels,
                           const billing::BaselineView& view);

/// Families of tracked interfaces, likewise.
void add_interface_families(MetricSet& set, const TableLabels& labels,
                            const std::vector<InterfaceFigures>& figures);

}  // namespace weir::prometheus
