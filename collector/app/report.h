#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "collector/billing/company.h"
#include "collector/billing/interval_grid.h"
#include "collector/billing/statement.h"
#include "collector/config/config.h"
#include "collector/model/result.h"
#include "exporters/ledger/ledger.h"

namespace weir::app {

/// How a bill came to stand that is not made anew (docs/billing.md, "Closed periods").
struct ClosedBill {
  std::uint32_t revision = 1;  ///< 1 closed it, each further one corrected it
  TrafficTime closed_at;       ///< or corrected
  std::string author;
  std::string reason;
  /// What the rows of the ledger give now, where that is another figure.
  std::optional<BitsPerSecond> recomputed_billable;
};

/// One contract's part of a report: its bill, and the intervals that it was made of. Of a
/// closed period the bill is the stored one, and the grid is what the ledger still has.
struct ReportedContract {
  billing::Statement statement;
  billing::IntervalGrid grid;
  /// Of a contract that is billed from its interface's counters: what flows would have made of the
  /// same period. Explains; bills nothing.
  std::optional<billing::Statement> by_flow;
  std::optional<ClosedBill> closed;
  std::uint32_t amended_intervals = 0;  ///< to which late records have added something

  [[nodiscard]] const char* source() const noexcept { return by_flow ? "counter" : "flow"; }
};

/// What `weir report` shows, whatever the format.
struct Report {
  std::string title;  ///< "2026-04" or "2026Q1"
  std::vector<ReportedContract> contracts;
  /// Of the company at the end of the span, and a year before; none for one contract.
  std::optional<billing::CompanySnapshot> company;
  std::optional<billing::CompanySnapshot> company_year_before;
};

/// What a report keeps of each contract.
enum class ReportDetail : std::uint8_t {
  Bills,      ///< the bill alone: the grid is empty
  Intervals,  ///< its intervals too, half a megabyte for a month
};

/// What is asked for.
struct ReportRequest {
  std::optional<billing::Month> month;
  std::optional<billing::FiscalQuarter> quarter;  ///< instead of a month
  billing::FiscalCalendar fiscal;
  std::string contract;  ///< empty: all
  ReportDetail detail = ReportDetail::Intervals;
  TrafficTime now =
      traffic_now();  ///< what has ended by then is billed under the terms of its time
};

/// How much of a period a bill is expected to have.
enum class Expected : std::uint8_t {
  SoFar,  ///< up to the ledger's last interval, while it has not gone beyond the period
  Whole,  ///< all of it: the period is over
};

/// One bill to be made: `spans` are the terms inside `period`.
struct BillOrder {
  contracts::Contract contract;
  billing::Period period;
  std::vector<billing::TermSpan> spans;
  Expected expected = Expected::SoFar;
};

/// Takes the bill of orders[place]; false if no more are wanted.
using TakeBill = std::function<Result<bool>(std::size_t place, ReportedContract bill)>;

/// Makes bills of the ledger's rows and masks as they are now, one after the other as the ledger
/// has their rows, with their intervals: what is not kept takes no memory. `take` may use the
/// ledger.
[[nodiscard]] Result<void> each_bill(ledger::Ledger& ledger, const std::vector<BillOrder>& orders,
                                     const config::Config& config, const TakeBill& take);
/// The same in the order of `orders`.
[[nodiscard]] Result<std::vector<ReportedContract>> make_bills(
    ledger::Ledger& ledger, const std::vector<BillOrder>& orders, const config::Config& config,
    ReportDetail detail = ReportDetail::Intervals);
[[nodiscard]] billing::BillingMethod billing_method_of(const config::Config& config);

/// Reads what was asked for from the ledger and makes the bills; those of closed months are the
/// stored ones, also of contracts that are no longer configured. The period of each contract is by
/// its own day and time zone. What is not over yet is expected up to the end of the last
/// interval that the ledger covers.
///
/// Errors: Usage for a contract that is not configured; what the ledger says otherwise.
[[nodiscard]] Result<Report> make_report(const config::Config& config, ledger::Ledger& ledger,
                                         const ReportRequest& request);

/// The report as one JSON object, as CSV (RFC 4180), as a table for a terminal, with a chart if it
/// is of one contract, and as a page that prints.
[[nodiscard]] std::string report_json(const Report& report);
[[nodiscard]] std::string report_csv(const Report& report);
[[nodiscard]] std::string report_text(const Report& report);
[[nodiscard]] std::string report_html(const Report& report);

}  // namespace weir::app
