#include "exporters/http/target.h"

#include <algorithm>

namespace weir::http {
namespace {

[[nodiscard]] constexpr int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

[[nodiscard]] constexpr bool is_control(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

[[nodiscard]] bool has_dot_segment(std::string_view path) noexcept {
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::size_t end = std::min(path.find_first_of("/\\"), path.size());
    const std::string_view segment = path.substr(0, end);
    if (segment == "." || segment == "..") return true;
    path.remove_prefix(end);
  }
  return false;
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (text.size() - i < 3) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (is_control(c)) return std::nullopt;
    decoded += c;
  }
  return decoded;
}

std::optional<Target> parse_target(std::string_view text) {
  // A server accepts absolute-form even though only clients of proxies send it (RFC 9112, 3.2.2).
  constexpr std::string_view kScheme = "http://";
  if (text.starts_with(kScheme)) {
    text.remove_prefix(kScheme.size());
    const std::size_t slash = text.find('/');
    if (slash == 0 || slash == std::string_view::npos) return std::nullopt;
    text.remove_prefix(slash);
  }
  if (!text.starts_with('/')) return std::nullopt;
  if (text.find('#') != std::string_view::npos) return std::nullopt;

  const std::size_t mark = text.find('?');
  std::optional<std::string> path = percent_decoded(text.substr(0, mark));
  if (!path || has_dot_segment(*path)) return std::nullopt;

  Target target;
  target.path = *std::move(path);
  if (mark != std::string_view::npos) target.query = text.substr(mark + 1);
  return target;
}

}  // namespace weir::http
