#include "collector/wire/interface_table.h"

#include <algorithm>
#include <utility>

namespace weir::wire {

InterfaceTable::Taught InterfaceTable::learn(const IpAddress& exporter,
                                             const InterfaceAnnouncement& said) {
  const std::lock_guard lock{mutex_};
  Entry* const entry = entry_of(exporter, said.ifindex);
  if (entry == nullptr) return Taught::Refused;
  bool has_changed = false;
  if (!said.name.empty() && entry->told.name != said.name.view()) {
    entry->told.name = said.name.view();
    entry->named_at = ++namings_;
    has_changed = true;
  }
  if (!said.description.empty() && entry->told.description != said.description.view()) {
    entry->told.description = said.description.view();
    has_changed = true;
  }
  if (!has_changed) return Taught::Nothing;
  moved();
  return Taught::Changed;
}

InterfaceTable::Taught InterfaceTable::learn_speed(const IpAddress& exporter, std::uint32_t ifindex,
                                                   std::uint64_t bits_per_second) {
  const std::lock_guard lock{mutex_};
  Entry* const entry = entry_of(exporter, ifindex);
  if (entry == nullptr) return Taught::Refused;
  if (entry->told.bits_per_second == bits_per_second) return Taught::Nothing;
  entry->told.bits_per_second = bits_per_second;
  moved();
  return Taught::Changed;
}

std::vector<LearnedInterface> InterfaceTable::of(const IpAddress& exporter) const {
  const std::lock_guard lock{mutex_};
  const auto found = exporters_.find(exporter);
  return found == exporters_.end() ? std::vector<LearnedInterface>{} : sorted(found->second);
}

std::vector<InterfaceTable::OfExporter> InterfaceTable::all() const {
  const std::lock_guard lock{mutex_};
  std::vector<OfExporter> all;
  all.reserve(exporters_.size());
  for (const auto& [exporter, entries] : exporters_) all.push_back({exporter, sorted(entries)});
  return all;
}

InterfaceTable::Entry* InterfaceTable::entry_of(const IpAddress& exporter, std::uint32_t ifindex) {
  auto owner = exporters_.find(exporter);
  if (owner == exporters_.end()) {
    if (exporters_.size() >= kMaxExporters) return nullptr;
    owner = exporters_.emplace(exporter, Entries{}).first;
  }
  Entries& entries = owner->second;
  if (const auto known = entries.find(ifindex); known != entries.end()) return &known->second;
  if (entries.size() >= kMostPerExporter) return nullptr;
  Entry& entry = entries[ifindex];
  entry.told.ifindex = ifindex;
  return &entry;
}

std::vector<LearnedInterface> InterfaceTable::sorted(const Entries& entries) {
  std::vector<const Entry*> order;
  order.reserve(entries.size());
  for (const auto& [ifindex, entry] : entries) order.push_back(&entry);
  std::ranges::sort(order, {}, [](const Entry* entry) {
    return std::pair{entry->named_at, entry->told.ifindex};
  });
  std::vector<LearnedInterface> interfaces;
  interfaces.reserve(order.size());
  for (const Entry* entry : order) interfaces.push_back(entry->told);
  return interfaces;
}

}  // namespace weir::wire
