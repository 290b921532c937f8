#pragma once

#include <span>
#include <string>
#include <vector>

#include "collector/billing/percentile.h"
#include "collector/billing/period.h"
#include "collector/contracts/contract.h"
#include "collector/model/units.h"

namespace weir::billing {

/// What of a contract decides its bill.
struct Terms {
  BitsPerSecond committed;
  BitsPerSecond ceiling;  ///< 0: not said
  Percentile percentile = kP95;
  contracts::DirectionRule rule = contracts::DirectionRule::MaxOfPercentiles;
  /// Steps that are sold, rising. Not empty: the step that the percentile reaches is billed.
  std::vector<BitsPerSecond> tiers;

  friend bool operator==(const Terms&, const Terms&) = default;
};

[[nodiscard]] Terms terms_of(const contracts::Contract& contract);

/// Terms while they hold.
struct TermSpan {
  Period span;
  Terms terms;

  friend bool operator==(const TermSpan&, const TermSpan&) = default;
};

/// The terms of `period` by the versions of one contract, in order of time. A version
/// ends where the next begins, at the latest. Neighbours with equal terms are one span: a new
/// name or attachment does not split a bill.
[[nodiscard]] std::vector<TermSpan> term_spans(std::span<const contracts::Contract> versions,
                                               const Period& period);

/// What is owed for a percentile: the larger of it and the commit; in tiers, the lowest step
/// that is not below that, or that itself where it is above every step.
[[nodiscard]] BitsPerSecond billable(const Terms& terms, BitsPerSecond percentile) noexcept;

/// What is owed beyond the commit.
[[nodiscard]] BitsPerSecond overage(const Terms& terms, BitsPerSecond percentile) noexcept;

}  // namespace weir::billing
