#include "collector/billing/week_calendar.h"

#include <gtest/gtest.h>

namespace weir::billing {
namespace {

constexpr TrafficTime at(std::int64_t seconds) { return traffic_time_ms(seconds * 1'000); }
constexpr std::int64_t kHour = 3'600;
constexpr std::int64_t kWeek = 168 * kHour;
/// 2026-01-05T00:00:00Z, a Monday.
constexpr std::int64_t kMonday = 1'767'571'200;

std::vector<Period> weeks(const std::string& zone, TrafficTime now, std::size_t count) {
  const auto calendar = WeekCalendar::make(zone);
  EXPECT_TRUE(calendar);
  return calendar ? calendar->weeks_before(now, count) : std::vector<Period>{};
}

TEST(WeekCalendar, WeeksBeginOnMonday) {
  const std::vector<Period> expected{{at(kMonday - 2 * kWeek), at(kMonday - kWeek)},
                                     {at(kMonday - kWeek), at(kMonday)}};
  EXPECT_EQ(weeks("UTC", at(kMonday), 2), expected);
  EXPECT_EQ(weeks("UTC", at(kMonday + kWeek - 1), 2), expected);
  EXPECT_EQ(weeks("UTC", at(kMonday - 1), 1).back().end, at(kMonday - kWeek));
}

TEST(WeekCalendar, MidnightIsThatOfTheZone) {
  EXPECT_EQ(weeks("Asia/Tokyo", at(kMonday), 1).back(),
            (Period{at(kMonday - kWeek - 9 * kHour), at(kMonday - 9 * kHour)}));
  EXPECT_EQ(weeks("America/New_York", at(kMonday), 1).back().end, at(kMonday - kWeek + 5 * kHour));
}

TEST(WeekCalendar, AWeekInWhichClocksChangeHasAnHourMoreOrLess) {
  // Berlin, 2026-03-29 and 2026-10-25, both Sundays.
  constexpr std::int64_t kAfterSpring = 1'774'821'600;  // Monday 2026-03-30T00:00+02:00
  constexpr std::int64_t kAfterAutumn = 1'792'969'200;  // Monday 2026-10-26T00:00+01:00
  EXPECT_EQ(weeks("Europe/Berlin", at(kAfterSpring), 1).back(),
            (Period{at(kAfterSpring - 167 * kHour), at(kAfterSpring)}));
  EXPECT_EQ(weeks("Europe/Berlin", at(kAfterAutumn), 1).back(),
            (Period{at(kAfterAutumn - 169 * kHour), at(kAfterAutumn)}));
}

TEST(WeekCalendar, AZoneThatIsNoneIsAUsageError) {
  const auto calendar = WeekCalendar::make("Mars/Olympus");
  ASSERT_FALSE(calendar);
  EXPECT_EQ(calendar.error().code, ErrorCode::Usage);
}

TEST(WeekCalendar, TheSameTimeOfEarlierWeeksIsThatOnTheWall) {
  const auto same = [](const std::string& zone, std::int64_t time) {
    const auto calendar = WeekCalendar::make(zone);
    EXPECT_TRUE(calendar);
    return calendar ? calendar->same_time_before(at(time), 2) : std::vector<TrafficTime>{};
  };
  // 2026-03-11T01:00:00Z; clocks of New York went forward three days before.
  constexpr std::int64_t kWednesday = 1'773'190'800;
  EXPECT_EQ(same("Asia/Tokyo", kWednesday),
            (std::vector{at(kWednesday - 2 * kWeek), at(kWednesday - kWeek)}));
  EXPECT_EQ(same("America/New_York", kWednesday),
            (std::vector{at(kWednesday - 2 * kWeek + kHour), at(kWednesday - kWeek + kHour)}));
  // 02:30 was left out on 2026-03-08: the moment of the change stands for it.
  constexpr std::int64_t kChange = 1'772'953'200;
  EXPECT_EQ(same("America/New_York", kChange + kWeek - kHour / 2).back(), at(kChange));
  // 01:30 was shown twice on 2026-11-01: the first counts.
  constexpr std::int64_t kBack = 1'793'512'800;
  EXPECT_EQ(same("America/New_York", kBack + kWeek + kHour / 2).back(), at(kBack - kHour / 2));
}

}  // namespace
}  // namespace weir::billing
