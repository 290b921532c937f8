#include "collector/pipeline/interface_reconciler.h"

#include <gtest/gtest.h>

namespace weir::pipeline {
namespace {

using accounting::RatioCause;

constexpr std::int64_t kStart = 1'760'000'100;  // a multiple of 300
constexpr TrafficSpan kLateness = std::chrono::seconds{10};

TrafficTime at(std::int64_t seconds) { return traffic_time_ms((kStart + seconds) * 1'000); }

/// One router "r1" with interface 5, and what one worker counted.
class InterfaceReconcilerTest : public testing::Test {
 protected:
  InterfaceReconcilerTest() {
    config.exporters.routers.push_back(
        {.address = IpAddress::v4(0xc000'0201), .name = "r1", .interfaces = {{.index = 5}}});
    policy = *make_policy(config, registries);
    number = policy->interface_numbers.front();
    counters.reserve(number);
  }

  void read(std::int64_t seconds, std::uint64_t in, std::uint64_t out = 0) {
    (void)registries.readings.take(ExporterId{0}, number,
                                   {.time = at(seconds),
                                    .speed = BitsPerSecond{10'000'000'000},
                                    .ingress = {.octets = in},
                                    .egress = {.octets = out}});
  }
  void flow(std::int64_t from, std::int64_t until, std::uint64_t bytes,
            InterfaceSide side = InterfaceSide::Ingress) {
    const TimeRange range{at(from), at(until)};
    counters.add_total(number, side, bytes);
    counters.add(number, side, {.bytes = bytes, .packets = bytes / 1'000}, range,
                 InterfaceCounters::interval_of(range));
  }
  std::vector<InterfaceInterval> finished(std::int64_t now) {
    return reconciler.take_finished(*policy, at(now), kLateness);
  }
  static InterfaceInterval row(std::int64_t start, InterfaceSide side, std::uint64_t flow_bytes,
                               std::optional<std::uint64_t> counter_bytes) {
    return {.exporter = "r1",
            .interface = 5,
            .side = side,
            .start = at(start),
            .flow_bytes = flow_bytes,
            .counter_bytes = counter_bytes};
  }

  config::Config config;
  Registries registries;
  std::shared_ptr<const Policy> policy;
  std::uint32_t number = 0;
  InterfaceCounters counters;
  core::WorkerBooks books;
  InterfaceReconciler reconciler{registries.readings, {&counters}, {&books}};
};

TEST_F(InterfaceReconcilerTest, AnIntervalIsFinishedOnceSettledAndReadPastItsEnd) {
  read(0, 0);
  flow(0, 300, 900);
  flow(10, 20, 100, InterfaceSide::Egress);
  EXPECT_TRUE(finished(310).empty());  // no reading from after its end yet
  read(300, 1'000, 200);
  EXPECT_TRUE(finished(309).empty());  // late records may still come
  EXPECT_EQ(finished(310), (std::vector{row(0, InterfaceSide::Ingress, 900, 1'000),
                                        row(0, InterfaceSide::Egress, 100, 200)}));
  EXPECT_TRUE(finished(311).empty());
  const auto standing = reconciler.standing_of(number);
  EXPECT_EQ(standing[0].counter_bytes, 1'000U);
  EXPECT_DOUBLE_EQ(*standing[0].ratio, 0.9);
  EXPECT_DOUBLE_EQ(*standing[1].ratio, 0.5);
  EXPECT_EQ(standing[0].alarm, std::nullopt);
}

TEST_F(InterfaceReconcilerTest, ARecordIsSplitByTimeBetweenIntervals) {
  read(0, 0);
  // 30 s before the edge and 60 s after it: floor(1000 * 30 / 90) and the rest.
  flow(270, 360, 1'000);
  read(300, 333);
  read(600, 1'000);
  const auto rows = finished(700);
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0], row(0, InterfaceSide::Ingress, 333, 333));
  EXPECT_EQ(rows[2], row(300, InterfaceSide::Ingress, 667, 667));
  EXPECT_EQ(counters.ingress(number), 1'000U);
}

TEST_F(InterfaceReconcilerTest, CountersThatDoNotComeAreAwaitedForTheLongestGap) {
  read(0, 0);
  flow(0, 10, 50);
  EXPECT_TRUE(finished(899).empty());
  EXPECT_EQ(finished(900), (std::vector{row(0, InterfaceSide::Ingress, 50, std::nullopt),
                                        row(0, InterfaceSide::Egress, 0, std::nullopt)}));
  EXPECT_EQ(reconciler.standing_of(number)[0].ratio, std::nullopt);
}

TEST_F(InterfaceReconcilerTest, ALongLatenessIsNotAwaitedBeyondWhatIsKept) {
  constexpr TrafficSpan kHour = std::chrono::hours{1};
  read(0, 0);
  flow(0, 10, 50);
  read(300, 100);
  EXPECT_TRUE(reconciler.take_finished(*policy, at(899), kHour).empty());
  EXPECT_EQ(reconciler.take_finished(*policy, at(900), kHour).front(),
            row(0, InterfaceSide::Ingress, 50, 100));
}

TEST_F(InterfaceReconcilerTest, AnInterfaceWithoutReadingsHasNoRows) {
  flow(0, 10, 50);
  EXPECT_TRUE(finished(3'000).empty());
  EXPECT_FALSE(reconciler.standing_of(number)[0].has_counter);
}

TEST_F(InterfaceReconcilerTest, FlowsThatHaveLeftTheRingAreNotTakenForNone) {
  read(0, 0);
  flow(0, 10, 50);
  for (std::int64_t seconds = 300; seconds <= 1'800; seconds += 300) {
    read(seconds, static_cast<std::uint64_t>(seconds));
    flow(seconds, seconds + 1, 7);
  }
  // Looked at for the first time after half an hour: of six intervals three can be told.
  const auto rows = finished(1'810);
  ASSERT_EQ(rows.size(), 6U);
  EXPECT_EQ(rows[0], row(900, InterfaceSide::Ingress, 7, 300));
  EXPECT_EQ(counters.sum(number, InterfaceSide::Ingress, InterfaceCounters::number_of(at(0))),
            std::nullopt);
}

TEST_F(InterfaceReconcilerTest, AnHourApartIsAnAlarmAndAnHourTogetherEndsIt) {
  read(0, 0);
  std::uint64_t octets = 0;
  const auto pass = [&](std::int64_t interval, std::uint64_t flow_bytes) {
    flow(interval * 300, interval * 300 + 10, flow_bytes);
    octets += 1'000'000;
    read((interval + 1) * 300, octets);
    (void)finished((interval + 1) * 300 + 10);
    return reconciler.standing_of(number)[0].alarm;
  };
  for (std::int64_t i = 0; i < 11; ++i) EXPECT_EQ(pass(i, 1'000), std::nullopt);
  EXPECT_EQ(pass(11, 1'000), RatioCause::Sampling);
  EXPECT_EQ(reconciler.standing_of(number)[0].apart_in_a_row, 12U);
  for (std::int64_t i = 12; i < 23; ++i) EXPECT_EQ(pass(i, 1'000'000), RatioCause::Sampling);
  EXPECT_EQ(pass(23, 1'000'000), std::nullopt);
}

TEST_F(InterfaceReconcilerTest, BytesOfUnknownSamplingMakeSamplingTheCause) {
  read(0, 0);
  auto& exporter = books.of(ExporterId{0}, Protocol::Sflow5);
  for (std::int64_t i = 0; i < 12; ++i) {
    flow(i * 300, i * 300 + 10, 600'000);
    exporter.fates[static_cast<std::size_t>(Fate::Unscaled)].add(1);
    read((i + 1) * 300, static_cast<std::uint64_t>(i + 1) * 1'000'000);
    (void)finished((i + 1) * 300 + 10);
  }
  EXPECT_EQ(reconciler.standing_of(number)[0].alarm, RatioCause::Sampling);
}

TEST_F(InterfaceReconcilerTest, FlowsAreComparedAtTheLayerOfCounters) {
  config.accounting.layer = Layer::Ip;
  policy = *make_policy(config, registries);
  read(0, 0);
  // 100 packets of 1,000 bytes are frames of 1,018.
  flow(0, 10, 100'000);
  read(300, 101'800);
  EXPECT_EQ(finished(310).front(), row(0, InterfaceSide::Ingress, 100'000, 101'800));
  EXPECT_DOUBLE_EQ(*reconciler.standing_of(number)[0].ratio, 1.0);
}

TEST_F(InterfaceReconcilerTest, TheRestIsGivenAsItIs) {
  read(0, 0);
  read(300, 1'000);
  read(400, 1'500);
  flow(310, 320, 5);
  EXPECT_EQ(
      reconciler.take_rest(*policy, at(400)),
      (std::vector{row(0, InterfaceSide::Ingress, 0, 1'000), row(0, InterfaceSide::Egress, 0, 0),
                   row(300, InterfaceSide::Ingress, 5, std::nullopt),
                   row(300, InterfaceSide::Egress, 0, std::nullopt)}));
}

}  // namespace
}  // namespace weir::pipeline
