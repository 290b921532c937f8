#include "collector/app/capacity_command.h"

#include <fmt/format.h>

#include <cerrno>

#include "collector/app/capacity_report.h"
#include "collector/app/ledger_access.h"
#include "collector/app/ledger_views.h"

namespace weir::app {
namespace {

std::string formatted(const billing::CapacityView& view, CapacityFormat format) {
  switch (format) {
    case CapacityFormat::Text:
      return capacity_text(view);
    case CapacityFormat::Json:
      return capacity_json(view);
    case CapacityFormat::Csv:
      return capacity_csv(view);
  }
  return {};
}

Result<billing::CapacityView> view_of(LedgerAccess& access) {
  const auto last = access.ledger.last_interval();
  if (!last) return tl::unexpected(last.error());
  if (!*last)
    return failure(ErrorCode::NotFound,
                   "the ledger is empty: forecasts need weeks of traffic in it; run `weir serve`");
  const TrafficTime now = traffic_time_ms((**last + ledger::kIntervalSeconds) * 1'000);
  return make_capacity_view(access.config, access.ledger, now, interfaces_of(access.ledger));
}

}  // namespace

int run_capacity(const CapacityOptions& options, std::FILE* out, std::FILE* err) {
  auto answer = open_ledger_of(options.config, err);
  if (!answer.access) return answer.exit_code;
  const auto view = view_of(*answer.access);
  if (!view) {
    fmt::print(err, "weir: {}\n", view.error().message);
    return view.error().code == ErrorCode::Usage ? 2 : 1;
  }
  fmt::print(out, "{}", formatted(*view, options.format));
  if (std::fflush(out) != 0) {
    fmt::print(err, "weir: cannot write the forecasts: {}\n",
               fmt::system_error(errno, "output").what());
    return 1;
  }
  return 0;
}

}  // namespace weir::app
