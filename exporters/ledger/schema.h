#pragma once

#include <string>
#include <vector>

#include "exporters/ledger/ledger_url.h"

namespace weir::ledger {

/// The migrations of the ledger's tables: element n leads from version n to n + 1. A version
/// that was released never changes; a new one is appended.
///
/// Tables hold plain numbers and words, so that any SQL shell can audit them: contracts, runs
/// and exporters by small integers, times in seconds since 1970 UTC. `contract_interval` is
/// keyed by its start first: what closes together stands together, so that a close
/// writes few pages however many contracts there are.
///
/// Both databases run the same statements but for what they call a table without row ids.
[[nodiscard]] std::vector<std::vector<std::string>> migrations(Backend backend);

}  // namespace weir::ledger
