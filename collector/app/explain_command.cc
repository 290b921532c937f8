#include "collector/app/explain_command.h"

#include <fmt/format.h>

#include <algorithm>

#include "collector/app/explanation.h"
#include "collector/app/ledger_access.h"
#include "collector/billing/period.h"
#include "collector/generator/calendar.h"

namespace weir::app {

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
  const auto explanation =
      make_explanation(answer.access->config, *contract, start, answer.access->ledger);
  if (!explanation) {
    fmt::print(err, "weir: {}\n", explanation.error().message);
    return 1;
  }
  switch (options.format) {
    case ExplainFormat::Text:
      print_text(out, *explanation);
      break;
    case ExplainFormat::Json:
      print_json(out, *explanation);
      break;
  }
  if (std::fflush(out) != 0) return 1;
  return explanation->is_measured() ? 0 : 1;
}

}  // namespace weir::app
