#include "collector/core/books.h"

#include <cassert>

namespace weir::core {

WorkerBooks::WorkerBooks() : entries_(kMaxExporters) {}

ExporterCounters& WorkerBooks::of(ExporterId exporter, Protocol protocol) {
  assert(exporter.value() < kMaxExporters);
  auto& entry = entries_[exporter.value()][static_cast<std::size_t>(protocol)];
  if (auto* const known = entry.load(std::memory_order_relaxed); known != nullptr) return *known;
  owned_.push_back(std::make_unique<ExporterCounters>());
  // Pairs with find(): who sees the pointer sees the counters made.
  entry.store(owned_.back().get(), std::memory_order_release);
  return *owned_.back();
}

DomainCounters* WorkerBooks::domain_of(ExporterCounters& counters, std::uint32_t domain) {
  DomainCounters* const first = counters.domains.load(std::memory_order_relaxed);
  for (DomainCounters* known = first; known != nullptr; known = known->next)
    if (known->domain == domain) return known;
  if (counters.domain_count >= kMaxCountedDomains) return nullptr;
  ++counters.domain_count;
  owned_domains_.push_back(std::make_unique<DomainCounters>(domain, first));
  // Pairs with the acquire load of readers: who sees the link sees it made.
  counters.domains.store(owned_domains_.back().get(), std::memory_order_release);
  return owned_domains_.back().get();
}

const ExporterCounters* WorkerBooks::find(ExporterId exporter, Protocol protocol) const noexcept {
  if (exporter.value() >= kMaxExporters) return nullptr;
  // Pairs with the release in of().
  return entries_[exporter.value()][static_cast<std::size_t>(protocol)].load(
      std::memory_order_acquire);
}

}  // namespace weir::core
