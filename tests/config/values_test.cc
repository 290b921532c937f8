#include "collector/config/values.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace weir::config {
namespace {

template <class T>
std::string told(const Parsed<T>& parsed) {
  return parsed ? "good" : parsed.error().message + "; " + parsed.error().mend;
}

TEST(Values, RatesAreDecimalAndExact) {
  const std::vector<std::pair<std::string, std::uint64_t>> rates{{"500M", 500'000'000},
                                                                 {"3G", 3'000'000'000},
                                                                 {"3Gbps", 3'000'000'000},
                                                                 {"3 Gbps", 3'000'000'000},
                                                                 {"1.5G", 1'500'000'000},
                                                                 {"64k", 64'000},
                                                                 {"64K", 64'000},
                                                                 {"1000000", 1'000'000},
                                                                 {"0.1G", 100'000'000},
                                                                 {"1.1G", 1'100'000'000},
                                                                 {"10Gbit/s", 10'000'000'000},
                                                                 {"2.50M", 2'500'000},
                                                                 {"1.000000001G", 1'000'000'001},
                                                                 {"1T", 1'000'000'000'000},
                                                                 {"12bps", 12}};
  for (const auto& [text, rate] : rates) {
    EXPECT_EQ(parse_rate(text), BitsPerSecond{rate}) << text;
  }
}

TEST(Values, WhatIsNoRateIsToldWithAMend) {
  const std::string mend = "write bits per second such as 500M, 3G, 1.5G or 3Gbps";
  EXPECT_EQ(told(parse_rate("fast")), "`fast` is not a rate; " + mend);
  EXPECT_EQ(told(parse_rate("")), "`` is not a rate; " + mend);
  EXPECT_EQ(told(parse_rate("3m")), "`3m` is not a rate; " + mend);
  EXPECT_EQ(told(parse_rate("-3G")), "`-3G` is not a rate; " + mend);
  EXPECT_EQ(told(parse_rate("3.G")), "`3.G` is not a rate; " + mend);
  EXPECT_EQ(told(parse_rate("3 .5G")), "`3 .5G` is not a rate; " + mend);
  EXPECT_EQ(told(parse_rate("0G")), "`0G` is no rate at all; " + mend);
  EXPECT_EQ(told(parse_rate("1.5")),
            "`1.5` is not a whole number of bits per second; write fewer digits after the point");
  EXPECT_EQ(told(parse_rate("010M")), "`010M` begins with a zero; write 10M");
  EXPECT_EQ(told(parse_rate("99999T")), "`99999T` is out of range; the highest rate is 1000 Tbps");
  EXPECT_EQ(told(parse_rate("99999999999999999999999")),
            "`99999999999999999999999` is out of range; the highest rate is 1000 Tbps");
}

TEST(Values, IntegersAreDecimalDigitsInRange) {
  EXPECT_EQ(parse_integer("42", {1, 50}), 42U);
  EXPECT_EQ(parse_integer("0", {0, 50}), 0U);
  EXPECT_EQ(told(parse_integer("010", {1, 50})), "`010` looks like an octal number; write 10");
  EXPECT_EQ(told(parse_integer("51", {1, 50})),
            "`51` is out of range; write a number from 1 to 50");
  EXPECT_EQ(told(parse_integer("-1", {1, 50})),
            "`-1` is out of range; write a number from 1 to 50");
  EXPECT_EQ(told(parse_integer("0x10", {1, 50})),
            "`0x10` is not a whole number; write a number from 1 to 50");
  EXPECT_EQ(told(parse_integer("18446744073709551616", {1, 50})),
            "`18446744073709551616` is out of range; write a number from 1 to 50");
}

TEST(Values, OnlyTrueAndFalseAreTruthValues) {
  EXPECT_EQ(parse_boolean("true"), true);
  EXPECT_EQ(parse_boolean("false"), false);
  EXPECT_EQ(told(parse_boolean("yes")), "`yes` is not a truth value; write true");
  EXPECT_EQ(told(parse_boolean("off")), "`off` is not a truth value; write false");
  EXPECT_EQ(told(parse_boolean("1")), "`1` is not a truth value; write true or false");
}

TEST(Values, SizesAreBinary) {
  EXPECT_EQ(parse_size("32M"), 33'554'432U);
  EXPECT_EQ(parse_size("512K"), 524'288U);
  EXPECT_EQ(parse_size("1MiB"), 1'048'576U);
  EXPECT_EQ(parse_size("4096"), 4'096U);
  EXPECT_FALSE(parse_size("4G").has_value());
  EXPECT_FALSE(parse_size("0").has_value());
  EXPECT_FALSE(parse_size("M").has_value());
}

TEST(Values, DurationsNeedAUnit) {
  EXPECT_EQ(parse_duration("10s", {1, 300}), std::chrono::seconds{10});
  EXPECT_EQ(parse_duration("2m", {1, 300}), std::chrono::seconds{120});
  EXPECT_EQ(parse_duration("1h", {1, 3'600}), std::chrono::seconds{3'600});
  EXPECT_EQ(told(parse_duration("10", {1, 300})),
            "`10` is not a duration; write a number and a unit such as 10s, 2m or 1h");
  EXPECT_EQ(told(parse_duration("1h", {1, 300})),
            "`1h` is out of range; write a duration from 1s to 300s");
}

TEST(Values, DatesAreDaysOfTheCalendar) {
  EXPECT_EQ(parse_date("2024-02-29"),
            (date::year_month_day{date::year{2024}, date::month{2}, date::day{29}}));
  EXPECT_EQ(told(parse_date("2023-02-29")),
            "there is no day `2023-02-29`; write a day of the calendar, 1970 or later");
  EXPECT_EQ(told(parse_date("2024-4-1")),
            "`2024-4-1` is not a date; write year-month-day such as 2024-04-01");
}

TEST(Values, MidnightIsThatOfTheTimeZone) {
  const date::local_days day{date::year{2024} / 4 / 1};
  // 2024-04-01T00:00:00Z is 1,711,929,600.
  EXPECT_EQ(midnight(day, "UTC"), traffic_time_ms(1'711'929'600'000));
  EXPECT_EQ(midnight(day, "Asia/Tokyo"), traffic_time_ms(1'711'929'600'000 - 9 * 3'600'000));
  // The clocks of Santiago skip the midnight of 2024-09-08: the day begins at 01:00-03.
  EXPECT_EQ(midnight(date::local_days{date::year{2024} / 9 / 8}, "America/Santiago"),
            traffic_time_ms(1'725'768'000'000));
}

TEST(Values, AWrongTimeZoneIsToldWithTheNearest) {
  EXPECT_EQ(parse_timezone("Asia/Tokyo"), "Asia/Tokyo");
  EXPECT_EQ(told(parse_timezone("Asia/Tokio")),
            "`Asia/Tokio` is not a time zone; did you mean `Asia/Tokyo`?");
}

TEST(Values, PercentilesAreInHundredths) {
  EXPECT_EQ(parse_percentile("p95"), 9'500U);
  EXPECT_EQ(parse_percentile("p99.9"), 9'990U);
  EXPECT_EQ(parse_percentile("p99.99"), 9'999U);
  EXPECT_EQ(parse_percentile("p100"), 10'000U);
  for (const auto* text : {"95", "p", "p0", "p101", "p95.", "p95.999", "p-5", "P95", "p9999"})
    EXPECT_EQ(told(parse_percentile(text)),
              "`" + std::string(text) +
                  "` is not a percentile; write p and a number such as p95 or p99.9");
}

TEST(Values, APrefixWithHostBitsIsToldTheNetwork) {
  EXPECT_EQ(parse_prefix("203.0.113.0/24"), IpPrefix::parse("203.0.113.0/24").value());
  EXPECT_EQ(told(parse_prefix("203.0.113.7/24")),
            "`203.0.113.7/24` has bits set beyond its length; write 203.0.113.0/24");
  EXPECT_EQ(told(parse_prefix("203.0.113/24")),
            "`203.0.113/24` is not an IP prefix; write a prefix such as 203.0.113.0/24 or "
            "2001:db8::/32");
}

TEST(Values, EndpointsOfBothFamilies) {
  const auto v4 = parse_endpoint("192.0.2.1:2055");
  ASSERT_TRUE(v4);
  EXPECT_EQ(format_endpoint(*v4), "192.0.2.1:2055");
  const auto v6 = parse_endpoint("[2001:db8::1]:0");
  ASSERT_TRUE(v6);
  EXPECT_EQ(format_endpoint(*v6), "[2001:db8::1]:0");
  for (const auto* text : {"2055", "2001:db8::1:2055", "[192.0.2.1]:1", "localhost:1", ":1", ""})
    EXPECT_EQ(told(parse_endpoint(text)),
              "`" + std::string(text) +
                  "` is not an address and port; write them such as 0.0.0.0:2055 or [::]:2055");
  EXPECT_EQ(told(parse_endpoint("192.0.2.1:70000")),
            "the port of `192.0.2.1:70000` is wrong; write a number from 0 to 65535");
}

TEST(Values, AWrongWordIsToldTheWordsThatStand) {
  const auto parsed = parse_choice<int>("etherner", {{"ip", 1}, {"ethernet", 2}});
  EXPECT_EQ(told(parsed), "`etherner` is not one of ip, ethernet; did you mean `ethernet`?");
  EXPECT_EQ(parse_choice<int>("ip", {{"ip", 1}, {"ethernet", 2}}), 1);
}

TEST(Values, RemovalLimitsAreNumbersSharesOrAll) {
  using Unit = RemovalLimit::Unit;
  EXPECT_EQ(parse_removal_limit("25"), (RemovalLimit{25, Unit::Contracts}));
  EXPECT_EQ(parse_removal_limit("5%"), (RemovalLimit{5, Unit::Percent}));
  EXPECT_EQ(parse_removal_limit("all"), (RemovalLimit{100, Unit::Percent}));
  for (const auto* text : {"", "%", "-1", "101%", "1.5", "ten", "99999999999"})
    EXPECT_EQ(told(parse_removal_limit(text)),
              "`" + std::string(text) +
                  "` does not say how many contracts may vanish; write a number of contracts, a "
                  "share such as 10%, or all");
}

TEST(Values, OneContractInTenMayVanishUnlessSaidOtherwise) {
  EXPECT_TRUE(RemovalLimit{}.allows(1, 10));
  EXPECT_FALSE(RemovalLimit{}.allows(2, 10));
  EXPECT_TRUE(RemovalLimit{}.allows(0, 0));
  EXPECT_TRUE(parse_removal_limit("2")->allows(2, 10));
  EXPECT_FALSE(parse_removal_limit("2")->allows(3, 10));
  EXPECT_TRUE(parse_removal_limit("all")->allows(10, 10));
}

TEST(Values, RatesAreShownExactly) {
  EXPECT_EQ(format_rate(BitsPerSecond{3'000'000'000}), "3 Gbps");
  EXPECT_EQ(format_rate(BitsPerSecond{1'500'000'000}), "1.5 Gbps");
  EXPECT_EQ(format_rate(BitsPerSecond{1'000'000'001}), "1.000000001 Gbps");
  EXPECT_EQ(format_rate(BitsPerSecond{64'000}), "64 kbps");
  EXPECT_EQ(format_rate(BitsPerSecond{12}), "12 bps");
}

}  // namespace
}  // namespace weir::config
