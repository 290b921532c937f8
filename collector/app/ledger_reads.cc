#include "collector/app/ledger_reads.h"

#include <fmt/format.h>

#include <array>
#include <exception>
#include <future>
#include <memory>

#include "collector/app/ledger_coverage.h"

namespace weir::app {
namespace {

std::int64_t seconds_of(TrafficTime time) noexcept { return since_epoch_ms(time) / 1'000; }
TrafficTime time_of(std::int64_t seconds) noexcept { return traffic_time_ms(seconds * 1'000); }

}  // namespace

Result<billing::IntervalGrid> read_intervals(ledger::Ledger& ledger,
                                             const contracts::Contract& contract,
                                             const billing::Period& span) {
  // The intervals that begin in the span, whole.
  const billing::Period whole{.start = billing::first_ledger_interval_from(span.start),
                              .end = billing::first_ledger_interval_from(span.end)};
  const std::array sets{exporters_of(contract)};
  const auto coverage = LedgerCoverage::read(ledger, whole, sets);
  if (!coverage) return tl::unexpected(coverage.error());
  const auto rows = ledger.intervals(contract.id, seconds_of(whole.start), seconds_of(whole.end));
  if (!rows) return tl::unexpected(rows.error());
  const auto masks = ledger.masks(contract.id, seconds_of(whole.start), seconds_of(whole.end));
  if (!masks) return tl::unexpected(masks.error());

  billing::IntervalGrid grid(whole);
  for (TrafficTime start = whole.start; start < whole.end; start += billing::kLedgerInterval)
    grid.cover(start, coverage->share(0, start));
  for (const auto& row : *rows)
    grid.add(
        time_of(row.start),
        {.from_customer = row.from_customer_bytes, .to_customer = row.to_customer_bytes},
        {.from_customer = row.from_customer_deviation, .to_customer = row.to_customer_deviation});
  for (const auto& mask : *masks)
    grid.mask({.span = {.start = time_of(mask.from), .end = time_of(mask.until)},
               .author = mask.author,
               .reason = mask.reason,
               .made_at = time_of(mask.made_at)});
  return grid;
}

Result<billing::IntervalGrid> LedgerReads::intervals(const contracts::Contract& contract,
                                                     const billing::Period& span) const {
  // Shared, since the work may run when nobody waits for it any more.
  auto promise = std::make_shared<std::promise<Result<billing::IntervalGrid>>>();
  auto answer = promise->get_future();
  post_([promise, contract, span](ledger::Ledger& ledger) {
    try {
      promise->set_value(read_intervals(ledger, contract, span));
    } catch (const std::exception& problem) {
      promise->set_value(failure(ErrorCode::Internal, problem.what()));
    }
  });
  promise.reset();
  if (answer.wait_for(patience_) != std::future_status::ready)
    return failure(
        ErrorCode::Unavailable,
        fmt::format("The ledger has been busy for {} ms; ask again.", patience_.count()));
  try {
    return answer.get();
  } catch (const std::future_error&) {
    return failure(ErrorCode::Unavailable,
                   "The ledger is closing, or has too much to answer; ask again.");
  }
}

}  // namespace weir::app
