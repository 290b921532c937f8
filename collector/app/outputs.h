#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "collector/billing/billing_view.h"
#include "collector/pipeline/pipeline.h"
#include "exporters/http/status_page.h"
#include "exporters/prometheus/traffic_collectable.h"

namespace weir::app {

/// Why the collector is not ready to be relied on; empty when it is.
[[nodiscard]] std::vector<std::string> not_ready_because(const pipeline::Pipeline& pipeline);

/// Where the metrics of a running pipeline come from. `pipeline` outlives the sources.
[[nodiscard]] prometheus::Sources metric_sources(const pipeline::Pipeline& pipeline);

/// What the page says of one contract's bill; null: nothing is known of it.
[[nodiscard]] http::ContractBilling contract_billing(const billing::ContractView* one);

/// The page at `/`, of this moment. `billing` is null without a ledger, and until it is known.
[[nodiscard]] http::StatusPage status_page(const pipeline::Pipeline& pipeline,
                                           const billing::BillingView* billing,
                                           std::vector<std::string> not_ready);

}  // namespace weir::app
