#include "collector/generator/calendar.h"

#include <gtest/gtest.h>

namespace weir::generator {
namespace {

using std::chrono::minutes;

TEST(Calendar, ReadsAndWritesRfc3339) {
  const auto time = parse_rfc3339("2024-02-29T23:59:59Z");
  ASSERT_TRUE(time);
  EXPECT_EQ(since_epoch_ms(*time), 1'709'251'199'000);
  EXPECT_EQ(format_rfc3339(*time), "2024-02-29T23:59:59Z");
  EXPECT_EQ(parse_rfc3339("2024-03-01T08:59:59+09:00"), time);
}

TEST(Calendar, RefusesDatesThatDoNotExist) {
  for (const auto* text : {"2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z", "2024-01-01T24:00:00Z",
                           "2024-01-01T00:00:00", "2024-01-01", "", "2024-01-01T00:00:00+0900"})
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
}

TEST(Calendar, KnowsWeekendsAndLongHolidaysInLocalTime) {
  const auto is_off = [](const char* text, minutes offset) {
    return local_moment(*parse_rfc3339(text), offset).is_day_off;
  };
  EXPECT_FALSE(is_off("2024-06-05T03:00:00Z", minutes{540}));  // Wednesday
  EXPECT_TRUE(is_off("2024-06-08T03:00:00Z", minutes{540}));   // Saturday
  EXPECT_TRUE(is_off("2024-06-07T16:00:00Z", minutes{540}));   // Saturday in Tokyo
  EXPECT_FALSE(is_off("2024-06-07T16:00:00Z", minutes{-300}));
  EXPECT_TRUE(is_off("2024-05-01T03:00:00Z", minutes{540}));  // Golden Week
  EXPECT_TRUE(is_off("2024-08-14T03:00:00Z", minutes{540}));  // Obon
  EXPECT_TRUE(is_off("2024-01-02T03:00:00Z", minutes{540}));  // New Year
}

TEST(Calendar, HourIsLocal) {
  EXPECT_DOUBLE_EQ(local_moment(*parse_rfc3339("2024-06-05T13:30:00Z"), minutes{540}).hour, 22.5);
  EXPECT_DOUBLE_EQ(local_moment(*parse_rfc3339("2024-06-05T02:00:00Z"), minutes{-300}).hour, 21.0);
}

}  // namespace
}  // namespace weir::generator
