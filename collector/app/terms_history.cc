#include "collector/app/terms_history.h"

#include <algorithm>
#include <utility>

#include "collector/app/terms_text.h"
#include "collector/billing/billing_calendar.h"
#include "exporters/ledger/statement_store.h"

namespace weir::app {
namespace {

/// `version` holds from its date on, whatever was to hold from then or later.
void put(std::vector<contracts::Contract>& versions, const contracts::Contract& version) {
  std::erase_if(versions,
                [&](const auto& other) { return other.valid_from >= version.valid_from; });
  versions.push_back(version);
}

Result<billing::Period> period_of(const contracts::Contract& contract, billing::Month month) {
  const auto calendar =
      billing::BillingCalendar::make(contract.billing.timezone, contract.billing.day);
  if (!calendar) return tl::unexpected(calendar.error());
  return calendar->period_of(month);
}

}  // namespace

Result<std::uint32_t> note_terms(ledger::Ledger& ledger,
                                 std::span<const contracts::Contract> contracts, TrafficTime now) {
  std::vector<ledger::NotedTerms> terms;
  for (const auto& contract : contracts) {
    auto& one = terms.emplace_back();
    one.contract = contract.id;
    one.noted_at = since_epoch_ms(now) / 1'000;
    if (contract.valid_from != TrafficTime::min())
      one.valid_from = since_epoch_ms(contract.valid_from) / 1'000;
    one.committed = contract.committed.value();
    one.terms = terms_text(contract);
  }
  return ledger::StatementStore(ledger).note(terms);
}

Result<TermsHistory> TermsHistory::read(ledger::Ledger& ledger) {
  const auto noted = ledger::StatementStore(ledger).noted();
  if (!noted) return tl::unexpected(noted.error());
  TermsHistory history;
  for (const auto& one : *noted) {
    auto contract = contract_from_text(one.contract, one.terms);
    if (!contract) return tl::unexpected(contract.error());
    history.noted_[one.contract].push_back(
        {.noted_at = traffic_time_ms(one.noted_at * 1'000), .contract = std::move(*contract)});
  }
  return history;
}

std::vector<contracts::Contract> TermsHistory::versions_of(const contracts::Contract& file,
                                                           const billing::Period& period,
                                                           TrafficTime now) const {
  std::vector<contracts::Contract> versions;
  const auto noted = noted_.find(file.id);
  if (noted != noted_.end() && period.end <= now)
    for (const Version& version : noted->second)
      if (version.noted_at < period.end) put(versions, version.contract);
  if (!versions.empty()) return versions;
  if (noted != noted_.end())
    for (const Version& version : noted->second) put(versions, version.contract);
  put(versions, file);
  return versions;
}

Result<PeriodTerms> TermsHistory::terms_of(const contracts::Contract& file, billing::Month month,
                                           TrafficTime now) const {
  const auto by_file = period_of(file, month);
  if (!by_file) return tl::unexpected(by_file.error());
  const auto versions = versions_of(file, *by_file, now);
  const contracts::Contract& last = versions.back();
  const auto period = period_of(last, month);
  if (!period) return tl::unexpected(period.error());
  return PeriodTerms{
      .contract = last, .period = *period, .spans = billing::term_spans(versions, *period)};
}

}  // namespace weir::app
