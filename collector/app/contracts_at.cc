#include "collector/app/contracts_at.h"

namespace weir::app {

std::map<std::string_view, const contracts::Contract*> contracts_at(
    const contracts::ContractTable& table, TrafficTime time) {
  std::map<std::string_view, const contracts::Contract*> chosen;
  for (const auto& entry : table.contracts()) {
    const auto [one, is_new] = chosen.try_emplace(entry.contract.id, &entry.contract);
    const contracts::Contract& known = *one->second;
    if (!is_new && (time < known.valid_from || time >= known.valid_until))
      one->second = &entry.contract;
  }
  return chosen;
}

}  // namespace weir::app
