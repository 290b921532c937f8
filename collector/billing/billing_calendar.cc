#include "collector/billing/billing_calendar.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace weir::billing {
namespace {

using std::chrono::months;

}  // namespace

Result<BillingCalendar> BillingCalendar::make(const std::string& timezone, unsigned day) {
  if (day < 1 || day > 31)
    return failure(ErrorCode::Usage,
                   fmt::format("billing day {} is out of range: write 1 to 31", day));
  // The library throws for a name it does not know and for a machine without zone data.
  try {
    return BillingCalendar(*date::locate_zone(timezone), day);
  } catch (const std::runtime_error&) {
  }
  try {
    if (!date::get_tzdb().zones.empty())
      return failure(ErrorCode::Usage, fmt::format("`{}` is not a time zone: write an IANA name "
                                                   "such as Asia/Tokyo or UTC",
                                                   timezone));
  } catch (const std::runtime_error&) {
  }
  return failure(ErrorCode::NotFound,
                 "install the time zone data of this machine (package tzdata)");
}

TrafficTime BillingCalendar::begin_of(Month month) const {
  const date::year_month in{date::year{int{month.year()}}, date::month{unsigned{month.month()}}};
  const auto last = date::year_month_day_last{in.year(), date::month_day_last{in.month()}}.day();
  const date::year_month_day first = in / std::min(date::day{day_}, last);
  const auto instant = zone_->to_sys(date::local_days{first}, date::choose::earliest);
  return TrafficTime{std::chrono::duration_cast<TrafficSpan>(instant.time_since_epoch())};
}

Period BillingCalendar::period_of(Month month) const {
  return {.start = begin_of(month), .end = begin_of(month + months{1})};
}

Month BillingCalendar::month_of(TrafficTime time) const {
  const std::chrono::sys_time<TrafficSpan> instant{time.time_since_epoch()};
  const auto local = zone_->to_local(instant);
  const date::year_month_day today{date::floor<date::days>(local)};
  const Month month{std::chrono::year{int{today.year()}},
                    std::chrono::month{unsigned{today.month()}}};
  // The borders decide rather than the local date: a clock that repeats midnight shows the
  // new day, then the old one, then the new one again.
  if (time < begin_of(month)) return month - months{1};
  if (time >= begin_of(month + months{1})) return month + months{1};
  return month;
}

Period BillingCalendar::period_of(FiscalQuarter quarter, FiscalCalendar fiscal) const {
  const Month first = first_month_of(quarter, fiscal);
  return {.start = begin_of(first), .end = begin_of(first + months{3})};
}

}  // namespace weir::billing
