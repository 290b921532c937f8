#include "collector/app/baseline_tracker.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "collector/app/contracts_at.h"
#include "collector/billing/interval_state.h"
#include "collector/billing/rate.h"

namespace weir::app {
namespace {

using billing::kLedgerInterval;
using billing::Period;

constexpr TrafficSpan kHour = std::chrono::hours{1};
constexpr std::size_t kIntervalsAnHour = kHour / kLedgerInterval;
/// What is weighed again after a start, or after the ledger was away for so long.
constexpr TrafficSpan kWeighedAgain = std::chrono::hours{2};
constexpr TrafficSpan kMostToCatchUp = std::chrono::hours{24};
/// An hour of which less was measured is not a week of history.
constexpr std::size_t kFewestIntervals = kIntervalsAnHour / 2;
constexpr std::uint32_t kFewestWeeks = 3;
/// An interval of which less was measured says only how much there was at least.
constexpr billing::Share kWholeEnough{950'000};

std::int64_t seconds_of(TrafficTime time) noexcept { return since_epoch_ms(time) / 1'000; }
TrafficTime time_of(std::int64_t seconds) noexcept { return traffic_time_ms(seconds * 1'000); }
TrafficTime hour_of(TrafficTime time) noexcept {
  constexpr std::int64_t kHourSeconds = 3'600;
  return time_of(seconds_of(time) / kHourSeconds * kHourSeconds);
}

double rate_of(std::uint64_t bytes) noexcept {
  return static_cast<double>(billing::rate_of(bytes).value());
}

/// Bytes of the intervals of one span, by contract: what the ledger has, and nothing where it has
/// no row.
class SpanBytes {
 public:
  using Bytes = std::optional<std::array<std::uint64_t, 2>>;  ///< by Direction

  [[nodiscard]] static Result<SpanBytes> read(ledger::Ledger& ledger,
                                              std::span<const std::string> contracts,
                                              const Period& span) {
    SpanBytes made(contracts.size(), span.intervals());
    const std::int64_t begin = seconds_of(span.start);
    auto taken = ledger.each_interval(
        contracts, begin, seconds_of(span.end),
        [&made, begin](std::size_t contract, const ledger::ContractInterval& row) {
          const auto at = static_cast<std::size_t>((row.start - begin) / ledger::kIntervalSeconds);
          made.bytes_[contract * made.intervals_ + at] = {row.from_customer_bytes,
                                                          row.to_customer_bytes};
        });
    if (!taken) return tl::unexpected(taken.error());
    return made;
  }

  [[nodiscard]] std::span<const Bytes> of(std::size_t contract) const noexcept {
    return std::span(bytes_).subspan(contract * intervals_, intervals_);
  }

 private:
  SpanBytes(std::size_t contracts, std::size_t intervals)
      : intervals_(intervals), bytes_(contracts * intervals) {}

  std::size_t intervals_;
  std::vector<Bytes> bytes_;
};

/// True if the contract can be told from the interval at all.
bool is_meant(const contracts::Contract& contract, const std::vector<Period>& masks,
              TrafficTime start) noexcept {
  if (start < contract.valid_from || start >= contract.valid_until) return false;
  return std::none_of(masks.begin(), masks.end(), [start](const Period& mask) {
    return start < mask.end && start + kLedgerInterval > mask.start;
  });
}

}  // namespace

void BaselineTracker::adopt(const config::Baseline& terms) {
  if (terms == terms_) return;
  terms_ = terms;
  is_changed_ = true;
}

void BaselineTracker::note_closed(std::int64_t interval_start) {
  const TrafficTime until = time_of(interval_start) + kLedgerInterval;
  if (until <= closed_until_) return;
  closed_until_ = until;
  if (weighed_until_ == TrafficTime::min() || until - weighed_until_ > kMostToCatchUp)
    weighed_until_ = until - kLedgerInterval - kWeighedAgain;
}

Result<BaselineTracker::View> BaselineTracker::step(ledger::Ledger& ledger, const Table& table) {
  Result<void> done;
  if (is_changed_ || table != table_) done = take_table(table);
  const TrafficTime hour = hour_of(weighed_until_);
  if (!done) {
  } else if (hour_ != hour) {
    done = begin_hour(ledger, hour);
  } else if (history_ && !history_->hours.empty()) {
    done = read_past(ledger, history_->hours.back());
    if (done) history_->hours.pop_back();
  } else {
    if (history_) finish_history();
    const Period span{.start = weighed_until_, .end = std::min(hour + kHour, closed_until_)};
    done = weigh(ledger, span);
    if (done) weighed_until_ = span.end;
  }
  if (!done) {
    hour_.reset();
    history_.reset();
    return tl::unexpected(done.error());
  }
  return has_work() ? nullptr : view();
}

Result<void> BaselineTracker::take_table(const Table& table) {
  std::map<std::string_view, Tracked> before;
  for (Tracked& one : tracked_) before.emplace(one.contract->id, std::move(one));
  std::map<ExporterSet, std::size_t> sets;
  std::map<std::string_view, std::size_t> zones;
  std::vector<ExporterSet> exporter_sets;
  std::vector<billing::WeekCalendar> calendars;
  std::vector<Tracked> tracked;
  for (const auto& [id, contract] : contracts_at(*table, closed_until_ - TrafficSpan{1})) {
    if (std::binary_search(terms_.except.begin(), terms_.except.end(), id)) continue;
    const auto [set, is_new_set] = sets.try_emplace(exporters_of(*contract), exporter_sets.size());
    if (is_new_set) exporter_sets.push_back(set->first);
    const auto [zone, is_new_zone] =
        zones.try_emplace(contract->billing.timezone, calendars.size());
    if (is_new_zone) {
      auto calendar = billing::WeekCalendar::make(contract->billing.timezone);
      if (!calendar) return tl::unexpected(calendar.error());
      calendars.push_back(*calendar);
    }
    Tracked one{.contract = contract,
                .exporters = set->second,
                .zone = zone->second,
                .above = {},
                .levels = {},
                .masks = {}};
    if (const auto known = before.find(id); known != before.end()) one.above = known->second.above;
    tracked.push_back(std::move(one));
  }
  tracked_ = std::move(tracked);
  sets_ = std::move(exporter_sets);
  zones_ = std::move(calendars);
  table_ = table;
  is_changed_ = false;
  hour_.reset();
  return {};
}

Result<void> BaselineTracker::begin_hour(ledger::Ledger& ledger, TrafficTime hour) {
  History history;
  std::map<TrafficTime, std::vector<std::size_t>> hours;
  for (std::size_t zone = 0; zone < zones_.size(); ++zone)
    for (const TrafficTime start : zones_[zone].same_time_before(hour, terms_.weeks))
      hours[start].push_back(zone);
  for (auto& [start, zones] : hours)
    history.hours.push_back({.start = start, .zones = std::move(zones)});
  std::reverse(history.hours.begin(), history.hours.end());
  history.rates.resize(tracked_.size());
  history.weeks.resize(tracked_.size());

  const TrafficTime from = history.hours.empty() ? hour : history.hours.back().start;
  for (Tracked& one : tracked_) {
    const auto masks = ledger.masks(one.contract->id, seconds_of(from), seconds_of(hour + kHour));
    if (!masks) return tl::unexpected(masks.error());
    one.masks.clear();
    for (const auto& mask : *masks)
      one.masks.push_back({.start = time_of(mask.from), .end = time_of(mask.until)});
  }
  hour_ = hour;
  history_ = std::move(history);
  return {};
}

Result<void> BaselineTracker::read_past(ledger::Ledger& ledger, const PastHour& past) {
  std::vector<std::size_t> places;
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < tracked_.size(); ++i) {
    if (std::find(past.zones.begin(), past.zones.end(), tracked_[i].zone) == past.zones.end())
      continue;
    places.push_back(i);
    ids.push_back(tracked_[i].contract->id);
  }
  const Period span{.start = past.start, .end = past.start + kHour};
  const auto coverage = LedgerCoverage::read(ledger, span, sets_);
  if (!coverage) return tl::unexpected(coverage.error());
  const auto bytes = SpanBytes::read(ledger, ids, span);
  if (!bytes) return tl::unexpected(bytes.error());
  for (std::size_t n = 0; n < places.size(); ++n) {
    const Tracked& one = tracked_[places[n]];
    auto& rates = history_->rates[places[n]];
    const auto rows = bytes->of(n);
    // Before it first carried anything then, it may not have been connected: that is no usual zero.
    const bool is_silent =
        std::none_of(rows.begin(), rows.end(), [](const auto& row) { return row.has_value(); });
    if (is_silent && rates[0].empty()) continue;
    const std::size_t before = rates[0].size();
    TrafficTime start = span.start;
    for (std::size_t i = 0; i < rows.size(); ++i, start += kLedgerInterval) {
      if (coverage->share(one.exporters, start) < kWholeEnough ||
          !is_meant(*one.contract, one.masks, start))
        continue;
      for (std::size_t side = 0; side < rates.size(); ++side)
        rates[side].push_back(rows[i] ? rate_of((*rows[i])[side]) : 0);
    }
    if (rates[0].size() - before >= kFewestIntervals) {
      ++history_->weeks[places[n]];
      continue;
    }
    for (auto& side : rates) side.resize(before);
  }
  return {};
}

void BaselineTracker::finish_history() {
  const billing::BaselineRule rule{.k = static_cast<double>(terms_.k), .floor = terms_.floor};
  for (std::size_t i = 0; i < tracked_.size(); ++i) {
    for (std::size_t side = 0; side < 2; ++side) {
      Levels& levels = tracked_[i].levels[side];
      levels.reset();
      if (history_->weeks[i] < kFewestWeeks) continue;
      if (const auto baseline = billing::baseline_of(history_->rates[i][side]))
        levels = billing::baseline_levels(*baseline, rule);
    }
  }
  history_.reset();
}

Result<void> BaselineTracker::weigh(ledger::Ledger& ledger, const Period& span) {
  std::vector<std::string> ids;
  for (const Tracked& one : tracked_) ids.push_back(one.contract->id);
  const auto coverage = LedgerCoverage::read(ledger, span, sets_);
  if (!coverage) return tl::unexpected(coverage.error());
  const auto bytes = SpanBytes::read(ledger, ids, span);
  if (!bytes) return tl::unexpected(bytes.error());
  for (std::size_t i = 0; i < tracked_.size(); ++i) {
    Tracked& one = tracked_[i];
    TrafficTime start = span.start;
    for (const auto& row : bytes->of(i)) {
      const billing::Share share = coverage->share(one.exporters, start);
      const bool is_told =
          (row || share != billing::kNone) && is_meant(*one.contract, one.masks, start);
      const auto heard = share < kWholeEnough ? billing::Heard::Part : billing::Heard::Whole;
      for (std::size_t side = 0; is_told && side < one.above.size(); ++side)
        if (const Levels& levels = one.levels[side])
          one.above[side].take(row ? rate_of((*row)[side]) : 0, heard, *levels, terms_.intervals);
      start += kLedgerInterval;
    }
  }
  return {};
}

BaselineTracker::View BaselineTracker::view() const {
  auto made = std::make_shared<billing::BaselineView>();
  made->as_of = weighed_until_;
  for (const Tracked& one : tracked_) {
    if (!one.levels[0] || !one.levels[1]) continue;
    const auto direction = [&one](Direction side) {
      const auto at = static_cast<std::size_t>(side);
      return billing::DirectionBaseline{.levels = *one.levels[at],
                                        .is_above = one.above[at].is_above()};
    };
    made->contracts.push_back({.contract = one.contract->id,
                               .directions = {.from_customer = direction(Direction::FromCustomer),
                                              .to_customer = direction(Direction::ToCustomer)}});
  }
  return made;
}

}  // namespace weir::app
