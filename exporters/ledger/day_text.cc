#include "exporters/ledger/day_text.h"

#include <charconv>

namespace weir::ledger {

std::string DayNumbers::to_text() const {
  std::string text;
  std::size_t end = 0;  // of the text up to the last number
  for (const auto& value : values_) {
    if (!text.empty()) text += ' ';
    if (!value) {
      text += '-';
      continue;
    }
    std::array<char, 20> digits{};
    const auto done = std::to_chars(digits.data(), digits.data() + digits.size(), *value);
    text.append(digits.data(), done.ptr);
    end = text.size();
  }
  text.resize(end);
  return text;
}

std::optional<DayNumbers> DayNumbers::from_text(std::string_view text) {
  DayNumbers numbers;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::size_t interval = 0; at != end; ++interval) {
    if (interval == kIntervalsPerDay) return std::nullopt;
    if (*at == '-') {
      ++at;
    } else {
      std::uint64_t value = 0;
      const auto [next, error] = std::from_chars(at, end, value);
      if (error != std::errc{}) return std::nullopt;
      numbers.values_[interval] = value;
      at = next;
    }
    if (at == end) break;
    if (*at != ' ' || at + 1 == end) return std::nullopt;
    ++at;
  }
  return numbers;
}

}  // namespace weir::ledger
