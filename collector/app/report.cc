#include "collector/app/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <tuple>
#include <utility>

#include "collector/billing/billing_calendar.h"

namespace weir::app {
namespace {

using billing::IntervalGrid;
using billing::Period;

std::int64_t seconds_of(TrafficTime time) noexcept { return since_epoch_ms(time) / 1'000; }
TrafficTime time_of(std::int64_t seconds) noexcept { return traffic_time_ms(seconds * 1'000); }

const char* layer_name(config::Layer layer) noexcept {
  switch (layer) {
    case config::Layer::Ip:
      return "ip";
    case config::Layer::Ethernet:
      return "ethernet";
    case config::Layer::Wire:
      return "wire";
  }
  return "unknown";
}

/// What the exporters sent of an interval, and what of it arrived.
struct Received {
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
};

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
    for (const auto& row : *reception) {
      auto& at = background.reception_[row.start][row.exporter];
      at.received += row.received;
      at.sent += row.received + row.lost;
    }
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

  /// `exporters` are those that a contract hangs on; empty: all that were heard.
  void cover(IntervalGrid& grid, const std::set<std::string>& exporters) const {
    for (const auto& row : coverage_) {
      // Exporters count in units of their own, so each weighs the same.
      std::uint64_t arrived = 0;
      std::uint64_t heard = 0;
      if (const auto at = reception_.find(row.start); at != reception_.end()) {
        for (const auto& [exporter, received] : at->second) {
          if (!exporters.empty() && !exporters.contains(exporter)) continue;
          arrived += received.sent == 0
                         ? billing::kWhole.value()
                         : billing::share_of(received.received, received.sent).value();
          ++heard;
        }
      }
      grid.cover(time_of(row.start),
                 billing::interval_completeness(std::chrono::seconds{row.seconds}, arrived,
                                                heard * billing::kWhole.value()));
    }
  }

 private:
  TrafficTime last_ = TrafficTime::min();  ///< start of the ledger's last interval
  std::vector<ledger::IntervalCoverage> coverage_;
  std::map<std::int64_t, std::map<std::string, Received>> reception_;
};

/// The exporters that a contract hangs on by name; empty if it may be met at any.
std::set<std::string> exporters_of(const contracts::Contract& contract) {
  std::set<std::string> exporters;
  for (const auto& attachment : contract.attach) {
    const auto* interface = std::get_if<contracts::InterfaceAttachment>(&attachment.where);
    if (interface == nullptr) return {};
    exporters.insert(interface->exporter);
  }
  return exporters;
}

/// The port whose counters bill a contract; the configuration has been checked.
struct CountedPort {
  std::string exporter;
  std::uint32_t interface = 0;
};
std::optional<CountedPort> counted_port(const config::Config& config,
                                        const contracts::Contract& contract) {
  if (contract.billing.source != contracts::BillingSource::Counter || contract.attach.size() != 1)
    return std::nullopt;
  const auto* where = std::get_if<contracts::InterfaceAttachment>(&contract.attach.front().where);
  if (where == nullptr) return std::nullopt;
  CountedPort port{.exporter = where->exporter};
  if (const auto* index = std::get_if<std::uint32_t>(&where->interface)) port.interface = *index;
  const auto* name = std::get_if<std::string>(&where->interface);
  for (const auto& router : config.exporters.routers) {
    if (router.name != where->exporter && router.address != IpAddress::parse(where->exporter))
      continue;
    port.exporter = router.name;
    for (const auto& terms : router.interfaces)
      if (name != nullptr && terms.name == *name) port.interface = terms.index;
  }
  return port;
}

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

/// A contract's period, as asked for.
Result<Period> period_of(const contracts::Contract& contract, const ReportRequest& request) {
  const auto calendar =
      billing::BillingCalendar::make(contract.billing.timezone, contract.billing.day);
  if (!calendar) return tl::unexpected(calendar.error());
  return request.quarter ? calendar->period_of(*request.quarter, request.fiscal)
                         : calendar->period_of(*request.month);
}

/// Grids that are in memory at once: half a megabyte each for a month.
constexpr std::size_t kGridsAtOnce = 64;

/// Grids that say what was measured and nothing yet of any contract, which contracts with the same
/// period and exporters share.
class CoveredGrids {
 public:
  explicit CoveredGrids(const Background& background) : background_(background) {}
  [[nodiscard]] const IntervalGrid& of(const Period& period, std::set<std::string> exporters) {
    const Key key{period.start, period.end, std::move(exporters)};
    if (const auto at = grids_.find(key); at != grids_.end()) return at->second;
    if (grids_.size() == kGridsAtOnce) grids_.clear();
    IntervalGrid grid(period);
    background_.cover(grid, std::get<2>(key));
    return grids_.emplace(key, std::move(grid)).first->second;
  }

 private:
  using Key = std::tuple<TrafficTime, TrafficTime, std::set<std::string>>;
  const Background& background_;
  std::map<Key, IntervalGrid> grids_;
};

/// A contract while its bill is made.
struct Billed {
  const contracts::Contract* contract = nullptr;
  IntervalGrid grid;
};

Result<Period> whole_of(const std::vector<const contracts::Contract*>& wanted,
                        const ReportRequest& request) {
  Period whole{.start = TrafficTime::max(), .end = TrafficTime::min()};
  for (const auto* contract : wanted) {
    const auto period = period_of(*contract, request);
    if (!period) return tl::unexpected(period.error());
    whole.start = std::min(whole.start, period->start);
    whole.end = std::max(whole.end, period->end);
  }
  return whole;
}

Result<std::vector<Billed>> grids_of(std::span<const contracts::Contract* const> wanted,
                                     const ReportRequest& request, ledger::Ledger& ledger,
                                     const Background& background, CoveredGrids& covered) {
  std::vector<Period> periods;
  Period whole{.start = TrafficTime::max(), .end = TrafficTime::min()};
  for (const auto* contract : wanted) {
    auto period = period_of(*contract, request);
    if (!period) return tl::unexpected(period.error());
    periods.push_back(*period);
    whole.start = std::min(whole.start, period->start);
    whole.end = std::max(whole.end, period->end);
  }
  std::vector<Billed> billed;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const Period period = periods[i].closed_part(background.expected_until(periods[i]));
    billed.push_back({.contract = wanted[i], .grid = covered.of(period, exporters_of(*wanted[i]))});
    names.push_back(wanted[i]->id);
  }
  auto read = ledger.each_interval(
      names, seconds_of(whole.start), seconds_of(whole.end),
      [&](std::size_t contract, const ledger::ContractInterval& interval) {
        billed[contract].grid.add(time_of(interval.start),
                                  {.from_customer = interval.from_customer_bytes,
                                   .to_customer = interval.to_customer_bytes},
                                  {.from_customer = interval.from_customer_deviation,
                                   .to_customer = interval.to_customer_deviation});
      });
  if (!read) return tl::unexpected(read.error());
  for (std::size_t i = 0; i < billed.size(); ++i) {
    const auto masks =
        ledger.masks(names[i], seconds_of(periods[i].start), seconds_of(periods[i].end));
    if (!masks) return tl::unexpected(masks.error());
    for (const auto& mask : *masks)
      billed[i].grid.mask({.span = {.start = time_of(mask.from), .end = time_of(mask.until)},
                           .author = mask.author,
                           .reason = mask.reason,
                           .made_at = time_of(mask.made_at)});
  }
  return billed;
}

/// The bill of each contract, in the order of `wanted`, made of few grids at a time.
Result<std::vector<ReportedContract>> bills_of(
    const std::vector<const contracts::Contract*>& wanted, const ReportRequest& request,
    ledger::Ledger& ledger, const std::function<Result<ReportedContract>(Billed&)>& bill) {
  std::vector<ReportedContract> bills;
  if (wanted.empty()) return bills;
  const auto whole = whole_of(wanted, request);
  if (!whole) return tl::unexpected(whole.error());
  const auto background = Background::read(ledger, *whole);
  if (!background) return tl::unexpected(background.error());
  CoveredGrids covered(*background);
  std::vector<std::string> names;
  for (const auto* contract : wanted) names.push_back(contract->id);
  const auto order = ledger.in_order(names);
  if (!order) return tl::unexpected(order.error());
  std::vector<std::optional<ReportedContract>> made(wanted.size());
  for (std::size_t at = 0; at < order->size(); at += kGridsAtOnce) {
    const auto places = std::span(*order).subspan(at, std::min(kGridsAtOnce, order->size() - at));
    std::vector<const contracts::Contract*> some;
    for (const std::size_t place : places) some.push_back(wanted[place]);
    auto billed = grids_of(some, request, ledger, *background, covered);
    if (!billed) return tl::unexpected(billed.error());
    for (std::size_t i = 0; i < places.size(); ++i) {
      auto reported = bill((*billed)[i]);
      if (!reported) return tl::unexpected(reported.error());
      made[places[i]] = std::move(*reported);
    }
  }
  for (auto& one : made)
    if (one) bills.push_back(std::move(*one));
  return bills;
}

/// The span by the calendar of UTC, for what is of no contract.
Result<Period> company_span(const ReportRequest& request) {
  const auto calendar = billing::BillingCalendar::make("UTC", 1);
  if (!calendar) return tl::unexpected(calendar.error());
  return request.quarter ? calendar->period_of(*request.quarter, request.fiscal)
                         : calendar->period_of(*request.month);
}

}  // namespace

Result<Report> make_report(const config::Config& config, ledger::Ledger& ledger,
                           const ReportRequest& request) {
  Report report;
  report.title =
      request.quarter ? billing::to_string(*request.quarter) : billing::to_string(*request.month);
  std::vector<const contracts::Contract*> wanted;
  for (const auto& contract : config.contracts)
    if (request.contract.empty() || contract.id == request.contract) wanted.push_back(&contract);
  if (wanted.empty() && !request.contract.empty())
    return failure(ErrorCode::Usage,
                   fmt::format("contract {} is not in the configuration; `weir check` lists those "
                               "that are",
                               request.contract));
  const billing::BillingMethod method{.layer = layer_name(config.accounting.layer)};
  // Whatever is configured, counters count Ethernet frames.
  const billing::BillingMethod counter_method{.layer = layer_name(config::Layer::Ethernet)};
  const auto bill = [&](Billed& one) -> Result<ReportedContract> {
    const auto spans = billing::term_spans({one.contract, 1}, one.grid.period());
    const billing::Subject subject{.contract = one.contract->id,
                                   .customer = one.contract->customer,
                                   .service = one.contract->service};
    ReportedContract reported{.statement = billing::statement_of(subject, one.grid, spans, method),
                              .grid = std::move(one.grid),
                              .by_flow = std::nullopt};
    if (const auto port = counted_port(config, *one.contract)) {
      auto counted = counted_grid(*port, reported.grid, ledger);
      if (!counted) return tl::unexpected(counted.error());
      auto by_counter = billing::statement_of(subject, *counted, spans, counter_method);
      reported.by_flow = std::exchange(reported.statement, std::move(by_counter));
      reported.grid = std::move(*counted);
    }
    if (request.detail == ReportDetail::Bills) reported.grid = IntervalGrid(Period{});
    return reported;
  };
  auto bills = bills_of(wanted, request, ledger, bill);
  if (!bills) return tl::unexpected(bills.error());
  report.contracts = std::move(*bills);
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
