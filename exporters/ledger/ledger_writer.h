#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "collector/model/result.h"
#include "exporters/ledger/ledger.h"

namespace weir::ledger {

/// All that one run says of one interval: a later one of the same interval takes its place.
struct IntervalSave {
  std::int64_t start = 0;
  Batch batch;
  bool is_final = false;  ///< nothing but amendments comes after it
};

/// What a LedgerWriter has done and has still to do.
struct WriterFigures {
  std::uint64_t pending_intervals = 0;
  std::uint64_t pending_rows = 0;
  std::uint64_t written_intervals = 0;  ///< final ones
  std::uint64_t write_errors = 0;
  std::uint64_t dropped_rows = 0;  ///< given up beyond the bound
  // Of late records, as contracts count them.
  std::uint64_t amended_bytes = 0;
  /// Their period is closed, no router carries so much, or they were given up.
  std::uint64_t unamended_bytes = 0;
  std::optional<std::int64_t> last_final_start;  ///< of the newest final interval written
  std::optional<std::chrono::steady_clock::time_point> failing_since;
  std::string last_error;  ///< of the failure that lasts; empty: none
};

/// Writes intervals to a ledger on a thread of its own, so that a database that is slow, locked,
/// full or away holds up nobody.
///
/// What waits is kept in memory, at most Limits::rows: each interval once, in its newest form. A
/// write that fails is tried again, after a pause that doubles up to Limits::longest_pause; one
/// that succeeds is one transaction, so that everything is written exactly once. Beyond the bound
/// saves of open intervals go first, then the oldest final ones, then amendments; all are counted.
///
/// Threads: any may call the members; save() and post() never wait for the database. The
/// listeners are called on the writer's thread.
class LedgerWriter {
 public:
  struct Limits {
    std::uint64_t rows = 1'000'000;
    std::chrono::milliseconds first_pause{1'000};
    std::chrono::milliseconds longest_pause{30'000};
    /// How long stop() goes on trying.
    std::chrono::milliseconds stop_deadline{20'000};
  };
  /// Opens the ledger, again after each failure to.
  using Open = std::function<Result<Ledger>()>;
  using Job = std::function<void(Ledger&)>;
  struct Listeners {
    std::function<void(const IntervalSave&)> on_final;  ///< it is in the ledger
    std::function<void(const std::string& error)> on_failing;
    std::function<void()> on_recovered;
    /// Intervals may be others now, the first of which starts there.
    std::function<void(std::int64_t first)> on_amended;
    /// After the ledger was opened, and after each final interval (its start).
    std::function<void(Ledger&, std::optional<std::int64_t> start)> observer;
    /// After opening and then once a day: digests, retention.
    Job daily;
  };

  LedgerWriter(std::string run, Open open, Listeners listeners, Limits limits);
  LedgerWriter(std::string run, Open open, Listeners listeners)
      : LedgerWriter(std::move(run), std::move(open), std::move(listeners), Limits{}) {}
  ~LedgerWriter();

  void start();
  /// Writes what waits, and ends. Gives the rows that could not be written in time.
  std::uint64_t stop();

  void save(IntervalSave interval);
  /// What interfaces carried in an interval; each row comes once.
  void add(std::int64_t start, std::vector<InterfaceRow> interfaces);
  /// What late records add to intervals, final or not; written once.
  void amend(std::vector<IntervalRow> rows);
  /// Runs `job` between two writes, once the ledger is open. Jobs that wait when the writer stops
  /// are forgotten, and one that comes when kMostJobs wait.
  void post(Job job);
  static constexpr std::size_t kMostJobs = 1'000;

  [[nodiscard]] WriterFigures figures() const;

 private:
  void run(const std::stop_token& stop);
  [[nodiscard]] bool open_ledger();
  /// Writes the oldest interval that waits. False if the database refused.
  [[nodiscard]] bool write_one();
  /// The same for the oldest amendments.
  [[nodiscard]] bool amend_one();
  [[nodiscard]] bool is_idle() const;
  /// What the database refused waits again.
  void put_back(IntervalSave interval);
  void fail(const Error& error);
  void recover();
  void run_jobs();
  /// Gives up what is beyond the bound, and counts what waits. Under the mutex.
  void keep_bound();

  const std::string run_;
  const Open open_;
  const Listeners listeners_;
  const Limits limits_;

  // The thread's own.
  std::optional<Ledger> ledger_;
  std::chrono::milliseconds pause_{0};
  std::optional<std::int64_t> refused_;  ///< start of what the database refused last
  std::optional<std::chrono::steady_clock::time_point> next_daily_;

  mutable std::mutex mutex_;  ///< guards all below
  std::condition_variable_any wake_;
  std::map<std::int64_t, IntervalSave> pending_;
  std::deque<Amendments> amendments_;
  std::uint64_t last_amendments_ = 0;  ///< number
  std::deque<Job> jobs_;
  WriterFigures figures_;
  std::jthread thread_;  ///< last: it uses the others
};

/// Rows of a save, coverage and reception included.
[[nodiscard]] std::uint64_t rows_of(const IntervalSave& interval) noexcept;

}  // namespace weir::ledger
