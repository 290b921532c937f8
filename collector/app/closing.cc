#include "collector/app/closing.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "collector/app/report.h"
#include "collector/app/statement_text.h"
#include "collector/app/stored_bill.h"
#include "collector/app/terms_history.h"
#include "collector/billing/billing_calendar.h"

namespace weir::app {
namespace {

using ByMonth = std::map<billing::Month, std::vector<const contracts::Contract*>>;

std::int64_t seconds_of(TrafficTime time) noexcept { return since_epoch_ms(time) / 1'000; }

tl::unexpected<Error> not_configured(const std::string& contract) {
  return failure(
      ErrorCode::Usage,
      fmt::format("contract {} is not in the configuration; `weir check` lists those that are",
                  contract));
}

/// What was asked for and ended by `ended_by`, closed or not.
Result<ByMonth> ended_periods(const config::Config& config, const CloseRequest& request,
                              TrafficTime first, TrafficTime ended_by) {
  ByMonth ended;
  bool is_known = false;
  for (const auto& contract : config.contracts) {
    if (!request.contract.empty() && contract.id != request.contract) continue;
    is_known = true;
    const auto calendar =
        billing::BillingCalendar::make(contract.billing.timezone, contract.billing.day);
    if (!calendar) return tl::unexpected(calendar.error());
    if (request.month) {
      if (calendar->period_of(*request.month).end <= ended_by)
        ended[*request.month].push_back(&contract);
      continue;
    }
    for (billing::Month month = calendar->month_of(first);
         calendar->period_of(month).end <= ended_by; month += std::chrono::months{1})
      ended[month].push_back(&contract);
  }
  if (!is_known && !request.contract.empty()) return not_configured(request.contract);
  return ended;
}

/// Orders for the contracts' bills of `month`, but for those that are closed, did not hold in it,
/// or, by the terms of its time, have not ended.
Result<std::vector<BillOrder>> orders_of(ledger::Ledger& ledger, const TermsHistory& history,
                                         const std::vector<const contracts::Contract*>& contracts,
                                         billing::Month month, TrafficTime now,
                                         TrafficTime ended_by) {
  const auto closed = ledger::StatementStore(ledger).latest(month_number(month), {});
  if (!closed) return tl::unexpected(closed.error());
  std::set<std::string_view> done;
  for (const auto& row : *closed) done.insert(row.contract);
  std::vector<BillOrder> orders;
  for (const auto* contract : contracts) {
    if (done.contains(contract->id)) continue;
    auto terms = history.terms_of(*contract, month, now);
    if (!terms) return tl::unexpected(terms.error());
    if (terms->spans.empty() || terms->period.end > ended_by) continue;
    orders.push_back({.contract = std::move(terms->contract),
                      .period = terms->period,
                      .spans = std::move(terms->spans),
                      .expected = Expected::Whole});
  }
  return orders;
}

/// Those of `orders` in whose period any run measured anything.
Result<std::vector<BillOrder>> covered_of(ledger::Ledger& ledger, std::vector<BillOrder> orders) {
  std::int64_t from = std::numeric_limits<std::int64_t>::max();
  std::int64_t until = 0;
  for (const BillOrder& order : orders) {
    from = std::min(from, seconds_of(order.period.start));
    until = std::max(until, seconds_of(order.period.end));
  }
  const auto coverage = ledger.coverage(from, until);
  if (!coverage) return tl::unexpected(coverage.error());
  std::erase_if(orders, [&](const BillOrder& order) {
    const auto first = std::ranges::lower_bound(*coverage, seconds_of(order.period.start), {},
                                                &ledger::IntervalCoverage::start);
    return first == coverage->end() || first->start >= seconds_of(order.period.end);
  });
  return orders;
}

/// Bills that are stored in one transaction.
constexpr std::size_t kStoredAtOnce = 256;

/// How a month's bills are closed.
struct MonthClosing {
  billing::Month month;
  const std::string& author;
  TrafficTime now;
  CloseMode mode = CloseMode::Store;
};

/// Closes `orders`, or those of them that were stored when it was stopped. Gives them in their
/// order.
Result<std::vector<ClosedBillLine>> close_month(ledger::Ledger& ledger,
                                                const config::Config& config,
                                                const std::vector<BillOrder>& orders,
                                                const MonthClosing& closing,
                                                const std::stop_token& stop) {
  std::vector<std::optional<BitsPerSecond>> billable(orders.size());
  std::vector<ledger::ClosedStatement> rows;
  std::vector<std::pair<std::size_t, BitsPerSecond>> not_stored;
  const auto store = [&]() -> Result<void> {
    if (closing.mode == CloseMode::Store && !rows.empty()) {
      const auto added = ledger::StatementStore(ledger).add(rows);
      if (!added) return tl::unexpected(added.error());
    }
    for (const auto& [place, rate] : not_stored) billable[place] = rate;
    rows.clear();
    not_stored.clear();
    return {};
  };
  auto done = each_bill(
      ledger, orders, config, [&](std::size_t place, const ReportedContract& bill) -> Result<bool> {
        auto& row = rows.emplace_back(closed_row(bill, orders[place], closing.month));
        row.closed_at = seconds_of(closing.now);
        row.author = closing.author;
        row.reason = "the period is over";
        not_stored.emplace_back(place, bill.statement.billable);
        if (rows.size() == kStoredAtOnce)
          if (auto stored = store(); !stored) return tl::unexpected(stored.error());
        return !stop.stop_requested();
      });
  if (done) done = store();
  if (!done) return tl::unexpected(done.error());
  std::vector<ClosedBillLine> lines;
  for (std::size_t place = 0; place < orders.size(); ++place)
    if (billable[place])
      lines.push_back({.contract = orders[place].contract.id,
                       .month = closing.month,
                       .billable = *billable[place]});
  return lines;
}

}  // namespace

Result<std::vector<ClosedBillLine>> close_periods(ledger::Ledger& ledger,
                                                  const config::Config& config,
                                                  const CloseRequest& request, TrafficTime now,
                                                  CloseMode mode, const std::stop_token& stop) {
  std::vector<ClosedBillLine> lines;
  const auto first = ledger.first_interval();
  if (!first) return tl::unexpected(first.error());
  if (!*first && !request.month) return lines;
  const auto history = TermsHistory::read(ledger);
  if (!history) return tl::unexpected(history.error());
  const TrafficTime ended_by = now - config.ledger_close_after;
  const auto ended =
      ended_periods(config, request, traffic_time_ms(first->value_or(0) * 1'000), ended_by);
  if (!ended) return tl::unexpected(ended.error());
  for (const auto& [month, contracts] : *ended) {
    auto orders = orders_of(ledger, *history, contracts, month, now, ended_by);
    if (!orders) return tl::unexpected(orders.error());
    // Captures of long ago say nothing of all the months up to now; whoever wants the bill of a
    // month in which nothing was measured says which.
    if (!request.month && !orders->empty()) orders = covered_of(ledger, std::move(*orders));
    if (!orders) return tl::unexpected(orders.error());
    if (orders->empty()) continue;
    auto closed =
        close_month(ledger, config, *orders,
                    {.month = month, .author = request.author, .now = now, .mode = mode}, stop);
    if (!closed) return tl::unexpected(closed.error());
    std::ranges::move(*closed, std::back_inserter(lines));
    if (stop.stop_requested()) break;
  }
  return lines;
}

Result<std::vector<ClosedBillLine>> close_due(ledger::Ledger& ledger, const config::Config& config,
                                              TrafficTime now, const std::stop_token& stop) {
  return close_periods(ledger, config, {}, now, CloseMode::Store, stop);
}

namespace {

/// The bill as it was, at the rate that was agreed on.
ledger::ClosedStatement at_rate(const StoredBill& before, BitsPerSecond rate) {
  billing::Statement statement = before.statement;
  const BitsPerSecond committed = statement.terms.committed;
  statement.billable = rate;
  statement.overage = BitsPerSecond{rate > committed ? rate.value() - committed.value() : 0};
  ledger::ClosedStatement row = before.row;
  row.billable = statement.billable.value();
  row.overage = statement.overage.value();
  row.statement = statement_text(statement);
  return row;
}

/// The bill made anew of what the ledger holds.
Result<ledger::ClosedStatement> made_anew(ledger::Ledger& ledger, const config::Config& config,
                                          const StoredBill& before,
                                          const CorrectionRequest& request) {
  BillOrder order = order_again(before);
  if (request.terms == TermsOf::Configuration) {
    const auto contract =
        std::ranges::find(config.contracts, request.contract, &contracts::Contract::id);
    if (contract == config.contracts.end()) return not_configured(request.contract);
    order.contract = *contract;
    order.spans = billing::term_spans({&*contract, 1}, order.period);
    if (order.spans.empty())
      return failure(ErrorCode::Usage,
                     fmt::format("contract {} does not hold in {} by the configuration; say "
                                 "--billable 0 if nothing is owed",
                                 request.contract, billing::to_string(request.month)));
  }
  const auto bills = make_bills(ledger, {order}, config);
  if (!bills) return tl::unexpected(bills.error());
  const auto& counts = bills->front().statement.intervals;
  const auto heard = [](const billing::IntervalCounts& of) { return of.measured + of.masked; };
  const auto first = ledger.first_interval();
  if (!first) return tl::unexpected(first.error());
  const bool is_trimmed = !*first || **first > seconds_of(order.period.start);
  if (is_trimmed && heard(counts) < heard(before.statement.intervals))
    return failure(ErrorCode::Unavailable,
                   fmt::format("the ledger holds {} intervals of {}, the bill was made of {}: "
                               "older ones are deleted; say --billable RATE",
                               heard(counts), billing::to_string(request.month),
                               heard(before.statement.intervals)));
  return closed_row(bills->front(), order, request.month);
}

}  // namespace

Result<Correction> correct(ledger::Ledger& ledger, const config::Config& config,
                           const CorrectionRequest& request, TrafficTime now) {
  const auto stored = stored_bills(ledger, request.month, request.contract);
  if (!stored) return tl::unexpected(stored.error());
  if (stored->empty())
    return failure(ErrorCode::Usage,
                   fmt::format("{} of contract {} is not closed; `weir close` "
                               "closes what is over, and until then the rows count",
                               billing::to_string(request.month), request.contract));
  const StoredBill& before = stored->front();
  auto after = request.billable
                   ? Result<ledger::ClosedStatement>(at_rate(before, *request.billable))
                   : made_anew(ledger, config, before, request);
  if (!after) return tl::unexpected(after.error());
  if (after->statement == before.row.statement)
    return Correction{.before = before.row, .after = before.row};
  after->revision = before.row.revision + 1;
  after->closed_at = seconds_of(now);
  after->author = request.author;
  after->reason = request.reason;
  after->previous_billable = before.row.billable;
  const auto added = ledger::StatementStore(ledger).add({&*after, 1});
  if (!added) return tl::unexpected(added.error());
  if (*added == 0)
    return failure(ErrorCode::Unavailable,
                   fmt::format("another correction of {} came first; see `weir report --revisions`",
                               request.contract));
  return Correction{.before = before.row, .after = std::move(*after)};
}

}  // namespace weir::app
