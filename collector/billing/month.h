#pragma once

#include <chrono>
#include <compare>
#include <string>
#include <string_view>

#include "collector/model/result.h"

namespace weir::billing {

/// A month of the calendar: the name of a billing period, the one that begins in it.
using Month = std::chrono::year_month;

/// Years that reports accept. The machine's zone data say how clocks change up to 2037; a
/// period of a later year would be off by an hour.
inline constexpr int kFirstYear = 1970;
inline constexpr int kLastYear = 2036;

/// "2026-04". Usage error that names the text and the mend.
[[nodiscard]] Result<Month> parse_month(std::string_view text);
/// "2026-04".
[[nodiscard]] std::string to_string(Month month);

/// The month in which a company's year begins. Fiscal years are named by the calendar year in
/// which they begin, as in Japan: July to September 2012 is the second quarter of 2012.
struct FiscalCalendar {
  std::chrono::month first_month = std::chrono::April;
};

/// Three months of a fiscal year.
struct FiscalQuarter {
  std::chrono::year year;
  unsigned number = 1;  ///< 1 to 4

  friend constexpr auto operator<=>(const FiscalQuarter&, const FiscalQuarter&) = default;
};

/// "2012Q2" or "2012-Q2". Usage error that names the text and the mend.
[[nodiscard]] Result<FiscalQuarter> parse_quarter(std::string_view text);
/// "2012Q2".
[[nodiscard]] std::string to_string(FiscalQuarter quarter);

[[nodiscard]] FiscalQuarter quarter_of(Month month, FiscalCalendar calendar) noexcept;
[[nodiscard]] Month first_month_of(FiscalQuarter quarter, FiscalCalendar calendar) noexcept;
[[nodiscard]] FiscalQuarter previous_quarter(FiscalQuarter quarter) noexcept;
[[nodiscard]] FiscalQuarter next_quarter(FiscalQuarter quarter) noexcept;

}  // namespace weir::billing
