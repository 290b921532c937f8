#include "exporters/http/negotiation.h"

#include <algorithm>
#include <optional>

namespace weir::http {
namespace {

[[nodiscard]] constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

[[nodiscard]] bool is_same_word(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Cuts what stands before the next `separator` off `rest`. Quoted strings are not looked
/// for: none of the values that matter here needs one.
[[nodiscard]] std::string_view take_part(std::string_view& rest, char separator) noexcept {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = trimmed(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

/// Thousandths of a qvalue: at most three decimals, 0 to 1 (RFC 9110, 12.4.2). What is not
/// one counts as zero, so that a broken range chooses nothing.
[[nodiscard]] std::uint32_t parse_quality(std::string_view text) noexcept {
  if (text.empty() || (text[0] != '0' && text[0] != '1')) return 0;
  std::uint32_t thousandths = text[0] == '1' ? 1'000 : 0;
  if (text.size() > 1 && text[1] != '.') return 0;
  std::uint32_t weight = 100;
  for (std::size_t i = 2; i < text.size(); ++i) {
    if (text[i] < '0' || text[i] > '9' || weight == 0) return 0;
    thousandths += static_cast<std::uint32_t>(text[i] - '0') * weight;
    weight /= 10;
  }
  return std::min<std::uint32_t>(thousandths, 1'000);
}

/// One element of Accept or Accept-Encoding.
struct Range {
  std::string_view name;
  std::string_view version;
  std::uint32_t quality = 1'000;
};

[[nodiscard]] Range parse_range(std::string_view element) noexcept {
  Range range{.name = take_part(element, ';'), .version = {}};
  while (!element.empty()) {
    std::string_view parameter = take_part(element, ';');
    const std::string_view name = take_part(parameter, '=');
    std::string_view value = trimmed(parameter);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    if (is_same_word(name, "q")) range.quality = parse_quality(value);
    if (is_same_word(name, "version")) range.version = value;
  }
  return range;
}

/// How closely a range names `type`: 3 exactly, 2 its kind, 1 anything, 0 not at all.
[[nodiscard]] int closeness(std::string_view range, std::string_view type) noexcept {
  if (is_same_word(range, type)) return 3;
  if (range == "*/*") return 1;
  const std::size_t slash = type.find('/');
  if (slash != std::string_view::npos && range.size() == slash + 2 && range.ends_with("/*") &&
      is_same_word(range.substr(0, slash), type.substr(0, slash))) {
    return 2;
  }
  return 0;
}

struct Wish {
  int closeness = 0;
  std::uint32_t quality = 0;
};

[[nodiscard]] Wish wish(std::string_view accept, std::string_view type,
                        std::string_view version) noexcept {
  if (trimmed(accept).empty()) return {.closeness = 1, .quality = 1'000};
  Wish best;
  while (!accept.empty()) {
    const Range range = parse_range(take_part(accept, ','));
    if (!range.version.empty() && range.version != version) continue;
    const int close = closeness(range.name, type);
    if (close == 0) continue;
    if (close > best.closeness || (close == best.closeness && range.quality > best.quality)) {
      best = {.closeness = close, .quality = range.quality};
    }
  }
  return best;
}

}  // namespace

std::uint32_t quality(std::string_view accept, std::string_view type,
                      std::string_view version) noexcept {
  return wish(accept, type, version).quality;
}

bool prefers_openmetrics(std::string_view accept) noexcept {
  const Wish open_metrics = wish(accept, "application/openmetrics-text", "1.0.0");
  if (open_metrics.closeness != 3 || open_metrics.quality == 0) return false;
  return open_metrics.quality >= quality(accept, "text/plain", "0.0.4");
}

bool accepts_gzip(std::string_view accept_encoding) noexcept {
  std::uint32_t named = 0;
  std::uint32_t any = 0;
  bool is_named = false;
  while (!accept_encoding.empty()) {
    const Range range = parse_range(take_part(accept_encoding, ','));
    if (is_same_word(range.name, "gzip") || is_same_word(range.name, "x-gzip")) {
      is_named = true;
      named = std::max(named, range.quality);
    } else if (range.name == "*") {
      any = range.quality;
    }
  }
  return (is_named ? named : any) > 0;
}

}  // namespace weir::http
