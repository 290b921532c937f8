#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "collector/billing/interval_state.h"
#include "collector/billing/period.h"
#include "collector/contracts/contract.h"
#include "collector/model/result.h"
#include "collector/model/time.h"
#include "exporters/ledger/ledger.h"

namespace weir::app {

/// Exporters that a contract hangs on by name; empty if it may be met at any.
using ExporterSet = std::set<std::string>;
[[nodiscard]] ExporterSet exporters_of(const contracts::Contract& contract);

/// What came of what one exporter sent in an interval, over all runs.
class Arrival {
 public:
  void add(const ledger::ReceptionRow& row) noexcept {
    // A run that heard nothing at all has lost nothing that another one heard.
    if (row.received == 0 && row.lost != 0) {
      is_silent_ = true;
      return;
    }
    received_ += row.received;
    sent_ += row.received + row.lost;
  }
  [[nodiscard]] billing::Share share() const noexcept {
    if (sent_ == 0) return is_silent_ ? billing::kNone : billing::kWhole;
    return billing::share_of(received_, sent_);
  }

 private:
  std::uint64_t received_ = 0;
  std::uint64_t sent_ = 0;
  bool is_silent_ = false;
};

/// Mean of what came of several exporters, which count in units of their own: each weighs the same.
class MeanShare {
 public:
  void add(billing::Share share) noexcept {
    sum_ += share.value();
    ++count_;
  }
  /// Of an interval of which so long was measured.
  [[nodiscard]] billing::Share of(std::chrono::seconds measured) const noexcept {
    return billing::interval_completeness(measured, sum_, count_ * billing::kWhole.value());
  }

 private:
  std::uint64_t sum_ = 0;
  std::uint64_t count_ = 0;
};

/// How much of each interval of a span was measured, by the exporters that matter: read once
/// for all contracts that hang on the same ones.
///
/// Threads: any, once read. Owns 4 bytes an interval and set.
class LedgerCoverage {
 public:
  /// `span` on interval borders; `sets` are asked for later by their place.
  [[nodiscard]] static Result<LedgerCoverage> read(ledger::Ledger& ledger,
                                                   const billing::Period& span,
                                                   std::span<const ExporterSet> sets);

  /// None outside of the span and where no run was measuring.
  [[nodiscard]] billing::Share share(std::size_t set, TrafficTime start) const noexcept {
    if (start < span_.start || start >= span_.end) return billing::kNone;
    return shares_[set][static_cast<std::size_t>((start - span_.start) / billing::kLedgerInterval)];
  }

 private:
  billing::Period span_;
  std::vector<std::vector<billing::Share>> shares_;
};

}  // namespace weir::app
