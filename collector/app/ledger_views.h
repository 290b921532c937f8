#pragma once

#include <spdlog/logger.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

#include "collector/app/baseline_tracker.h"
#include "collector/app/billing_tracker.h"
#include "collector/app/capacity_view.h"
#include "collector/billing/baseline_view.h"
#include "collector/billing/billing_view.h"
#include "collector/billing/capacity.h"
#include "collector/config/config.h"
#include "collector/contracts/contract_table.h"
#include "collector/model/published.h"
#include "exporters/ledger/ledger.h"

namespace weir::app {

/// What a running collector works out from its ledger: what contracts owe by now after each closed
/// interval, what carries more than usual, what runs out once a day; and what it writes there
/// besides intervals: the terms of contracts as they are known, and the bills of periods that are
/// over.
///
/// Threads: observe() on the ledger's; the rest from any.
class LedgerViews {
 public:
  using Table = std::function<std::shared_ptr<const contracts::ContractTable>()>;

  /// Runs a job on the ledger's thread, after what waits there already.
  using Post = std::function<void(std::function<void(ledger::Ledger&)>)>;

  /// How long forecasts keep what waits for the ledger's thread waiting, and a step more.
  static constexpr std::chrono::milliseconds kTurn{200};

  LedgerViews(const config::Config& config, Table table, Post post,
              std::shared_ptr<spdlog::logger> log, std::chrono::milliseconds turn = kTurn);

  /// A configuration that is in force now.
  void adopt(const config::Config& config);
  /// What takes long ends soon, and is taken up again by the next start. Before the ledger's thread
  /// is stopped; from any thread.
  void stop() noexcept { stop_.request_stop(); }
  /// LedgerService::Observer.
  void observe(ledger::Ledger& ledger, std::optional<std::int64_t> start);
  /// Late records have changed intervals, the first of which starts there. On the ledger's thread.
  void note_amendment(std::int64_t first) noexcept { tracker_.note_amendment(first); }

  /// Null until the ledger has told.
  [[nodiscard]] std::shared_ptr<const billing::BillingView> billing() const {
    return billing_.current();
  }
  [[nodiscard]] std::shared_ptr<const billing::CapacityView> capacity() const {
    return capacity_.current();
  }

  [[nodiscard]] std::shared_ptr<const billing::BaselineView> baselines() const {
    return baselines_.current();
  }

 private:
  void note_terms_of(ledger::Ledger& ledger, const config::Config& config);
  void close_periods_of(ledger::Ledger& ledger, const config::Config& config);
  /// Works at the forecasts for a while; posts the rest, so that intervals are written in between.
  void look_ahead(ledger::Ledger& ledger);
  /// Asks for the next step, which is void once the turn is over.
  void weigh_next(std::uint64_t turn);
  void warn(const char* what, const Error& error) const;

  Published<config::Config> config_;
  const Table table_;
  const Post post_;
  const std::shared_ptr<spdlog::logger> log_;
  std::stop_source stop_;
  const std::chrono::milliseconds turn_length_;
  Published<billing::BillingView> billing_{nullptr};
  Published<billing::CapacityView> capacity_{nullptr};
  Published<billing::BaselineView> baselines_{nullptr};
  // The ledger's thread alone.
  BillingTracker tracker_;
  BaselineTracker baseline_tracker_;
  std::uint64_t turn_ = 0;                       ///< rises with each closed interval
  std::shared_ptr<const config::Config> noted_;  ///< whose terms are in the ledger
  std::optional<std::chrono::steady_clock::time_point> next_daily_;
  std::unique_ptr<CapacityViewMaker> forecasts_;  ///< while they are made
  std::uint64_t forecast_turn_ = 0;               ///< the last that was posted
};

/// What the ledger has of interfaces, for make_capacity_view().
[[nodiscard]] EachInterfaceInterval interfaces_of(ledger::Ledger& ledger);

}  // namespace weir::app
