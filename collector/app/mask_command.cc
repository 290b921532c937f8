#include "collector/app/mask_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "collector/app/ledger_access.h"
#include "collector/app/rfc3339.h"
#include "collector/app/stored_bill.h"
#include "collector/generator/calendar.h"
#include "exporters/ledger/statement_store.h"

namespace weir::app {
namespace {

/// A closed bill stands whatever is masked afterwards: says which ones the mask touches. Exit code.
int tell_of_closed(ledger::Ledger& ledger, const MaskOptions& options,
                   std::pair<TrafficTime, TrafficTime> span, std::FILE* out, std::FILE* err) {
  const auto closed = ledger::StatementStore(ledger).closed_periods(
      options.contract, since_epoch_ms(span.first) / 1'000, since_epoch_ms(span.second) / 1'000);
  if (!closed) {
    fmt::print(err, "weir: the mask is kept, but {}\n", closed.error().message);
    return 1;
  }
  for (const auto& period : *closed) {
    const std::string month = billing::to_string(month_of(period.month));
    fmt::print(
        out,
        "{} of {} is closed: the mask changes its bill only through `weir correct {} --month "
        "{}`\n",
        month, period.contract, period.contract, month);
  }
  return 0;
}

}  // namespace

int run_mask(const MaskOptions& options, std::FILE* out, std::FILE* err) {
  const auto from = generator::parse_rfc3339(options.from);
  const auto until = generator::parse_rfc3339(options.until);
  if (!from || !until || *until <= *from) {
    fmt::print(err,
               "weir: --from {} and --until {} are no span of time; write two times such as "
               "2026-01-31T15:00:00Z, the earlier first\n",
               options.from, options.until);
    return 2;
  }
  if (options.author.empty() || options.reason.empty()) {
    fmt::print(err, "weir: a mask is part of the bill: say --author and --reason\n");
    return 2;
  }
  auto answer = open_ledger_of(options.config, err);
  if (!answer.access) return answer.exit_code;
  const auto& contracts = answer.access->config.contracts;
  if (!options.contract.empty() &&
      std::ranges::find(contracts, options.contract, &contracts::Contract::id) == contracts.end()) {
    fmt::print(err,
               "weir: contract {} is not in the configuration; `weir check` lists those that are\n",
               options.contract);
    return 2;
  }
  const auto done =
      answer.access->ledger.add_mask({.contract = options.contract,
                                      .from = since_epoch_ms(*from) / 1'000,
                                      .until = since_epoch_ms(*until) / 1'000,
                                      .author = options.author,
                                      .reason = options.reason,
                                      .made_at = since_epoch_ms(traffic_now()) / 1'000});
  if (!done) {
    fmt::print(err, "weir: {}\n", done.error().message);
    return 1;
  }
  fmt::print(out, "masked {}: {} to {}\n",
             options.contract.empty() ? "every contract" : options.contract, rfc3339(*from),
             rfc3339(*until));
  return tell_of_closed(answer.access->ledger, options, {*from, *until}, out, err);
}

}  // namespace weir::app
