#include "collector/pipeline/replay.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>
#include <tuple>

#include "tests/support/message_builder.h"
#include "tests/support/pcap_builder.h"

namespace weir::pipeline {
namespace {

using test::ByteWriter;
using test::IpfixMessage;
using test::template_record;

/// 2012-09-30T12:00:00Z, a multiple of 300 s.
constexpr std::uint32_t kNoon = 1'349'006'400;

/// A message in the making: what, from which router, when it arrives.
struct Sent {
  std::vector<std::byte> payload;
  std::uint32_t router = 0;
  std::int64_t arrival_ms = 0;
};

struct FlowSpec {
  std::uint32_t input = 1;
  std::uint32_t output = 2;
  std::uint64_t octets = 0;
  std::int64_t start_s = 0;  ///< after noon
  std::int64_t end_s = 0;
};

/// An IPFIX message with its template, unsampled by its own word.
Sent ipfix(std::uint32_t router, std::int64_t arrival_s, const std::vector<FlowSpec>& flows) {
  ByteWriter data;
  for (const auto& flow : flows) {
    data.u32(flow.input).u32(flow.output).u64(flow.octets).u64(1).u32(1);
    data.u64((std::uint64_t{kNoon} + static_cast<std::uint64_t>(flow.start_s)) * 1'000);
    data.u64((std::uint64_t{kNoon} + static_cast<std::uint64_t>(flow.end_s)) * 1'000);
  }
  IpfixMessage message{.seconds = kNoon + static_cast<std::uint32_t>(arrival_s), .domain = router};
  message.sets.push_back(
      {.id = 2,
       .body =
           template_record(256, {{10, 4}, {14, 4}, {1, 8}, {2, 8}, {34, 4}, {152, 8}, {153, 8}})});
  message.sets.push_back({.id = 256, .body = data.data()});
  return {.payload = build(message),
          .router = router,
          .arrival_ms = (std::int64_t{kNoon} + arrival_s) * 1'000};
}

test::TemporaryFile capture_of(const std::vector<Sent>& all) {
  test::PcapBuilder pcap;
  for (const auto& sent : all)
    pcap.add(test::ethernet(test::ipv4(test::udp(sent.payload),
                                       {.source = IpAddress::v4(0xc000'0200 + sent.router)})),
             sent.arrival_ms);
  return test::TemporaryFile(pcap.bytes());
}

config::Config config_of(std::uint32_t routers, std::chrono::seconds lateness) {
  config::Config config;
  config.workers = 1;
  config.accounting.layer = Layer::Ip;
  config.accounting.lateness = lateness;
  for (std::uint32_t r = 1; r <= routers; ++r) {
    const auto name = fmt::format("r{}", r);
    config.exporters.routers.push_back({.address = IpAddress::v4(0xc000'0200 + r), .name = name});
    for (std::uint32_t i = 1; i <= 2; ++i)
      config.contracts.push_back({.id = fmt::format("C-{}-{}", r, i),
                                  .attach = {{.where = contracts::InterfaceAttachment{
                                                  .exporter = name, .interface = i}}}});
  }
  return config;
}

using Key = std::tuple<std::int64_t, std::string, Direction>;  ///< seconds after noon
using Intervals = std::map<Key, std::uint64_t>;

struct Replayed {
  Intervals intervals;
  ReplayOutcome outcome;
};

Replayed run(const config::Config& config, const std::vector<Sent>& all) {
  Replayed replayed;
  const auto file = capture_of(all);
  const auto outcome =
      replay(config, {file.path()},
             [&](const ContractNames& names, const std::vector<SlotInterval>& intervals) {
               for (const auto& one : intervals)
                 for (const Direction direction : {Direction::FromCustomer, Direction::ToCustomer})
                   if (const auto bytes = one.of(direction).bytes; bytes != 0)
                     replayed.intervals[{since_epoch_ms(one.start) / 1'000 - kNoon,
                                         names[one.slot.value()], direction}] += bytes;
             });
  EXPECT_TRUE(outcome.has_value());
  if (outcome) replayed.outcome = *outcome;
  EXPECT_EQ(std::accumulate(replayed.outcome.fates.begin(), replayed.outcome.fates.end(),
                            std::uint64_t{0}),
            replayed.outcome.reported_bytes);
  return replayed;
}

// The worked example of docs/architecture.md: 90 MB over 12:02-12:17, not one spike at arrival.
TEST(Replay, SpreadsALongFlowOverTheIntervalsItCovers) {
  const auto replayed =
      run(config_of(1, std::chrono::seconds{1'800}),
          {ipfix(1, 1'020, {{.octets = 90'000'000, .start_s = 120, .end_s = 1'020}})});
  const Direction from = Direction::FromCustomer;
  const Direction to = Direction::ToCustomer;
  const Intervals expected{{{0, "C-1-1", from}, 18'000'000},   {{300, "C-1-1", from}, 30'000'000},
                           {{600, "C-1-1", from}, 30'000'000}, {{900, "C-1-1", from}, 12'000'000},
                           {{0, "C-1-2", to}, 18'000'000},     {{300, "C-1-2", to}, 30'000'000},
                           {{600, "C-1-2", to}, 30'000'000},   {{900, "C-1-2", to}, 12'000'000}};
  EXPECT_EQ(replayed.intervals, expected);
  EXPECT_EQ(replayed.outcome.reported_bytes, 90'000'000U);
}

TEST(Replay, ARecordOnTheBorderOfTwoIntervalsIsSplitExactly) {
  const auto replayed = run(config_of(1, std::chrono::seconds{120}),
                            {ipfix(1, 301, {{.octets = 1'000, .start_s = 298, .end_s = 301}})});
  EXPECT_EQ(replayed.intervals.at({0, "C-1-1", Direction::FromCustomer}), 666U);
  EXPECT_EQ(replayed.intervals.at({300, "C-1-1", Direction::FromCustomer}), 334U);
}

// Domain requirement 12: five minutes on and five off, at a collector that begins in the middle
// of them, as after a restart.
TEST(Replay, IntervalsAreMultiplesOfFiveMinutesWheneverTheCollectorBegan) {
  const auto minute = [](std::int64_t start_s) {
    return ipfix(1, start_s + 60, {{.octets = 1'000, .start_s = start_s, .end_s = start_s + 60}});
  };
  const auto from_second = [&](std::int64_t begin_s) {
    std::vector<Sent> all;
    for (std::int64_t start_s = begin_s; start_s < 1'200; start_s += 60)
      if (start_s / 300 % 2 == 0) all.push_back(minute(start_s));
    return run(config_of(1, std::chrono::seconds{120}), all).intervals;
  };
  const auto whole = from_second(0);
  EXPECT_EQ(whole, (Intervals{{{0, "C-1-1", Direction::FromCustomer}, 5'000},
                              {{0, "C-1-2", Direction::ToCustomer}, 5'000},
                              {{600, "C-1-1", Direction::FromCustomer}, 5'000},
                              {{600, "C-1-2", Direction::ToCustomer}, 5'000}}));
  for (const std::int64_t begin_s : {60, 180, 240}) {
    auto begun_late = from_second(begin_s);
    for (const auto& key :
         {Key{0, "C-1-1", Direction::FromCustomer}, Key{0, "C-1-2", Direction::ToCustomer}}) {
      EXPECT_EQ(begun_late.at(key), 5'000U - static_cast<std::uint64_t>(begin_s) / 60 * 1'000);
      begun_late[key] = 5'000;
    }
    EXPECT_EQ(begun_late, whole);
  }
}

TEST(Replay, TellsWhatArrivedInEachIntervalAndWhatBecameOfIt) {
  // One record is in time, one is late at its arrival, and between the two nothing comes.
  const auto file = capture_of({ipfix(1, 299, {{.octets = 1'000, .start_s = 240, .end_s = 298}}),
                                ipfix(1, 900, {{.octets = 70, .start_s = 240, .end_s = 241}})});
  for (const std::uint32_t workers : {1U, 3U}) {
    auto config = config_of(1, std::chrono::seconds{120});
    config.workers = workers;
    std::vector<ExportInterval> all;
    const auto outcome = replay(
        config, {file.path()}, [](const auto&, const auto&) {}, {},
        [&](const std::vector<ExportInterval>& some) {
          all.insert(all.end(), some.begin(), some.end());
        });
    ASSERT_TRUE(outcome);
    ASSERT_EQ(all.size(), 2U);
    const auto start = [](const ExportInterval& one) {
      return since_epoch_ms(one.start) / 1'000 - kNoon;
    };
    const auto bytes = [](const ExportInterval& one, Fate fate) { return one.counts.fate(fate); };
    EXPECT_EQ(start(all[0]), 0);
    EXPECT_EQ(start(all[1]), 900);
    EXPECT_EQ(bytes(all[0], Fate::Attributed), 1'000U);
    EXPECT_EQ(bytes(all[0], Fate::Late), 0U);
    EXPECT_EQ(bytes(all[1], Fate::Attributed), 0U);
    EXPECT_EQ(bytes(all[1], Fate::Late), 70U);
    for (const auto& one : all) {
      EXPECT_EQ(one.exporter, "r1");
      EXPECT_EQ(one.protocol, Protocol::Ipfix);
      EXPECT_EQ(one.counts.datagrams, 1U);
      EXPECT_EQ(one.counts.records, 1U);
      EXPECT_EQ(one.sampling, (core::SamplingRange{.smallest = 1, .largest = 1}));
    }
  }
}

/// Says in options data what an interface of the router is called.
Sent names_interface(std::uint32_t router, std::int64_t arrival_s, std::uint32_t ifindex,
                     std::string_view name) {
  ByteWriter row;
  row.u32(ifindex).u8(name.size()).bytes(std::as_bytes(std::span{name.data(), name.size()}));
  IpfixMessage message{.seconds = kNoon + static_cast<std::uint32_t>(arrival_s), .domain = router};
  message.sets.push_back({.id = 3,
                          .body = test::ipfix_options_template(
                              {.id = 300, .scopes = {{10, 4}}, .options = {{82, 65'535}}})});
  message.sets.push_back({.id = 300, .body = row.data()});
  return {.payload = build(message),
          .router = router,
          .arrival_ms = (std::int64_t{kNoon} + arrival_s) * 1'000};
}

TEST(Replay, AContractCountsByNameFromTheBucketOnInWhichTheRouterAnnouncedIt) {
  auto config = config_of(1, std::chrono::seconds{120});
  config.contracts[0].attach = {
      {.where = contracts::InterfaceAttachment{.exporter = "r1", .interface = "ae1"}}};
  const std::vector<Sent> all{ipfix(1, 10, {{.octets = 1, .start_s = 5, .end_s = 6}}),
                              names_interface(1, 20, 1, "ae1"),
                              ipfix(1, 200, {{.octets = 20, .start_s = 150, .end_s = 151}}),
                              ipfix(1, 300, {{.octets = 300, .start_s = 250, .end_s = 251}})};
  const auto replayed = run(config, all);
  EXPECT_EQ(replayed.intervals.at({0, "C-1-1", Direction::FromCustomer}), 320U);
  EXPECT_EQ(replayed.intervals.at({0, "C-1-2", Direction::ToCustomer}), 321U);
  config.workers = 4;
  EXPECT_EQ(run(config, all).intervals, replayed.intervals);
}

TEST(Replay, CountsWhatComesAfterItsIntervalClosedAsLate) {
  const auto replayed = run(config_of(1, std::chrono::seconds{120}),
                            {ipfix(1, 10, {{.octets = 1, .start_s = 5, .end_s = 6}}),
                             ipfix(1, 419, {{.octets = 20, .start_s = 299, .end_s = 299}}),
                             ipfix(1, 421, {{.octets = 300, .start_s = 299, .end_s = 299}})});
  EXPECT_EQ(replayed.intervals.at({0, "C-1-1", Direction::FromCustomer}), 21U);
  EXPECT_EQ(replayed.outcome.fates[static_cast<std::size_t>(Fate::Late)], 300U);
}

// Domain requirement 11: 2012-09-30T14:59:59Z is September in Tokyo, 15:00:00Z is October.
TEST(Replay, BytesOnEitherSideOfAMonthsBorderStandInItsLastAndItsFirstInterval) {
  constexpr std::int64_t kBorder = 3 * 3'600;  // 15:00:00Z
  const auto replayed = run(config_of(1, std::chrono::seconds{120}),
                            {ipfix(1, kBorder,
                                   {{.octets = 7, .start_s = kBorder - 1, .end_s = kBorder - 1},
                                    {.octets = 11, .start_s = kBorder, .end_s = kBorder}})});
  EXPECT_EQ(replayed.intervals.at({kBorder - 300, "C-1-1", Direction::FromCustomer}), 7U);
  EXPECT_EQ(replayed.intervals.at({kBorder, "C-1-1", Direction::FromCustomer}), 11U);
}

// ---- records of unknown sampling

using Sets = std::vector<test::TestSet>;

/// A message of router 1 whose records say nothing of their sampling.
Sent silent(std::int64_t arrival_s, Sets sets, std::uint32_t sequence = 0) {
  return {.payload = build(IpfixMessage{.seconds = kNoon + static_cast<std::uint32_t>(arrival_s),
                                        .sequence = sequence,
                                        .domain = 1,
                                        .sets = std::move(sets)}),
          .router = 1,
          .arrival_ms = (std::int64_t{kNoon} + arrival_s) * 1'000};
}
Sets silent_flow(std::uint64_t octets, std::int64_t end_s) {
  const std::uint64_t end_ms = (std::uint64_t{kNoon} + static_cast<std::uint64_t>(end_s)) * 1'000;
  return {
      {.id = 2, .body = template_record(256, {{10, 4}, {14, 4}, {1, 8}, {152, 8}, {153, 8}})},
      {.id = 256, .body = ByteWriter{}.u32(1).u32(2).u64(octets).u64(end_ms).u64(end_ms).data()}};
}
/// The domain samples 1 in `interval`.
Sets announced(std::uint32_t interval) {
  return {{.id = 3,
           .body = test::ipfix_options_template(
               {.id = 400, .scopes = {{149, 4}}, .options = {{34, 4}}})},
          {.id = 400, .body = ByteWriter{}.u32(1).u32(interval).data()}};
}
std::uint64_t fate(const Replayed& replayed, Fate wanted) {
  return replayed.outcome.fates[static_cast<std::size_t>(wanted)];
}

TEST(Replay, RecordsWaitForTheirIntervalAndCountWhereTheyBelong) {
  // Each of the two is announced a minute later, the first in the next five minutes.
  const auto replayed = run(config_of(1, std::chrono::seconds{120}),
                            {silent(299, silent_flow(100, 298)), silent(310, silent_flow(200, 309)),
                             silent(359, announced(1'000))});
  const Intervals expected{{{0, "C-1-1", Direction::FromCustomer}, 100'000},
                           {{0, "C-1-2", Direction::ToCustomer}, 100'000},
                           {{300, "C-1-1", Direction::FromCustomer}, 200'000},
                           {{300, "C-1-2", Direction::ToCustomer}, 200'000}};
  EXPECT_EQ(replayed.intervals, expected);
  EXPECT_EQ(fate(replayed, Fate::Attributed), 300'000U);
  EXPECT_EQ(fate(replayed, Fate::Unscaled), 0U);
  EXPECT_EQ(replayed.outcome.records, 2U);
}

TEST(Replay, RecordsWhoseIntervalNeverComesAreUnscaledAtTheEnd) {
  const auto replayed = run(config_of(1, std::chrono::seconds{120}),
                            {silent(10, silent_flow(100, 9)), silent(20, silent_flow(200, 19))});
  EXPECT_TRUE(replayed.intervals.empty());
  EXPECT_EQ(fate(replayed, Fate::Unscaled), 300U);
  EXPECT_EQ(replayed.outcome.reported_bytes, 300U);
  EXPECT_EQ(replayed.outcome.records, 2U);
}

TEST(Replay, RecordsThatWaitTooLongAreUnscaled) {
  const auto replayed = run(
      config_of(1, std::chrono::seconds{120}),
      {silent(10, silent_flow(100, 9)), silent(1'811, {}, 1), silent(1'820, announced(1'000), 1)});
  EXPECT_TRUE(replayed.intervals.empty());
  EXPECT_EQ(fate(replayed, Fate::Unscaled), 100U);
}

TEST(Replay, RecordsThatWaitedBeyondTheLatenessAreScaledAndLate) {
  const auto replayed = run(config_of(1, std::chrono::seconds{120}),
                            {silent(10, silent_flow(100, 9)), silent(600, announced(1'000))});
  EXPECT_TRUE(replayed.intervals.empty());
  EXPECT_EQ(fate(replayed, Fate::Late), 100'000U);
  EXPECT_EQ(fate(replayed, Fate::Unscaled), 0U);
}

TEST(Replay, OperatorsDefaultLetsNothingWait) {
  auto config = config_of(1, std::chrono::seconds{120});
  config.exporters.sampling.default_interval = 10;
  const auto replayed = run(config, {silent(10, silent_flow(100, 9)), silent(20, announced(1'000)),
                                     silent(30, silent_flow(1, 29))});
  EXPECT_EQ(fate(replayed, Fate::Attributed), 2'000U);
}

/// Twenty minutes of four routers, each message inside the lateness.
std::vector<Sent> busy_traffic() {
  std::mt19937 random(42);
  const auto below = [&](std::uint32_t bound) {
    return static_cast<std::uint32_t>(random() % bound);
  };
  std::vector<Sent> all;
  for (std::int64_t second = 0; second < 1'200; second += 3) {
    const std::uint32_t router = 1 + below(4);
    std::vector<FlowSpec> flows;
    for (int i = 0; i < 5; ++i) {
      const std::int64_t end = std::max<std::int64_t>(0, second - below(5));
      const std::int64_t start = std::max<std::int64_t>(0, end - below(60));
      flows.push_back({.input = 1 + below(3),
                       .output = 1 + below(3),
                       .octets = below(1'000'000),
                       .start_s = start,
                       .end_s = end});
    }
    all.push_back(ipfix(router, second, flows));
  }
  return all;
}

TEST(Replay, AnyNumberOfWorkersGivesTheSame) {
  const auto traffic = busy_traffic();
  auto config = config_of(4, std::chrono::seconds{120});
  const auto one = run(config, traffic);
  EXPECT_GT(one.intervals.size(), 20U);
  for (const std::uint32_t workers : {2U, 3U, 8U}) {
    config.workers = workers;
    const auto several = run(config, traffic);
    EXPECT_EQ(several.intervals, one.intervals) << workers;
    EXPECT_EQ(several.outcome.fates, one.outcome.fates) << workers;
  }
}

TEST(Replay, AnyOrderInsideTheLatenessGivesTheSame) {
  auto traffic = busy_traffic();
  const auto config = config_of(4, std::chrono::seconds{120});
  const auto ordered = run(config, traffic);
  // Every ten messages are held up until the last of them and come in some other order.
  std::mt19937 random(7);
  for (auto group = traffic.begin(); group != traffic.end(); group += 10) {
    const std::int64_t arrival_ms = group[9].arrival_ms;
    std::shuffle(group, group + 10, random);
    for (auto message = group; message != group + 10; ++message) message->arrival_ms = arrival_ms;
  }
  const auto shuffled = run(config, traffic);
  EXPECT_EQ(shuffled.outcome.fates, ordered.outcome.fates);
  EXPECT_EQ(shuffled.intervals, ordered.intervals);
}

TEST(Replay, ADayWithoutTrafficIsPassedOver) {
  const auto replayed =
      run(config_of(1, std::chrono::seconds{120}),
          {ipfix(1, 10, {{.octets = 7, .start_s = 9, .end_s = 10}}),
           ipfix(1, 86'410, {{.octets = 8, .start_s = 86'409, .end_s = 86'410}})});
  EXPECT_EQ(replayed.intervals.at({0, "C-1-1", Direction::FromCustomer}), 7U);
  EXPECT_EQ(replayed.intervals.at({86'400, "C-1-1", Direction::FromCustomer}), 8U);
  EXPECT_EQ(replayed.intervals.size(), 4U);
}

TEST(Replay, SourcesOutsideTheAllowListAreCountedAndDropped) {
  auto config = config_of(1, std::chrono::seconds{120});
  config.exporters.allow = {*IpPrefix::parse("192.0.2.1")};
  const auto replayed = run(config, {ipfix(1, 10, {{.octets = 7, .start_s = 9, .end_s = 10}}),
                                     ipfix(9, 10, {{.octets = 8, .start_s = 9, .end_s = 10}})});
  EXPECT_EQ(replayed.outcome.refused_datagrams, 1U);
  EXPECT_EQ(replayed.outcome.reported_bytes, 7U);
}

TEST(Replay, SeveralCapturesAreTakenInTheOrderOfTime) {
  const auto config = config_of(2, std::chrono::seconds{120});
  const auto early = capture_of({ipfix(1, 10, {{.octets = 1, .start_s = 9, .end_s = 10}}),
                                 ipfix(1, 600, {{.octets = 2, .start_s = 599, .end_s = 600}})});
  const auto late = capture_of({ipfix(2, 300, {{.octets = 4, .start_s = 299, .end_s = 300}})});
  for (const auto& paths :
       {std::vector{early.path(), late.path()}, std::vector{late.path(), early.path()}}) {
    const auto outcome =
        replay(config, paths, [](const ContractNames&, const std::vector<SlotInterval>&) {});
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->fates[static_cast<std::size_t>(Fate::Attributed)], 7U);
    EXPECT_EQ(outcome->fates[static_cast<std::size_t>(Fate::Late)], 0U);
  }
}

TEST(Replay, AMissingCaptureIsNamed) {
  const auto outcome = replay(config_of(1, std::chrono::seconds{120}), {"/nonexistent.pcap"},
                              [](const ContractNames&, const std::vector<SlotInterval>&) {});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::NotFound);
  EXPECT_NE(outcome.error().message.find("/nonexistent.pcap"), std::string::npos);
}

// A flow of 12:00 to 12:10 that is reported at 12:11, with a lateness of 120 s and buckets of 10 s:
// the buckets before 12:09 have closed.
TEST(Replay, WhatComesTooLateIsSharedOverItsIntervals) {
  const auto replayed = run(config_of(1, std::chrono::seconds{120}),
                            {ipfix(1, 660, {{.octets = 600'000, .start_s = 0, .end_s = 600}})});
  EXPECT_EQ(replayed.outcome.fates[static_cast<std::size_t>(Fate::Late)], 540'000U);
  EXPECT_EQ(replayed.intervals.at({300, "C-1-1", Direction::FromCustomer}), 60'000U);
  Intervals late;
  for (const auto& one : replayed.outcome.late)
    for (const Direction direction : {Direction::FromCustomer, Direction::ToCustomer})
      if (const auto bytes = one.of(direction).bytes; bytes != 0)
        late[{since_epoch_ms(one.start) / 1'000 - kNoon, replayed.outcome.names[one.slot.value()],
              direction}] += bytes;
  const Intervals expected{{{0, "C-1-1", Direction::FromCustomer}, 300'000},
                           {{300, "C-1-1", Direction::FromCustomer}, 240'000},
                           {{0, "C-1-2", Direction::ToCustomer}, 300'000},
                           {{300, "C-1-2", Direction::ToCustomer}, 240'000}};
  EXPECT_EQ(late, expected);
  EXPECT_EQ(replayed.outcome.late_bytes_lost, 0U);
}

}  // namespace
}  // namespace weir::pipeline
