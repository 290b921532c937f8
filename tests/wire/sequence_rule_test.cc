#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <optional>
#include <random>

#include "collector/wire/sequence_tracker.h"

namespace weir::wire {
namespace {

/// A stream of an exporter that numbers its datagrams as it likes.
class Exporter {
 public:
  explicit Exporter(SequenceRule protocol = SequenceRule::Records) : protocol_(protocol) {}

  void data(std::uint32_t sequence, std::uint32_t records) {
    feed({.sequence = sequence, .fingerprint = ++mark_, .rule = protocol_}, records);
  }
  void templates(std::uint32_t sequence) {
    feed({.sequence = sequence, .fingerprint = std::nullopt, .rule = protocol_}, 0);
  }
  void unknown(std::uint32_t sequence) {
    note(tracker.observe({.sequence = sequence, .fingerprint = ++mark_, .rule = protocol_}));
    note(tracker.lose_position());
  }

  SequenceTracker tracker;
  std::int64_t lost = 0;
  std::uint32_t late = 0;
  std::uint32_t restarts = 0;

 private:
  void feed(const SequencePoint& point, std::uint32_t records) {
    const SequenceVerdict verdict = tracker.observe(point);
    note(verdict);
    if (!verdict.duplicate) note(tracker.advance(records));
  }
  void note(const SequenceVerdict& verdict) {
    lost += std::int64_t{verdict.lost} - std::int64_t{verdict.recovered};
    late += verdict.out_of_order ? 1U : 0U;
    restarts += verdict.restart ? 1U : 0U;
  }

  SequenceRule protocol_;
  std::uint64_t mark_ = 0;
};

// Numbers of records as real exporters send them: mostly one, now and then a full message.
constexpr std::array<std::uint32_t, 12> kMix{2, 1, 1, 13, 1, 4, 1, 1, 8, 1, 3, 1};

TEST(SequenceRule, IpfixExporterThatCountsMessagesLosesNothingAndNeverRestarts) {
  Exporter exporter;
  std::uint32_t sequence = 1'000;
  for (int round = 0; round < 10; ++round) {
    for (const std::uint32_t records : kMix) exporter.data(sequence++, records);
    for (int i = 0; i < 5; ++i) exporter.templates(sequence++);
  }
  EXPECT_EQ(exporter.lost, 0);
  EXPECT_EQ(exporter.restarts, 0U);
  EXPECT_EQ(exporter.tracker.rule(), SequenceRule::Messages);
  // Loss is told in messages from here on.
  exporter.data(sequence + 3, 13);
  EXPECT_EQ(exporter.lost, 3);
  exporter.data(sequence + 1, 1);
  EXPECT_EQ(exporter.lost, 2);
  EXPECT_EQ(exporter.late, 1U);
}

TEST(SequenceRule, NumberThatCountsItsOwnRecordsToo) {
  Exporter exporter;
  std::uint32_t sequence = 468;
  for (int round = 0; round < 5; ++round) {
    for (const std::uint32_t records : kMix) exporter.data(sequence += records, records);
  }
  EXPECT_EQ(exporter.lost, 0);
  EXPECT_EQ(exporter.restarts, 0U);
  EXPECT_EQ(exporter.tracker.rule(), SequenceRule::RecordsIncluded);
  sequence += 7;  // a datagram of 7 records that never comes
  exporter.data(sequence += 2, 2);
  EXPECT_EQ(exporter.lost, 7);
  exporter.data(sequence += 30, 30);
  EXPECT_EQ(exporter.lost, 7);
  // One more, and it comes late.
  exporter.data(sequence + 6, 1);
  EXPECT_EQ(exporter.lost, 12);
  exporter.data(sequence + 5, 5);
  EXPECT_EQ(exporter.lost, 7);
  EXPECT_EQ(exporter.late, 1U);
  EXPECT_EQ(exporter.restarts, 0U);
}

TEST(SequenceRule, TemplatesWithNumbersOfTheirOwnAreNoLossAndNoRestart) {
  Exporter exporter;
  std::uint32_t sequence = 3'812;
  for (std::uint32_t round = 0; round < 40; ++round) {
    exporter.data(sequence, 2);
    sequence += 2;
    exporter.templates(386 + round);
    exporter.templates(386 + round);
  }
  EXPECT_EQ(exporter.lost, 0);
  EXPECT_EQ(exporter.restarts, 0U);
  EXPECT_EQ(exporter.tracker.rule(), SequenceRule::Records);
}

TEST(SequenceRule, DataLostBehindTheFirstTemplatesIsCounted) {
  Exporter exporter;
  exporter.templates(100);
  exporter.data(104, 1);
  EXPECT_EQ(exporter.lost, 4);
  EXPECT_EQ(exporter.restarts, 0U);
}

TEST(SequenceRule, StreamOfOneRecordEachKeepsItsProtocolsRule) {
  Exporter exporter;
  std::uint32_t sequence = 0;
  for (int i = 0; i < 200; ++i) {
    exporter.data(sequence++, 1);
    if (i % 10 == 9) exporter.templates(sequence);
  }
  EXPECT_EQ(exporter.tracker.rule(), SequenceRule::Records);
  exporter.data(sequence + 5, 1);
  EXPECT_EQ(exporter.lost, 5);
}

TEST(SequenceRule, HeavyLossChangesNoRule) {
  // The seed is fixed so that a failure can be repeated.
  std::mt19937 random{7};  // NOLINT(cert-msc51-cpp)
  Exporter exporter;
  std::uint32_t sequence = 0;
  std::int64_t missing = 0;
  exporter.data(sequence, 3);
  sequence += 3;
  for (int i = 0; i < 2'000; ++i) {
    const auto records = static_cast<std::uint32_t>(1 + random() % 30);
    if (random() % 2 == 0 && i != 1'999) {
      missing += records;
    } else {
      exporter.data(sequence, records);
    }
    sequence += records;
  }
  EXPECT_EQ(exporter.tracker.rule(), SequenceRule::Records);
  EXPECT_EQ(exporter.lost, missing);
  EXPECT_EQ(exporter.restarts, 0U);
}

TEST(SequenceRule, NetFlow9ThatCountsFlowsIsFoundOut) {
  Exporter exporter(SequenceRule::Messages);
  std::uint32_t sequence = 0;
  for (int round = 0; round < 4; ++round) {
    for (const std::uint32_t records : kMix) {
      exporter.data(sequence, records);
      sequence += records;
    }
  }
  EXPECT_EQ(exporter.lost, 0);
  EXPECT_EQ(exporter.restarts, 0U);
  EXPECT_EQ(exporter.tracker.rule(), SequenceRule::Records);
}

TEST(SequenceRule, NumbersWithoutSenseAreUnknownAndLoseNothing) {
  std::mt19937 random{11};  // NOLINT(cert-msc51-cpp)
  Exporter exporter;
  for (int i = 0; i < 500; ++i) exporter.data(static_cast<std::uint32_t>(random()), 5);
  EXPECT_EQ(exporter.tracker.rule(), SequenceRule::Unknown);
  EXPECT_EQ(exporter.lost, 0);
  const std::uint32_t restarts = exporter.restarts;
  EXPECT_LT(restarts, 30U);
  // One that comes to its senses is followed again.
  std::uint32_t sequence = 0;
  for (int i = 0; i < 20; ++i) {
    exporter.data(sequence, 5);
    sequence += 5;
  }
  EXPECT_EQ(exporter.tracker.rule(), SequenceRule::Records);
  exporter.data(sequence + 10, 5);
  EXPECT_EQ(exporter.lost, 10);
  EXPECT_EQ(exporter.restarts, restarts);
}

TEST(SequenceRule, LossOfAStreamThatIsProvenStaysCounted) {
  Exporter exporter;
  std::uint32_t sequence = 0;
  const auto send = [&](std::uint32_t records) {
    exporter.data(sequence, records);
    sequence += records;
  };
  for (const std::uint32_t records : kMix) send(records);
  sequence += 40;
  for (const std::uint32_t records : kMix) send(records);
  EXPECT_EQ(exporter.lost, 40);
  // A new program on the same router counts messages.
  for (int i = 0; i < 100; ++i) exporter.data(sequence++, 13);
  EXPECT_EQ(exporter.tracker.rule(), SequenceRule::Messages);
  EXPECT_EQ(exporter.lost, 40);
}

TEST(SequenceRule, MessagesAreCountedThroughSetsThatCannotBeRead) {
  Exporter exporter(SequenceRule::Messages);
  exporter.data(1, 2);
  exporter.unknown(2);
  exporter.data(3, 2);
  EXPECT_EQ(exporter.lost, 0);
  exporter.unknown(6);
  EXPECT_EQ(exporter.lost, 2);
  exporter.unknown(5);
  EXPECT_EQ(exporter.lost, 1);
  EXPECT_EQ(exporter.late, 1U);
}

}  // namespace
}  // namespace weir::wire
