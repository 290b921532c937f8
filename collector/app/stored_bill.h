#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collector/app/report.h"
#include "collector/billing/month.h"
#include "collector/billing/statement.h"
#include "collector/model/result.h"
#include "exporters/ledger/statement_store.h"

namespace weir::app {

/// A closed bill as the ledger keeps it, and as it is reckoned with.
struct StoredBill {
  ledger::ClosedStatement row;
  billing::Statement statement;
};

/// 2012-09 as the ledger writes it: 201209.
[[nodiscard]] std::uint32_t month_number(billing::Month month) noexcept;
[[nodiscard]] billing::Month month_of(std::uint32_t number) noexcept;

/// The row for a bill that was just made, as revision 1 without author, reason and time, which the
/// caller gives.
[[nodiscard]] ledger::ClosedStatement closed_row(const ReportedContract& bill,
                                                 const BillOrder& order, billing::Month month);

/// The last revision of each closed bill of `month`, by contract; of `contract` alone unless it is
/// empty. Malformed for a row that is damaged.
[[nodiscard]] Result<std::vector<StoredBill>> stored_bills(ledger::Ledger& ledger,
                                                           billing::Month month,
                                                           const std::string& contract);
[[nodiscard]] Result<StoredBill> read_bill(ledger::ClosedStatement row);

/// The order that makes the same bill again, of the rows and masks as they are now: under
/// the terms and by the exporters of the stored one.
[[nodiscard]] BillOrder order_again(const StoredBill& bill);

}  // namespace weir::app
