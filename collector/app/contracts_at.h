#pragma once

#include <map>
#include <string_view>

#include "collector/contracts/contract_table.h"
#include "collector/model/time.h"

namespace weir::app {

/// One of each id, by id: where a contract is listed for several spans of time, the one that holds
/// at `time`, else the one that stands last. Points into the table.
[[nodiscard]] std::map<std::string_view, const contracts::Contract*> contracts_at(
    const contracts::ContractTable& table, TrafficTime time);

}  // namespace weir::app
