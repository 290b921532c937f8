#pragma once

#include <yaml-cpp/yaml.h>

#include <string>
#include <vector>

#include "collector/generator/scenario.h"
#include "collector/generator/yaml_fields.h"

namespace weir::generator {

/// The contracts of a list in the collector's own format: of each id, service, committed
/// and attach are read, and other keys are left to `weir check`.
[[nodiscard]] std::vector<ContractPlan> read_contracts(const YAML::Node& list,
                                                       FileProblems& problems);

/// Reads a contracts file; what is wrong goes to `problems` of that file.
[[nodiscard]] std::vector<ContractPlan> read_contract_file(const std::string& path,
                                                           FileProblems& problems);

}  // namespace weir::generator
