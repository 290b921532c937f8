#include "collector/pipeline/export_intervals.h"

#include <gtest/gtest.h>

#include <array>

namespace weir::pipeline {
namespace {

constexpr TrafficTime kNoon = traffic_time_ms(1'714'521'600'000);
constexpr TrafficSpan kFive = std::chrono::minutes{5};

class ExportIntervalsTest : public testing::Test {
 protected:
  ExportIntervalsTest() {
    router_ = exporters_.intern(IpAddress::v4(0xc000'0201)).value();
    exporters_.name(router_, "r1");
  }
  core::ExporterCounters& counters(std::size_t worker = 0, Protocol protocol = Protocol::Ipfix) {
    return workers_[worker].of(router_, protocol);
  }
  bool turn_to(TrafficTime now) { return intervals_.turn_to(now, books_, exporters_); }
  std::vector<ExportInterval> of(TrafficTime start) {
    return intervals_.of(start, books_, exporters_);
  }
  static ExportInterval expected(TrafficTime start, std::uint64_t records,
                                 core::SamplingRange sampling = {}) {
    ExportInterval one{.exporter = "r1", .protocol = Protocol::Ipfix, .start = start};
    one.counts.records = records;
    one.sampling = sampling;
    return one;
  }

  core::ExporterRegistry exporters_;
  ExporterId router_;
  std::array<core::WorkerBooks, 2> workers_;
  std::array<const core::WorkerBooks*, 2> books_{workers_.data(), &workers_[1]};
  ExportIntervals intervals_;
};

TEST_F(ExportIntervalsTest, GiveWhatEachIntervalAddedOverAllWorkers) {
  EXPECT_FALSE(turn_to(kNoon));
  counters(0).records.add(10);
  counters(1).records.add(1);
  counters(0).reception.note_sampling(kNoon, {.smallest = 100, .largest = 100});
  counters(1).reception.note_sampling(kNoon, {.smallest = 50, .largest = 1'000});
  EXPECT_FALSE(turn_to(kNoon + kFive - TrafficSpan{1}));
  EXPECT_TRUE(turn_to(kNoon + kFive));
  counters(0).records.add(5);
  EXPECT_EQ(of(kNoon), std::vector{expected(kNoon, 11, {.smallest = 50, .largest = 1'000})});
  EXPECT_EQ(of(kNoon + kFive), std::vector{expected(kNoon + kFive, 5)});
}

TEST_F(ExportIntervalsTest, OfWhatAddedNothingThereIsNone) {
  EXPECT_FALSE(turn_to(kNoon));
  counters().records.add(10);
  EXPECT_TRUE(turn_to(kNoon + kFive));
  EXPECT_EQ(of(kNoon + kFive), std::vector<ExportInterval>{});
  EXPECT_EQ(of(kNoon - kFive), std::vector<ExportInterval>{});
}

TEST_F(ExportIntervalsTest, ProtocolsAreToldApartAndAddressesOfOneNameAreNot) {
  EXPECT_FALSE(turn_to(kNoon));
  const ExporterId other = exporters_.intern(IpAddress::v4(0xc000'0202)).value();
  exporters_.name(other, "r1");
  counters().records.add(10);
  workers_[0].of(other, Protocol::Ipfix).records.add(3);
  counters(0, Protocol::Sflow5).records.add(4);
  ExportInterval samples{.exporter = "r1", .protocol = Protocol::Sflow5, .start = kNoon};
  samples.counts.records = 4;
  EXPECT_EQ(of(kNoon), (std::vector{expected(kNoon, 13), samples}));
}

TEST_F(ExportIntervalsTest, AClockThatWasSetBackChangesNothing) {
  EXPECT_FALSE(turn_to(kNoon));
  counters().records.add(10);
  EXPECT_FALSE(turn_to(kNoon - kFive));
  EXPECT_EQ(of(kNoon), std::vector{expected(kNoon, 10)});
}

TEST_F(ExportIntervalsTest, EightIntervalsThatAreOverAreKept) {
  EXPECT_FALSE(turn_to(kNoon));
  for (std::uint64_t i = 1; i <= 9; ++i) {
    counters().records.add(i);
    EXPECT_TRUE(turn_to(kNoon + static_cast<int>(i) * kFive));
  }
  EXPECT_EQ(of(kNoon), std::vector<ExportInterval>{});
  for (std::uint64_t i = 2; i <= 9; ++i) {
    const TrafficTime start = kNoon + static_cast<int>(i - 1) * kFive;
    EXPECT_EQ(of(start), std::vector{expected(start, i)});
  }
}

}  // namespace
}  // namespace weir::pipeline
