#include "collector/app/stored_bill.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <boost/json.hpp>
#include <iterator>
#include <set>
#include <utility>

#include "collector/app/ledger_coverage.h"
#include "collector/app/statement_text.h"
#include "collector/app/terms_text.h"

namespace weir::app {
namespace {

namespace json = boost::json;

constexpr unsigned kMonthsInNumber = 100;

std::int64_t seconds_of(TrafficTime time) noexcept { return since_epoch_ms(time) / 1'000; }

/// Of everything that the ledger said of the intervals: bytes, variance and completeness of each,
/// masked or not.
std::string digest_of(const billing::IntervalGrid& grid) {
  std::string text;
  TrafficTime start = grid.first_start(grid.period());
  for (const auto& interval : grid.intervals()) {
    const auto variance = [](billing::Wide wide) {
      return fmt::format("{:x}.{:x}", static_cast<std::uint64_t>(wide >> 64U),
                         static_cast<std::uint64_t>(wide));
    };
    fmt::format_to(std::back_inserter(text), "{} {} {} {} {} {}\n", seconds_of(start),
                   interval.bytes.from_customer, interval.bytes.to_customer,
                   variance(interval.variance.from_customer),
                   variance(interval.variance.to_customer), interval.completeness.value());
    start += billing::kLedgerInterval;
  }
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return fmt::format("xxh3-{:016x}{:016x}", hash.high64, hash.low64);
}

std::string exporters_text(const contracts::Contract& contract) {
  json::array exporters;
  for (const std::string& exporter : exporters_of(contract)) exporters.emplace_back(exporter);
  return json::serialize(exporters);
}

}  // namespace

std::uint32_t month_number(billing::Month month) noexcept {
  return static_cast<std::uint32_t>(static_cast<int>(month.year())) * kMonthsInNumber +
         static_cast<unsigned>(month.month());
}

billing::Month month_of(std::uint32_t number) noexcept {
  return std::chrono::year{static_cast<int>(number / kMonthsInNumber)} /
         std::chrono::month{number % kMonthsInNumber};
}

ledger::ClosedStatement closed_row(const ReportedContract& bill, const BillOrder& order,
                                   billing::Month month) {
  const billing::Statement& s = bill.statement;
  ledger::ClosedStatement row;
  row.contract = s.subject.contract;
  row.month = month_number(month);
  row.period_start = seconds_of(s.period.start);
  row.period_end = seconds_of(s.period.end);
  row.method = billing::method_name(s.method);
  row.direction_rule = billing::direction_rule_name(s.terms.rule);
  row.layer = s.layer;
  row.expected = s.intervals.expected;
  row.measured = s.intervals.measured;
  row.partial = s.intervals.partial;
  row.missing = s.intervals.missing;
  row.masked = s.intervals.masked;
  row.completeness = s.completeness.value();
  row.provisional = s.is_provisional ? 1 : 0;
  row.committed = s.terms.committed.value();
  if (s.figures) {
    row.percentile = s.figures->billed.value.value();
    row.error = s.figures->billed.error.value();
    row.from_customer = s.figures->direction.from_customer.percentile.value.value();
    row.to_customer = s.figures->direction.to_customer.percentile.value.value();
  }
  row.billable = s.billable.value();
  row.overage = s.overage.value();
  row.exporters = exporters_text(order.contract);
  row.masks = masks_text(s);
  row.digest = digest_of(bill.grid);
  row.statement = statement_text(s);
  return row;
}

Result<StoredBill> read_bill(ledger::ClosedStatement row) {
  auto statement = statement_from_text(row.statement);
  if (!statement) return tl::unexpected(statement.error());
  return StoredBill{.row = std::move(row), .statement = std::move(*statement)};
}

Result<std::vector<StoredBill>> stored_bills(ledger::Ledger& ledger, billing::Month month,
                                             const std::string& contract) {
  auto rows = ledger::StatementStore(ledger).latest(month_number(month), contract);
  if (!rows) return tl::unexpected(rows.error());
  std::vector<StoredBill> bills;
  for (ledger::ClosedStatement& row : *rows) {
    auto bill = read_bill(std::move(row));
    if (!bill) return tl::unexpected(bill.error());
    bills.push_back(std::move(*bill));
  }
  return bills;
}

BillOrder order_again(const StoredBill& bill) {
  BillOrder order;
  order.contract.id = bill.statement.subject.contract;
  order.contract.customer = bill.statement.subject.customer;
  order.contract.service = bill.statement.subject.service;
  std::set<std::string> exporters;
  boost::json::error_code bad;
  const json::value names = json::parse(bill.row.exporters, bad);
  if (!bad && names.is_array())
    for (const json::value& name : names.get_array())
      if (name.is_string()) exporters.emplace(name.get_string().c_str());
  order.contract.attach = attachments_at(exporters);
  order.period = bill.statement.period;
  for (const auto& span : bill.statement.spans) order.spans.push_back(span.terms);
  order.expected = Expected::Whole;
  return order;
}

}  // namespace weir::app
