#include "exporters/prometheus/exposition.h"

#include <array>
#include <charconv>
#include <cmath>

namespace weir::prometheus {
namespace {

constexpr std::string_view kTotal = "_total";

/// Beyond this a double has no units to lose and fixed notation only adds zeros.
constexpr double kFixedBelow = 1e17;
constexpr double kFixedFrom = 1e-6;

template <class... Args>
void append_number(std::string& out, Args... args) {
  std::array<char, 64> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), args...);
  out.append(text.data(), end);
}

void append_value(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else if (value == 0 || (std::abs(value) >= kFixedFrom && std::abs(value) < kFixedBelow)) {
    append_number(out, value, std::chars_format::fixed);
  } else {
    append_number(out, value);
  }
}
void append_value(std::string& out, std::uint64_t value) { append_number(out, value); }
void append_value(std::string& out, std::int64_t value) { append_number(out, value); }

[[nodiscard]] std::string_view type_name(Kind kind, Format format) noexcept {
  switch (kind) {
    case Kind::Counter:
      return "counter";
    case Kind::Gauge:
      return "gauge";
    case Kind::Histogram:
      return "histogram";
    case Kind::Summary:
      return "summary";
    case Kind::Untyped:
      break;
  }
  return format == Format::OpenMetrics ? "unknown" : "untyped";
}

/// Text 0.0.4 escapes backslash and line feed in help; OpenMetrics the quote too.
void append_help(std::string& out, std::string_view help, Format format) {
  for (const char c : help) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && format == Format::OpenMetrics) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

void append_family(std::string& out, const MetricFamily& family, Format format) {
  // An OpenMetrics counter is named without _total, its samples with it; a counter of another
  // name gets the suffix, which the format demands.
  std::string_view name = family.name;
  const bool is_open_counter = format == Format::OpenMetrics && family.kind == Kind::Counter;
  if (is_open_counter && name.ends_with(kTotal)) name.remove_suffix(kTotal.size());

  ((out += "# HELP ") += name) += ' ';
  append_help(out, family.help, format);
  (((out += "\n# TYPE ") += name) += ' ') += type_name(family.kind, format);
  out += '\n';
  if (format == Format::OpenMetrics && !family.unit.empty()) {
    (((out += "# UNIT ") += name) += ' ') += family.unit;
    out += '\n';
  }
  std::string sample_name(name);
  if (is_open_counter) sample_name += kTotal;
  for (const Sample& sample : family.samples) {
    out += sample_name;
    out += sample.suffix;
    if (!sample.labels.empty()) ((out += '{') += sample.labels) += '}';
    out += ' ';
    std::visit([&out](auto value) { append_value(out, value); }, sample.value);
    out += '\n';
  }
}

/// Near enough that the text grows once or not at all.
[[nodiscard]] std::size_t expected_bytes(const MetricSet& set) noexcept {
  std::size_t bytes = 64;
  for (const MetricFamily& family : set.families()) {
    bytes += 2 * family.name.size() + family.help.size() + 64;
    if (family.samples.empty()) continue;
    bytes +=
        family.samples.size() * (family.name.size() + family.samples.front().labels.size() + 28);
  }
  return bytes;
}

}  // namespace

std::string_view content_type(Format format) noexcept {
  return format == Format::OpenMetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

std::string render(const MetricSet& set, Format format) {
  std::string out;
  out.reserve(expected_bytes(set));
  for (const MetricFamily& family : set.families()) {
    if (!family.samples.empty()) append_family(out, family, format);
  }
  if (format == Format::OpenMetrics) out += "# EOF\n";
  return out;
}

}  // namespace weir::prometheus
