#include "exporters/ledger/day_text.h"

#include <gtest/gtest.h>

namespace weir::ledger {
namespace {

TEST(DayNumbers, AreWordsWithADashWhereThereIsNoRow) {
  DayNumbers numbers;
  EXPECT_EQ(numbers.to_text(), "");
  numbers.set(0, 7);
  numbers.set(3, 0);
  numbers.set(4, 18'446'744'073'709'551'615U);
  EXPECT_EQ(numbers.to_text(), "7 - - 0 18446744073709551615");
  EXPECT_EQ(DayNumbers::from_text(numbers.to_text()), numbers);
  EXPECT_EQ(DayNumbers::from_text(""), DayNumbers{});
}

TEST(DayNumbers, AWholeDayComesBackAsItWas) {
  DayNumbers numbers;
  for (std::size_t i = 0; i < kIntervalsPerDay; ++i) numbers.set(i, i * 1'000'003);
  EXPECT_EQ(DayNumbers::from_text(numbers.to_text()), numbers);
}

TEST(DayNumbers, WhatIsNoSuchTextIsRefused) {
  EXPECT_EQ(DayNumbers::from_text("1  2"), std::nullopt);
  EXPECT_EQ(DayNumbers::from_text("1 "), std::nullopt);
  EXPECT_EQ(DayNumbers::from_text("1 x"), std::nullopt);
  EXPECT_EQ(DayNumbers::from_text("18446744073709551616"), std::nullopt);
  std::string too_long = "1";
  for (std::size_t i = 0; i < kIntervalsPerDay; ++i) too_long += " 1";
  EXPECT_EQ(DayNumbers::from_text(too_long), std::nullopt);
}

}  // namespace
}  // namespace weir::ledger
