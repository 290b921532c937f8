#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "collector/app/ledger_coverage.h"
#include "collector/billing/baseline_view.h"
#include "collector/billing/period.h"
#include "collector/billing/week_calendar.h"
#include "collector/config/config.h"
#include "collector/contracts/contract_table.h"
#include "collector/model/result.h"
#include "collector/model/time.h"
#include "exporters/ledger/ledger.h"

namespace weir::app {

/// Weighs each closed interval against what the same hour of the week carried in the weeks before,
/// by the contract's own clock (docs/monitoring.md, "Above the usual").
///
/// The work is cut into steps, each of which reads one hour of the ledger at most, so that whoever
/// owns the ledger writes in between. An hour's history is read once, when its first interval has
/// closed. After a start, the intervals of the two hours before are weighed again: an alarm that
/// was raised is raised anew.
///
/// Threads: one at a time, the one that owns the ledger. What step() gives is immutable.
/// Memory: 0.15 kB a contract, and while an hour's history is read 0.2 kB a week and contract.
class BaselineTracker {
 public:
  using Table = std::shared_ptr<const contracts::ContractTable>;
  using View = std::shared_ptr<const billing::BaselineView>;

  explicit BaselineTracker(config::Baseline terms) : terms_(std::move(terms)) {}

  /// Alarms stay as they are; the hour's history is read again if it may be another now.
  void adopt(const config::Baseline& terms);

  /// The interval that starts there, in seconds since 1970, has closed, and all before it.
  void note_closed(std::int64_t interval_start);
  [[nodiscard]] bool has_work() const noexcept { return weighed_until_ < closed_until_; }

  /// Does the next step; gives the view once all that is closed has been weighed, else null. On an
  /// error the same hour is begun anew by the next step.
  [[nodiscard]] Result<View> step(ledger::Ledger& ledger, const Table& table);

 private:
  using Levels = std::optional<billing::BaselineLevels>;

  struct Tracked {
    const contracts::Contract* contract = nullptr;  ///< of table_
    std::size_t exporters = 0;                      ///< place in sets_
    std::size_t zone = 0;                           ///< place in zones_
    std::array<billing::AboveBaseline, 2> above;    ///< by Direction
    std::array<Levels, 2> levels;                   ///< of hour_
    std::vector<billing::Period> masks;             ///< of the weeks that are looked at
  };
  /// An hour of the past, and the zones in which it is the same hour of the week.
  struct PastHour {
    TrafficTime start;
    std::vector<std::size_t> zones;
  };
  /// What has been read of the past of hour_. By contract.
  struct History {
    std::vector<PastHour> hours;  ///< that are still to be read, the oldest last
    std::vector<std::array<std::vector<double>, 2>> rates;
    std::vector<std::uint32_t> weeks;  ///< that count
  };

  [[nodiscard]] Result<void> take_table(const Table& table);
  [[nodiscard]] Result<void> begin_hour(ledger::Ledger& ledger, TrafficTime hour);
  [[nodiscard]] Result<void> read_past(ledger::Ledger& ledger, const PastHour& past);
  void finish_history();
  [[nodiscard]] Result<void> weigh(ledger::Ledger& ledger, const billing::Period& span);
  [[nodiscard]] View view() const;

  config::Baseline terms_;
  bool is_changed_ = true;  ///< terms_, since table_ was taken
  Table table_;
  std::vector<ExporterSet> sets_;
  std::vector<billing::WeekCalendar> zones_;
  std::vector<Tracked> tracked_;  ///< by id
  TrafficTime weighed_until_ = TrafficTime::min();
  TrafficTime closed_until_ = TrafficTime::min();
  std::optional<TrafficTime> hour_;  ///< whose history is read, or being read
  std::optional<History> history_;   ///< while it is
};

}  // namespace weir::app
