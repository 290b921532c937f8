#include "collector/generator/quantities.h"

#include <gtest/gtest.h>

namespace weir::generator {
namespace {

using namespace std::chrono_literals;

TEST(Quantities, RatesAreDecimalAndExact) {
  EXPECT_EQ(parse_rate("3Gbps"), 3'000'000'000U);
  EXPECT_EQ(parse_rate("1.5G"), 1'500'000'000U);
  EXPECT_EQ(parse_rate("64k"), 64'000U);
  EXPECT_EQ(parse_rate("500M"), 500'000'000U);
  EXPECT_EQ(parse_rate("1000"), 1'000U);
}

TEST(Quantities, RefusesRatesThatAreNone) {
  for (const auto* text : {"", "G", "-1G", "1.G", "1.5", "0x10", "1,5G", "010M", "99999999999T"})
    EXPECT_EQ(parse_rate(text), std::nullopt) << text;
}

TEST(Quantities, SpansNeedAUnit) {
  EXPECT_EQ(parse_span("500ms"), TrafficSpan{500});
  EXPECT_EQ(parse_span("10m"), TrafficSpan{600s});
  EXPECT_EQ(parse_span("1.5h"), TrafficSpan{5'400s});
  EXPECT_EQ(parse_span("0"), TrafficSpan{0});
  for (const auto* text : {"", "10", "s", "-5s", "1e3s", "9999999999d"})
    EXPECT_EQ(parse_span(text), std::nullopt) << text;
}

TEST(Quantities, PercentagesNeedTheirSign) {
  EXPECT_EQ(parse_percent("2%"), 0.02);
  EXPECT_EQ(parse_percent("0.5%"), 0.005);
  EXPECT_EQ(parse_percent("2"), std::nullopt);
  EXPECT_EQ(parse_percent("2000%"), std::nullopt);
}

}  // namespace
}  // namespace weir::generator
