#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "collector/contracts/contract.h"
#include "collector/model/result.h"

namespace weir::app {

/// Attachments that exporters_of() gives these names for.
[[nodiscard]] std::vector<contracts::Attachment> attachments_at(
    const std::set<std::string>& exporters);

/// What of a contract decides its bill and how it is shown, as one JSON object. Equal text is
/// equal terms: keys stand in a fixed order. Of the attachments only exporters_of() and a port that
/// bills by its counters are kept.
[[nodiscard]] std::string terms_text(const contracts::Contract& contract);

/// The contract `id` from such a text. Malformed for what is none.
[[nodiscard]] Result<contracts::Contract> contract_from_text(const std::string& id,
                                                             std::string_view text);

}  // namespace weir::app
