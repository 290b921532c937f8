#include "exporters/ledger/ledger_writer.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace weir::ledger {
namespace {

constexpr std::chrono::hours kBetweenDailies{24};

void move_interfaces(IntervalSave& from, IntervalSave& to) {
  to.batch.interfaces.insert(to.batch.interfaces.end(),
                             std::make_move_iterator(from.batch.interfaces.begin()),
                             std::make_move_iterator(from.batch.interfaces.end()));
}

std::uint64_t bytes_of(const Amendments& amendments) noexcept {
  std::uint64_t bytes = 0;
  for (const IntervalRow& row : amendments.rows) bytes += row.bytes;
  return bytes;
}

}  // namespace

std::uint64_t rows_of(const IntervalSave& interval) noexcept {
  return interval.batch.intervals.size() + interval.batch.coverage.size() +
         interval.batch.reception.size() + interval.batch.interfaces.size() +
         interval.batch.exports.size();
}

LedgerWriter::LedgerWriter(std::string run, Open open, Listeners listeners, Limits limits)
    : run_(std::move(run)),
      open_(std::move(open)),
      listeners_(std::move(listeners)),
      limits_(limits) {}

LedgerWriter::~LedgerWriter() { stop(); }

void LedgerWriter::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

std::uint64_t LedgerWriter::stop() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  const std::lock_guard lock(mutex_);
  return figures_.pending_rows;
}

void LedgerWriter::save(IntervalSave interval) {
  const std::lock_guard lock(mutex_);
  auto& place = pending_[interval.start];
  figures_.pending_rows -= rows_of(place);
  // Those come once, whatever contracts' newer rows say.
  move_interfaces(place, interval);
  place = std::move(interval);
  figures_.pending_rows += rows_of(place);
  keep_bound();
  wake_.notify_all();
}

void LedgerWriter::add(std::int64_t start, std::vector<InterfaceRow> interfaces) {
  const std::lock_guard lock(mutex_);
  IntervalSave more{.start = start, .batch = {}};
  more.batch.interfaces = std::move(interfaces);
  figures_.pending_rows += rows_of(more);
  if (const auto place = pending_.find(start); place != pending_.end())
    move_interfaces(more, place->second);
  else
    pending_.emplace(start, std::move(more));
  keep_bound();
  wake_.notify_all();
}

void LedgerWriter::amend(std::vector<IntervalRow> rows) {
  if (rows.empty()) return;
  const std::lock_guard lock(mutex_);
  figures_.pending_rows += rows.size();
  amendments_.push_back({.number = ++last_amendments_, .rows = std::move(rows)});
  keep_bound();
  wake_.notify_all();
}

void LedgerWriter::post(Job job) {
  const std::lock_guard lock(mutex_);
  // Who asks does not wait for as long as a database may be away, and asks again.
  if (jobs_.size() == kMostJobs) return;
  jobs_.push_back(std::move(job));
  wake_.notify_all();
}

WriterFigures LedgerWriter::figures() const {
  const std::lock_guard lock(mutex_);
  return figures_;
}

void LedgerWriter::keep_bound() {
  while (figures_.pending_rows > limits_.rows && !pending_.empty()) {
    auto victim = std::find_if(pending_.begin(), pending_.end(),
                               [](const auto& entry) { return !entry.second.is_final; });
    if (victim == pending_.end()) victim = pending_.begin();
    const std::uint64_t rows = rows_of(victim->second);
    figures_.pending_rows -= rows;
    figures_.dropped_rows += rows;
    pending_.erase(victim);
  }
  while (figures_.pending_rows > limits_.rows && !amendments_.empty()) {
    const Amendments& oldest = amendments_.front();
    figures_.pending_rows -= oldest.rows.size();
    figures_.dropped_rows += oldest.rows.size();
    figures_.unamended_bytes += bytes_of(oldest);
    amendments_.pop_front();
  }
  figures_.pending_intervals = pending_.size();
}

void LedgerWriter::fail(const Error& error) {
  ledger_.reset();  // a connection that was lost comes back only anew
  pause_ = pause_.count() == 0 ? limits_.first_pause : std::min(2 * pause_, limits_.longest_pause);
  bool is_new = false;
  {
    const std::lock_guard lock(mutex_);
    ++figures_.write_errors;
    is_new = figures_.last_error != error.message;
    figures_.last_error = error.message;
    if (!figures_.failing_since) figures_.failing_since = std::chrono::steady_clock::now();
  }
  if (is_new && listeners_.on_failing) listeners_.on_failing(error.message);
}

void LedgerWriter::recover() {
  pause_ = std::chrono::milliseconds{0};
  bool was_failing = false;
  {
    const std::lock_guard lock(mutex_);
    was_failing = figures_.failing_since.has_value();
    figures_.failing_since.reset();
    figures_.last_error.clear();
  }
  if (was_failing && listeners_.on_recovered) listeners_.on_recovered();
}

bool LedgerWriter::open_ledger() {
  if (ledger_) return true;
  auto opened = open_();
  if (!opened) {
    fail(opened.error());
    return false;
  }
  ledger_.emplace(std::move(*opened));
  if (listeners_.observer) listeners_.observer(*ledger_, std::nullopt);
  return true;
}

void LedgerWriter::put_back(IntervalSave interval) {
  const std::lock_guard lock(mutex_);
  // A newer form may have come meanwhile; it has all but the rows of interfaces.
  const auto [place, is_kept] = pending_.try_emplace(interval.start);
  if (is_kept) {
    place->second = std::move(interval);
  } else {
    figures_.pending_rows -= rows_of(interval) - interval.batch.interfaces.size();
    move_interfaces(interval, place->second);
  }
  keep_bound();
}

bool LedgerWriter::write_one() {
  IntervalSave interval;
  {
    const std::lock_guard lock(mutex_);
    if (pending_.empty()) return true;
    // Oldest first, but what the database refuses for good does not keep the others waiting.
    auto next = refused_ ? pending_.upper_bound(*refused_) : pending_.begin();
    if (next == pending_.end()) next = pending_.begin();
    // Taken out, so that a newer form may come in meanwhile.
    auto node = pending_.extract(next);
    interval = std::move(node.mapped());
  }
  const std::int64_t start = interval.start;
  if (const auto written = ledger_->write(run_, interval.batch); !written) {
    put_back(std::move(interval));
    refused_ = start;
    fail(written.error());
    return false;
  }
  {
    const std::lock_guard lock(mutex_);
    figures_.pending_rows -= rows_of(interval);
    figures_.pending_intervals = pending_.size();
    if (interval.is_final) {
      ++figures_.written_intervals;
      figures_.last_final_start = std::max(figures_.last_final_start.value_or(start), start);
    }
  }
  refused_.reset();
  recover();
  if (!interval.is_final) return true;
  if (listeners_.on_final) listeners_.on_final(interval);
  if (listeners_.observer) listeners_.observer(*ledger_, start);
  return true;
}

bool LedgerWriter::amend_one() {
  Amendments amendments;
  {
    const std::lock_guard lock(mutex_);
    if (amendments_.empty()) return true;
    amendments = std::move(amendments_.front());
    amendments_.pop_front();
  }
  const auto amended = ledger_->amend(run_, amendments);
  if (!amended) {
    {
      const std::lock_guard lock(mutex_);
      // With its number: what was written before the answer was lost is not written again.
      amendments_.push_front(std::move(amendments));
      keep_bound();
    }
    fail(amended.error());
    return false;
  }
  {
    const std::lock_guard lock(mutex_);
    figures_.pending_rows -= amendments.rows.size();
    const std::uint64_t refused = amended->closed_bytes + amended->impossible_bytes;
    figures_.unamended_bytes += refused;
    figures_.amended_bytes += bytes_of(amendments) - refused;
  }
  recover();
  if (listeners_.on_amended)
    listeners_.on_amended(std::ranges::min(amendments.rows, {}, &IntervalRow::start).start);
  return true;
}

bool LedgerWriter::is_idle() const {
  const std::lock_guard lock(mutex_);
  return pending_.empty() && amendments_.empty();
}

void LedgerWriter::run_jobs() {
  std::deque<Job> jobs;
  {
    const std::lock_guard lock(mutex_);
    jobs.swap(jobs_);
  }
  for (const Job& job : jobs) job(*ledger_);
  const auto now = std::chrono::steady_clock::now();
  if (!listeners_.daily || (next_daily_ && now < *next_daily_)) return;
  next_daily_ = now + kBetweenDailies;
  listeners_.daily(*ledger_);
}

void LedgerWriter::run(const std::stop_token& stop) {
  std::optional<std::chrono::steady_clock::time_point> deadline;
  while (true) {
    // Asked before what waits: all that was saved before the stop is looked at after it.
    const bool is_stopping = stop.stop_requested();
    bool is_good = open_ledger();
    while (is_good) {
      run_jobs();
      if (is_idle()) break;
      is_good = write_one() && amend_one();
    }
    const auto now = std::chrono::steady_clock::now();
    if (is_stopping) {
      if (is_good) return;
      if (!deadline) deadline = now + limits_.stop_deadline;
      if (now >= *deadline) return;
    }
    std::unique_lock lock(mutex_);
    if (!is_good && is_stopping) {
      // The token wakes no more: a short pause, until the deadline.
      wake_.wait_for(lock, std::min<std::chrono::milliseconds>(pause_, limits_.first_pause));
    } else if (!is_good) {
      wake_.wait_for(lock, stop, pause_, [] { return false; });
    } else {
      wake_.wait_for(lock, stop, std::chrono::minutes{1},
                     [&] { return !pending_.empty() || !amendments_.empty() || !jobs_.empty(); });
    }
  }
}

}  // namespace weir::ledger
