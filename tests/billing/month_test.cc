#include "collector/billing/month.h"

#include <gtest/gtest.h>

namespace weir::billing {
namespace {

using std::chrono::April;
using std::chrono::January;
using std::chrono::year;

std::string complaint(std::string_view text) {
  const auto month = parse_month(text);
  if (month) return "accepted";
  EXPECT_EQ(month.error().code, ErrorCode::Usage);
  return month.error().message;
}

TEST(Month, IsYearAndMonthWithAllDigits) {
  EXPECT_EQ(parse_month("2012-09").value(), year{2012} / 9);
  EXPECT_EQ(to_string(year{2012} / 9), "2012-09");
}

TEST(Month, RefusesWhatIsNoneAndSaysTheMend) {
  EXPECT_EQ(complaint("2023-13"), "`2023-13` is not a month: months go from 01 to 12");
  EXPECT_EQ(complaint("2023-00"), "`2023-00` is not a month: months go from 01 to 12");
  for (const std::string_view text : {"", "2023", "2023-1", "2023/01", "202a-01", "2023-01-01"})
    EXPECT_EQ(complaint(text),
              "`" + std::string(text) + "` is not a month: write YYYY-MM such as 2026-04");
  EXPECT_EQ(complaint("2040-01"), "`2040-01` is out of range: write a year from 1970 to 2036");
  EXPECT_EQ(complaint(std::string(5'000, '1')),
            "`" + std::string(40, '1') + "...` is not a month: write YYYY-MM such as 2026-04");
}

TEST(FiscalQuarter, SecondQuarterOf2012IsJulyToSeptember) {
  const FiscalQuarter quarter{year{2012}, 2};
  EXPECT_EQ(first_month_of(quarter, {}), year{2012} / 7);
  for (const unsigned month : {7U, 8U, 9U})
    EXPECT_EQ(quarter_of(year{2012} / static_cast<int>(month), {}), quarter);
}

TEST(FiscalQuarter, JanuaryToMarchEndTheYearThatBeganInApril) {
  EXPECT_EQ(quarter_of(year{2013} / 3, {}), (FiscalQuarter{year{2012}, 4}));
  EXPECT_EQ(quarter_of(year{2013} / 4, {}), (FiscalQuarter{year{2013}, 1}));
  EXPECT_EQ(first_month_of({year{2012}, 4}, {}), year{2013} / 1);
}

TEST(FiscalQuarter, FollowsTheMonthInWhichTheYearBegins) {
  EXPECT_EQ(quarter_of(year{2012} / 9, {January}), (FiscalQuarter{year{2012}, 3}));
  EXPECT_EQ(first_month_of({year{2012}, 3}, {January}), year{2012} / 7);
}

TEST(FiscalQuarter, EveryMonthIsInTheQuarterThatHoldsIt) {
  for (unsigned start = 1; start <= 12; ++start) {
    const FiscalCalendar fiscal{std::chrono::month{start}};
    for (int i = 0; i < 48; ++i) {
      const Month month = year{2010} / 1 + std::chrono::months{i};
      const Month first = first_month_of(quarter_of(month, fiscal), fiscal);
      EXPECT_LE(first, month);
      EXPECT_GT(first + std::chrono::months{3}, month);
    }
  }
}

TEST(FiscalQuarter, NeighboursFollowAcrossTheYear) {
  EXPECT_EQ(previous_quarter({year{2012}, 1}), (FiscalQuarter{year{2011}, 4}));
  EXPECT_EQ(next_quarter({year{2011}, 4}), (FiscalQuarter{year{2012}, 1}));
  EXPECT_EQ(previous_quarter({year{2012}, 3}), (FiscalQuarter{year{2012}, 2}));
  EXPECT_EQ(next_quarter({year{2012}, 2}), (FiscalQuarter{year{2012}, 3}));
}

TEST(FiscalQuarter, IsReadWithAndWithoutAHyphen) {
  EXPECT_EQ(parse_quarter("2012Q2").value(), (FiscalQuarter{year{2012}, 2}));
  EXPECT_EQ(parse_quarter("2012-q4").value(), (FiscalQuarter{year{2012}, 4}));
  EXPECT_EQ(to_string(FiscalQuarter{year{2012}, 2}), "2012Q2");
}

TEST(FiscalQuarter, RefusesWhatIsNoneAndSaysTheMend) {
  for (const std::string_view text : {"", "2012", "2012Q5", "2012Q0", "2012Q22", "2Q2012"}) {
    const auto quarter = parse_quarter(text);
    ASSERT_FALSE(quarter) << text;
    EXPECT_EQ(quarter.error().code, ErrorCode::Usage);
    EXPECT_EQ(quarter.error().message,
              "`" + std::string(text) +
                  "` is not a quarter: write the fiscal year and Q1 to Q4 such as 2012Q2");
  }
  EXPECT_EQ(parse_quarter("1812Q1").error().message,
            "`1812Q1` is out of range: write a year from 1970 to 2036");
}

}  // namespace
}  // namespace weir::billing
