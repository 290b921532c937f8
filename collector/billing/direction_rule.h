#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "collector/billing/rate.h"
#include "collector/contracts/contract.h"
#include "collector/model/fate.h"

namespace weir::billing {

/// One of each for a customer's two directions.
template <class T>
struct ByDirection {
  T from_customer{};
  T to_customer{};

  [[nodiscard]] constexpr const T& of(Direction direction) const noexcept {
    return direction == Direction::FromCustomer ? from_customer : to_customer;
  }

  friend bool operator==(const ByDirection&, const ByDirection&) = default;
};

/// "max_of_percentiles" and so on, as the configuration writes it.
[[nodiscard]] constexpr std::string_view direction_rule_name(
    contracts::DirectionRule rule) noexcept {
  switch (rule) {
    case contracts::DirectionRule::MaxOfPercentiles:
      return "max_of_percentiles";
    case contracts::DirectionRule::PercentileOfMax:
      return "percentile_of_max";
    case contracts::DirectionRule::PercentileOfSum:
      return "percentile_of_sum";
    case contracts::DirectionRule::FromCustomer:
      return "from_customer";
    case contracts::DirectionRule::ToCustomer:
      return "to_customer";
  }
  return "unknown";
}

/// True where the rule makes one value of each interval before the percentile is taken; else
/// the percentile of each direction comes first, and the rule picks one of the two.
[[nodiscard]] constexpr bool joins_intervals(contracts::DirectionRule rule) noexcept {
  return rule == contracts::DirectionRule::PercentileOfMax ||
         rule == contracts::DirectionRule::PercentileOfSum;
}

/// The one value of an interval under a rule that joins_intervals(). A sum is one of bytes:
/// two rates that were rounded down sum to less.
[[nodiscard]] constexpr std::uint64_t joined(contracts::DirectionRule rule,
                                             const ByDirection<std::uint64_t>& bytes) noexcept {
  return rule == contracts::DirectionRule::PercentileOfSum
             ? saturated(Wide{bytes.from_customer} + bytes.to_customer)
             : std::max(bytes.from_customer, bytes.to_customer);
}

/// The direction whose percentile is billed, under a rule that does not join.
[[nodiscard]] constexpr Direction billed_direction(
    contracts::DirectionRule rule, const ByDirection<std::uint64_t>& percentiles) noexcept {
  if (rule == contracts::DirectionRule::FromCustomer) return Direction::FromCustomer;
  if (rule == contracts::DirectionRule::ToCustomer) return Direction::ToCustomer;
  return percentiles.from_customer > percentiles.to_customer ? Direction::FromCustomer
                                                             : Direction::ToCustomer;
}

}  // namespace weir::billing
