#include "collector/generator/quantities.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace weir::generator {
namespace {

constexpr std::uint64_t kLargest = std::numeric_limits<std::int64_t>::max();

/// "1.5" times `unit`, exact, or nullopt when a part of a unit is left over.
std::optional<std::uint64_t> scaled_decimal(std::string_view text, std::uint64_t unit) noexcept {
  const std::size_t point = text.find('.');
  const auto whole = parse_integer(text.substr(0, point));
  if (!whole || *whole > kLargest / unit) return std::nullopt;
  std::uint64_t value = *whole * unit;
  if (point == std::string_view::npos) return value;
  const std::string_view fraction = text.substr(point + 1);
  if (fraction.empty()) return std::nullopt;
  for (const char c : fraction) {
    if (c < '0' || c > '9' || unit % 10 != 0) return std::nullopt;
    unit /= 10;
    value += static_cast<std::uint64_t>(c - '0') * unit;
  }
  return value;
}

bool remove_suffix(std::string_view& text, std::string_view suffix) noexcept {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

}  // namespace

std::optional<std::uint64_t> parse_integer(std::string_view text) noexcept {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> parse_decimal(std::string_view text) noexcept {
  // Nine decimals are more than anything here needs.
  const auto value = scaled_decimal(text, 1'000'000'000);
  if (!value) return std::nullopt;
  return static_cast<double>(*value) / 1e9;
}

std::optional<double> parse_percent(std::string_view text) noexcept {
  if (!remove_suffix(text, "%")) return std::nullopt;
  const auto value = parse_decimal(text);
  if (!value || *value > 1'000) return std::nullopt;
  return *value / 100.0;
}

std::optional<std::uint64_t> parse_rate(std::string_view text) noexcept {
  if (!remove_suffix(text, "bps")) remove_suffix(text, "bit/s");
  std::uint64_t unit = 1;
  if (remove_suffix(text, "T")) {
    unit = 1'000'000'000'000;
  } else if (remove_suffix(text, "G")) {
    unit = 1'000'000'000;
  } else if (remove_suffix(text, "M")) {
    unit = 1'000'000;
  } else if (remove_suffix(text, "k")) {
    unit = 1'000;
  }
  return scaled_decimal(text, unit);
}

std::optional<TrafficSpan> parse_span(std::string_view text) noexcept {
  std::uint64_t unit_ms = 0;
  if (text == "0") return TrafficSpan{0};
  if (remove_suffix(text, "ms")) {
    unit_ms = 1;
  } else if (remove_suffix(text, "s")) {
    unit_ms = 1'000;
  } else if (remove_suffix(text, "m")) {
    unit_ms = 60'000;
  } else if (remove_suffix(text, "h")) {
    unit_ms = 3'600'000;
  } else if (remove_suffix(text, "d")) {
    unit_ms = 86'400'000;
  } else {
    return std::nullopt;
  }
  // A hundred years are enough for anybody.
  constexpr std::uint64_t kLongestMs = 100ULL * 366 * 86'400'000;
  const auto value = scaled_decimal(text, unit_ms);
  if (!value || *value > kLongestMs) return std::nullopt;
  return TrafficSpan{static_cast<std::int64_t>(*value)};
}

}  // namespace weir::generator
