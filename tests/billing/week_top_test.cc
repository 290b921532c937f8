#include "collector/billing/week_top.h"

#include <gtest/gtest.h>
// Behind GoogleTest, which it does not include.
#include <rapidcheck/gtest.h>

#include <vector>

namespace weir::billing {
namespace {

RC_GTEST_PROP(WeekTop, HaveThePercentileOfAllValues, ()) {
  const auto count = *rc::gen::inRange<std::size_t>(1, 2'029);
  auto values = *rc::gen::container<std::vector<std::uint64_t>>(
      count, rc::gen::inRange<std::uint64_t>(0, 1'000));
  WeekTop top;
  for (const std::uint64_t value : values) top.add(value);
  RC_ASSERT(top.p95(count) == percentile_of(values, kP95, PercentileMethod::NearestRank)->value);
}

TEST(WeekTop, WhatIsNotAddedIsZero) {
  WeekTop top;
  for (std::uint64_t i = 1; i <= 100; ++i) top.add(i);
  EXPECT_EQ(top.p95(2'016), 0U);  // 100 are discarded
  top.add(7);
  EXPECT_EQ(top.p95(2'016), 1U);
  top.clear();
  EXPECT_EQ(top.p95(1), 0U);
}

}  // namespace
}  // namespace weir::billing
