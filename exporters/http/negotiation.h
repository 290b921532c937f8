#pragma once

#include <cstdint>
#include <string_view>

namespace weir::http {

/// How much the client wants media type `type` ("text/plain", "application/openmetrics-text"),
/// in thousandths: the most specific range of `accept` that covers it decides (RFC 9110,
/// 12.5.1); 0 is unwanted. An empty `accept` wants everything. A range with a `version`
/// parameter counts only if it is `version`.
[[nodiscard]] std::uint32_t quality(std::string_view accept, std::string_view type,
                                    std::string_view version) noexcept;

/// True if OpenMetrics 1.0 is wanted by name and at least as much as text 0.0.4. A client
/// that merely accepts anything gets text.
[[nodiscard]] bool prefers_openmetrics(std::string_view accept) noexcept;

/// True if `accept_encoding` lists gzip (or `*`) with a quality above zero.
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding) noexcept;

}  // namespace weir::http
