#include "collector/app/explain_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "collector/app/ledger_access.h"
#include "collector/app/rfc3339.h"
#include "collector/billing/rate.h"
#include "collector/generator/calendar.h"

namespace weir::app {
namespace {

double mbit(std::uint64_t bytes) noexcept {
  return static_cast<double>(billing::rate_of(bytes).value()) / 1e6;
}

/// What the ledger holds of one interval of one contract.
struct Explained {
  std::vector<ledger::RunRow> rows;
  std::vector<ledger::RunCoverage> coverage;
  std::vector<ledger::ReceptionRow> reception;
  std::vector<ledger::Mask> masks;
};

Result<Explained> read(ledger::Ledger& ledger, const std::string& contract, std::int64_t start) {
  const std::int64_t end = start + ledger::kIntervalSeconds;
  auto rows = ledger.rows_of(contract, start);
  if (!rows) return tl::unexpected(rows.error());
  auto coverage = ledger.coverage_by_run(start);
  if (!coverage) return tl::unexpected(coverage.error());
  auto reception = ledger.reception(start, end);
  if (!reception) return tl::unexpected(reception.error());
  auto masks = ledger.masks(contract, start, end);
  if (!masks) return tl::unexpected(masks.error());
  return Explained{.rows = std::move(*rows),
                   .coverage = std::move(*coverage),
                   .reception = std::move(*reception),
                   .masks = std::move(*masks)};
}

void print_direction(std::FILE* out, const Explained& all, Direction direction) {
  std::uint64_t bytes = 0;
  double variance = 0;
  for (const auto& [run, row] : all.rows) {
    if (row.direction != direction) continue;
    bytes += row.bytes;
    variance += row.variance;
  }
  const auto deviation = static_cast<std::uint64_t>(std::llround(std::sqrt(variance)));
  fmt::print(out, "{:<14} {} bytes, {:.6f} Mbit/s +- {:.6f} (95 %){}\n", direction_name(direction),
             bytes, mbit(bytes),
             static_cast<double>(billing::half_width_rate(deviation).value()) / 1e6,
             bytes == 0 ? "; measured zero" : "");
  for (const auto& [run, row] : all.rows) {
    if (row.direction != direction) continue;
    fmt::print(
        out, "    {} {}: {} bytes, {} packets, {} records, standard deviation {:.0f} bytes{}\n",
        run, family_name(row.family), row.bytes, row.packets, row.records, std::sqrt(row.variance),
        row.revision == 0 ? "" : fmt::format(", amended {} times", row.revision));
  }
}

void print_background(std::FILE* out, const Explained& all) {
  for (const auto& row : all.coverage)
    fmt::print(out, "measured by {}: {} of {} s\n", row.run, row.seconds, ledger::kIntervalSeconds);
  for (const auto& row : all.reception)
    fmt::print(out, "export of {}: {} received, {} lost\n", row.exporter, row.received, row.lost);
  for (const auto& mask : all.masks)
    fmt::print(out, "masked {} to {} by {}: {}\n", rfc3339(traffic_time_ms(mask.from * 1'000)),
               rfc3339(traffic_time_ms(mask.until * 1'000)), mask.author, mask.reason);
}

}  // namespace

int run_explain(const ExplainOptions& options, std::FILE* out, std::FILE* err) {
  const auto time = generator::parse_rfc3339(options.time);
  if (!time) {
    fmt::print(err, "weir: {} is not a time; write 2026-01-31T15:00:00Z\n", options.time);
    return 2;
  }
  auto answer = open_ledger_of(options.config, err);
  if (!answer.access) return answer.exit_code;
  const auto& contracts = answer.access->config.contracts;
  const auto contract = std::ranges::find(contracts, options.contract, &contracts::Contract::id);
  if (contract == contracts.end()) {
    fmt::print(err,
               "weir: contract {} is not in the configuration; `weir check` lists those that are\n",
               options.contract);
    return 2;
  }
  const TrafficTime start = billing::ledger_interval_start(*time);
  const auto all = read(answer.access->ledger, options.contract, since_epoch_ms(start) / 1'000);
  if (!all) {
    fmt::print(err, "weir: {}\n", all.error().message);
    return 1;
  }
  fmt::print(out, "{} ({}), {} to {}\n", contract->id, contract->customer, rfc3339(start),
             rfc3339(start + billing::kLedgerInterval));
  if (all->coverage.empty()) {
    fmt::print(out, "missing: nothing was measuring then, so that no bill counts it\n");
    return 1;
  }
  for (const Direction direction : {Direction::FromCustomer, Direction::ToCustomer})
    print_direction(out, *all, direction);
  print_background(out, *all);
  fmt::print(
      out, "a rate is bytes * 8 / {}, rounded down; docs/billing.md says what a bill makes of it\n",
      ledger::kIntervalSeconds);
  return std::fflush(out) == 0 ? 0 : 1;
}

}  // namespace weir::app
