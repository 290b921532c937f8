#include "collector/wire/sequence_tracker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace weir::wire {
namespace {

/// One stream and its totals; every datagram has bytes of its own unless told otherwise.
class Stream {
 public:
  SequenceVerdict feed(std::uint32_t sequence, std::uint32_t units) {
    return feed(sequence, units, {.sequence = sequence, .fingerprint = ++mark_});
  }
  SequenceVerdict feed(std::uint32_t sequence, std::uint32_t units, std::uint32_t uptime_ms) {
    return feed(sequence, units,
                {.sequence = sequence, .fingerprint = ++mark_, .uptime_ms = uptime_ms});
  }
  SequenceVerdict feed(std::uint32_t /*sequence*/, std::uint32_t units,
                       const SequencePoint& point) {
    const SequenceVerdict verdict = tracker.observe(point);
    note(verdict);
    if (!verdict.duplicate) note(tracker.advance(units));
    return verdict;
  }

  void note(const SequenceVerdict& verdict) {
    lost += std::int64_t{verdict.lost} - std::int64_t{verdict.recovered};
    late += verdict.out_of_order ? 1U : 0U;
    restarts += verdict.restart ? 1U : 0U;
    duplicates += verdict.duplicate ? 1U : 0U;
  }

  SequenceTracker tracker;
  std::int64_t lost = 0;
  std::uint32_t late = 0;
  std::uint32_t restarts = 0;
  std::uint32_t duplicates = 0;

 private:
  std::uint64_t mark_ = 0;
};

TEST(SequenceTracker, FirstDatagramSynchronisesWithoutLoss) {
  Stream stream;
  stream.feed(1'000, 30);
  EXPECT_EQ(stream.lost, 0);
  EXPECT_EQ(stream.restarts, 0U);
}

TEST(SequenceTracker, CountsTheUnitsThatAreMissing) {
  Stream stream;
  stream.feed(1'000, 30);
  EXPECT_EQ(stream.feed(1'060, 30).lost, 30U);
  stream.feed(1'090, 30);
  EXPECT_EQ(stream.lost, 30);
}

TEST(SequenceTracker, CountsAcrossTheWrapOfThirtyTwoBits) {
  Stream stream;
  stream.feed(0xffff'fff0U, 16);
  stream.feed(0, 5);
  EXPECT_EQ(stream.lost, 0);
  stream.feed(7, 1);
  EXPECT_EQ(stream.lost, 2);
}

TEST(SequenceTracker, LateDatagramGivesItsLossBack) {
  Stream stream;
  stream.feed(0, 10);
  EXPECT_EQ(stream.feed(30, 10).lost, 20U);
  EXPECT_TRUE(stream.feed(20, 10).out_of_order);
  EXPECT_EQ(stream.lost, 10);
  EXPECT_TRUE(stream.feed(10, 10).out_of_order);
  EXPECT_EQ(stream.lost, 0);
  EXPECT_EQ(stream.late, 2U);
  stream.feed(40, 10);
  EXPECT_EQ(stream.lost, 0);
}

TEST(SequenceTracker, GapThatAnArrivalSplitsIsRememberedAsLongAsBefore) {
  Stream stream;
  // Longer than the window, so that a gap without its age is forgotten.
  for (std::uint32_t sequence = 1; sequence <= 100; ++sequence) stream.feed(sequence, 1);
  EXPECT_EQ(stream.feed(105, 1).lost, 4U);
  for (const std::uint32_t sequence : {101U, 103U, 102U})
    EXPECT_TRUE(stream.feed(sequence, 1).out_of_order) << sequence;
  EXPECT_EQ(stream.feed(106, 1).lost, 0U);
  EXPECT_EQ(stream.lost, 1);
  EXPECT_EQ(stream.restarts, 0U);
}

TEST(SequenceTracker, AnyOrderInsideTheWindowEndsWithTheSameLoss) {
  std::vector<std::uint32_t> order{0, 1, 2, 3, 5, 6};  // 4 never comes
  do {
    if (order.front() != 0) continue;
    Stream stream;
    for (const std::uint32_t i : order) stream.feed(i * 10, 10);
    stream.feed(70, 10);
    EXPECT_EQ(stream.lost, 10);
    EXPECT_EQ(stream.restarts, 0U);
  } while (std::ranges::next_permutation(order).found);
}

TEST(SequenceTracker, GapsThatWereFilledMakeRoomForOthers) {
  Stream stream;
  stream.feed(0, 1);
  stream.feed(2, 1);  // 1 comes behind all others
  for (std::uint32_t i = 3; i <= 61; i += 2) {
    stream.feed(i + 1, 1);
    EXPECT_TRUE(stream.feed(i, 1).out_of_order) << i;
  }
  EXPECT_TRUE(stream.feed(1, 1).out_of_order);
  EXPECT_EQ(stream.lost, 0);
  EXPECT_EQ(stream.restarts, 0U);
}

TEST(SequenceTracker, EveryDatagramOfTheWindowMayLeaveAGap) {
  // Loss long before fills all room there is.
  Stream stream;
  std::uint32_t newest = 0;
  for (; newest < 400; newest += 2) stream.feed(newest, 1);
  newest -= 2;
  EXPECT_EQ(stream.lost, 199);
  for (std::uint32_t i = 1; i <= SequenceTracker::kWindow; ++i) stream.feed(newest + 2 * i, 1);
  EXPECT_EQ(stream.lost, 263);
  // Each is filled when it is at the window's edge.
  for (std::uint32_t i = 1; i <= SequenceTracker::kWindow; ++i)
    EXPECT_TRUE(stream.feed(newest + 2 * i - 1, 1).out_of_order) << i;
  EXPECT_EQ(stream.lost, 199);
  EXPECT_EQ(stream.restarts, 0U);
}

TEST(SequenceTracker, DatagramsReorderedAroundTheStartAreNoLossAndNoRestart) {
  Stream stream;
  stream.feed(5, 1);
  EXPECT_TRUE(stream.feed(4, 1).out_of_order);
  stream.feed(6, 1);
  EXPECT_EQ(stream.lost, 0);
  EXPECT_EQ(stream.restarts, 0U);
}

TEST(SequenceTracker, SameSequenceAndBytesIsADuplicate) {
  Stream stream;
  const SequencePoint point{.sequence = 10, .fingerprint = 42};
  stream.feed(10, 1, point);
  stream.feed(11, 1);
  EXPECT_TRUE(stream.feed(10, 1, point).duplicate);
  stream.feed(12, 1);
  EXPECT_EQ(stream.lost, 0);
  EXPECT_EQ(stream.duplicates, 1U);
}

TEST(SequenceTracker, SameSequenceWithOtherBytesIsNoDuplicate) {
  Stream stream;
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(stream.feed(0, 20).duplicate);
  EXPECT_EQ(stream.lost, 0);
  EXPECT_EQ(stream.restarts, 0U);
}

TEST(SequenceTracker, DatagramWithoutFingerprintIsNeverADuplicate) {
  Stream stream;
  EXPECT_FALSE(stream.feed(1, 0, {.sequence = 1}).duplicate);
  EXPECT_FALSE(stream.feed(1, 0, {.sequence = 1}).duplicate);
}

TEST(SequenceTracker, ForgottenRepeatsAreNotDuplicates) {
  Stream stream;
  const SequencePoint point{.sequence = 10, .fingerprint = 42};
  stream.feed(10, 1, point);
  stream.tracker.forget_repeats();
  EXPECT_FALSE(stream.feed(10, 1, point).duplicate);
}

TEST(SequenceTracker, DuplicateBeyondTheWindowIsNotRemembered) {
  Stream stream;
  const SequencePoint point{.sequence = 0, .fingerprint = 42};
  stream.feed(0, 1, point);
  for (std::uint32_t i = 1; i <= SequenceTracker::kWindow; ++i) stream.feed(i, 1);
  EXPECT_FALSE(stream.feed(0, 1, point).duplicate);
  EXPECT_EQ(stream.restarts, 1U);
}

TEST(SequenceTracker, ResetAfterARebootIsNotFourBillionLost) {
  Stream stream;
  stream.feed(4'000'000'000U, 30);
  const SequenceVerdict verdict = stream.feed(0, 30);
  EXPECT_TRUE(verdict.restart);
  EXPECT_EQ(verdict.lost, 0U);
  stream.feed(30, 30);
  EXPECT_EQ(stream.lost, 0);
}

TEST(SequenceTracker, FallingUptimeIsARestartEvenWhereTheSequenceRises) {
  Stream stream;
  stream.feed(100, 10, 90'000'000U);
  const SequenceVerdict verdict = stream.feed(5'000, 10, 1'000U);
  EXPECT_TRUE(verdict.restart);
  EXPECT_EQ(verdict.lost, 0U);
}

TEST(SequenceTracker, WrapOfTheUptimeIsNoRestart) {
  Stream stream;
  stream.feed(100, 10, 0xffff'ff00U);
  EXPECT_EQ(stream.feed(120, 10, 50U).lost, 10U);
  EXPECT_EQ(stream.restarts, 0U);
}

TEST(SequenceTracker, JumpBeyondTheLargestGapIsARestart) {
  Stream stream;
  stream.feed(0, 1);
  EXPECT_TRUE(stream.feed(SequenceTracker::kLargestGap + 2, 1).restart);
  EXPECT_EQ(stream.lost, 0);
}

TEST(SequenceTracker, LostPositionSynchronisesAnewWithoutLoss) {
  Stream stream;
  stream.feed(0, 10);
  (void)stream.tracker.observe({.sequence = 10, .fingerprint = 99});
  stream.note(stream.tracker.lose_position());
  EXPECT_EQ(stream.feed(500, 10).lost, 0U);
  EXPECT_EQ(stream.feed(511, 10).lost, 1U);
  EXPECT_EQ(stream.restarts, 0U);
}

}  // namespace
}  // namespace weir::wire
