#include "exporters/prometheus/table_labels.h"

#include <map>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "collector/model/fate.h"
#include "exporters/prometheus/metric_set.h"

namespace weir::prometheus {
namespace {

constexpr std::array kDirections{Direction::FromCustomer, Direction::ToCustomer};
constexpr std::array kFamilies{Family::Ipv4, Family::Ipv6};

[[nodiscard]] std::string_view role_name(contracts::InterfaceRole role) noexcept {
  switch (role) {
    case contracts::InterfaceRole::Unknown:
      return "unknown";
    case contracts::InterfaceRole::Customer:
      return "customer";
    case contracts::InterfaceRole::Peer:
      return "peer";
    case contracts::InterfaceRole::Transit:
      return "transit";
    case contracts::InterfaceRole::Backbone:
      return "backbone";
  }
  return "unknown";
}

[[nodiscard]] std::array<std::string, contracts::kTiers> service_labels(std::string_view service) {
  std::array<std::string, contracts::kTiers> texts;
  for (std::size_t tier = 0; tier < contracts::kTiers; ++tier) {
    texts[tier] =
        label_text({{.name = "service", .value = service},
                    {.name = "tier", .value = tier_name(static_cast<contracts::Tier>(tier))}});
  }
  return texts;
}

[[nodiscard]] ContractLabels contract_labels(const contracts::SlottedContract& from,
                                             TableLabels::CustomerNames names) {
  const contracts::Contract& contract = from.contract;
  ContractLabels labels;
  labels.slot = from.slot;
  labels.id = contract.id;
  labels.committed = contract.committed;
  labels.ceiling = contract.ceiling;
  labels.tier = contracts::tier_of(contract.committed);
  labels.valid_from = contract.valid_from;
  labels.valid_until = contract.valid_until;

  const Label id{.name = "contract", .value = contract.id};
  labels.contract = label_text({id});
  labels.periods = {label_text({id, {.name = "period", .value = "current"}}),
                    label_text({id, {.name = "period", .value = "previous"}})};
  for (const Direction direction : kDirections) {
    const Label side{.name = "direction", .value = direction_name(direction)};
    labels.directions[static_cast<std::size_t>(direction)] = label_text({id, side});
    labels.baselines[static_cast<std::size_t>(direction)] = {
        label_text({id, side, {.name = "bound", .value = "median"}}),
        label_text({id, side, {.name = "bound", .value = "high"}})};
    for (const Family family : kFamilies) {
      labels.cells[core::cell_position(direction, family)] =
          label_text({id, side, {.name = "family", .value = family_name(family)}});
    }
  }
  labels.info = label_text(
      {id, {.name = "service", .value = contract.service}, {.name = "pop", .value = contract.pop}});
  if (names == TableLabels::CustomerNames::Shown) {
    labels.info += ',' + label_text({{.name = "customer", .value = contract.customer}});
  }
  return labels;
}

[[nodiscard]] InterfaceLabels interface_labels(const contracts::TrackedInterface& from) {
  const std::string index = std::to_string(from.terms.index);
  const Label exporter{.name = "exporter", .value = from.exporter_name};
  const Label interface { .name = "interface", .value = index };
  InterfaceLabels labels;
  labels.speed = from.terms.speed;
  labels.interface = label_text({exporter, interface});
  labels.directions[0] =
      label_text({exporter, interface, {.name = "direction", .value = "ingress"}});
  labels.directions[1] =
      label_text({exporter, interface, {.name = "direction", .value = "egress"}});
  labels.info = label_text({exporter,
                            interface,
                            {.name = "name", .value = from.terms.name},
                            {.name = "role", .value = role_name(from.terms.role)}});
  return labels;
}

}  // namespace

TableLabels::TableLabels(std::shared_ptr<const contracts::ContractTable> from, CustomerNames names)
    : table(std::move(from)) {
  std::map<std::string, std::uint32_t, std::less<>> service_numbers;
  std::unordered_set<Slot> slots;
  contracts.reserve(table->contracts().size());
  for (const contracts::SlottedContract& slotted : table->contracts()) {
    // A contract that is listed for two spans of time has one slot, and one set of series.
    if (!slots.insert(slotted.slot).second) continue;
    const auto [service, is_new] = service_numbers.try_emplace(
        slotted.contract.service, static_cast<std::uint32_t>(services.size()));
    if (is_new) services.push_back(service_labels(slotted.contract.service));
    ContractLabels& labels = contracts.emplace_back(contract_labels(slotted, names));
    labels.service = service->second;
  }
  interfaces.reserve(table->tracked_interfaces().size());
  for (const contracts::TrackedInterface& interface : table->tracked_interfaces()) {
    interfaces.push_back(interface_labels(interface));
  }
}

}  // namespace weir::prometheus
