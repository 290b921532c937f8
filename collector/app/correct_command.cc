#include "collector/app/correct_command.h"

#include <fmt/format.h>

#include "collector/app/ledger_access.h"
#include "collector/config/values.h"

namespace weir::app {
namespace {

double mbit(std::uint64_t rate) noexcept { return static_cast<double>(rate) / 1e6; }

Result<CorrectionRequest> request_of(const CorrectOptions& options) {
  if (options.author.empty() || options.reason.empty())
    return failure(ErrorCode::Usage, "a correction is part of the bill: say --author and --reason");
  const auto month = billing::parse_month(options.month);
  if (!month) return tl::unexpected(month.error());
  CorrectionRequest request{.contract = options.contract,
                            .month = *month,
                            .author = options.author,
                            .reason = options.reason,
                            .billable = std::nullopt,
                            .terms = options.terms};
  if (options.billable == "0") {
    request.billable = BitsPerSecond{};  // nothing is owed; no contract has such a rate
  } else if (!options.billable.empty()) {
    const auto rate = config::parse_rate(options.billable);
    if (!rate)
      return failure(ErrorCode::Usage,
                     fmt::format("--billable: {}; {}", rate.error().message, rate.error().mend));
    request.billable = *rate;
  }
  return request;
}

}  // namespace

int run_correct(const CorrectOptions& options, std::FILE* out, std::FILE* err) {
  const auto request = request_of(options);
  if (!request) {
    fmt::print(err, "weir: {}\n", request.error().message);
    return 2;
  }
  auto answer = open_ledger_of(options.config, err);
  if (!answer.access) return answer.exit_code;
  const auto done = correct(answer.access->ledger, answer.access->config, *request, traffic_now());
  if (!done) {
    fmt::print(err, "weir: {}\n", done.error().message);
    return done.error().code == ErrorCode::Usage ? 2 : 1;
  }
  const auto& [before, after] = *done;
  if (after.revision == before.revision)
    fmt::print(out, "nothing to correct in {} of {}: billable {:.3f} Mbit/s (revision {})\n",
               options.month, options.contract, mbit(before.billable), before.revision);
  else
    fmt::print(out,
               "corrected {} of {}: billable {:.3f} Mbit/s (revision {}), before {:.3f} Mbit/s "
               "(revision {})\n",
               options.month, options.contract, mbit(after.billable), after.revision,
               mbit(before.billable), before.revision);
  return 0;
}

}  // namespace weir::app
