#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::http {

/// The two parts of a request target.
struct Target {
  std::string path;   ///< percent-decoded
  std::string query;  ///< as sent
};

/// Reads origin-form and absolute-form (RFC 9112, 3.2). Nothing for a path that is not
/// absolute, for bad percent escapes, control characters, and `.` or `..` segments, encoded
/// or not.
[[nodiscard]] std::optional<Target> parse_target(std::string_view text);

/// Nothing for bad escapes and control characters.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text);

}  // namespace weir::http
