#include "collector/billing/week_calendar.h"

#include <date/tz.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "collector/billing/billing_calendar.h"

namespace weir::billing {

Result<WeekCalendar> WeekCalendar::make(const std::string& timezone) {
  // The same names are good, and the same words are said of those that are not.
  const auto calendar = BillingCalendar::make(timezone, 1);
  if (!calendar) return tl::unexpected(calendar.error());
  return WeekCalendar(*date::locate_zone(timezone));
}

std::vector<Period> WeekCalendar::weeks_before(TrafficTime now, std::size_t count) const {
  const auto begin_of = [this](date::local_days monday) {
    const auto instant = zone_->to_sys(monday, date::choose::earliest);
    return TrafficTime{std::chrono::duration_cast<TrafficSpan>(instant.time_since_epoch())};
  };
  const std::chrono::sys_time<TrafficSpan> instant{now.time_since_epoch()};
  const auto today = date::floor<date::days>(zone_->to_local(instant));
  date::local_days monday = today - (date::weekday{today} - date::Monday);
  // A clock that repeats Monday's midnight shows Sunday once more.
  if (begin_of(monday + date::weeks{1}) <= now) monday += date::weeks{1};
  std::vector<Period> weeks;
  weeks.reserve(count);
  for (; weeks.size() < count; monday -= date::weeks{1})
    weeks.push_back({.start = begin_of(monday - date::weeks{1}), .end = begin_of(monday)});
  std::reverse(weeks.begin(), weeks.end());
  return weeks;
}

std::vector<TrafficTime> WeekCalendar::same_time_before(TrafficTime time, std::size_t count) const {
  const auto shown = zone_->to_local(std::chrono::sys_time<TrafficSpan>{time.time_since_epoch()});
  std::vector<TrafficTime> times;
  times.reserve(count);
  for (std::size_t weeks = count; weeks > 0; --weeks) {
    const auto before = shown - date::weeks{static_cast<date::weeks::rep>(weeks)};
    const auto instant = zone_->to_sys(before, date::choose::earliest);
    times.push_back(
        TrafficTime{std::chrono::duration_cast<TrafficSpan>(instant.time_since_epoch())});
  }
  return times;
}

}  // namespace weir::billing
