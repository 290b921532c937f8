#include "collector/app/ledger_coverage.h"

#include <chrono>
#include <map>
#include <variant>

namespace weir::app {
namespace {

std::int64_t seconds_of(TrafficTime time) noexcept { return since_epoch_ms(time) / 1'000; }

}  // namespace

ExporterSet exporters_of(const contracts::Contract& contract) {
  ExporterSet exporters;
  for (const auto& attachment : contract.attach) {
    const auto* interface = std::get_if<contracts::InterfaceAttachment>(&attachment.where);
    if (interface == nullptr) return {};
    exporters.insert(interface->exporter);
  }
  return exporters;
}

Result<LedgerCoverage> LedgerCoverage::read(ledger::Ledger& ledger, const billing::Period& span,
                                            std::span<const ExporterSet> sets) {
  const auto coverage = ledger.coverage(seconds_of(span.start), seconds_of(span.end));
  if (!coverage) return tl::unexpected(coverage.error());
  const auto reception = ledger.reception(seconds_of(span.start), seconds_of(span.end));
  if (!reception) return tl::unexpected(reception.error());

  LedgerCoverage made;
  made.span_ = span;
  made.shares_.assign(sets.size(), std::vector<billing::Share>(span.intervals(), billing::kNone));
  std::map<std::string, std::vector<std::size_t>, std::less<>> sets_of;
  std::vector<std::size_t> sets_of_all;
  for (std::size_t i = 0; i < sets.size(); ++i) {
    if (sets[i].empty()) sets_of_all.push_back(i);
    for (const auto& exporter : sets[i]) sets_of[exporter].push_back(i);
  }
  std::map<std::int64_t, std::map<std::string, Arrival>> arrivals;
  for (const auto& row : *reception) arrivals[row.start][row.exporter].add(row);
  std::map<std::int64_t, std::vector<MeanShare>> means;
  for (const auto& [start, exporters] : arrivals) {
    auto& at = means[start];
    at.resize(sets.size());
    for (const auto& [exporter, arrival] : exporters) {
      for (const std::size_t set : sets_of_all) at[set].add(arrival.share());
      if (const auto hanging = sets_of.find(exporter); hanging != sets_of.end())
        for (const std::size_t set : hanging->second) at[set].add(arrival.share());
    }
  }
  for (const auto& row : *coverage) {
    const TrafficTime start = traffic_time_ms(row.start * 1'000);
    if (!span.contains(start)) continue;
    const auto place = static_cast<std::size_t>((start - span.start) / billing::kLedgerInterval);
    const auto at = means.find(row.start);
    for (std::size_t set = 0; set < sets.size(); ++set) {
      const MeanShare mean = at == means.end() ? MeanShare{} : at->second[set];
      made.shares_[set][place] = mean.of(std::chrono::seconds{row.seconds});
    }
  }
  return made;
}

}  // namespace weir::app
