#pragma once

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
