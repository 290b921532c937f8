#pragma once

#include <string_view>

namespace weir::app {

/// Whether `text` is the number of a TCP port, in decimal digits and nothing else.
[[nodiscard]] constexpr bool is_http_port(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5) return false;
  unsigned port = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    port = port * 10 + static_cast<unsigned>(c - '0');
  }
  return port != 0 && port <= 65'535;
}

}  // namespace weir::app
