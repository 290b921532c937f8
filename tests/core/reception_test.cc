#include "collector/core/reception.h"

#include <gtest/gtest.h>

#include <thread>

namespace weir::core {
namespace {

constexpr TrafficTime kNoon = traffic_time_ms(1'714'521'600'000);
constexpr TrafficSpan kInterval = ReceptionRing::kInterval;

TEST(ReceptionRing, SumsWhatArrivesInOneInterval) {
  ReceptionRing ring;
  ring.add(kNoon, {.datagrams = 1, .units = 30, .sequence_unknown = 1});
  ring.add(kNoon + kInterval - TrafficSpan{1},
           {.datagrams = 1, .units = 28, .lost = 60, .recovered = 2});
  EXPECT_EQ(
      ring.read(kNoon),
      (Reception{.datagrams = 2, .units = 58, .lost = 60, .recovered = 2, .sequence_unknown = 1}));
}

TEST(ReceptionRing, TheEndOfAnIntervalBelongsToTheNext) {
  ReceptionRing ring;
  ring.add(kNoon, {.datagrams = 1, .units = 1});
  ring.add(kNoon + kInterval, {.datagrams = 1, .units = 7});
  EXPECT_EQ(ring.read(kNoon), (Reception{.datagrams = 1, .units = 1}));
  EXPECT_EQ(ring.read(kNoon + kInterval), (Reception{.datagrams = 1, .units = 7}));
}

TEST(ReceptionRing, AnIntervalInWhichNothingCameIsNotThere) {
  ReceptionRing ring;
  EXPECT_EQ(ring.read(kNoon), std::nullopt);
  ring.add(kNoon + 2 * kInterval, {.datagrams = 1});
  EXPECT_EQ(ring.read(kNoon), std::nullopt);
  EXPECT_EQ(ring.read(kNoon + kInterval), std::nullopt);
}

TEST(ReceptionRing, KeepsEightIntervals) {
  ReceptionRing ring;
  for (std::uint64_t i = 0; i < 9; ++i)
    ring.add(kNoon + static_cast<int>(i) * kInterval, {.datagrams = 1, .units = i});
  EXPECT_EQ(ring.read(kNoon), std::nullopt);
  for (std::uint64_t i = 1; i < 9; ++i)
    EXPECT_EQ(ring.read(kNoon + static_cast<int>(i) * kInterval),
              (Reception{.datagrams = 1, .units = i}));
}

TEST(ReceptionRing, KeepsTheRangeOfSamplingIntervalsOfEachInterval) {
  ReceptionRing ring;
  ring.note_sampling(kNoon, {.smallest = 1'000, .largest = 1'000});
  ring.add(kNoon, {.datagrams = 1, .units = 2});
  ring.note_sampling(kNoon, {.smallest = 100, .largest = 2'000});
  ring.note_sampling(kNoon, {.smallest = 500, .largest = 500});
  // The first records of an interval come before its first datagram is settled.
  ring.note_sampling(kNoon + kInterval, {.smallest = 7, .largest = 7});
  ring.note_sampling(kNoon, {.smallest = 3, .largest = 3});
  EXPECT_EQ(ring.read(kNoon),
            (Reception{.datagrams = 1, .units = 2, .sampling = {.smallest = 3, .largest = 2'000}}));
  EXPECT_EQ(ring.read(kNoon + kInterval), (Reception{.sampling = {.smallest = 7, .largest = 7}}));
  // A place that is taken anew has forgotten.
  ring.add(kNoon + 8 * kInterval, {.datagrams = 1});
  EXPECT_EQ(ring.read(kNoon + 8 * kInterval), (Reception{.datagrams = 1}));
}

TEST(SamplingRange, OfWhichNothingIsKnownTakesTheOther) {
  SamplingRange range;
  range += {.smallest = 100, .largest = 200};
  EXPECT_EQ(range, (SamplingRange{.smallest = 100, .largest = 200}));
  range += {};
  EXPECT_EQ(range, (SamplingRange{.smallest = 100, .largest = 200}));
}

TEST(ReceptionRing, AnArrivalFromBeforeWhatIsKeptChangesNothing) {
  ReceptionRing ring;
  ring.add(kNoon + 8 * kInterval, {.datagrams = 1, .units = 8});
  ring.add(kNoon, {.datagrams = 1, .units = 99});
  EXPECT_EQ(ring.read(kNoon), std::nullopt);
  EXPECT_EQ(ring.read(kNoon + 8 * kInterval), (Reception{.datagrams = 1, .units = 8}));
}

TEST(ReceptionRing, AReaderNeverSeesPartsOfTwoIntervals) {
  constexpr int kRounds = 20'000;
  ReceptionRing ring;
  std::jthread worker([&ring] {
    for (int i = 0; i < kRounds; ++i) {
      const auto mark = static_cast<std::uint64_t>(i) + 1;
      ring.add(kNoon + i * kInterval, {.datagrams = mark,
                                       .units = mark,
                                       .lost = mark,
                                       .recovered = mark,
                                       .sequence_unknown = mark});
    }
  });
  for (int i = 0; i < kRounds; ++i) {
    const auto mark = static_cast<std::uint64_t>(i) + 1;
    const auto seen = ring.read(kNoon + i * kInterval);
    if (!seen) continue;
    for (const std::uint64_t value :
         {seen->datagrams, seen->units, seen->lost, seen->recovered, seen->sequence_unknown})
      EXPECT_TRUE(value == 0 || value == mark) << value << " in interval " << mark;
  }
}

}  // namespace
}  // namespace weir::core
