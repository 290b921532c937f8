#pragma once

#include <string>
#include <string_view>

namespace weir::app {

/// A cell of CSV (RFC 4180). A text that a spreadsheet would run as a formula gets an
/// apostrophe; numbers do not come through here, so that they stay numbers.
[[nodiscard]] std::string csv_text(std::string_view text);

}  // namespace weir::app
