#pragma once

#include <string>

#include "collector/billing/capacity.h"

namespace weir::app {

/// What `weir capacity` shows of a view: contracts, groups and links with each of their limits, by
/// the date at which it is reached, those without a date behind them, with the reason.
///
/// One JSON object; CSV (RFC 4180), one limit a row; tables for a terminal.
[[nodiscard]] std::string capacity_json(const billing::CapacityView& view);
[[nodiscard]] std::string capacity_csv(const billing::CapacityView& view);
[[nodiscard]] std::string capacity_text(const billing::CapacityView& view);

}  // namespace weir::app
