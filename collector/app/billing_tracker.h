#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collector/app/counted_port.h"
#include "collector/app/ledger_coverage.h"
#include "collector/billing/billing_calendar.h"
#include "collector/billing/billing_view.h"
#include "collector/billing/running_period.h"
#include "collector/contracts/contract_table.h"
#include "collector/model/result.h"
#include "collector/model/time.h"
#include "exporters/ledger/ledger.h"

namespace weir::app {

/// Keeps what every contract owes by now, from the ledger's closed intervals: the same figures as
/// `weir report` of the same ledger, without reading a month for each scrape.
///
/// After an interval has closed, update() reads that interval alone. It reads whole periods again
/// when the contracts or their periods change, one hour of traffic after it last did (masks and
/// late amendments come in by then), and ten minutes after it if an older interval is known to
/// have changed. Previous periods are read again once a day, and if one of their own has changed.
///
/// Threads: one at a time, the one that owns the ledger. What update() gives is immutable.
/// Memory: 7.2 kB a contract (p95, months), so 72 MB for 10,000; three lists instead of two where
/// the rule joins directions. While previous periods are read, 90 MB more.
class BillingTracker {
 public:
  using Table = std::shared_ptr<const contracts::ContractTable>;
  using View = std::shared_ptr<const billing::BillingView>;

  /// The figures when all intervals that ended by `closed_until` are closed, as the ledger now
  /// has them. A time before that of the last call says that an older interval has changed. On an
  /// error what was known stays, and the next call reads all anew.
  [[nodiscard]] Result<View> update(ledger::Ledger& ledger, const Table& table,
                                    TrafficTime closed_until);

  /// For the observer of a ledger's writer: the interval at `start` has closed. Zero, as before
  /// the first one: up to the last that the ledger has.
  [[nodiscard]] Result<View> observe(ledger::Ledger& ledger, const Table& table,
                                     std::int64_t interval_start);

  /// Intervals that were closed have changed, the first of which starts there, in seconds since
  /// 1970: within ten minutes the periods from then on are read again.
  void note_amendment(std::int64_t first) noexcept;

  /// The next update() reads everything again, previous periods too: masks were made, or an
  /// amendment.
  void forget() noexcept;

 private:
  struct Tracked {
    const contracts::Contract* contract = nullptr;  ///< of table_
    std::size_t exporters = 0;                      ///< place in sets_
    std::optional<CountedPort> port;                ///< whose counters bill it, in place of flows
    billing::BillingCalendar calendar;
    std::optional<billing::RunningPeriod> current;
    billing::Period current_period;
    std::optional<billing::PeriodView> previous;
    std::vector<billing::Mask> previous_masks;
    TrafficTime previous_read_at = TrafficTime::min();
    billing::Share completeness;
  };
  /// A running period and whose it is.
  struct Target {
    const Tracked* tracked = nullptr;
    billing::RunningPeriod* period = nullptr;
  };

  [[nodiscard]] Result<void> take_table(const Table& table, TrafficTime closed_until);
  [[nodiscard]] Result<void> rebuild(ledger::Ledger& ledger, TrafficTime closed_until);
  [[nodiscard]] Result<void> begin_periods(ledger::Ledger& ledger, TrafficTime closed_until,
                                           std::vector<std::size_t>& stale);
  [[nodiscard]] Result<void> read_previous(ledger::Ledger& ledger,
                                           const std::vector<std::size_t>& stale,
                                           TrafficTime closed_until);
  [[nodiscard]] Result<void> read(ledger::Ledger& ledger, std::vector<Target>& targets,
                                  TrafficTime until);
  [[nodiscard]] Result<void> read_counters(ledger::Ledger& ledger, const Target& target,
                                           TrafficTime until);
  [[nodiscard]] bool has_new_period(TrafficTime closed_until) const noexcept;
  [[nodiscard]] View view() const;

  Table table_;
  std::vector<ExporterSet> sets_;
  std::vector<Tracked> tracked_;  ///< by id
  TrafficTime closed_until_ = TrafficTime::min();
  TrafficTime built_at_ = TrafficTime::min();
  /// Start of the first interval that has changed since the last reading; max: none has.
  TrafficTime amended_from_ = TrafficTime::max();
  bool is_stale_ = true;  ///< everything is to be read
  View view_;
};

}  // namespace weir::app
