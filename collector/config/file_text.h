#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "collector/config/problem_list.h"

namespace weir::config {

/// Largest file that is read.
inline constexpr std::size_t kLargestFileBytes = std::size_t{256} << 20;

/// The text of the file `path`; nullopt, and told, if it cannot be read or is no UTF-8 text.
[[nodiscard]] std::optional<std::string> read_text_file(const std::string& path,
                                                        ProblemList& problems);

/// Where the first byte stands that is not UTF-8 text (RFC 3629; NUL is none either).
[[nodiscard]] std::optional<Place> find_bad_byte(std::string_view text);

}  // namespace weir::config
