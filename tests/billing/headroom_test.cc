#include "collector/billing/headroom.h"

#include <gtest/gtest.h>

#include <array>
#include <utility>
#include <vector>

namespace weir::billing {
namespace {

constexpr BitsPerSecond k10G{10'000'000'000};
constexpr BitsPerSecond k100G{100'000'000'000};

TEST(Headroom, FourLinksAt70PercentAreAt93PercentWithOneDown) {
  const std::vector<BitsPerSecond> links(4, k10G);
  const auto found = headroom_of(links, BitsPerSecond{28'000'000'000}, 0.9);
  ASSERT_TRUE(found);
  EXPECT_DOUBLE_EQ(found->load, 0.7);
  EXPECT_NEAR(found->load_after_failure.value_or(0), 0.9333, 5e-5);
}

TEST(Headroom, TheLoadAllowedForATargetOf90PercentIsThePublishedOne) {
  constexpr std::array<std::pair<std::size_t, double>, 4> kAllowed{
      {{2, 0.45}, {3, 0.60}, {4, 0.675}, {8, 0.7875}}};
  for (const auto& [links, allowed] : kAllowed) {
    const auto found = headroom_of(std::vector<BitsPerSecond>(links, k10G), BitsPerSecond{}, 0.9);
    ASSERT_TRUE(found);
    EXPECT_NEAR(found->allowed_load, allowed, 1e-12) << links;
  }
}

TEST(Headroom, OfUnequalLinksTheFastestFails) {
  const auto found =
      headroom_of(std::vector{k100G, k10G, k10G}, BitsPerSecond{30'000'000'000}, 0.9);
  ASSERT_TRUE(found);
  EXPECT_DOUBLE_EQ(found->load, 0.25);
  EXPECT_DOUBLE_EQ(found->load_after_failure.value_or(0), 1.5);
  EXPECT_DOUBLE_EQ(found->allowed_load, 0.15);
}

TEST(Headroom, NothingStandsInForASingleLink) {
  const auto found = headroom_of(std::vector{k10G}, BitsPerSecond{1'000'000'000}, 0.9);
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, (Headroom{.load = 0.1, .load_after_failure = std::nullopt, .allowed_load = 0}));
  EXPECT_FALSE(headroom_of({}, k10G, 0.9));
}

TEST(DiversityFactor, IsOneForPeaksTogetherAndMoreForPeaksApart) {
  EXPECT_EQ(diversity_factor(300, 300), 1.0);
  EXPECT_EQ(diversity_factor(300, 100), 3.0);
  EXPECT_EQ(diversity_factor(0, 0), std::nullopt);
}

}  // namespace
}  // namespace weir::billing
