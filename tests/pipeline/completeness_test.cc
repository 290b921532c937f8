#include "collector/pipeline/completeness.h"

#include <gtest/gtest.h>

namespace weir::pipeline {
namespace {

using State = Completeness::State;

/// The start of an interval.
constexpr TrafficTime kStart = traffic_time_ms(1'714'521'600'000);
constexpr TrafficSpan kInterval = core::ReceptionRing::kInterval;
constexpr ExporterId kRouter{0};

TEST(Completeness, IsWhatCameOfWhatWasSent) {
  const auto found = completeness_of(Protocol::Netflow5,
                                     core::Reception{.datagrams = 33, .units = 990, .lost = 10});
  EXPECT_EQ(found, (Completeness{.state = State::Measured, .received = 990, .lost = 10}));
  EXPECT_EQ(found.ratio(), 0.99);
}

TEST(Completeness, WhatCameLateAfterAllIsNotLost) {
  const auto found = completeness_of(
      Protocol::Sflow5, core::Reception{.datagrams = 4, .units = 4, .lost = 3, .recovered = 2});
  EXPECT_EQ(found, (Completeness{.state = State::Measured, .received = 4, .lost = 1}));
  EXPECT_EQ(found.ratio(), 0.8);
}

TEST(Completeness, IsNeverAboveOneWhereTheLossWasCountedInTheIntervalBefore) {
  const auto found = completeness_of(Protocol::Netflow9,
                                     core::Reception{.datagrams = 4, .units = 4, .recovered = 3});
  EXPECT_EQ(found.ratio(), 1.0);
}

TEST(Completeness, AnExporterThatIsAliveAndReportsNothingIsComplete) {
  const auto found = completeness_of(
      Protocol::Ipfix, core::Reception{.datagrams = 5, .units = 0, .sequence_unknown = 1});
  EXPECT_EQ(found.ratio(), 1.0);
}

TEST(Completeness, SilenceIsNothingAndNotEverything) {
  const auto found = completeness_of(Protocol::Ipfix, std::nullopt);
  EXPECT_EQ(found.state, State::Silent);
  EXPECT_EQ(found.ratio(), 0.0);
}

TEST(Completeness, IsUnknownWhereMostDatagramsStandBehindALossThatCannotBeKnown) {
  const core::Reception half{.datagrams = 10, .units = 50, .lost = 50, .sequence_unknown = 5};
  EXPECT_EQ(completeness_of(Protocol::Ipfix, half).ratio(), 0.5);
  const core::Reception more{.datagrams = 10, .units = 50, .lost = 50, .sequence_unknown = 6};
  EXPECT_EQ(completeness_of(Protocol::Ipfix, more).state, State::Unknown);
  EXPECT_EQ(completeness_of(Protocol::Ipfix, more).ratio(), std::nullopt);
}

TEST(Completeness, IsUnknownForProtocolsThatNumberNothing) {
  for (const Protocol protocol : {Protocol::Netflow1, Protocol::Packets})
    EXPECT_EQ(completeness_of(protocol, core::Reception{.datagrams = 10}).ratio(), std::nullopt);
}

TEST(Completeness, AnIntervalIsOverTenSecondsAfterItsEnd) {
  const TrafficTime end = kStart + kInterval;
  EXPECT_EQ(last_closed_interval(end + std::chrono::seconds{10}), kStart);
  EXPECT_EQ(last_closed_interval(end + TrafficSpan{9'999}), kStart - kInterval);
}

/// Books of two workers, as serve has them.
class CompletenessOfBooks : public testing::Test {
 protected:
  void hear(std::size_t worker, Protocol protocol, TrafficTime arrival,
            const core::Reception& reception) {
    core::ExporterCounters& counters = workers_.at(worker).of(kRouter, protocol);
    if (counters.first_seen_ms.read() == 0)
      counters.first_seen_ms.set(static_cast<std::uint64_t>(since_epoch_ms(arrival)));
    counters.reception.add(arrival, reception);
  }
  [[nodiscard]] std::optional<double> by_protocol(Protocol protocol, TrafficTime start) const {
    for (const auto& one : completeness_by_protocol(books_, kRouter, start))
      if (one.protocol == protocol) return one.completeness.ratio().value_or(-1);
    return std::nullopt;
  }

  std::array<core::WorkerBooks, 2> workers_;
  std::array<const core::WorkerBooks*, 2> books_{workers_.data(), workers_.data() + 1};
};

TEST_F(CompletenessOfBooks, AddsUpTheWorkers) {
  hear(0, Protocol::Netflow9, kStart, {.datagrams = 60, .units = 60, .lost = 2});
  hear(1, Protocol::Netflow9, kStart, {.datagrams = 36, .units = 36, .lost = 3, .recovered = 1});
  EXPECT_EQ(completeness_of(books_, kRouter, kStart),
            (Completeness{.state = State::Measured, .received = 96, .lost = 4}));
  EXPECT_EQ(completeness_of(books_, kRouter, kStart).ratio(), 0.96);
}

TEST_F(CompletenessOfBooks, EachIntervalHasItsOwn) {
  hear(0, Protocol::Netflow9, kStart, {.datagrams = 4, .units = 4, .lost = 4});
  hear(0, Protocol::Netflow9, kStart + kInterval, {.datagrams = 4, .units = 4});
  EXPECT_EQ(by_protocol(Protocol::Netflow9, kStart), 0.5);
  EXPECT_EQ(by_protocol(Protocol::Netflow9, kStart + kInterval), 1.0);
}

TEST_F(CompletenessOfBooks, TheLeastCompleteProtocolSpeaksForTheExporter) {
  hear(0, Protocol::Sflow5, kStart, {.datagrams = 9, .units = 9, .lost = 1});
  hear(1, Protocol::Ipfix, kStart, {.datagrams = 2, .units = 50, .lost = 50});
  EXPECT_EQ(completeness_of(books_, kRouter, kStart).ratio(), 0.5);
  EXPECT_EQ(by_protocol(Protocol::Sflow5, kStart), 0.9);
}

TEST_F(CompletenessOfBooks, AnUnknownProtocolHidesBehindALossAndNotBehindACompleteOne) {
  hear(0, Protocol::Ipfix, kStart, {.datagrams = 2, .units = 5, .sequence_unknown = 2});
  hear(0, Protocol::Sflow5, kStart, {.datagrams = 9, .units = 9});
  EXPECT_EQ(completeness_of(books_, kRouter, kStart).ratio(), std::nullopt);
  hear(0, Protocol::Sflow5, kStart, {.datagrams = 1, .units = 1, .lost = 10});
  EXPECT_EQ(completeness_of(books_, kRouter, kStart).ratio(), 0.5);
}

TEST_F(CompletenessOfBooks, AnExporterThatFellSilentIsAtZero) {
  hear(0, Protocol::Netflow5, kStart, {.datagrams = 1, .units = 30});
  EXPECT_EQ(by_protocol(Protocol::Netflow5, kStart + kInterval), 0.0);
  EXPECT_EQ(completeness_of(books_, kRouter, kStart + kInterval).state, State::Silent);
}

TEST_F(CompletenessOfBooks, WhatIsNoLongerKeptIsTellable) {
  constexpr TrafficSpan kKept = core::ReceptionRing::kIntervals * kInterval;
  hear(0, Protocol::Netflow9, kStart, {.datagrams = 3, .units = 3});
  hear(0, Protocol::Netflow9, kStart + kKept - kInterval, {.datagrams = 1, .units = 1});
  EXPECT_TRUE(is_reception_kept(kStart, kStart + kKept - TrafficSpan{1}));
  EXPECT_EQ(by_protocol(Protocol::Netflow9, kStart), 1.0);
  hear(0, Protocol::Netflow9, kStart + kKept, {.datagrams = 1, .units = 1});
  EXPECT_FALSE(is_reception_kept(kStart, kStart + kKept));
  EXPECT_EQ(by_protocol(Protocol::Netflow9, kStart), 0.0);  // as if it had been silent
}

TEST_F(CompletenessOfBooks, AProtocolThatWasGivenUpForAnotherIsNotSilent) {
  hear(0, Protocol::Netflow5, kStart, {.datagrams = 1, .units = 30});
  hear(0, Protocol::Netflow9, kStart + kInterval, {.datagrams = 3, .units = 3});
  EXPECT_EQ(by_protocol(Protocol::Netflow5, kStart + kInterval), std::nullopt);
  EXPECT_EQ(by_protocol(Protocol::Netflow9, kStart + kInterval), 1.0);
}

TEST_F(CompletenessOfBooks, AnExporterWasNotSilentBeforeItWasHeard) {
  hear(0, Protocol::Netflow5, kStart + kInterval, {.datagrams = 1, .units = 30});
  EXPECT_EQ(by_protocol(Protocol::Netflow5, kStart), std::nullopt);
}

}  // namespace
}  // namespace weir::pipeline
