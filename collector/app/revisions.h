#pragma once

#include <string>
#include <vector>

#include "exporters/ledger/statement_store.h"

namespace weir::app {

/// All revisions of closed bills, for people and as one JSON object: who, when, why, and the
/// figures before and after. None is left out.
[[nodiscard]] std::string revisions_text(const std::vector<ledger::ClosedStatement>& rows);
[[nodiscard]] std::string revisions_json(const std::vector<ledger::ClosedStatement>& rows);

}  // namespace weir::app
