#include "collector/billing/terms.h"

#include <algorithm>

namespace weir::billing {

Terms terms_of(const contracts::Contract& contract) {
  return {.committed = contract.committed,
          .ceiling = contract.ceiling,
          .percentile = Percentile{contract.billing.percentile_hundredths},
          .rule = contract.billing.direction,
          .tiers = {}};
}

std::vector<TermSpan> term_spans(std::span<const contracts::Contract> versions,
                                 const Period& period) {
  std::vector<const contracts::Contract*> by_start;
  for (const auto& version : versions) by_start.push_back(&version);
  std::stable_sort(by_start.begin(), by_start.end(),
                   [](const auto* a, const auto* b) { return a->valid_from < b->valid_from; });
  std::vector<TermSpan> spans;
  for (std::size_t i = 0; i < by_start.size(); ++i) {
    const contracts::Contract& version = *by_start[i];
    Period holds{.start = version.valid_from, .end = version.valid_until};
    if (i + 1 < by_start.size()) holds.end = std::min(holds.end, by_start[i + 1]->valid_from);
    const Period inside = holds.within(period);
    if (inside.is_empty()) continue;
    Terms terms = terms_of(version);
    if (!spans.empty() && spans.back().span.end == inside.start && spans.back().terms == terms)
      spans.back().span.end = inside.end;
    else
      spans.push_back({.span = inside, .terms = std::move(terms)});
  }
  return spans;
}

BitsPerSecond billable(const Terms& terms, BitsPerSecond percentile) noexcept {
  const BitsPerSecond owed = std::max(terms.committed, percentile);
  const auto step = std::lower_bound(terms.tiers.begin(), terms.tiers.end(), owed);
  return step == terms.tiers.end() ? owed : *step;
}

BitsPerSecond overage(const Terms& terms, BitsPerSecond percentile) noexcept {
  // At least zero: nothing billable is below the commit.
  return BitsPerSecond{billable(terms, percentile).value() - terms.committed.value()};
}

}  // namespace weir::billing
