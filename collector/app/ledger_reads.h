#pragma once

#include <chrono>
#include <functional>

#include "collector/billing/interval_grid.h"
#include "collector/billing/period.h"
#include "collector/contracts/contract.h"
#include "collector/model/result.h"
#include "exporters/ledger/ledger.h"

namespace weir::app {

/// The intervals of one contract in `span`, as bills are made of them: with coverage and masks.
[[nodiscard]] Result<billing::IntervalGrid> read_intervals(ledger::Ledger& ledger,
                                                           const contracts::Contract& contract,
                                                           const billing::Period& span);

/// Reads for threads that do not own the ledger: the work goes to the thread that does, and the
/// asking thread waits a bounded time.
///
/// Threads: any.
class LedgerReads {
 public:
  /// Takes work to the thread that owns the ledger; may drop it when that thread ends.
  using Post = std::function<void(std::function<void(ledger::Ledger&)>)>;

  LedgerReads(Post post, std::chrono::milliseconds patience)
      : post_(std::move(post)), patience_(patience) {}

  /// As read_intervals(); Unavailable if the ledger is busy for longer than the patience.
  [[nodiscard]] Result<billing::IntervalGrid> intervals(const contracts::Contract& contract,
                                                        const billing::Period& span) const;

 private:
  Post post_;
  std::chrono::milliseconds patience_;
};

}  // namespace weir::app
