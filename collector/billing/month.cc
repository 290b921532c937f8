#include "collector/billing/month.h"

#include <fmt/format.h>

#include <optional>

namespace weir::billing {
namespace {

using std::chrono::months;
using std::chrono::year;
using std::chrono::years;

constexpr std::size_t kLongestShown = 40;

/// For messages: a wrong value may be a whole file long.
std::string shown(std::string_view text) {
  if (text.size() <= kLongestShown) return fmt::format("`{}`", text);
  return fmt::format("`{}...`", text.substr(0, kLongestShown));
}

/// All of `text` as a number, if it is digits alone; at most four of them.
std::optional<int> number_of(std::string_view text) noexcept {
  if (text.empty() || text.size() > 4) return std::nullopt;
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

bool is_year(int value) noexcept { return value >= kFirstYear && value <= kLastYear; }

tl::unexpected<Error> wrong_year(std::string_view text) {
  return failure(ErrorCode::Usage, fmt::format("{} is out of range: write a year from {} to {}",
                                               shown(text), kFirstYear, kLastYear));
}

/// Months from the beginning of the fiscal year.
unsigned months_into_year(Month month, FiscalCalendar calendar) noexcept {
  return (unsigned{month.month()} + 12 - unsigned{calendar.first_month}) % 12;
}

}  // namespace

Result<Month> parse_month(std::string_view text) {
  const bool has_shape = text.size() == 7 && text[4] == '-';
  const auto year_number = has_shape ? number_of(text.substr(0, 4)) : std::nullopt;
  const auto month_number = has_shape ? number_of(text.substr(5)) : std::nullopt;
  if (!year_number || !month_number)
    return failure(ErrorCode::Usage,
                   fmt::format("{} is not a month: write YYYY-MM such as 2026-04", shown(text)));
  if (*month_number < 1 || *month_number > 12)
    return failure(ErrorCode::Usage,
                   fmt::format("{} is not a month: months go from 01 to 12", shown(text)));
  if (!is_year(*year_number)) return wrong_year(text);
  return Month{year{*year_number}, std::chrono::month{static_cast<unsigned>(*month_number)}};
}

std::string to_string(Month month) {
  return fmt::format("{:04}-{:02}", int{month.year()}, unsigned{month.month()});
}

Result<FiscalQuarter> parse_quarter(std::string_view text) {
  const auto wrong = [&] {
    return failure(ErrorCode::Usage, fmt::format("{} is not a quarter: write the fiscal year and "
                                                 "Q1 to Q4 such as 2012Q2",
                                                 shown(text)));
  };
  if (text.size() < 6) return wrong();
  const auto year_number = number_of(text.substr(0, 4));
  std::string_view rest = text.substr(4);
  if (rest.starts_with('-')) rest.remove_prefix(1);
  if (!year_number || rest.size() != 2 || (rest[0] != 'Q' && rest[0] != 'q') || rest[1] < '1' ||
      rest[1] > '4')
    return wrong();
  if (!is_year(*year_number)) return wrong_year(text);
  return FiscalQuarter{.year = year{*year_number}, .number = static_cast<unsigned>(rest[1] - '0')};
}

std::string to_string(FiscalQuarter quarter) {
  return fmt::format("{:04}Q{}", int{quarter.year}, quarter.number);
}

FiscalQuarter quarter_of(Month month, FiscalCalendar calendar) noexcept {
  const unsigned into = months_into_year(month, calendar);
  const Month first = month - months{static_cast<int>(into)};
  return {.year = first.year(), .number = into / 3 + 1};
}

Month first_month_of(FiscalQuarter quarter, FiscalCalendar calendar) noexcept {
  return Month{quarter.year, calendar.first_month} +
         months{3 * (static_cast<int>(quarter.number) - 1)};
}

FiscalQuarter previous_quarter(FiscalQuarter quarter) noexcept {
  if (quarter.number == 1) return {.year = quarter.year - years{1}, .number = 4};
  return {.year = quarter.year, .number = quarter.number - 1};
}

FiscalQuarter next_quarter(FiscalQuarter quarter) noexcept {
  if (quarter.number == 4) return {.year = quarter.year + years{1}, .number = 1};
  return {.year = quarter.year, .number = quarter.number + 1};
}

}  // namespace weir::billing
