#include "collector/config/contract_diff.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace weir::config {
namespace {

using contracts::Contract;

std::unordered_map<std::string_view, std::size_t> places_by_id(
    const std::vector<Contract>& contracts) {
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < contracts.size(); ++i) places.emplace(contracts[i].id, i);
  return places;
}

std::optional<ContractChange> change_between(const ContractText& before,
                                             const ContractText& after) {
  if (before == after) return std::nullopt;
  ContractChange change{.id = after.field(ContractField::Id)};
  for (std::size_t i = 0; i < before.fields.size(); ++i)
    if (before.fields[i] != after.fields[i])
      change.fields.push_back(
          {std::string(kContractFieldNames[i]), before.fields[i], after.fields[i]});
  std::set_difference(before.attach.begin(), before.attach.end(), after.attach.begin(),
                      after.attach.end(), std::back_inserter(change.detached));
  std::set_difference(after.attach.begin(), after.attach.end(), before.attach.begin(),
                      before.attach.end(), std::back_inserter(change.attached));
  return change;
}

}  // namespace

ContractDiff diff_contracts(const std::vector<Contract>& before,
                            const std::vector<Contract>& after) {
  ContractDiff diff{.before = before.size(), .after = after.size()};
  const auto old_places = places_by_id(before);
  const auto new_places = places_by_id(after);
  for (const Contract& contract : before) {
    const auto found = new_places.find(contract.id);
    if (found == new_places.end())
      diff.removed.push_back(to_text(contract));
    else if (auto change = change_between(to_text(contract), to_text(after[found->second])))
      diff.changed.push_back(std::move(*change));
  }
  for (const Contract& contract : after)
    if (!old_places.contains(contract.id)) diff.added.push_back(to_text(contract));
  return diff;
}

std::vector<Contract> in_order_of(const std::vector<Contract>& before,
                                  std::vector<Contract> after) {
  const auto places = places_by_id(before);
  // New ones all have the place behind the last, where a stable sort keeps their own order.
  const auto place = [&](const Contract& contract) {
    const auto found = places.find(contract.id);
    return found == places.end() ? before.size() : found->second;
  };
  std::vector<std::pair<std::size_t, std::size_t>> order;
  order.reserve(after.size());
  for (std::size_t i = 0; i < after.size(); ++i) order.emplace_back(place(after[i]), i);
  std::sort(order.begin(), order.end());
  std::vector<Contract> sorted;
  sorted.reserve(after.size());
  for (const auto& [ignored, i] : order) sorted.push_back(std::move(after[i]));
  return sorted;
}

}  // namespace weir::config
