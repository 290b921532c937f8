#include "collector/generator/calendar.h"

#include <fmt/format.h>

namespace weir::generator {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::minutes;
using std::chrono::seconds;

using UtcSeconds = std::chrono::sys_time<seconds>;

UtcSeconds utc_seconds(TrafficTime time) noexcept {
  return UtcSeconds{floor<seconds>(time.time_since_epoch())};
}

bool is_holiday(std::chrono::year_month_day date) noexcept {
  const unsigned month_day =
      static_cast<unsigned>(date.month()) * 100 + static_cast<unsigned>(date.day());
  const auto within = [month_day](unsigned first, unsigned last) {
    return month_day >= first && month_day <= last;
  };
  return within(429, 505) || within(813, 816) || month_day >= 1229 || month_day <= 103;
}

/// Digits at a place of a text, all of which must be there.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) noexcept {
  if (text.size() < at + count) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

LocalMoment local_moment(TrafficTime time, minutes offset) noexcept {
  const auto local = utc_seconds(time) + offset;
  const auto day = floor<days>(local);
  const std::chrono::weekday weekday{day};
  const auto into_day = local - day;
  return {.hour = static_cast<double>(into_day.count()) / 3'600.0,
          .is_day_off = weekday == std::chrono::Saturday || weekday == std::chrono::Sunday ||
                        is_holiday(std::chrono::year_month_day{day})};
}

std::optional<minutes> parse_utc_offset(std::string_view text) noexcept {
  if (text == "Z" || text == "z") return minutes{0};
  if (text.size() != 6 || text[3] != ':' || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const auto hour = digits(text, 1, 2);
  const auto minute = digits(text, 4, 2);
  if (!hour || !minute || *hour > 14 || *minute > 59) return std::nullopt;
  const int total = *hour * 60 + *minute;
  return minutes{text[0] == '-' ? -total : total};
}

std::optional<TrafficTime> parse_rfc3339(std::string_view text) noexcept {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':' ||
      (text[10] != 'T' && text[10] != 't' && text[10] != ' '))
    return std::nullopt;
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  const auto second = digits(text, 17, 2);
  const auto offset = parse_utc_offset(text.substr(19));
  if (!year || !month || !day || !hour || !minute || !second || !offset) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  const UtcSeconds utc = std::chrono::sys_days{date} + std::chrono::hours{*hour} +
                         minutes{*minute} + seconds{*second} - *offset;
  return TrafficTime{utc.time_since_epoch()};
}

std::string format_rfc3339(TrafficTime time) {
  const auto utc = utc_seconds(time);
  const auto day = floor<days>(utc);
  const std::chrono::year_month_day date{day};
  const auto into_day = (utc - day).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     into_day / 3'600, into_day / 60 % 60, into_day % 60);
}

}  // namespace weir::generator
