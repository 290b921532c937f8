#include "collector/billing/so_far.h"

#include <algorithm>
#include <vector>

#include "collector/billing/direction_rule.h"
#include "collector/billing/percentile.h"
#include "collector/billing/rate.h"

namespace weir::billing {
namespace {

using Bytes = ByDirection<std::uint64_t>;

/// The billed percentile in bytes; nullopt of nothing.
std::optional<std::uint64_t> billed_bytes(const std::vector<Bytes>& intervals, const Terms& terms,
                                          PercentileMethod method) {
  if (intervals.empty()) return std::nullopt;
  const auto percentile = [&](auto value_of) {
    std::vector<std::uint64_t> values;
    values.reserve(intervals.size());
    for (const Bytes& bytes : intervals) values.push_back(value_of(bytes));
    return percentile_of(std::move(values), terms.percentile, method)->value;
  };
  if (joins_intervals(terms.rule))
    return percentile([&](const Bytes& bytes) { return joined(terms.rule, bytes); });
  const Bytes apart{
      .from_customer = percentile([](const Bytes& bytes) { return bytes.from_customer; }),
      .to_customer = percentile([](const Bytes& bytes) { return bytes.to_customer; })};
  return apart.of(billed_direction(terms.rule, apart));
}

/// The same if `remaining` more intervals carry `each`.
std::uint64_t billed_with(std::vector<Bytes> intervals, std::uint64_t remaining, std::uint64_t each,
                          const Terms& terms, PercentileMethod method) {
  intervals.resize(intervals.size() + remaining, {.from_customer = each, .to_customer = each});
  return billed_bytes(intervals, terms, method).value_or(0);
}

std::uint64_t largest(const std::vector<Bytes>& intervals, contracts::DirectionRule rule) {
  std::uint64_t most = 0;
  for (const Bytes& bytes : intervals)
    most = std::max(most, joins_intervals(rule) ? joined(rule, bytes)
                                                : std::max(bytes.from_customer, bytes.to_customer));
  return most;
}

/// Intervals above the commit, under the rule.
std::uint64_t bursts(const std::vector<Bytes>& intervals, const Terms& terms) {
  const auto above = [&](auto value_of) {
    return static_cast<std::uint64_t>(std::count_if(
        intervals.begin(), intervals.end(),
        [&](const Bytes& bytes) { return rate_of(value_of(bytes)) > terms.committed; }));
  };
  if (joins_intervals(terms.rule))
    return above([&](const Bytes& bytes) { return joined(terms.rule, bytes); });
  const Bytes apart{.from_customer = above([](const Bytes& bytes) { return bytes.from_customer; }),
                    .to_customer = above([](const Bytes& bytes) { return bytes.to_customer; })};
  return apart.of(billed_direction(terms.rule, apart));
}

}  // namespace

SoFar so_far(const IntervalGrid& grid, const TermSpan& terms, TrafficTime closed_until,
             const BillingMethod& method) {
  SoFar result;
  std::vector<Bytes> measured;
  TrafficTime start = grid.first_start(terms.span);
  for (const Interval& interval : grid.intervals(terms.span)) {
    ++result.intervals_expected;
    const IntervalState state = interval.state();
    const bool is_closed = start + kLedgerInterval <= closed_until;
    start += kLedgerInterval;
    if (state == IntervalState::Masked) continue;
    if (!is_closed) {
      ++result.intervals_remaining;
    } else if (is_counted(state)) {
      ++result.intervals_measured;
      measured.push_back(interval.bytes);
    } else if (method.missing == MissingRule::AsZero) {
      measured.push_back({});
    }
  }

  const Terms& t = terms.terms;
  if (const auto now = billed_bytes(measured, t, method.percentile))
    result.percentile = rate_of(*now);
  result.low = rate_of(billed_with(measured, result.intervals_remaining, 0, t, method.percentile));
  const bool has_ceiling = t.ceiling > BitsPerSecond{};
  const std::uint64_t high =
      billed_with(measured, result.intervals_remaining,
                  has_ceiling ? bytes_at(t.ceiling) : UINT64_MAX, t, method.percentile);
  // Beyond all that was measured the value is made of the intervals to come.
  if (has_ceiling || high <= largest(measured, t.rule)) result.high = rate_of(high);

  result.burst_intervals_used = bursts(measured, t);
  result.burst_intervals_allowed =
      discarded_of(measured.size() + result.intervals_remaining, t.percentile);
  result.is_over_commit = result.low > t.committed;
  return result;
}

}  // namespace weir::billing
