#pragma once

#include <string>
#include <vector>

#include "collector/contracts/contract.h"

namespace weir::config {

/// The contracts as a YAML file that read_contracts_yaml() reads as equal contracts
/// (contract_text.h says what equal means).
[[nodiscard]] std::string write_contracts_yaml(const std::vector<contracts::Contract>& contracts);

/// The contracts as a CSV file that read_contracts_csv() reads as equal contracts, so a value that
/// a spreadsheet takes for a formula stands as it is.
[[nodiscard]] std::string write_contracts_csv(const std::vector<contracts::Contract>& contracts);

}  // namespace weir::config
