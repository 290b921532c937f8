#pragma once

#include <optional>
#include <string_view>

#include "collector/model/time.h"
#include "exporters/http/contracts_json.h"
#include "exporters/http/message.h"

namespace weir::http {

/// The page `/contract/{id}`: terms, the bill so far, and a chart of the month, which the page's
/// script draws from the API. The figures stand without the script, too. Fetches nothing from
/// elsewhere; every text is escaped. Private to the folder.
[[nodiscard]] Response contract_page(const ListedContract& listed, CustomerNames names,
                                     std::optional<TrafficTime> as_of);

/// What `/contract.js` answers.
[[nodiscard]] std::string_view contract_page_script() noexcept;

}  // namespace weir::http
