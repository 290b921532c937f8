#include "collector/billing/billing_calendar.h"

#include <gtest/gtest.h>

namespace weir::billing {
namespace {

using std::chrono::year;

TrafficTime at(std::int64_t seconds) { return traffic_time_ms(seconds * 1'000); }

BillingCalendar calendar(const std::string& timezone, unsigned day = 1) {
  return BillingCalendar::make(timezone, day).value();
}

// Domain requirement 11.
TEST(BillingCalendar, MonthOfTokyoHasItsBordersAtLocalMidnight) {
  const Period september = calendar("Asia/Tokyo").period_of(year{2012} / 9);
  EXPECT_EQ(september, (Period{at(1'346'425'200), at(1'349'017'200)}));
  EXPECT_EQ(september.intervals(), 8'640U);
}

TEST(BillingCalendar, ClockChangesLengthenAndShortenTheMonth) {
  EXPECT_EQ(calendar("America/New_York").period_of(year{2012} / 11).intervals(), 8'652U);
  EXPECT_EQ(calendar("America/New_York").period_of(year{2012} / 3).intervals(), 8'916U);
  EXPECT_EQ(calendar("Europe/London").period_of(year{2012} / 10).intervals(), 8'940U);
}

TEST(BillingCalendar, LastSecondOfTheMonthBelongsToIt) {
  const BillingCalendar tokyo = calendar("Asia/Tokyo");
  const auto last_second = at(1'349'017'199);   // 2012-09-30T14:59:59Z
  const auto first_second = at(1'349'017'200);  // 2012-09-30T15:00:00Z
  EXPECT_EQ(tokyo.month_of(last_second), year{2012} / 9);
  EXPECT_EQ(tokyo.month_of(first_second), year{2012} / 10);
  EXPECT_EQ(tokyo.period_containing(last_second), tokyo.period_of(year{2012} / 9));
}

TEST(BillingCalendar, LeapDayIsCounted) {
  EXPECT_EQ(calendar("UTC").period_of(year{2012} / 2).intervals(), 29U * 288);
  EXPECT_EQ(calendar("UTC").period_of(year{2013} / 2).intervals(), 28U * 288);
}

TEST(BillingCalendar, PeriodWithADayOfItsOwnRollsOverOnThatDay) {
  const BillingCalendar middle = calendar("Asia/Tokyo", 15);
  const Period january = middle.period_of(year{2024} / 1);
  EXPECT_EQ(january, (Period{at(1'705'244'400), at(1'707'922'800)}));  // 15 January, 15 February
  EXPECT_EQ(middle.month_of(january.start), year{2024} / 1);
  EXPECT_EQ(middle.month_of(january.start - TrafficSpan{1}), year{2023} / 12);
}

TEST(BillingCalendar, DayThatAMonthLacksIsItsLastDay) {
  const BillingCalendar last = calendar("UTC", 31);
  EXPECT_EQ(last.period_of(year{2024} / 1), (Period{at(1'706'659'200), at(1'709'164'800)}));
  EXPECT_EQ(last.period_of(year{2024} / 2), (Period{at(1'709'164'800), at(1'711'843'200)}));
  EXPECT_EQ(last.period_of(year{2023} / 2).start, at(1'677'542'400));  // 28 February
  EXPECT_EQ(calendar("UTC", 29).period_of(year{2024} / 2).start, at(1'709'164'800));
}

TEST(BillingCalendar, PeriodsJoinWithoutGapOrOverlapInEveryZoneAndDay) {
  for (const char* const zone : {"Asia/Tokyo", "America/New_York", "Europe/London", "UTC",
                                 "Asia/Kathmandu", "America/Havana", "Pacific/Apia"}) {
    for (const unsigned day : {1U, 11U, 28U, 30U, 31U}) {
      const BillingCalendar borders = calendar(zone, day);
      for (int i = 0; i < 60; ++i) {
        const Month month = year{2009} / 11 + std::chrono::months{i};
        const Period period = borders.period_of(month);
        ASSERT_FALSE(period.is_empty());
        ASSERT_EQ(borders.month_of(period.start), month) << zone << day << to_string(month);
        ASSERT_EQ(borders.month_of(period.end - TrafficSpan{1}), month) << zone << day;
        ASSERT_EQ(borders.period_after(period).start, period.end) << zone << day;
        ASSERT_EQ(borders.period_before(period).end, period.start) << zone << day;
      }
    }
  }
}

TEST(BillingCalendar, DayBeginsWithItsFirstInstantWhereClocksSkipMidnight) {
  // Brazil skipped 00:00 to 01:00 on 4 November 2018.
  EXPECT_EQ(calendar("America/Sao_Paulo", 4).period_of(year{2018} / 11).start, at(1'541'300'400));
}

TEST(BillingCalendar, DayBeginsOnceWhereClocksRepeatMidnight) {
  // Cuba went back from 01:00 to 00:00 on 1 November 2015.
  const Period november = calendar("America/Havana").period_of(year{2015} / 11);
  EXPECT_EQ(november.start, at(1'446'350'400));
  // The second 00:30 is in the same month as the first.
  EXPECT_EQ(calendar("America/Havana").month_of(november.start + std::chrono::minutes{90}),
            year{2015} / 11);
}

TEST(BillingCalendar, MonthDoesNotReturnWhereClocksGoBackOverMidnight) {
  // Newfoundland went back from 00:01 on 1 November 2009 to 23:01 on 31 October.
  const BillingCalendar newfoundland = calendar("America/St_Johns");
  const Period november = newfoundland.period_of(year{2009} / 11);
  EXPECT_EQ(november.start, at(1'257'042'600));
  EXPECT_EQ(newfoundland.month_of(november.start + std::chrono::minutes{30}), year{2009} / 11);
  EXPECT_EQ(newfoundland.period_containing(november.start + std::chrono::minutes{30}), november);
}

TEST(BillingCalendar, QuarterIsThreePeriods) {
  const BillingCalendar tokyo = calendar("Asia/Tokyo");
  const Period quarter = tokyo.period_of({year{2012}, 2}, {});
  EXPECT_EQ(quarter.start, tokyo.period_of(year{2012} / 7).start);
  EXPECT_EQ(quarter.end, tokyo.period_of(year{2012} / 9).end);
  EXPECT_EQ(quarter.intervals(), (31U + 31 + 30) * 288);
}

TEST(BillingCalendar, RefusesAnUnknownZoneAndADayThatNoMonthHas) {
  const auto zone = BillingCalendar::make("Asia/Tokio", 1);
  ASSERT_FALSE(zone);
  EXPECT_EQ(zone.error().code, ErrorCode::Usage);
  EXPECT_EQ(zone.error().message,
            "`Asia/Tokio` is not a time zone: write an IANA name such as Asia/Tokyo or UTC");
  for (const unsigned day : {0U, 32U}) {
    const auto wrong = BillingCalendar::make("UTC", day);
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, ErrorCode::Usage);
    EXPECT_EQ(wrong.error().message,
              "billing day " + std::to_string(day) + " is out of range: write 1 to 31");
  }
}

}  // namespace
}  // namespace weir::billing
