#include "collector/app/close_command.h"

#include <fmt/format.h>

#include "collector/app/ledger_access.h"
#include "collector/app/terms_history.h"

namespace weir::app {

int run_close(const CloseOptions& options, std::FILE* out, std::FILE* err) {
  CloseRequest request{.month = std::nullopt, .contract = options.contract};
  if (!options.author.empty()) request.author = options.author;
  if (!options.month.empty()) {
    const auto month = billing::parse_month(options.month);
    if (!month) {
      fmt::print(err, "weir: {}\n", month.error().message);
      return 2;
    }
    request.month = *month;
  }
  auto answer = open_ledger_of(options.config, err);
  if (!answer.access) return answer.exit_code;
  auto& [config, ledger] = *answer.access;
  const TrafficTime now = traffic_now();
  if (options.mode == CloseMode::Store) {
    const auto noted = note_terms(ledger, config.contracts, now);
    if (!noted) {
      fmt::print(err, "weir: {}\n", noted.error().message);
      return 1;
    }
  }
  const auto closed = close_periods(ledger, config, request, now, options.mode);
  if (!closed) {
    fmt::print(err, "weir: {}\n", closed.error().message);
    return closed.error().code == ErrorCode::Usage ? 2 : 1;
  }
  const char* const did = options.mode == CloseMode::Store ? "closed" : "would close";
  for (const auto& line : *closed)
    fmt::print(out, "{} {} {}: billable {:.3f} Mbit/s\n", did, line.contract,
               billing::to_string(line.month), static_cast<double>(line.billable.value()) / 1e6);
  if (closed->empty())
    fmt::print(out, "nothing to close: what ended {} h ago or earlier is closed\n",
               std::chrono::duration_cast<std::chrono::hours>(config.ledger_close_after).count());
  return 0;
}

}  // namespace weir::app
