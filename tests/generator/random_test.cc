#include "collector/generator/random.h"

#include <gtest/gtest.h>

namespace weir::generator {
namespace {

TEST(Random, SameSeedGivesTheSameNumbers) {
  Random one(42);
  Random other(42);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(one.next(), other.next());
  EXPECT_NE(derive_seed(42, 1), derive_seed(42, 2));
}

TEST(Random, SamplesOnePacketInNOnAverage) {
  Random random(1);
  constexpr int kDraws = 100'000;
  double sum = 0;
  for (int i = 0; i < kDraws; ++i) sum += static_cast<double>(random.packets_until_sample(1'000));
  // The mean of a geometric distribution has a deviation of N over the root of the draws.
  EXPECT_NEAR(sum / kDraws, 1'000.0, 4 * 1'000.0 / 316.0);
}

TEST(Random, UnsampledTakesEveryPacket) {
  Random random(1);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(random.packets_until_sample(1), 1U);
}

TEST(Random, NormalHasMeanZeroAndDeviationOne) {
  Random random(3);
  constexpr int kDraws = 50'000;
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double drawn = random.normal();
    sum += drawn;
    squares += drawn * drawn;
  }
  EXPECT_NEAR(sum / kDraws, 0.0, 0.02);
  EXPECT_NEAR(squares / kDraws, 1.0, 0.03);
}

}  // namespace
}  // namespace weir::generator
