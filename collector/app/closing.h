#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "collector/billing/month.h"
#include "collector/config/config.h"
#include "collector/model/result.h"
#include "collector/model/time.h"
#include "collector/model/units.h"
#include "exporters/ledger/ledger.h"
#include "exporters/ledger/statement_store.h"

namespace weir::app {

/// Which periods to close.
struct CloseRequest {
  std::optional<billing::Month> month;  ///< none: every month that the ledger has anything of
  std::string contract;                 ///< empty: all
  std::string author = "weir";
};

/// A period by the name of its contract and month, and what is owed for it.
struct ClosedBillLine {
  std::string contract;
  billing::Month month;
  BitsPerSecond billable;
};

enum class CloseMode : std::uint8_t {
  Store,
  List,  ///< nothing is written
};

/// Closes the periods that ended `config.ledger_close_after` before `now` or earlier and are not
/// closed: makes their bills and stores them as revision 1, by month and some contracts at a time.
/// Closing twice changes nothing, and goes on where it was stopped. A contract that did not hold in
/// a period has no bill of it. Gives what was closed, or would be, by month.
///
/// Errors: Usage for a contract that is not configured; what the ledger says otherwise.
[[nodiscard]] Result<std::vector<ClosedBillLine>> close_periods(ledger::Ledger& ledger,
                                                                const config::Config& config,
                                                                const CloseRequest& request,
                                                                TrafficTime now, CloseMode mode,
                                                                const std::stop_token& stop = {});

/// The same for every contract and month: what `weir serve` does daily. For the thread that owns
/// the ledger.
[[nodiscard]] Result<std::vector<ClosedBillLine>> close_due(ledger::Ledger& ledger,
                                                            const config::Config& config,
                                                            TrafficTime now,
                                                            const std::stop_token& stop = {});

/// Under which terms a correction is made.
enum class TermsOf : std::uint8_t {
  Bill,           ///< those of the bill that is corrected
  Configuration,  ///< those that the contracts file says now
};

struct CorrectionRequest {
  std::string contract;
  billing::Month month;
  std::string author;
  std::string reason;
  std::optional<BitsPerSecond> billable;  ///< agreed on; none: by the ledger's rows and masks
  TermsOf terms = TermsOf::Bill;
};

/// A bill before and after. `after` is `before` if nothing differs.
struct Correction {
  ledger::ClosedStatement before;
  ledger::ClosedStatement after;
};

/// Stores the next revision of a closed bill. With an agreed rate the figures stay those of the
/// revision before; else the bill is made anew of the rows and masks as they are.
///
/// Errors: Usage for a period that is not closed or a contract that is not known; Unavailable where
/// the ledger no longer has the rows, or another correction came first.
[[nodiscard]] Result<Correction> correct(ledger::Ledger& ledger, const config::Config& config,
                                         const CorrectionRequest& request, TrafficTime now);

}  // namespace weir::app
