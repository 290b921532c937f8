#include "collector/app/ledger_feed.h"

#include <algorithm>
#include <set>
#include <utility>

#include "collector/app/ledger_rows.h"

namespace weir::app {
namespace {

constexpr std::chrono::seconds kBetweenSaves{55};  // with the clock's grain, within a minute
/// The clock's thread looks several times a second; a longer pause is a machine that slept.
constexpr TrafficSpan kLongestPause = std::chrono::seconds{30};

std::int64_t seconds_of(TrafficTime time) noexcept { return since_epoch_ms(time) / 1'000; }

}  // namespace

void LedgerFeed::take(const core::ClosedBucket& bucket) { builder_.add(bucket); }

void LedgerFeed::cover_until(TrafficTime now, Moment moment) {
  const auto last = std::exchange(last_now_, now);
  const auto turned = std::chrono::duration_cast<TrafficSpan>(moment - last_moment_);
  last_moment_ = moment;
  // Both clocks must agree that this run was there: one that was set proves nothing.
  if (!last || now <= *last || now - *last > kLongestPause || turned > kLongestPause) return;
  for (TrafficTime at = *last; at < now;) {
    const TrafficTime start = pipeline::interval_start(at);
    const TrafficTime until = std::min(now, start + pipeline::kLedgerInterval);
    // Final is final: a clock that was set back, or a look that a close overtook, adds nothing.
    if (start >= final_until_) covered_[start] += until - at;
    at = until;
  }
}

void LedgerFeed::tick(TrafficTime now, Moment moment) {
  cover_until(now, moment);
  take_late();
  if (const auto closed_until = parts_.totals.closed_until()) save_final(*closed_until);
  if (last_save_ && moment - *last_save_ < kBetweenSaves) return;
  last_save_ = moment;
  save_open();
  amend();
}

void LedgerFeed::finish(TrafficTime now, Moment moment) {
  cover_until(now, moment);
  take_late();
  if (const auto closed_until = parts_.totals.closed_until()) save_final(*closed_until);
  save_open();
  amend();
}

void LedgerFeed::take_late() {
  for (const core::LatePart& part : parts_.late()) late_.add(part);
}

void LedgerFeed::amend() {
  auto rows = ledger_rows(parts_.names(), late_.take_all());
  if (!rows.empty()) parts_.amend(std::move(rows));
}

void LedgerFeed::save_final(TrafficTime closed_until) {
  const TrafficTime open_from = pipeline::interval_start(closed_until);
  final_until_ = std::max(final_until_, open_from);
  if (covered_.empty() || covered_.begin()->first >= open_from) return;
  const auto intervals = builder_.take_until(open_from);
  std::set<TrafficTime> starts;
  for (const auto& interval : intervals) starts.insert(interval.start);
  while (!covered_.empty() && covered_.begin()->first < open_from) {
    starts.insert(covered_.begin()->first);
    // Taken out below, after it has said how much was covered.
    parts_.save(save_of(covered_.begin()->first, intervals, true));
    starts.erase(covered_.begin()->first);
    covered_.erase(covered_.begin());
  }
  // Traffic of before the start, which flow records brought: another run covers its time.
  for (const TrafficTime start : starts) parts_.save(save_of(start, intervals, true));
}

void LedgerFeed::save_open() {
  pipeline::IntervalBuilder so_far = builder_;
  for (const auto& bucket : parts_.totals.open_buckets()) so_far.add(bucket);
  const auto intervals = so_far.open();
  std::set<TrafficTime> starts;
  for (const auto& [start, covered] : covered_) starts.insert(start);
  for (const auto& interval : intervals) starts.insert(interval.start);
  for (const TrafficTime start : starts) parts_.save(save_of(start, intervals, false));
}

ledger::IntervalSave LedgerFeed::save_of(TrafficTime start,
                                         const std::vector<pipeline::SlotInterval>& intervals,
                                         bool is_final) const {
  std::vector<pipeline::SlotInterval> of_start;
  std::copy_if(intervals.begin(), intervals.end(), std::back_inserter(of_start),
               [&](const auto& interval) { return interval.start == start; });
  ledger::IntervalSave save{.start = seconds_of(start), .batch = {}, .is_final = is_final};
  save.batch.intervals = ledger_rows(parts_.names(), of_start);
  if (parts_.exports) save.batch.exports = parts_.exports(save.start);
  const auto covered = covered_.find(start);
  if (covered != covered_.end()) {
    constexpr std::int64_t kHalfSecond = 500;
    const std::int64_t seconds = (covered->second.count() + kHalfSecond) / 1'000;
    if (seconds > 0) {
      save.batch.coverage.push_back(
          {.start = save.start,
           .seconds = static_cast<std::uint32_t>(std::min(seconds, ledger::kIntervalSeconds))});
      // What a run did not measure was not lost, and routers were not silent.
      save.batch.reception = parts_.reception(save.start);
    }
  }
  return save;
}

}  // namespace weir::app
