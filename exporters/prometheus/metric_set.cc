#include "exporters/prometheus/metric_set.h"

#include <algorithm>
#include <iterator>

namespace weir::prometheus {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

/// Bytes of the well-formed UTF-8 sequence at the front of `text` (RFC 3629, 4), 0 if it is
/// none.
[[nodiscard]] std::size_t sequence_length(std::string_view text) noexcept {
  const auto at = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  unsigned char low = 0x80;   // bounds of the second byte: no overlong form, no surrogate,
  unsigned char high = 0xbf;  // nothing above U+10FFFF
  if (lead >= 0xc2 && lead <= 0xdf) {
    length = 2;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    length = 3;
    if (lead == 0xe0) low = 0xa0;
    if (lead == 0xed) high = 0x9f;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    length = 4;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
  }
  if (length == 0 || text.size() < length || at(1) < low || at(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (at(i) < 0x80 || at(i) > 0xbf) return 0;
  }
  return length;
}

void append_escaped(std::string& out, std::string_view value) {
  while (!value.empty()) {
    const std::size_t length = sequence_length(value);
    if (length == 0) {
      out += kReplacement;
      value.remove_prefix(1);
      continue;
    }
    switch (value.front()) {
      case '\\':
        out += "\\\\";
        break;
      case '"':
        out += "\\\"";
        break;
      case '\n':
        out += "\\n";
        break;
      default:
        out += value.substr(0, length);
    }
    value.remove_prefix(length);
  }
}

}  // namespace

std::string label_text(std::initializer_list<Label> labels) {
  std::string text;
  for (const Label& label : labels) {
    if (!text.empty()) text += ',';
    text += label.name;
    text += "=\"";
    append_escaped(text, label.value);
    text += '"';
  }
  return text;
}

std::vector<std::pair<std::string, std::string>> parse_label_text(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> labels;
  while (!text.empty()) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals + 1 >= text.size()) return labels;
    std::string value;
    std::size_t i = equals + 2;
    for (; i < text.size() && text[i] != '"'; ++i) {
      if (text[i] == '\\' && i + 1 < text.size()) {
        ++i;
        value += text[i] == 'n' ? '\n' : text[i];
      } else {
        value += text[i];
      }
    }
    labels.emplace_back(std::string(text.substr(0, equals)), std::move(value));
    text.remove_prefix(std::min(i + 2, text.size()));  // the quote and the comma
  }
  return labels;
}

MetricFamily& MetricSet::add(std::string name, std::string help, Kind kind, std::string unit) {
  return families_.emplace_back(MetricFamily{.name = std::move(name),
                                             .help = std::move(help),
                                             .kind = kind,
                                             .unit = std::move(unit),
                                             .samples = {}});
}

std::string_view MetricSet::own(std::string text) { return texts_.emplace_back(std::move(text)); }

void MetricSet::keep(std::shared_ptr<const void> owner) { kept_.push_back(std::move(owner)); }

void MetricSet::append(MetricSet other) {
  std::move(other.families_.begin(), other.families_.end(), std::back_inserter(families_));
  std::move(other.kept_.begin(), other.kept_.end(), std::back_inserter(kept_));
  // Moving a short string moves its bytes, which samples point at: the deque goes whole.
  kept_.push_back(std::make_shared<const std::deque<std::string>>(std::move(other.texts_)));
}

const MetricFamily* MetricSet::find(std::string_view name) const noexcept {
  const auto found =
      std::find_if(families_.begin(), families_.end(),
                   [name](const MetricFamily& family) { return family.name == name; });
  return found == families_.end() ? nullptr : &*found;
}

std::size_t MetricSet::series() const noexcept {
  std::size_t count = 0;
  for (const MetricFamily& family : families_) count += family.samples.size();
  return count;
}

}  // namespace weir::prometheus
