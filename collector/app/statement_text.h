#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "collector/billing/statement.h"
#include "collector/model/result.h"

namespace weir::app {

/// By billing::direction_rule_name().
[[nodiscard]] std::optional<contracts::DirectionRule> parse_direction_rule(std::string_view name);

/// A bill with everything in it, as one JSON object: what is kept of a closed period. Times in
/// milliseconds since 1970 UTC.
[[nodiscard]] std::string statement_text(const billing::Statement& statement);

/// The bill that such a text was made of, equal in every figure. Malformed for what is none.
[[nodiscard]] Result<billing::Statement> statement_from_text(std::string_view text);

/// Masks alone, as a JSON array.
[[nodiscard]] std::string masks_text(const billing::Statement& statement);

}  // namespace weir::app
