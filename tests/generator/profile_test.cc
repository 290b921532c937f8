#include "collector/generator/profile.h"

#include <gtest/gtest.h>

namespace weir::generator {
namespace {

double at(Profile profile, double hour, bool is_day_off = false) {
  return profile_level(profile, {.hour = hour, .is_day_off = is_day_off});
}

TEST(Profile, StaysAboveZeroAndWithinThePeak) {
  for (const Profile profile : {Profile::Corporate, Profile::Content, Profile::Residential,
                                Profile::Constant, Profile::Step})
    for (double hour = 0; hour < 24; hour += 0.05)
      for (const bool is_day_off : {false, true}) {
        EXPECT_GT(at(profile, hour, is_day_off), 0.0);
        EXPECT_LE(at(profile, hour, is_day_off), 1.0);
      }
}

TEST(Profile, CorporateDipsAtNoonAndRestsOnDaysOff) {
  EXPECT_DOUBLE_EQ(at(Profile::Corporate, 10.5), 1.0);
  EXPECT_NEAR(at(Profile::Corporate, 12.5), 0.85, 1e-9);
  EXPECT_LT(at(Profile::Corporate, 3), 0.15);
  for (double hour = 0; hour < 24; hour += 0.5) {
    EXPECT_GE(at(Profile::Corporate, hour, true), 0.20 - 1e-9);
    EXPECT_LE(at(Profile::Corporate, hour, true), 0.35);
  }
}

TEST(Profile, ResidentialPeaksLateAndIsLowestAtSix) {
  for (double hour = 0; hour < 24; hour += 0.25) {
    EXPECT_LE(at(Profile::Residential, hour), at(Profile::Residential, 22.5));
    EXPECT_GE(at(Profile::Residential, hour), at(Profile::Residential, 6));
  }
  EXPECT_GT(at(Profile::Residential, 14, true), at(Profile::Residential, 14));
}

TEST(Profile, StepIsWholeForAQuarterOfEveryHour) {
  EXPECT_DOUBLE_EQ(at(Profile::Step, 7 + 19.9 / 60), 0.4);
  EXPECT_DOUBLE_EQ(at(Profile::Step, 7 + 20.1 / 60), 1.0);
  EXPECT_DOUBLE_EQ(at(Profile::Step, 7 + 34.9 / 60), 1.0);
  EXPECT_DOUBLE_EQ(at(Profile::Step, 7 + 35.1 / 60), 0.4);
}

}  // namespace
}  // namespace weir::generator
