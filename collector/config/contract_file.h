#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collector/config/config.h"
#include "collector/contracts/contract.h"

namespace weir::config {

/// What reading a contracts file gave: the contracts that could be read, and what is wrong.
struct LoadedContracts {
  std::vector<contracts::Contract> contracts;
  std::vector<Problem> problems;
};

/// Reads a list of contracts in YAML; `file` is its name for messages.
[[nodiscard]] LoadedContracts read_contracts_yaml(std::string_view text, const std::string& file);

/// Reads contracts as CSV (RFC 4180) with a header row; the columns are named like the YAML
/// keys, one attachment stands in a row, and rows of one id merge.
[[nodiscard]] LoadedContracts read_contracts_csv(std::string_view text, const std::string& file);

/// Reads contracts as JSON: an array, or `{"contracts": [...]}`, of objects with the YAML keys.
/// Each problem names the JSON pointer of its value.
[[nodiscard]] LoadedContracts read_contracts_json(std::string_view text, const std::string& file);

/// Reads the file `path`, by its ending as CSV (.csv) or YAML (.yaml, .yml).
[[nodiscard]] LoadedContracts load_contracts(const std::string& path);

}  // namespace weir::config
