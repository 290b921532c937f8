#include "collector/app/billing_tracker.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "collector/app/contracts_at.h"
#include "collector/app/stored_bill.h"

namespace weir::app {
namespace {

using billing::kLedgerInterval;
using billing::Period;
using billing::RunningPeriod;

constexpr TrafficSpan kReadAgainAfter = std::chrono::hours{1};
constexpr TrafficSpan kReadAmendedAfter = std::chrono::minutes{10};
constexpr TrafficSpan kReadPreviousAfter = std::chrono::hours{24};
/// Counters of an interval are in the ledger by then, if they come at all: two readings may be
/// ten minutes apart.
constexpr TrafficSpan kCountersComeWithin = std::chrono::minutes{20};
/// So many previous periods are read at once, with the bounds of sampling: 22 kB each.
constexpr std::size_t kPreviousAtOnce = 4'096;

constexpr billing::Share kCompletenessLimit = billing::Share{950'000};

std::int64_t seconds_of(TrafficTime time) noexcept { return since_epoch_ms(time) / 1'000; }
TrafficTime time_of(std::int64_t seconds) noexcept { return traffic_time_ms(seconds * 1'000); }

/// The terms of a contract in a period; empty at its start if it does not hold in it.
billing::TermSpan terms_in(const contracts::Contract& contract, const Period& period) {
  auto spans = billing::term_spans({&contract, 1}, period);
  if (!spans.empty()) return std::move(spans.front());
  return {.span = {.start = period.start, .end = period.start},
          .terms = billing::terms_of(contract)};
}

Result<std::vector<billing::Mask>> masks_of(ledger::Ledger& ledger, const std::string& contract,
                                            const Period& period) {
  const auto rows = ledger.masks(contract, seconds_of(period.start), seconds_of(period.end));
  if (!rows) return tl::unexpected(rows.error());
  std::vector<billing::Mask> masks;
  for (const auto& row : *rows)
    masks.push_back({.span = {.start = time_of(row.from), .end = time_of(row.until)},
                     .author = row.author,
                     .reason = row.reason,
                     .made_at = time_of(row.made_at)});
  return masks;
}

/// Closes what lies before `until` and had no bytes.
void close_until(RunningPeriod& period, TrafficTime until, const LedgerCoverage& coverage,
                 std::size_t exporters) {
  while (!period.is_over() && period.next() < until)
    period.close(
        {.bytes = {}, .variance = {}, .completeness = coverage.share(exporters, period.next())});
}

/// Closes what lies before `until` and is missing.
void miss_until(RunningPeriod& period, TrafficTime until) {
  while (!period.is_over() && period.next() < until) period.close({});
}

/// A closed bill stands, whatever the rows say since.
void show_closed(const billing::Statement& bill, billing::PeriodView& view) {
  view.period = bill.period;
  view.intervals = bill.intervals;
  view.completeness = bill.completeness;
  view.coverage = bill.coverage;
  view.is_provisional = bill.is_provisional;
  view.is_estimated = bill.is_estimated;
  view.billable = bill.billable;
  view.overage = bill.overage;
  view.so_far.intervals_expected = bill.intervals.expected;
  view.so_far.intervals_measured = bill.intervals.measured;
  view.so_far.percentile = view.low = view.high = std::nullopt;
  view.directions = std::nullopt;
  view.billed_direction = std::nullopt;
  if (!bill.figures) return;
  view.so_far.percentile = bill.figures->billed.value;
  view.low = bill.figures->billed.low;
  view.high = bill.figures->billed.high;
  view.directions = {.from_customer = bill.figures->direction.from_customer.percentile.value,
                     .to_customer = bill.figures->direction.to_customer.percentile.value};
  view.billed_direction = bill.figures->billed_direction;
}

billing::Wide squared(std::uint64_t deviation) noexcept {
  return billing::Wide{deviation} * deviation;
}

}  // namespace

void BillingTracker::note_amendment(std::int64_t first) noexcept {
  amended_from_ = std::min(amended_from_, time_of(first));
}

void BillingTracker::forget() noexcept {
  is_stale_ = true;
  for (Tracked& one : tracked_) one.previous_read_at = TrafficTime::min();
}

Result<BillingTracker::View> BillingTracker::observe(ledger::Ledger& ledger, const Table& table,
                                                     std::int64_t interval_start) {
  if (interval_start == 0) {
    const auto last = ledger.last_interval();
    if (!last) return tl::unexpected(last.error());
    interval_start = last->value_or(0);
  }
  return update(ledger, table, time_of(interval_start) + kLedgerInterval);
}

Result<BillingTracker::View> BillingTracker::update(ledger::Ledger& ledger, const Table& table,
                                                    TrafficTime closed_until) {
  closed_until = billing::ledger_interval_start(closed_until);
  if (view_ && closed_until < closed_until_) {
    amended_from_ = std::min(amended_from_, closed_until - kLedgerInterval);
    closed_until = closed_until_;
  }
  if (table != table_) {
    if (auto taken = take_table(table, closed_until); !taken) return tl::unexpected(taken.error());
  }
  const TrafficSpan since = is_stale_ ? TrafficSpan{0} : closed_until - built_at_;
  const bool is_due = is_stale_ || since >= kReadAgainAfter ||
                      (amended_from_ != TrafficTime::max() && since >= kReadAmendedAfter) ||
                      has_new_period(closed_until);
  Result<void> done;
  if (is_due) {
    done = rebuild(ledger, closed_until);
  } else if (closed_until > closed_until_) {
    std::vector<Target> targets;
    for (Tracked& one : tracked_) targets.push_back({.tracked = &one, .period = &*one.current});
    done = read(ledger, targets, closed_until);
  } else {
    return view_;
  }
  if (!done) {
    // Some periods may be ahead of others.
    is_stale_ = true;
    return tl::unexpected(done.error());
  }
  closed_until_ = closed_until;
  const Period last{.start = closed_until - kLedgerInterval, .end = closed_until};
  const auto coverage = LedgerCoverage::read(ledger, last, sets_);
  if (!coverage) {
    is_stale_ = true;
    return tl::unexpected(coverage.error());
  }
  for (Tracked& one : tracked_) one.completeness = coverage->share(one.exporters, last.start);
  view_ = view();
  return view_;
}

Result<void> BillingTracker::take_table(const Table& table, TrafficTime closed_until) {
  std::map<ExporterSet, std::size_t> places;
  std::vector<ExporterSet> sets;
  std::vector<Tracked> tracked;
  for (const auto& [id, contract] : contracts_at(*table, closed_until - TrafficSpan{1})) {
    auto calendar =
        billing::BillingCalendar::make(contract->billing.timezone, contract->billing.day);
    if (!calendar) return tl::unexpected(calendar.error());
    const auto [place, is_new] = places.try_emplace(exporters_of(*contract), sets.size());
    if (is_new) sets.push_back(place->first);
    tracked.push_back({.contract = contract,
                       .exporters = place->second,
                       .port = counted_port(*contract, table->routers()),
                       .calendar = *calendar,
                       .current = std::nullopt,
                       .current_period = {},
                       .previous = std::nullopt,
                       .previous_masks = {}});
  }
  tracked_ = std::move(tracked);
  sets_ = std::move(sets);
  table_ = table;
  is_stale_ = true;
  return {};
}

bool BillingTracker::has_new_period(TrafficTime closed_until) const noexcept {
  return std::any_of(tracked_.begin(), tracked_.end(), [&](const Tracked& one) {
    return closed_until - kLedgerInterval >= one.current_period.end;
  });
}

Result<void> BillingTracker::begin_periods(ledger::Ledger& ledger, TrafficTime closed_until,
                                           std::vector<std::size_t>& stale) {
  for (std::size_t i = 0; i < tracked_.size(); ++i) {
    Tracked& one = tracked_[i];
    const Period period = one.calendar.period_containing(closed_until - kLedgerInterval);
    auto masks = masks_of(ledger, one.contract->id, period);
    if (!masks) return tl::unexpected(masks.error());
    one.current.emplace(period, terms_in(*one.contract, period), std::move(*masks),
                        RunningPeriod::Sampling::Ignored);
    auto before = masks_of(ledger, one.contract->id, one.calendar.period_before(period));
    if (!before) return tl::unexpected(before.error());
    const bool is_read =
        one.previous_read_at != TrafficTime::min() && amended_from_ >= period.start &&
        one.current_period == period && one.previous_masks == *before &&
        (!one.port || one.previous_read_at >= period.start + kCountersComeWithin) &&
        closed_until - one.previous_read_at < kReadPreviousAfter;
    one.current_period = period;
    one.previous_masks = std::move(*before);
    if (!is_read) stale.push_back(i);
  }
  return {};
}

Result<void> BillingTracker::rebuild(ledger::Ledger& ledger, TrafficTime closed_until) {
  std::vector<std::size_t> stale;
  if (auto begun = begin_periods(ledger, closed_until, stale); !begun) return begun;
  if (auto done = read_previous(ledger, stale, closed_until); !done) return done;
  std::vector<Target> targets;
  for (Tracked& one : tracked_) targets.push_back({.tracked = &one, .period = &*one.current});
  if (auto done = read(ledger, targets, closed_until); !done) return done;
  is_stale_ = false;
  amended_from_ = TrafficTime::max();
  built_at_ = closed_until;
  return {};
}

Result<void> BillingTracker::read_previous(ledger::Ledger& ledger,
                                           const std::vector<std::size_t>& stale,
                                           TrafficTime closed_until) {
  for (std::size_t begin = 0; begin < stale.size(); begin += kPreviousAtOnce) {
    const std::size_t end = std::min(stale.size(), begin + kPreviousAtOnce);
    std::vector<RunningPeriod> periods;
    std::vector<Target> targets;
    periods.reserve(end - begin);
    for (std::size_t i = begin; i < end; ++i) {
      const Tracked& one = tracked_[stale[i]];
      const Period period = one.calendar.period_before(one.current_period);
      periods.emplace_back(period, terms_in(*one.contract, period), one.previous_masks,
                           RunningPeriod::Sampling::Bounds);
      targets.push_back({.tracked = &one, .period = &periods.back()});
    }
    if (auto done = read(ledger, targets, closed_until); !done) return done;
    for (std::size_t i = begin; i < end; ++i) {
      Tracked& one = tracked_[stale[i]];
      auto seen = periods[i - begin].view(kCompletenessLimit);
      const auto closed = stored_bills(
          ledger, one.calendar.month_of(one.calendar.period_before(one.current_period).start),
          one.contract->id);
      if (!closed) return tl::unexpected(closed.error());
      if (!closed->empty()) show_closed(closed->front().statement, seen);
      one.previous_read_at = closed_until;
      one.previous.reset();
      if (seen.intervals.measured + seen.intervals.masked != 0) one.previous = seen;
    }
  }
  return {};
}

Result<void> BillingTracker::read(ledger::Ledger& ledger, std::vector<Target>& targets,
                                  TrafficTime until) {
  Period span{.start = until, .end = TrafficTime::min()};
  std::vector<std::string> names;
  std::vector<const Target*> by_flow;
  for (const Target& target : targets) {
    if (target.tracked->port) {
      if (auto read = read_counters(ledger, target, until); !read) return read;
      continue;
    }
    by_flow.push_back(&target);
    names.push_back(target.tracked->contract->id);
    if (target.period->is_over()) continue;
    span.start = std::min(span.start, target.period->next());
    span.end = std::max(span.end, std::min(until, target.period->end()));
  }
  span.end = std::max(span.start, span.end);
  const auto coverage = LedgerCoverage::read(ledger, span, sets_);
  if (!coverage) return tl::unexpected(coverage.error());
  auto taken = ledger.each_interval(
      names, seconds_of(span.start), seconds_of(span.end),
      [&](std::size_t place, const ledger::ContractInterval& row) {
        RunningPeriod& period = *by_flow[place]->period;
        const std::size_t exporters = by_flow[place]->tracked->exporters;
        const TrafficTime start = time_of(row.start);
        // Rows of a contract come by rising start.
        close_until(period, start, *coverage, exporters);
        if (period.is_over() || period.next() != start) return;
        period.close({.bytes = {.from_customer = row.from_customer_bytes,
                                .to_customer = row.to_customer_bytes},
                      .variance = {.from_customer = squared(row.from_customer_deviation),
                                   .to_customer = squared(row.to_customer_deviation)},
                      .completeness = coverage->share(exporters, start)});
      });
  if (!taken) return tl::unexpected(taken.error());
  for (const Target* const target : by_flow)
    close_until(*target->period, until, *coverage, target->tracked->exporters);
  return {};
}

Result<void> BillingTracker::read_counters(ledger::Ledger& ledger, const Target& target,
                                           TrafficTime until) {
  RunningPeriod& period = *target.period;
  const TrafficTime end = std::min(until, period.end());
  if (period.is_over() || period.next() >= end) return {};
  const CountedPort& port = *target.tracked->port;
  const auto totals = ledger.interface_totals(port.exporter, port.interface,
                                              seconds_of(period.next()), seconds_of(end));
  if (!totals) return tl::unexpected(totals.error());
  for (const auto& total : *totals) {
    const TrafficTime start = time_of(total.start);
    miss_until(period, start);
    if (period.is_over() || period.next() != start) continue;
    const auto& [ingress, egress] = total.counter_bytes;
    // One that counters do not cover on both sides is missing, whatever flows say of it.
    if (!ingress || !egress)
      period.close({});
    else
      period.close({.bytes = {.from_customer = *ingress, .to_customer = *egress},
                    .variance = {},
                    .completeness = billing::kWhole});
  }
  // What has no row yet may get one still.
  miss_until(period, period.end() <= until ? end : until - kCountersComeWithin);
  return {};
}

BillingTracker::View BillingTracker::view() const {
  auto made = std::make_shared<billing::BillingView>();
  made->as_of = closed_until_;
  made->contracts.reserve(tracked_.size());
  for (const Tracked& one : tracked_) {
    made->contracts.push_back({.subject = {.contract = one.contract->id,
                                           .customer = one.contract->customer,
                                           .service = one.contract->service},
                               .pop = one.contract->pop,
                               .terms = billing::terms_of(*one.contract),
                               .completeness = one.completeness,
                               .state = one.current->last_state(),
                               .current = one.current->view(kCompletenessLimit),
                               .previous = one.previous});
  }
  return made;
}

}  // namespace weir::app
