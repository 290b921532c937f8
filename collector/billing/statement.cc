#include "collector/billing/statement.h"

#include <algorithm>
#include <utility>

#include "collector/billing/rate.h"

namespace weir::billing {
namespace {

/// An interval that is in the percentile.
struct Counted {
  TrafficTime start;
  ByDirection<std::uint64_t> bytes;
  ByDirection<Wide> variance;
};

/// One value of an interval, and how sure it is.
struct Sample {
  std::uint64_t value = 0;
  std::uint64_t deviation = 0;
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

/// One value of each interval that counts. Each member is a list of its own, since each is ranked
/// by itself.
struct Samples {
  std::vector<std::uint64_t> values;
  std::vector<std::uint64_t> deviations;
  std::vector<std::uint64_t> lows;
  std::vector<std::uint64_t> highs;

  explicit Samples(std::size_t count) {
    for (auto* list : {&values, &deviations, &lows, &highs}) list->reserve(count);
  }
  void add(const Sample& sample) {
    values.push_back(sample.value);
    deviations.push_back(sample.deviation);
    lows.push_back(sample.low);
    highs.push_back(sample.high);
  }
};

/// Whether masks hold.
enum class Masks : std::uint8_t { Hold, Ignored };

Sample sample_of(std::uint64_t bytes, Wide variance) noexcept {
  const std::uint64_t deviation = variance == 0 ? 0 : deviation_of(variance);
  const std::uint64_t width = half_width_bytes(deviation);
  return {.value = bytes,
          .deviation = deviation,
          .low = bytes - std::min(bytes, width),
          .high = saturated(Wide{bytes} + width)};
}

Samples samples_of(std::span<const Counted> counted, Direction direction) {
  Samples samples(counted.size());
  for (const Counted& interval : counted)
    samples.add(sample_of(interval.bytes.of(direction), interval.variance.of(direction)));
  return samples;
}

Sample joined_sample(contracts::DirectionRule rule, const Counted& interval) {
  if (rule == contracts::DirectionRule::PercentileOfSum)
    return sample_of(joined(rule, interval.bytes), saturating_sum(interval.variance.from_customer,
                                                                  interval.variance.to_customer));
  const Sample from = sample_of(interval.bytes.from_customer, interval.variance.from_customer);
  const Sample to = sample_of(interval.bytes.to_customer, interval.variance.to_customer);
  return {.value = std::max(from.value, to.value),
          .deviation = from.value > to.value ? from.deviation : to.deviation,
          .low = std::max(from.low, to.low),
          .high = std::max(from.high, to.high)};
}

Samples joined_samples(contracts::DirectionRule rule, std::span<const Counted> counted) {
  Samples samples(counted.size());
  for (const Counted& interval : counted) samples.add(joined_sample(rule, interval));
  return samples;
}

/// A figure and the bytes that it stands for, by which directions are compared.
struct RankedFigure {
  PercentileFigure figure;
  std::uint64_t bytes = 0;
};

/// Of samples, of which there are some.
RankedFigure figure_of(Samples samples, Percentile percentile, PercentileMethod method) {
  const RankedValue value = *percentile_of(samples.values, percentile, method);
  const BitsPerSecond rate = rate_of(value.value);
  const bool is_exact = std::ranges::all_of(samples.deviations,
                                            [](std::uint64_t deviation) { return deviation == 0; });
  if (is_exact) return {.figure = {.value = rate, .low = rate, .high = rate}, .bytes = value.value};
  std::uint64_t deviation = 0;
  for (std::size_t i = 0; i < samples.values.size(); ++i)
    if (samples.values[i] == value.at_rank) deviation = std::max(deviation, samples.deviations[i]);
  const auto ranked = [&](std::vector<std::uint64_t>& values) {
    return percentile_of(std::move(values), percentile, method)->value;
  };
  return {.figure = {.value = rate,
                     .error = half_width_rate(deviation),
                     .low = rate_of(ranked(samples.lows)),
                     .high = rate_of(ranked(samples.highs))},
          .bytes = value.value};
}

DirectionFigures direction_figures(std::span<const Counted> counted, Direction direction,
                                   const PercentileFigure& percentile) {
  Wide total = 0;
  std::uint64_t most = 0;
  TrafficTime most_at = counted.front().start;
  for (const Counted& interval : counted) {
    const std::uint64_t bytes = interval.bytes.of(direction);
    total += bytes;
    if (bytes <= most) continue;
    most = bytes;
    most_at = interval.start;
  }
  return {.percentile = percentile,
          .maximum = rate_of(most),
          .maximum_at = most_at,
          .mean = BitsPerSecond{saturated(total * 8 / (counted.size() * kLedgerIntervalSeconds))},
          .bytes = saturated(total)};
}

std::optional<Figures> figures_of(std::span<const Counted> counted, const Terms& terms,
                                  PercentileMethod method) {
  if (counted.empty()) return std::nullopt;
  const RankedFigure from =
      figure_of(samples_of(counted, Direction::FromCustomer), terms.percentile, method);
  const RankedFigure to =
      figure_of(samples_of(counted, Direction::ToCustomer), terms.percentile, method);
  Figures figures;
  figures.direction = {
      .from_customer = direction_figures(counted, Direction::FromCustomer, from.figure),
      .to_customer = direction_figures(counted, Direction::ToCustomer, to.figure)};
  if (joins_intervals(terms.rule)) {
    figures.billed =
        figure_of(joined_samples(terms.rule, counted), terms.percentile, method).figure;
    return figures;
  }
  const Direction billed =
      billed_direction(terms.rule, {.from_customer = from.bytes, .to_customer = to.bytes});
  figures.billed_direction = billed;
  figures.billed = billed == Direction::FromCustomer ? from.figure : to.figure;
  if (terms.rule == contracts::DirectionRule::MaxOfPercentiles) {
    // The other direction may be the larger one within its bounds.
    figures.billed.low = std::max(from.figure.low, to.figure.low);
    figures.billed.high = std::max(from.figure.high, to.figure.high);
  }
  return figures;
}

std::vector<Counted> counted_of(const IntervalGrid& grid, const Period& span, MissingRule missing,
                                Masks masks) {
  std::vector<Counted> counted;
  const auto intervals = grid.intervals(span);
  counted.reserve(intervals.size());
  TrafficTime start = grid.first_start(span);
  for (const Interval& interval : intervals) {
    const IntervalState state = masks == Masks::Hold ? interval.state() : interval.state_unmasked();
    if (is_counted(state) || (state == IntervalState::Missing && missing == MissingRule::AsZero))
      counted.push_back({.start = start, .bytes = interval.bytes, .variance = interval.variance});
    start += kLedgerInterval;
  }
  return counted;
}

IntervalCounts counts_of(std::span<const Interval> intervals) {
  IntervalCounts counts{.expected = intervals.size()};
  for (const Interval& interval : intervals) {
    const IntervalState state = interval.state();
    if (is_counted(state)) ++counts.measured;
    if (state == IntervalState::MeasuredZero) ++counts.zero;
    if (state == IntervalState::Partial) ++counts.partial;
    if (state == IntervalState::Missing) ++counts.missing;
    if (state == IntervalState::Masked) ++counts.masked;
  }
  return counts;
}

/// Sum of what was measured of the intervals that count, in millionths of an interval.
std::uint64_t covered_millionths(std::span<const Interval> intervals) {
  std::uint64_t sum = 0;
  for (const Interval& interval : intervals)
    if (is_counted(interval.state())) sum += std::min(interval.completeness, kWhole).value();
  return sum;
}

SpanStatement span_statement(const IntervalGrid& grid, const TermSpan& terms,
                             const BillingMethod& method) {
  SpanStatement statement{.terms = terms, .intervals = counts_of(grid.intervals(terms.span))};
  statement.figures = figures_of(counted_of(grid, terms.span, method.missing, Masks::Hold),
                                 terms.terms, method.percentile);
  // The commit is owed whatever was measured.
  const BitsPerSecond percentile =
      statement.figures ? statement.figures->billed.value : BitsPerSecond{};
  statement.billable = billable(terms.terms, percentile);
  statement.overage = overage(terms.terms, percentile);
  return statement;
}

std::vector<Counted> counted_of(const IntervalGrid& grid, std::span<const TermSpan> spans,
                                MissingRule missing, Masks masks) {
  std::vector<Counted> counted;
  for (const TermSpan& span : spans) {
    const auto part = counted_of(grid, span.span, missing, masks);
    counted.insert(counted.end(), part.begin(), part.end());
  }
  return counted;
}

BitsPerSecond weighted(std::span<const SpanStatement> spans, BitsPerSecond SpanStatement::*member) {
  Wide sum = 0;
  std::uint64_t weight = 0;
  for (const SpanStatement& span : spans) {
    sum += Wide{(span.*member).value()} * span.intervals.expected;
    weight += span.intervals.expected;
  }
  return weight == 0 ? BitsPerSecond{} : BitsPerSecond{saturated(sum / weight)};
}

bool is_sampled(std::span<const Interval> intervals) {
  return std::any_of(intervals.begin(), intervals.end(), [](const Interval& interval) {
    return is_counted(interval.state()) &&
           (interval.variance.from_customer != 0 || interval.variance.to_customer != 0);
  });
}

}  // namespace

Statement statement_of(Subject subject, const IntervalGrid& grid, std::span<const TermSpan> spans,
                       const BillingMethod& method) {
  Statement statement{.subject = std::move(subject),
                      .period = grid.period(),
                      .method = method.percentile,
                      .layer = method.layer,
                      .masks = {grid.masks().begin(), grid.masks().end()}};
  IntervalCounts& counts = statement.intervals;
  std::uint64_t covered = 0;
  for (const TermSpan& span : spans) {
    const SpanStatement& part = statement.spans.emplace_back(span_statement(grid, span, method));
    counts.expected += part.intervals.expected;
    counts.measured += part.intervals.measured;
    counts.zero += part.intervals.zero;
    counts.partial += part.intervals.partial;
    counts.missing += part.intervals.missing;
    counts.masked += part.intervals.masked;
    covered += covered_millionths(grid.intervals(span.span));
    statement.is_estimated = statement.is_estimated || is_sampled(grid.intervals(span.span));
  }
  if (spans.empty()) return statement;

  statement.terms = spans.back().terms;
  const std::uint64_t wanted = counts.expected - counts.masked;
  statement.completeness = share_of(counts.measured, wanted);
  statement.coverage = share_of(covered, wanted * kWhole.value());
  // A period that was masked whole has nothing left to be incomplete.
  if (wanted == 0 && counts.expected != 0) statement.completeness = statement.coverage = kWhole;
  statement.is_provisional = statement.coverage < method.completeness_limit;

  statement.figures = spans.size() == 1
                          ? statement.spans.front().figures
                          : figures_of(counted_of(grid, spans, method.missing, Masks::Hold),
                                       statement.terms, method.percentile);
  if (counts.masked != 0) {
    const auto unmasked = figures_of(counted_of(grid, spans, method.missing, Masks::Ignored),
                                     statement.terms, method.percentile);
    if (unmasked) statement.percentile_without_masks = unmasked->billed;
  }
  statement.billable = weighted(statement.spans, &SpanStatement::billable);
  statement.overage = weighted(statement.spans, &SpanStatement::overage);
  return statement;
}

}  // namespace weir::billing
