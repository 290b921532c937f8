#include "collector/app/recent_counts.h"

#include <gtest/gtest.h>

#include "collector/app/state_reports.h"

namespace weir::app {
namespace {

constexpr TrafficTime kStart = traffic_time_ms(1'714'521'600'000);
constexpr TrafficSpan kMinute = std::chrono::minutes{1};

TEST(RecentCounts, BeginWithTheStart) {
  const RecentCounts recent(kStart);
  EXPECT_EQ(recent.before(kStart + kMinute)->time, kStart);
  EXPECT_TRUE(recent.before(kStart + kMinute)->exporters.empty());
}

TEST(RecentCounts, AreDueEachMinute) {
  RecentCounts recent(kStart);
  EXPECT_FALSE(recent.is_due(kStart + kMinute - TrafficSpan{1}));
  EXPECT_TRUE(recent.is_due(kStart + kMinute));
  recent.note({.time = kStart + kMinute});
  EXPECT_FALSE(recent.is_due(kStart + kMinute + TrafficSpan{1}));
}

TEST(RecentCounts, ReachBackFiveMinutesAndNoFurtherThanNeeded) {
  RecentCounts recent(kStart);
  for (int minute = 1; minute <= 60; ++minute) {
    recent.note({.time = kStart + minute * kMinute,
                 .unreadable_datagrams = static_cast<std::uint64_t>(minute)});
    const auto before = recent.before(kStart + minute * kMinute + kMinute / 2);
    EXPECT_EQ(before->unreadable_datagrams, static_cast<std::uint64_t>(std::max(0, minute - 5)));
  }
}

TEST(ScrapeNote, KeepsThePrintablePartOfTheUserAgent) {
  ScrapeNote note;
  EXPECT_EQ(note.last().time_ms, 0);
  note.note(kStart, "Prom\x01\xff 2.42 " + std::string(200, 'x'));
  EXPECT_EQ(note.last().time_ms, since_epoch_ms(kStart));
  EXPECT_EQ(note.last().user_agent, "Prom?? 2.42 " + std::string(116, 'x'));
}

}  // namespace
}  // namespace weir::app
