#include "collector/accounting/interface_set.h"

#include <gtest/gtest.h>

#include <latch>
#include <thread>
#include <vector>

namespace weir::accounting {
namespace {

constexpr std::uint32_t kDense = InterfaceSet::kDense;

TEST(InterfaceSet, HoldsSmallAndLargeIndexes) {
  InterfaceSet set;
  for (const std::uint32_t index : {0U, 63U, 64U, 65'535U, 65'536U, 4'294'967'295U}) {
    EXPECT_FALSE(set.contains(index));
    set.insert(index);
    EXPECT_TRUE(set.contains(index));
    set.insert(index);
    EXPECT_TRUE(set.contains(index));
  }
  EXPECT_FALSE(set.contains(1));
  EXPECT_FALSE(set.contains(65'537));
}

TEST(InterfaceSet, ForgetsLargeIndexesBeyondItsBound) {
  InterfaceSet set;
  for (std::uint32_t i = 0; i <= InterfaceSet::kMostSparse; ++i) set.insert(kDense + i);
  for (std::uint32_t i = 0; i < InterfaceSet::kMostSparse; ++i)
    EXPECT_TRUE(set.contains(kDense + i)) << i;
  EXPECT_FALSE(set.contains(kDense + InterfaceSet::kMostSparse));
}

// SNMP agents that put slot and port into the index leave gaps of powers of two.
TEST(InterfaceSet, HoldsIndexesThatDifferInTheirHighBits) {
  InterfaceSet set;
  for (std::uint32_t i = 1; i < 4'096; ++i) set.insert(i << 20U);
  for (std::uint32_t i = 1; i < 4'096; ++i) EXPECT_TRUE(set.contains(i << 20U)) << i;
  EXPECT_FALSE(set.contains((1U << 20U) + 1));
}

TEST(InterfaceSet, HoldsWhatSeveralThreadsInsertAtOnce) {
  InterfaceSet set;
  constexpr std::uint32_t kThreads = 4;
  constexpr std::uint32_t kEach = 1'000;
  std::latch begin{kThreads};
  std::vector<std::jthread> threads;
  for (std::uint32_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      begin.arrive_and_wait();
      for (std::uint32_t i = 0; i < kEach; ++i) {
        // Half of them are inserted by two threads.
        const std::uint32_t number = i + (t / 2) * kEach + (t % 2) * (kEach / 2);
        set.insert(number);
        set.insert(kDense + number * 7);
        EXPECT_TRUE(set.contains(number));
        EXPECT_TRUE(set.contains(kDense + number * 7));
      }
    });
  }
  threads.clear();
  for (std::uint32_t number = 0; number < 5 * kEach / 2; ++number) {
    EXPECT_TRUE(set.contains(number)) << number;
    EXPECT_TRUE(set.contains(kDense + number * 7)) << number;
  }
}

}  // namespace
}  // namespace weir::accounting
