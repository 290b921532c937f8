#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collector/config/problem_list.h"

namespace weir::config {

/// One cell of a CSV file. Spaces around an unquoted one are not part of it.
struct CsvCell {
  std::string text;
  Place place;
};

using CsvRow = std::vector<CsvCell>;

/// Splits CSV (RFC 4180) into rows of cells: commas, optional double quotes, a doubled quote
/// for one, line breaks inside quotes, LF or CRLF. Empty lines are skipped. A broken quote is
/// told to `problems`.
[[nodiscard]] std::vector<CsvRow> read_csv(std::string_view text, ProblemList& problems);

}  // namespace weir::config
