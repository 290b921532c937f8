#include "collector/billing/running_period.h"

#include <utility>

#include "collector/billing/percentile.h"
#include "collector/billing/rate.h"

namespace weir::billing {

RunningPeriod::RunningPeriod(const Period& period, TermSpan terms, std::vector<Mask> masks,
                             Sampling sampling)
    : period_(period),
      terms_(std::move(terms)),
      masks_(std::move(masks)),
      sampling_(sampling),
      next_(terms_.span.first_interval()),
      from_{TopValues(0), TopValues(0), TopValues(0)},
      to_(from_),
      joined_(from_) {
  // The rank of fewer intervals never lies deeper.
  const std::size_t most = discarded_of(terms_.span.intervals(), terms_.terms.percentile) + 1;
  const std::size_t bounds = sampling_ == Sampling::Bounds ? most : 0;
  from_ = to_ = {TopValues(most), TopValues(bounds), TopValues(bounds)};
  if (joins()) joined_ = from_;
}

bool RunningPeriod::is_masked(TrafficTime start) const noexcept {
  return std::any_of(masks_.begin(), masks_.end(), [start](const Mask& mask) {
    return !mask.span.is_empty() && start >= ledger_interval_start(mask.span.start) &&
           start < mask.span.end;
  });
}

std::uint64_t RunningPeriod::masked_ahead() const noexcept {
  std::uint64_t count = 0;
  if (masks_.empty()) return count;
  for (TrafficTime start = next_; start < terms_.span.end; start += kLedgerInterval)
    if (is_masked(start)) ++count;
  return count;
}

RunningPeriod::Bounds RunningPeriod::bounds_of(std::uint64_t bytes, Wide variance) const noexcept {
  if (sampling_ == Sampling::Ignored || variance == 0) return {.low = bytes, .high = bytes};
  const std::uint64_t width = half_width_bytes(deviation_of(variance));
  return {.low = bytes - std::min(bytes, width), .high = saturated(Wide{bytes} + width)};
}

void RunningPeriod::add(Ranked& ranked, std::uint64_t value, const Bounds& bounds) const {
  ranked.values.add(value);
  if (sampling_ == Sampling::Ignored) return;
  ranked.lows.add(bounds.low);
  ranked.highs.add(bounds.high);
}

void RunningPeriod::close(Interval interval) {
  interval.is_masked = is_masked(next_);
  next_ += kLedgerInterval;
  last_state_ = interval.state();
  ++counts_.expected;
  switch (last_state_) {
    case IntervalState::Missing:
      ++counts_.missing;
      return;
    case IntervalState::Masked:
      ++counts_.masked;
      return;
    case IntervalState::MeasuredZero:
      ++counts_.zero;
      break;
    case IntervalState::Partial:
      ++counts_.partial;
      break;
    case IntervalState::Measured:
      break;
  }
  ++counts_.measured;
  covered_millionths_ += std::min(interval.completeness, kWhole).value();

  const auto& bytes = interval.bytes;
  const auto& variance = interval.variance;
  is_sampled_ = is_sampled_ || variance.from_customer != 0 || variance.to_customer != 0;
  const Bounds from = bounds_of(bytes.from_customer, variance.from_customer);
  const Bounds to = bounds_of(bytes.to_customer, variance.to_customer);
  add(from_, bytes.from_customer, from);
  add(to_, bytes.to_customer, to);
  const auto is_burst = [&](std::uint64_t value) {
    return rate_of(value) > terms_.terms.committed ? 1U : 0U;
  };
  bursts_.from_customer += is_burst(bytes.from_customer);
  bursts_.to_customer += is_burst(bytes.to_customer);
  if (!joins()) return;
  const std::uint64_t value = joined(terms_.terms.rule, bytes);
  joined_bursts_ += is_burst(value);
  add(joined_, value,
      terms_.terms.rule == contracts::DirectionRule::PercentileOfSum
          ? bounds_of(value, saturating_sum(variance.from_customer, variance.to_customer))
          : Bounds{.low = std::max(from.low, to.low), .high = std::max(from.high, to.high)});
}

ByDirection<std::uint64_t> RunningPeriod::apart() const noexcept {
  const std::uint64_t above = discarded_of(counts_.measured, terms_.terms.percentile);
  return {.from_customer = from_.values.at(above), .to_customer = to_.values.at(above)};
}

std::uint64_t RunningPeriod::billed_with(std::uint64_t remaining, std::uint64_t each) const {
  const Terms& terms = terms_.terms;
  const std::uint64_t above = discarded_of(counts_.measured + remaining, terms.percentile);
  if (joins())
    return joined_.values.at_with(above, remaining,
                                  joined(terms.rule, {.from_customer = each, .to_customer = each}));
  const ByDirection<std::uint64_t> both{
      .from_customer = from_.values.at_with(above, remaining, each),
      .to_customer = to_.values.at_with(above, remaining, each)};
  return both.of(billed_direction(terms.rule, both));
}

std::uint64_t RunningPeriod::billed_bound(TopValues Ranked::*member) const {
  const std::uint64_t above = discarded_of(counts_.measured, terms_.terms.percentile);
  if (joins()) return (joined_.*member).at(above);
  const ByDirection<std::uint64_t> both{.from_customer = (from_.*member).at(above),
                                        .to_customer = (to_.*member).at(above)};
  // The larger direction may be the other one within its bounds.
  if (terms_.terms.rule == contracts::DirectionRule::MaxOfPercentiles)
    return std::max(both.from_customer, both.to_customer);
  return both.of(billed_direction(terms_.terms.rule, both));
}

PeriodView RunningPeriod::view(Share completeness_limit) const {
  const Terms& terms = terms_.terms;
  PeriodView view{.period = period_, .intervals = counts_};
  const std::uint64_t wanted = counts_.expected - counts_.masked;
  view.completeness = share_of(counts_.measured, wanted);
  view.coverage = share_of(covered_millionths_, wanted * kWhole.value());
  // What was masked whole has nothing left to be incomplete.
  if (wanted == 0 && counts_.expected != 0) view.completeness = view.coverage = kWhole;
  view.is_provisional = view.coverage < completeness_limit;
  view.is_estimated = is_sampled_;

  SoFar& now = view.so_far;
  const std::uint64_t all = terms_.span.intervals();
  now.intervals_expected = all;
  now.intervals_measured = counts_.measured;
  now.intervals_remaining = all - std::min(all, counts_.expected) - masked_ahead();
  const ByDirection<std::uint64_t> bytes = apart();
  if (counts_.measured != 0) {
    view.directions = {.from_customer = rate_of(bytes.from_customer),
                       .to_customer = rate_of(bytes.to_customer)};
    now.percentile = rate_of(billed_with(0, 0));
  }
  if (!joins() && counts_.measured != 0)
    view.billed_direction = billed_direction(terms.rule, bytes);
  now.low = rate_of(billed_with(now.intervals_remaining, 0));
  const bool has_ceiling = terms.ceiling > BitsPerSecond{};
  const std::uint64_t high =
      billed_with(now.intervals_remaining, has_ceiling ? bytes_at(terms.ceiling) : UINT64_MAX);
  const std::uint64_t largest =
      joins() ? joined_.values.largest() : std::max(from_.values.largest(), to_.values.largest());
  if (has_ceiling || high <= largest) now.high = rate_of(high);
  now.burst_intervals_used =
      joins() ? joined_bursts_ : bursts_.of(billed_direction(terms.rule, bursts_));
  now.burst_intervals_allowed =
      discarded_of(counts_.measured + now.intervals_remaining, terms.percentile);
  now.is_over_commit = now.low > terms.committed;

  if (sampling_ == Sampling::Ignored) {
    if (counts_.expected != 0) view.low = now.low;
    if (counts_.expected != 0) view.high = now.high;
  } else if (now.percentile) {
    view.low = is_sampled_ ? rate_of(billed_bound(&Ranked::lows)) : *now.percentile;
    view.high = is_sampled_ ? rate_of(billed_bound(&Ranked::highs)) : *now.percentile;
  }
  const BitsPerSecond percentile = now.percentile.value_or(BitsPerSecond{});
  view.billable = billable(terms, percentile);
  view.overage = overage(terms, percentile);
  return view;
}

}  // namespace weir::billing
