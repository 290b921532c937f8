#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "collector/billing/month.h"
#include "collector/billing/period.h"
#include "collector/billing/terms.h"
#include "collector/contracts/contract.h"
#include "collector/model/result.h"
#include "collector/model/time.h"
#include "exporters/ledger/ledger.h"

namespace weir::app {

/// Keeps in the ledger what the contracts say now, where that differs from what they said last.
/// Gives how many did. For whoever has loaded contracts and may write the ledger.
[[nodiscard]] Result<std::uint32_t> note_terms(ledger::Ledger& ledger,
                                               std::span<const contracts::Contract> contracts,
                                               TrafficTime now);

/// A contract for one of its periods: as it stood at the end, and the terms in it.
struct PeriodTerms {
  contracts::Contract contract;
  billing::Period period;
  std::vector<billing::TermSpan> spans;
};

/// The terms of each contract as they were known, by time (docs/billing.md, "Terms of the past").
///
/// A period that has ended is billed under what was known before its end: an edit of the
/// contracts file afterwards does not reach it. A running period, and one of which
/// nothing was known by its end, are billed under what the file says now. Within what was known
/// a version holds from its `from` date on, and takes the place of all that was to hold later.
///
/// Threads: any; immutable.
class TermsHistory {
 public:
  [[nodiscard]] static Result<TermsHistory> read(ledger::Ledger& ledger);

  /// `file` is the contract as it is configured. Errors as of BillingCalendar::make().
  [[nodiscard]] Result<PeriodTerms> terms_of(const contracts::Contract& file, billing::Month month,
                                             TrafficTime now) const;

 private:
  struct Version {
    TrafficTime noted_at;
    contracts::Contract contract;
  };

  [[nodiscard]] std::vector<contracts::Contract> versions_of(const contracts::Contract& file,
                                                             const billing::Period& period,
                                                             TrafficTime now) const;

  std::map<std::string, std::vector<Version>, std::less<>> noted_;
};

}  // namespace weir::app
