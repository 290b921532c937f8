#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::http {

/// `body` in gzip format (RFC 1952), at the fastest level: a scrape is compressed once and
/// read over a short way. Nothing if zlib fails.
[[nodiscard]] std::optional<std::string> gzip(std::string_view body);

}  // namespace weir::http
