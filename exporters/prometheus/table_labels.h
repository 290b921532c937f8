#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collector/contracts/contract_table.h"
#include "collector/contracts/tier.h"
#include "collector/core/amounts.h"
#include "collector/model/time.h"
#include "collector/model/units.h"

namespace weir::prometheus {

/// What a scrape needs of one contract.
struct ContractLabels {
  Slot slot;
  std::string_view id;  ///< of the table
  BitsPerSecond committed;
  BitsPerSecond ceiling;
  contracts::Tier tier = contracts::Tier::UpTo100M;
  std::uint32_t service = 0;  ///< index into TableLabels::services
  TrafficTime valid_from;
  TrafficTime valid_until;
  std::array<std::string, core::kCellsPerSlot> cells;   ///< contract, direction, family
  std::array<std::string, 2> directions;                ///< contract, direction
  std::array<std::string, 2> periods;                   ///< contract, period: current, previous
  std::array<std::array<std::string, 2>, 2> baselines;  ///< and bound, by direction: median, high
  std::string contract;
  std::string info;
};

/// What a scrape needs of one tracked interface, in the order of the table.
struct InterfaceLabels {
  BitsPerSecond speed;
  std::array<std::string, 2> directions;  ///< exporter, interface, direction: ingress, egress
  std::string interface;
  std::string info;
};

/// Label texts of one contract table, made once, so that a scrape only writes numbers.
/// Private to the folder.
///
/// Threads: any, once made; immutable. Keeps its table alive, so that a table at the same
/// address is the same table.
struct TableLabels {
  enum class CustomerNames : std::uint8_t { Hidden, Shown };

  TableLabels(std::shared_ptr<const contracts::ContractTable> from, CustomerNames names);

  std::shared_ptr<const contracts::ContractTable> table;
  std::vector<ContractLabels> contracts;  ///< one a slot
  std::vector<InterfaceLabels> interfaces;
  /// By service: the texts of service and tier.
  std::vector<std::array<std::string, contracts::kTiers>> services;
};

}  // namespace weir::prometheus
