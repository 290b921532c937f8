#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/billing/baseline.h"
#include "collector/billing/direction_rule.h"
#include "collector/model/time.h"

namespace weir::billing {

/// What one direction of a contract usually carries in this hour, and whether it is above.
struct DirectionBaseline {
  BaselineLevels levels;
  bool is_above = false;

  friend bool operator==(const DirectionBaseline&, const DirectionBaseline&) = default;
};

struct ContractBaseline {
  std::string contract;
  ByDirection<DirectionBaseline> directions;

  friend bool operator==(const ContractBaseline&, const ContractBaseline&) = default;
};

/// The contracts that have a baseline for the hour of the last closed interval.
///
/// Threads: immutable once made; shared by the scrape and the API (model/published.h).
struct BaselineView {
  TrafficTime as_of;                        ///< end of the last closed interval
  std::vector<ContractBaseline> contracts;  ///< by id

  [[nodiscard]] const ContractBaseline* find(std::string_view id) const noexcept {
    const auto at = std::lower_bound(
        contracts.begin(), contracts.end(), id,
        [](const ContractBaseline& one, std::string_view wanted) { return one.contract < wanted; });
    return at == contracts.end() || at->contract != id ? nullptr : &*at;
  }

  friend bool operator==(const BaselineView&, const BaselineView&) = default;
};

}  // namespace weir::billing
