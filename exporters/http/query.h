#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace weir::http {

/// Parameters of a query: `name=value` apart by `&`, percent-decoded, `+` a blank.
using Query = std::map<std::string, std::string, std::less<>>;

/// Nothing for bad percent escapes, control characters, a name that stands twice, and more
/// parameters than any path takes.
[[nodiscard]] std::optional<Query> parse_query(std::string_view text);

/// `text` as one segment of a path or a value of a query: all but unreserved characters
/// escaped (RFC 3986, 2.3).
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace weir::http
