#include "collector/core/refused_sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::core {
namespace {

constexpr TrafficTime kNow = traffic_time_ms(1'714'521'600'000);

IpAddress source(std::uint32_t number) { return IpAddress::v4(0x0a00'0000 + number); }

TEST(RefusedSources, CountsTheDatagramsOfEach) {
  RefusedSources refused;
  refused.note(source(1), kNow);
  refused.note(source(2), kNow + TrafficSpan{1});
  refused.note(source(1), kNow + TrafficSpan{2});
  EXPECT_THAT(
      refused.entries(),
      ::testing::UnorderedElementsAre(
          RefusedSource{.address = source(1), .datagrams = 2, .last = kNow + TrafficSpan{2}},
          RefusedSource{.address = source(2), .datagrams = 1, .last = kNow + TrafficSpan{1}}));
}

TEST(RefusedSources, AFloodOfSourcesLeavesTheLastSixteen) {
  RefusedSources refused;
  for (std::uint32_t i = 0; i < 1'000; ++i) refused.note(source(i), kNow + TrafficSpan{i});
  std::vector<RefusedSource> expected;
  for (std::uint32_t i = 984; i < 1'000; ++i)
    expected.push_back({.address = source(i), .datagrams = 1, .last = kNow + TrafficSpan{i}});
  EXPECT_THAT(refused.entries(), ::testing::UnorderedElementsAreArray(expected));
}

}  // namespace
}  // namespace weir::core
