#include "collector/pipeline/interface_registry.h"

namespace weir::pipeline {

std::vector<std::uint32_t> InterfaceRegistry::numbers_of(
    std::span<const contracts::TrackedInterface> interfaces) {
  const std::lock_guard lock(mutex_);
  std::vector<std::uint32_t> numbers;
  numbers.reserve(interfaces.size());
  for (const auto& interface : interfaces) {
    const std::pair key{interface.exporter.value(), interface.terms.index};
    auto found = numbers_.find(key);
    if (found == numbers_.end()) {
      if (numbers_.size() >= kMaxTrackedInterfaces) {
        numbers.push_back(contracts::kNoInterface);
        continue;
      }
      found = numbers_.emplace(key, static_cast<std::uint32_t>(numbers_.size())).first;
    }
    numbers.push_back(found->second);
  }
  return numbers;
}

}  // namespace weir::pipeline
