#include "collector/contracts/slot_registry.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace weir::contracts {
namespace {

TEST(SlotRegistry, GivesOneSlotPerContractForEver) {
  SlotRegistry registry;
  EXPECT_EQ(registry.intern("A"), Slot{0});
  EXPECT_EQ(registry.intern("B"), Slot{1});
  EXPECT_EQ(registry.intern("A"), Slot{0});
  EXPECT_EQ(registry.size(), 2U);
}

TEST(SlotRegistry, RefusesBeyondTheBoundButKnowsTheOldOnes) {
  SlotRegistry registry;
  for (std::uint32_t i = 0; i < kMaxSlots; ++i)
    ASSERT_EQ(registry.intern(std::to_string(i)), Slot{i});
  EXPECT_EQ(registry.intern("one more"), std::nullopt);
  EXPECT_EQ(registry.intern("7"), Slot{7});
  EXPECT_EQ(registry.size(), kMaxSlots);
}

TEST(SlotRegistry, ThreadsAgreeOnSlots) {
  SlotRegistry registry;
  constexpr std::uint32_t kContracts = 200;
  std::vector<std::vector<Slot>> seen(4);
  {
    std::vector<std::jthread> threads;
    for (auto& slots : seen)
      threads.emplace_back([&registry, &slots] {
        for (std::uint32_t i = 0; i < kContracts; ++i)
          slots.push_back(registry.intern(std::to_string(i)).value());
      });
  }
  for (const auto& slots : seen) EXPECT_EQ(slots, seen.front());
  EXPECT_EQ(registry.size(), kContracts);
}

}  // namespace
}  // namespace weir::contracts
