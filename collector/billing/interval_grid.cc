#include "collector/billing/interval_grid.h"

#include <utility>

namespace weir::billing {

IntervalGrid::IntervalGrid(const Period& period)
    : period_(period), intervals_(period.intervals()) {}

Interval* IntervalGrid::find(TrafficTime start) noexcept {
  if (start < period_.first_interval()) return nullptr;
  const auto index = static_cast<std::size_t>((start - period_.first_interval()) / kLedgerInterval);
  return index < intervals_.size() ? &intervals_[index] : nullptr;
}

void IntervalGrid::cover(TrafficTime start, Share completeness) {
  if (Interval* const interval = find(start)) interval->completeness = completeness;
}

void IntervalGrid::add(TrafficTime start, const ByDirection<std::uint64_t>& bytes,
                       const ByDirection<std::uint64_t>& deviation) {
  Interval* const interval = find(start);
  if (interval == nullptr) return;
  const auto bytes_sum = [](std::uint64_t a, std::uint64_t b) { return saturated(Wide{a} + b); };
  const auto variance_sum = [](Wide variance, std::uint64_t another) {
    return saturating_sum(variance, Wide{another} * another);
  };
  interval->bytes = {.from_customer = bytes_sum(interval->bytes.from_customer, bytes.from_customer),
                     .to_customer = bytes_sum(interval->bytes.to_customer, bytes.to_customer)};
  interval->variance = {
      .from_customer = variance_sum(interval->variance.from_customer, deviation.from_customer),
      .to_customer = variance_sum(interval->variance.to_customer, deviation.to_customer)};
}

void IntervalGrid::mask(Mask mask) {
  const Period touched =
      Period{.start = ledger_interval_start(mask.span.start), .end = mask.span.end}.within(period_);
  if (mask.span.is_empty() || touched.intervals() == 0) return;
  Interval* const first = find(touched.first_interval());
  for (std::size_t i = 0; i < touched.intervals(); ++i) first[i].is_masked = true;
  masks_.push_back(std::move(mask));
}

std::span<const Interval> IntervalGrid::intervals(const Period& part) const noexcept {
  const Period inside = part.within(period_);
  const std::size_t count = inside.intervals();
  if (count == 0) return {};
  const auto skipped = (inside.first_interval() - period_.first_interval()) / kLedgerInterval;
  return intervals().subspan(static_cast<std::size_t>(skipped), count);
}

}  // namespace weir::billing
