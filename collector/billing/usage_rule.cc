#include "collector/billing/usage_rule.h"

#include "collector/billing/rate.h"

namespace weir::billing {
namespace {

bool is_at_least(BitsPerSecond rate, std::uint32_t percent, BitsPerSecond committed) noexcept {
  return Wide{rate.value()} * 100 >= Wide{committed.value()} * percent;
}

}  // namespace

UsageLevel usage_level(BitsPerSecond percentile, BitsPerSecond committed,
                       const UsageRule& rule) noexcept {
  if (percentile > committed) return UsageLevel::Over;
  return is_at_least(percentile, rule.near_percent, committed) ? UsageLevel::Near
                                                               : UsageLevel::Below;
}

bool is_upgrade_candidate(std::span<const Usage> days, BitsPerSecond committed,
                          const UsageRule& rule) noexcept {
  std::size_t looked_at = 0;
  std::size_t near = 0;
  for (auto day = days.rbegin(); day != days.rend() && looked_at < rule.days_looked_at; ++day) {
    if (day->completeness < rule.completeness_limit) continue;
    ++looked_at;
    if (usage_level(day->percentile, committed, rule) != UsageLevel::Below) ++near;
  }
  return near >= rule.days_needed;
}

bool is_under_used(std::span<const Usage> months, BitsPerSecond committed,
                   const UsageRule& rule) noexcept {
  std::size_t under = 0;
  for (auto month = months.rbegin(); month != months.rend() && under < rule.months_needed;
       ++month) {
    if (month->completeness < rule.completeness_limit) continue;
    if (is_at_least(month->percentile, rule.under_percent, committed)) return false;
    ++under;
  }
  return under == rule.months_needed;
}

OverCommitAction over_commit_action(std::span<const Usage> months,
                                    BitsPerSecond committed) noexcept {
  const auto is_over = [&](std::size_t back) {
    return months.size() >= back && months[months.size() - back].percentile > committed;
  };
  if (!is_over(1)) return OverCommitAction::None;
  return is_over(2) ? OverCommitAction::NextTier : OverCommitAction::Warning;
}

}  // namespace weir::billing
