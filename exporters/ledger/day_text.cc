#include "exporters/ledger/day_text.h"

#include <charconv>
#include <utility>

namespace weir::ledger {

std::string DayNumbers::to_text() const {
  std::string text;
  std::size_t end = 0;  // of the text up to the last number
  for (std::size_t interval = 0; interval < kIntervalsPerDay; ++interval) {
    if (!text.empty()) text += ' ';
    if (!has(interval)) {
      text += '-';
      continue;
    }
    std::array<char, 20> digits{};
    const auto done = std::to_chars(digits.data(), digits.data() + digits.size(), value(interval));
    text.append(digits.data(), done.ptr);
    end = text.size();
  }
  text.resize(end);
  return text;
}

std::optional<DayNumbers> DayNumbers::from_text(std::string_view text) {
  // Made where it is returned: it is too large to be copied for each text.
  std::optional<DayNumbers> numbers(std::in_place);
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
      numbers->set(interval, value);
      at = next;
    }
    if (at == end) break;
    if (*at != ' ' || at + 1 == end) return std::nullopt;
    ++at;
  }
  return numbers;
}

}  // namespace weir::ledger
