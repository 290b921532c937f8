#pragma once

#include <string>
#include <vector>

#include "collector/config/config.h"
#include "collector/contracts/contract.h"

namespace weir::config {

/// What is wrong between contracts that read well each by itself, and with the routers they
/// name: unknown exporters and interfaces (errors); rates above an interface's speed, two
/// contracts that claim the same at the same time, prefixes without roles (warnings, each
/// saying what will happen). `file` names the contracts file in messages.
[[nodiscard]] std::vector<Problem> check_contracts(
    const std::vector<contracts::Contract>& contracts, const std::vector<Router>& routers,
    const std::string& file);

}  // namespace weir::config
