#include "collector/core/exporter_registry.h"

#include <cassert>
#include <utility>

namespace weir::core {

std::optional<ExporterId> ExporterRegistry::intern(const IpAddress& address) {
  const std::lock_guard lock(mutex_);
  if (const auto known = numbers_.find(address); known != numbers_.end()) return known->second;
  if (entries_.size() >= kMaxExporters) return std::nullopt;
  const ExporterId number{static_cast<std::uint32_t>(entries_.size())};
  entries_.push_back({.address = address, .name = address.to_string()});
  numbers_.emplace(address, number);
  return number;
}

void ExporterRegistry::name(ExporterId exporter, std::string name) {
  const std::lock_guard lock(mutex_);
  assert(exporter.value() < entries_.size());
  entries_[exporter.value()].name = std::move(name);
}

std::vector<ExporterRegistry::Entry> ExporterRegistry::entries() const {
  const std::lock_guard lock(mutex_);
  return entries_;
}

}  // namespace weir::core
