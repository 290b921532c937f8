#include "collector/contracts/slot_registry.h"

namespace weir::contracts {

std::optional<Slot> SlotRegistry::intern(std::string_view contract_id) {
  const std::lock_guard lock(mutex_);
  if (const auto found = slots_.find(contract_id); found != slots_.end()) return found->second;
  if (slots_.size() >= kMaxSlots) return std::nullopt;
  const Slot slot{static_cast<std::uint32_t>(slots_.size())};
  slots_.emplace(contract_id, slot);
  return slot;
}

std::vector<std::string> SlotRegistry::names() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names(slots_.size());
  for (const auto& [id, slot] : slots_) names[slot.value()] = id;
  return names;
}

std::uint32_t SlotRegistry::size() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::uint32_t>(slots_.size());
}

}  // namespace weir::contracts
