#pragma once

#include <string>

#include "collector/config/contract_diff.h"

namespace weir::app {

/// A difference for people: `+` added, `-` removed, `~` changed with each field old -> new, and
/// a last line of sums, or `no change`.
[[nodiscard]] std::string diff_text(const config::ContractDiff& diff);

/// The difference as one JSON object (docs/import.md).
[[nodiscard]] std::string diff_json(const config::ContractDiff& diff);

}  // namespace weir::app
