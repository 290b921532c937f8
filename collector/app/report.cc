#include "collector/app/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <tuple>
#include <utility>
#include <variant>

#include "collector/app/counted_port.h"
#include "collector/app/ledger_coverage.h"
#include "collector/app/stored_bill.h"
#include "collector/app/terms_history.h"
#include "collector/app/terms_text.h"
#include "collector/billing/billing_calendar.h"

namespace weir::app {
namespace {

using billing::IntervalGrid;
using billing::Period;

std::int64_t seconds_of(TrafficTime time) noexcept { return since_epoch_ms(time) / 1'000; }
TrafficTime time_of(std::int64_t seconds) noexcept { return traffic_time_ms(seconds * 1'000); }

/// Everything that a ledger tells of a span of time but the contracts' own bytes.
class Background {
 public:
  [[nodiscard]] static Result<Background> read(ledger::Ledger& ledger, const Period& span) {
    auto coverage = ledger.coverage(seconds_of(span.start), seconds_of(span.end));
    if (!coverage) return tl::unexpected(coverage.error());
    auto reception = ledger.reception(seconds_of(span.start), seconds_of(span.end));
    if (!reception) return tl::unexpected(reception.error());
    const auto last = ledger.last_interval();
    if (!last) return tl::unexpected(last.error());
    Background background;
    if (*last) background.last_ = time_of(**last);
    background.coverage_ = std::move(*coverage);
    for (const auto& row : *reception) background.reception_[row.start][row.exporter].add(row);
    return background;
  }

  /// How far `period` is expected to be measured: to its end once the ledger has gone beyond
  /// it, or where it holds nothing of it at all; else to the end of the last interval.
  [[nodiscard]] TrafficTime expected_until(const Period& period) const noexcept {
    if (last_ >= period.end) return period.end;
    for (auto row = coverage_.rbegin(); row != coverage_.rend(); ++row)
      if (period.contains(time_of(row->start)))
        return time_of(row->start + ledger::kIntervalSeconds);
    return period.end;
  }

  /// `exporters` are those that a contract hangs on; empty: all that are known.
  void cover(IntervalGrid& grid, const ExporterSet& exporters) const {
    for (const auto& row : coverage_) {
      MeanShare arrived;
      if (const auto at = reception_.find(row.start); at != reception_.end())
        for (const auto& [exporter, arrival] : at->second)
          if (exporters.empty() || exporters.contains(exporter)) arrived.add(arrival.share());
      grid.cover(time_of(row.start), arrived.of(std::chrono::seconds{row.seconds}));
    }
  }

 private:
  TrafficTime last_ = TrafficTime::min();  ///< start of the ledger's last interval
  std::vector<ledger::IntervalCoverage> coverage_;
  std::map<std::int64_t, std::map<std::string, Arrival>> reception_;
};

/// The intervals of a port by its counters. One that they do not cover on both sides is missing,
/// whatever flows say of it.
Result<IntervalGrid> counted_grid(const CountedPort& port, const IntervalGrid& by_flow,
                                  ledger::Ledger& ledger) {
  IntervalGrid grid(by_flow.period());
  const auto totals =
      ledger.interface_totals(port.exporter, port.interface, seconds_of(by_flow.period().start),
                              seconds_of(by_flow.period().end));
  if (!totals) return tl::unexpected(totals.error());
  for (const auto& total : *totals) {
    const auto& [ingress, egress] = total.counter_bytes;
    if (!ingress || !egress) continue;
    grid.cover(time_of(total.start), billing::kWhole);
    // What enters the router at a customer's port comes from the customer.
    grid.add(time_of(total.start), {.from_customer = *ingress, .to_customer = *egress}, {});
  }
  for (const auto& mask : by_flow.masks()) grid.mask(mask);
  return grid;
}

/// Grids that are in memory at once: half a megabyte each for a month.
constexpr std::size_t kGridsAtOnce = 24;

/// Grids that say what was measured and nothing yet of any contract, which contracts with the same
/// period and exporters share.
class CoveredGrids {
 public:
  explicit CoveredGrids(const Background& background) : background_(background) {}
  [[nodiscard]] const IntervalGrid& of(const Period& period, ExporterSet exporters) {
    const Key key{period.start, period.end, std::move(exporters)};
    if (const auto at = grids_.find(key); at != grids_.end()) return at->second;
    if (grids_.size() == kGridsAtOnce) grids_.clear();
    IntervalGrid grid(period);
    background_.cover(grid, std::get<2>(key));
    return grids_.emplace(key, std::move(grid)).first->second;
  }

 private:
  using Key = std::tuple<TrafficTime, TrafficTime, ExporterSet>;
  const Background& background_;
  std::map<Key, IntervalGrid> grids_;
};

/// A part of the orders, by their places.
struct OrderGroup {
  std::span<const BillOrder> orders;
  std::span<const std::size_t> places;
};

/// The intervals of one order.
struct ReadGrid {
  IntervalGrid grid;
  std::uint32_t amended = 0;
};

/// The grid of each order of a group, with all that the ledger says of it.
Result<std::vector<ReadGrid>> grids_of(const OrderGroup& group, ledger::Ledger& ledger,
                                       const Background& background, CoveredGrids& covered) {
  std::vector<ReadGrid> grids;
  std::vector<std::string> names;
  Period whole{.start = TrafficTime::max(), .end = TrafficTime::min()};
  for (const std::size_t place : group.places) {
    const BillOrder& order = group.orders[place];
    whole.start = std::min(whole.start, order.period.start);
    whole.end = std::max(whole.end, order.period.end);
    const TrafficTime until = order.expected == Expected::Whole
                                  ? order.period.end
                                  : background.expected_until(order.period);
    grids.push_back(
        {.grid = covered.of(order.period.closed_part(until), exporters_of(order.contract))});
    names.push_back(order.contract.id);
  }
  auto read = ledger.each_interval(
      names, seconds_of(whole.start), seconds_of(whole.end),
      [&](std::size_t contract, const ledger::ContractInterval& interval) {
        ReadGrid& of_contract = grids[contract];
        const TrafficTime start = time_of(interval.start);
        // Periods of a group differ where time zones or billing days do.
        const BillOrder& order = group.orders[group.places[contract]];
        if (interval.revision != 0 && order.period.contains(start)) ++of_contract.amended;
        of_contract.grid.add(start,
                             {.from_customer = interval.from_customer_bytes,
                              .to_customer = interval.to_customer_bytes},
                             {.from_customer = interval.from_customer_deviation,
                              .to_customer = interval.to_customer_deviation});
      });
  if (!read) return tl::unexpected(read.error());
  for (std::size_t i = 0; i < grids.size(); ++i) {
    const Period& period = group.orders[group.places[i]].period;
    const auto masks = ledger.masks(names[i], seconds_of(period.start), seconds_of(period.end));
    if (!masks) return tl::unexpected(masks.error());
    for (const auto& mask : *masks)
      grids[i].grid.mask({.span = {.start = time_of(mask.from), .end = time_of(mask.until)},
                          .author = mask.author,
                          .reason = mask.reason,
                          .made_at = time_of(mask.made_at)});
  }
  return grids;
}

/// The bill of one order, made of its intervals; by counters where these bill the contract.
Result<ReportedContract> bill_of(const BillOrder& order, IntervalGrid grid,
                                 const config::Config& config, ledger::Ledger& ledger) {
  const billing::Subject subject{.contract = order.contract.id,
                                 .customer = order.contract.customer,
                                 .service = order.contract.service};
  std::vector<billing::TermSpan> spans;
  for (billing::TermSpan span : order.spans) {
    span.span = span.span.within(grid.period());
    if (!span.span.is_empty()) spans.push_back(std::move(span));
  }
  auto by_flow = billing::statement_of(subject, grid, spans, billing_method_of(config));
  ReportedContract bill{.statement = std::move(by_flow),
                        .grid = std::move(grid),
                        .by_flow = std::nullopt,
                        .closed = std::nullopt};
  const auto port = counted_port(order.contract, config.exporters.routers);
  if (!port) return bill;
  auto counted = counted_grid(*port, bill.grid, ledger);
  if (!counted) return tl::unexpected(counted.error());
  // Whatever is configured, counters count Ethernet frames.
  const billing::BillingMethod counter_method{.layer = std::string(layer_name(Layer::Ethernet))};
  bill.by_flow = std::exchange(bill.statement,
                               billing::statement_of(subject, *counted, spans, counter_method));
  bill.grid = std::move(*counted);
  return bill;
}

/// What was asked for of one contract: a month's terms, or those of a quarter's months in turn.
Result<BillOrder> order_of(const contracts::Contract& contract, const ReportRequest& request,
                           const TermsHistory& history) {
  billing::Month month =
      request.quarter ? billing::first_month_of(*request.quarter, request.fiscal) : *request.month;
  constexpr int kMonthsOfQuarter = 3;
  const int months = request.quarter ? kMonthsOfQuarter : 1;
  BillOrder order;
  for (int i = 0; i < months; ++i, month += std::chrono::months{1}) {
    auto terms = history.terms_of(contract, month, request.now);
    if (!terms) return tl::unexpected(terms.error());
    if (i == 0) order.period.start = terms->period.start;
    order.period.end = terms->period.end;
    order.contract = std::move(terms->contract);
    for (auto& span : terms->spans) {
      auto& spans = order.spans;
      if (!spans.empty() && spans.back().span.end == span.span.start &&
          spans.back().terms == span.terms)
        spans.back().span.end = span.span.end;
      else
        spans.push_back(std::move(span));
    }
  }
  return order;
}

/// The closed bills of the month that is asked for.
Result<std::vector<StoredBill>> closed_of(ledger::Ledger& ledger, const ReportRequest& request) {
  if (request.quarter) return std::vector<StoredBill>{};
  return stored_bills(ledger, *request.month, request.contract);
}

/// The span by the calendar of UTC, for what is of no contract.
Result<Period> company_span(const ReportRequest& request) {
  const auto calendar = billing::BillingCalendar::make("UTC", 1);
  if (!calendar) return tl::unexpected(calendar.error());
  return request.quarter ? calendar->period_of(*request.quarter, request.fiscal)
                         : calendar->period_of(*request.month);
}

/// Puts the stored bill in place of the one that the rows give now.
void show_stored(ReportedContract& shown, const StoredBill& bill) {
  shown.closed = ClosedBill{.revision = bill.row.revision,
                            .closed_at = time_of(bill.row.closed_at),
                            .author = bill.row.author,
                            .reason = bill.row.reason,
                            .recomputed_billable = std::nullopt};
  if (shown.statement.billable != bill.statement.billable)
    shown.closed->recomputed_billable = shown.statement.billable;
  shown.statement = bill.statement;
}

}  // namespace

billing::BillingMethod billing_method_of(const config::Config& config) {
  return {.layer = std::string(layer_name(config.accounting.layer))};
}

Result<void> each_bill(ledger::Ledger& ledger, const std::vector<BillOrder>& orders,
                       const config::Config& config, const TakeBill& take) {
  if (orders.empty()) return {};
  Period whole{.start = TrafficTime::max(), .end = TrafficTime::min()};
  std::vector<std::string> names;
  for (const BillOrder& order : orders) {
    whole.start = std::min(whole.start, order.period.start);
    whole.end = std::max(whole.end, order.period.end);
    names.push_back(order.contract.id);
  }
  const auto background = Background::read(ledger, whole);
  if (!background) return tl::unexpected(background.error());
  CoveredGrids covered(*background);
  // As the ledger has them, so that few grids at a time read it once.
  const auto places = ledger.in_order(names);
  if (!places) return tl::unexpected(places.error());
  for (std::size_t at = 0; at < places->size(); at += kGridsAtOnce) {
    const OrderGroup group{
        .orders = orders,
        .places = std::span(*places).subspan(at, std::min(kGridsAtOnce, places->size() - at))};
    auto grids = grids_of(group, ledger, *background, covered);
    if (!grids) return tl::unexpected(grids.error());
    for (std::size_t i = 0; i < grids->size(); ++i) {
      const std::size_t place = group.places[i];
      auto bill = bill_of(orders[place], std::move((*grids)[i].grid), config, ledger);
      if (!bill) return tl::unexpected(bill.error());
      bill->amended_intervals = (*grids)[i].amended;
      const auto goes_on = take(place, std::move(*bill));
      if (!goes_on) return tl::unexpected(goes_on.error());
      if (!*goes_on) return {};
    }
  }
  return {};
}

Result<std::vector<ReportedContract>> make_bills(ledger::Ledger& ledger,
                                                 const std::vector<BillOrder>& orders,
                                                 const config::Config& config,
                                                 ReportDetail detail) {
  std::vector<std::optional<ReportedContract>> made(orders.size());
  const auto done = each_bill(ledger, orders, config,
                              [&](std::size_t place, ReportedContract bill) -> Result<bool> {
                                if (detail == ReportDetail::Bills)
                                  bill.grid = IntervalGrid(Period{});
                                made[place] = std::move(bill);
                                return true;
                              });
  if (!done) return tl::unexpected(done.error());
  std::vector<ReportedContract> bills;
  for (auto& one : made)
    if (one) bills.push_back(std::move(*one));
  return bills;
}

Result<Report> make_report(const config::Config& config, ledger::Ledger& ledger,
                           const ReportRequest& request) {
  Report report;
  report.title =
      request.quarter ? billing::to_string(*request.quarter) : billing::to_string(*request.month);
  const auto history = TermsHistory::read(ledger);
  if (!history) return tl::unexpected(history.error());
  const auto closed = closed_of(ledger, request);
  if (!closed) return tl::unexpected(closed.error());
  std::map<std::string_view, const StoredBill*> not_shown;
  for (const StoredBill& bill : *closed) not_shown.emplace(bill.row.contract, &bill);

  // Bills in the order of the configuration, and behind them closed ones of contracts that are
  // gone.
  std::vector<BillOrder> orders;
  std::vector<const StoredBill*> stored;
  for (const auto& contract : config.contracts) {
    if (!request.contract.empty() && contract.id != request.contract) continue;
    if (const auto at = not_shown.find(contract.id); at != not_shown.end()) {
      orders.push_back(order_again(*at->second));
      stored.push_back(at->second);
      not_shown.erase(at);
      continue;
    }
    auto order = order_of(contract, request, *history);
    if (!order) return tl::unexpected(order.error());
    orders.push_back(std::move(*order));
    stored.push_back(nullptr);
  }
  for (const auto& [contract, bill] : not_shown) {
    orders.push_back(order_again(*bill));
    stored.push_back(bill);
  }
  if (orders.empty() && !request.contract.empty())
    return failure(ErrorCode::Usage,
                   fmt::format("contract {} is not in the configuration; `weir check` lists those "
                               "that are",
                               request.contract));
  auto bills = make_bills(ledger, orders, config, request.detail);
  if (!bills) return tl::unexpected(bills.error());
  report.contracts = std::move(*bills);
  for (std::size_t i = 0; i < stored.size(); ++i)
    if (stored[i] != nullptr) show_stored(report.contracts[i], *stored[i]);
  if (request.contract.empty()) {
    const auto span = company_span(request);
    if (!span) return tl::unexpected(span.error());
    const TrafficTime last = span->end - TrafficSpan{1};
    report.company = billing::company_snapshot(config.contracts, last, {});
    report.company_year_before =
        billing::company_snapshot(config.contracts, last - std::chrono::hours{24} * 365, {});
  }
  return report;
}

}  // namespace weir::app
