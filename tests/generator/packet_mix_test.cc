#include "collector/generator/packet_mix.h"

#include <gtest/gtest.h>

namespace weir::generator {
namespace {

TEST(PacketMix, PercentagesSumToAHundred) {
  for (const auto* text : {"imix", "large", "small", "fixed 800"}) {
    const auto mix = PacketMix::parse(text);
    ASSERT_TRUE(mix) << text;
    std::uint32_t sum = 0;
    for (const PacketClass& one : mix->classes()) sum += one.percent;
    EXPECT_EQ(sum, 100U) << text;
  }
}

TEST(PacketMix, FixedHasOneSize) {
  const auto mix = PacketMix::parse("fixed 800");
  ASSERT_TRUE(mix);
  ASSERT_EQ(mix->classes().size(), 1U);
  EXPECT_EQ(mix->classes()[0].ip_bytes, 800U);
  EXPECT_DOUBLE_EQ(mix->mean_ip_bytes(), 800.0);
}

TEST(PacketMix, RefusesOtherWordsAndImpossibleSizes) {
  for (const auto* text : {"", "huge", "fixed", "fixed 39", "fixed 9001", "fixed 8x"})
    EXPECT_FALSE(PacketMix::parse(text)) << text;
}

}  // namespace
}  // namespace weir::generator
