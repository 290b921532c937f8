#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/billing/direction_rule.h"
#include "collector/billing/interval_state.h"
#include "collector/billing/period.h"
#include "collector/billing/so_far.h"
#include "collector/billing/statement.h"
#include "collector/billing/terms.h"
#include "collector/model/time.h"

namespace weir::billing {

/// One contract's billing period at one moment, running or over.
struct PeriodView {
  Period period;
  IntervalCounts intervals;  ///< of those that are closed
  Share completeness;        ///< as in Statement
  Share coverage;
  bool is_provisional = true;
  bool is_estimated = false;  ///< some of it was sampled
  /// The percentile, and the burst budget. Nothing remains of a period that is over.
  SoFar so_far;
  /// The percentile of each direction; none before the first interval that counts.
  std::optional<ByDirection<BitsPerSecond>> directions;
  std::optional<Direction> billed_direction;  ///< none where the rule joins the directions
  /// Running: the lowest and the highest that the final value can still be (so_far.h). Over: the
  /// lowest and the highest that it can be by the sampling error (PercentileFigure).
  std::optional<BitsPerSecond> low;
  std::optional<BitsPerSecond> high;
  BitsPerSecond billable;
  BitsPerSecond overage;

  friend bool operator==(const PeriodView&, const PeriodView&) = default;
};

/// One contract. Where a contract is listed for several spans of time, the one that holds.
struct ContractView {
  Subject subject;
  std::string pop;
  Terms terms;
  /// Of the last closed interval.
  Share completeness;
  IntervalState state = IntervalState::Missing;
  PeriodView current;
  std::optional<PeriodView> previous;  ///< none if nothing of it was measured

  friend bool operator==(const ContractView&, const ContractView&) = default;
};

/// What every contract owes by now, at one moment.
///
/// Threads: immutable once made; shared by the scrape and the API (model/published.h).
struct BillingView {
  TrafficTime as_of;                    ///< end of the last closed interval
  std::vector<ContractView> contracts;  ///< by id

  [[nodiscard]] const ContractView* find(std::string_view id) const noexcept {
    const auto at = std::lower_bound(contracts.begin(), contracts.end(), id,
                                     [](const ContractView& one, std::string_view wanted) {
                                       return one.subject.contract < wanted;
                                     });
    return at == contracts.end() || at->subject.contract != id ? nullptr : &*at;
  }

  friend bool operator==(const BillingView&, const BillingView&) = default;
};

}  // namespace weir::billing
