#include "collector/pipeline/attributor.h"

#include <gtest/gtest.h>

#include <numeric>
#include <optional>
#include <vector>

#include "collector/core/exporter_sums.h"
#include "collector/core/totals.h"
#include "collector/pipeline/completeness.h"

namespace weir::pipeline {
namespace {

constexpr TrafficSpan kLateness = std::chrono::seconds{120};

TrafficTime at(int hour, int minute, int second) {
  // 2012-09-30, the day of the worked examples.
  return traffic_time_ms((1'348'963'200LL + hour * 3'600 + minute * 60 + second) * 1'000);
}

contracts::Attachment at_interface(const std::string& router, std::uint32_t index) {
  return {.where = contracts::InterfaceAttachment{.exporter = router, .interface = index}};
}

contracts::Attachment at_prefix(const char* prefix) {
  return {.where = contracts::PrefixAttachment{*IpPrefix::parse(prefix)}};
}

/// A worker's path without sockets or decoder, on routers r1 (192.0.2.1) and r2 (192.0.2.2).
class Bench {
 public:
  explicit Bench(std::vector<contracts::Contract> contracts, Layer layer = Layer::Ip,
                 std::vector<contracts::InterfaceTerms> interfaces = {}) {
    config_.accounting.layer = layer;
    config_.accounting.lateness = std::chrono::seconds{120};
    config_.exporters.allow = {*IpPrefix::parse("192.0.2.0/24")};
    config_.exporters.routers = {
        {.address = kR1, .name = "r1", .interfaces = interfaces},
        {.address = kR2, .name = "r2", .interfaces = std::move(interfaces)}};
    config_.contracts = std::move(contracts);
    policy_ = std::make_unique<Published<Policy>>(make_policy(config_, registries_).value());
    attributor_ = std::make_unique<Attributor>(Attributor::Parts{.cells = cells_,
                                                                 .books = books_,
                                                                 .interfaces = interfaces_,
                                                                 .exporters = registries_.exporters,
                                                                 .metering = registries_.metering,
                                                                 .policy = *policy_,
                                                                 .events = &events_});
    totals_ =
        std::make_unique<core::Totals>(cells_.geometry(), std::vector<core::WorkerCells*>{&cells_});
    totals_->set_slot_count(policy_->current()->table->slot_count());
  }

  void reload_clock_skew_limit(std::chrono::seconds limit) {
    config_.accounting.clock_skew_limit = limit;
    reload(config_.contracts);
  }

  void reload_active_timeout(std::chrono::seconds timeout) {
    config_.accounting.active_timeout = timeout;
    reload(config_.contracts);
  }

  /// Of router r1.
  void reload_sampling(config::SamplingTerms sampling) {
    config_.exporters.routers[0].sampling = sampling;
    reload(config_.contracts);
  }

  void reload(std::vector<contracts::Contract> contracts) {
    config_.contracts = std::move(contracts);
    auto policy = make_policy(config_, registries_).value();
    totals_->set_slot_count(policy->table->slot_count());
    policy_->publish(std::move(policy));
  }

  /// Records of one message from `router` that arrives and is exported at `now`.
  void send(const IpAddress& router, TrafficTime now, std::vector<FlowRecord> records,
            Protocol protocol = Protocol::Ipfix,
            std::optional<TrafficTime> export_time = std::nullopt) {
    cells_.advance(now, kLateness);
    ASSERT_TRUE(attributor_->admit(router));
    const MessageContext context{.source = router,
                                 .agent = router,
                                 .protocol = protocol,
                                 .arrival = now,
                                 .released = now,
                                 .export_time = export_time.value_or(now),
                                 .has_export_time = protocol != Protocol::Sflow5};
    attributor_->take(context, records);
  }

  /// Bytes counted so far for a contract.
  std::uint64_t bytes(const std::string& contract, Direction direction) const {
    const auto snapshot = totals_->snapshot();
    for (const auto& entry : policy_->current()->table->contracts()) {
      if (entry.contract.id != contract) continue;
      const auto& cells = snapshot.live.at(entry.slot.value());
      return cells[core::cell_position(direction, Family::Ipv4)].bytes +
             cells[core::cell_position(direction, Family::Ipv6)].bytes;
    }
    ADD_FAILURE() << "no contract " << contract;
    return 0;
  }
  std::uint64_t from(const std::string& contract) const {
    return bytes(contract, Direction::FromCustomer);
  }
  std::uint64_t to(const std::string& contract) const {
    return bytes(contract, Direction::ToCustomer);
  }

  std::uint64_t fate(Fate wanted, ExporterId exporter = ExporterId{0},
                     Protocol protocol = Protocol::Ipfix) const {
    const auto* counters = books_.find(exporter, protocol);
    return counters == nullptr ? 0 : counters->fates[static_cast<std::size_t>(wanted)].read();
  }

  /// The books of one exporter: every fate, and what was reported.
  void expect_balance(ExporterId exporter = ExporterId{0}, Protocol protocol = Protocol::Ipfix) {
    const auto* counters = books_.find(exporter, protocol);
    ASSERT_NE(counters, nullptr);
    std::uint64_t sum = 0;
    for (const auto& one : counters->fates) sum += one.read();
    EXPECT_EQ(sum, counters->reported_bytes.read());
  }

  static constexpr IpAddress kR1 = IpAddress::v4(0xc000'0201);
  static constexpr IpAddress kR2 = IpAddress::v4(0xc000'0202);

  core::WorkerBooks books_;
  InterfaceCounters interfaces_;
  EventLog events_;
  Registries registries_;
  std::unique_ptr<core::Totals> totals_;
  std::unique_ptr<Attributor> attributor_;
  std::unique_ptr<Published<Policy>> policy_;

 private:
  core::WorkerCells cells_{core::BucketGeometry{std::chrono::seconds{10}}, 64};
  config::Config config_;
};

FlowRecord flow(std::uint32_t input, std::uint32_t output, std::uint64_t octets,
                std::uint64_t packets, TrafficTime start, TrafficTime end) {
  FlowRecord record;
  for (const Has field :
       {Has::Octets, Has::Packets, Has::Input, Has::Output, Has::First, Has::Last})
    record.set(field);
  record.input = input;
  record.output = output;
  record.octets = octets;
  record.packets = packets;
  record.time_format = TimeFormat::Milliseconds;
  record.first = static_cast<std::uint64_t>(since_epoch_ms(start));
  record.last = static_cast<std::uint64_t>(since_epoch_ms(end));
  record.sampling_interval = 1;
  record.sampling_source = SamplingSource::Domain;
  return record;
}

FlowRecord flow(std::uint32_t input, std::uint32_t output, std::uint64_t octets, TrafficTime when) {
  return flow(input, output, octets, 1, when, when);
}

contracts::Contract contract(const char* id, std::vector<contracts::Attachment> attach) {
  return {.id = id, .attach = std::move(attach)};
}

const TrafficTime kNoon = at(12, 0, 0);

TEST(Attributor, CountsTheSenderAndTheReceiverOnce) {
  Bench bench({contract("A", {at_interface("r1", 1)}), contract("B", {at_interface("r1", 2)})});
  bench.send(Bench::kR1, kNoon, {flow(1, 2, 1'000, kNoon)});
  EXPECT_EQ(bench.from("A"), 1'000U);
  EXPECT_EQ(bench.to("A"), 0U);
  EXPECT_EQ(bench.to("B"), 1'000U);
  EXPECT_EQ(bench.from("B"), 0U);
  // One record, two contracts: the books know it once.
  EXPECT_EQ(bench.fate(Fate::Attributed), 1'000U);
  bench.expect_balance();
}

TEST(Attributor, AnotherRoutersInterfaceOfTheSameNumberIsNotTheContracts) {
  Bench bench({contract("A", {at_interface("r1", 1)})});
  bench.send(Bench::kR2, kNoon, {flow(1, 2, 1'000, kNoon)});
  EXPECT_EQ(bench.from("A"), 0U);
  EXPECT_EQ(bench.fate(Fate::NoContract, ExporterId{1}), 1'000U);
  bench.expect_balance(ExporterId{1});
}

TEST(Attributor, UnknownSamplingIsAStateAndNeverTimesOne) {
  Bench bench({contract("A", {at_interface("r1", 1)})});
  auto record = flow(1, 2, 1'000, kNoon);
  record.sampling_interval = 0;
  bench.send(Bench::kR1, kNoon, {record});
  EXPECT_EQ(bench.from("A"), 0U);
  EXPECT_EQ(bench.fate(Fate::Unscaled), 1'000U);
  bench.expect_balance();
}

TEST(Attributor, TakesUnknownSamplingOnlyWhereTheOperatorHasSaidSomething) {
  Bench bench({});
  const auto takes = [&](const IpAddress& router) {
    EXPECT_TRUE(bench.attributor_->admit(router));
    return bench.attributor_->takes_unknown_sampling({.source = router, .agent = router});
  };
  EXPECT_FALSE(takes(Bench::kR1));
  bench.reload_sampling({.default_interval = 1'000});
  EXPECT_TRUE(takes(Bench::kR1));
  EXPECT_FALSE(takes(Bench::kR2));
  bench.reload_sampling({.force_interval = 500});
  EXPECT_TRUE(takes(Bench::kR1));
}

TEST(Attributor, WhatWasHeldToTheEndIsInTheBooks) {
  Bench bench({});
  wire::DecodeOutcome outcome{.has_protocol = true,
                              .protocol = Protocol::Ipfix,
                              .agent = Bench::kR1,
                              .records = 3,
                              .given_up_bytes = 40,
                              .unknown_given_up_records = 3};
  bench.attributor_->settle_held(outcome);
  const auto* counters = bench.books_.find(ExporterId{0}, Protocol::Ipfix);
  ASSERT_NE(counters, nullptr);
  EXPECT_EQ(counters->records.read(), 3U);
  EXPECT_EQ(counters->given_up_bytes.read(), 40U);
  EXPECT_EQ(counters->unknown_given_up_records.read(), 3U);
  EXPECT_EQ(counters->datagrams.read(), 0U);
}

TEST(Attributor, ClockBeyondTheLimitIsToldOnceAMinute) {
  Bench bench({});
  const wire::DecodeOutcome outcome{
      .has_protocol = true, .protocol = Protocol::Ipfix, .agent = Bench::kR1, .domain = 7};
  const auto send = [&](TrafficTime now, std::chrono::seconds behind) {
    bench.send(Bench::kR1, now, {flow(1, 2, 100, 1, now, now)}, Protocol::Ipfix, now - behind);
    bench.attributor_->settle({.source = Bench::kR1, .arrival = now}, outcome);
  };
  send(at(12, 0, 0), std::chrono::seconds{29});
  EXPECT_EQ(bench.events_.newest(), 0U);
  for (int second = 0; second < 60; ++second) send(at(12, 1, second), std::chrono::seconds{100});
  const auto events = bench.events_.since(0);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].event.kind, EventKind::ClockOff);
  EXPECT_EQ(events[0].event.exporter, Bench::kR1);
  EXPECT_EQ(events[0].event.domain, 7U);
  EXPECT_EQ(events[0].event.before, 30'000U);
  send(at(12, 2, 0), std::chrono::seconds{100});
  EXPECT_EQ(bench.events_.newest(), 2U);
}

// Domain requirement 26.
TEST(Attributor, FlowsThatOutlastTheActiveTimeoutByAMinuteAreCounted) {
  Bench bench({});
  const auto send = [&](std::chrono::seconds length) {
    bench.send(Bench::kR1, kNoon,
               {flow(1, 2, 100, 1, kNoon - length, kNoon), flow(1, 2, 100, kNoon)});
    return bench.books_.find(ExporterId{0}, Protocol::Ipfix)->long_flows.read();
  };
  // 60 s unless something else is configured.
  EXPECT_EQ(send(std::chrono::seconds{120}), 0U);
  EXPECT_EQ(send(std::chrono::seconds{121}), 1U);
  bench.reload_active_timeout(std::chrono::seconds{90});
  EXPECT_EQ(send(std::chrono::seconds{180}), 1U);
  EXPECT_EQ(send(std::chrono::seconds{181}), 2U);
  // Flows far apart are not long ones.
  bench.send(Bench::kR1, kNoon,
             {flow(1, 2, 100, kNoon - std::chrono::minutes{30}), flow(1, 2, 100, kNoon)});
  EXPECT_EQ(bench.books_.find(ExporterId{0}, Protocol::Ipfix)->long_flows.read(), 2U);
}

TEST(Attributor, WhatDoesNotFitAfterScalingIsImplausibleAndStillInTheBooks) {
  Bench bench({contract("A", {at_interface("r1", 1)})});
  auto record = flow(1, 2, ~std::uint64_t{0} / 2, kNoon);
  record.sampling_interval = 1'000;
  bench.send(Bench::kR1, kNoon, {record});
  EXPECT_EQ(bench.from("A"), 0U);
  EXPECT_EQ(bench.fate(Fate::Implausible), ~std::uint64_t{0} / 2);
  bench.expect_balance();
}

// F19: a record says more than its interfaces can have carried.
TEST(Attributor, MoreThanAnInterfaceCarriesIsImplausibleAndStillInTheBooks) {
  const auto contracts = {contract("A", {at_interface("r1", 1)}),
                          contract("B", {at_interface("r1", 2)})};
  const std::vector<contracts::InterfaceTerms> interfaces{
      {.index = 1, .speed = BitsPerSecond{10'000'000'000}},
      {.index = 2, .speed = BitsPerSecond{100'000'000}}};
  Bench bench(contracts, Layer::Ip, interfaces);
  // Twice 100 Mbit/s in 20 s and the slack of 60 s.
  constexpr std::uint64_t kMost = 2ULL * 100'000'000 / 8 * 80;
  const auto record = [&](std::uint64_t octets) {
    return flow(1, 2, octets, 1'000'000, kNoon - std::chrono::seconds{20}, kNoon);
  };
  bench.send(Bench::kR1, kNoon, {record(kMost), record(kMost + 1)});
  EXPECT_EQ(bench.from("A"), kMost);
  EXPECT_EQ(bench.to("B"), kMost);
  EXPECT_EQ(bench.fate(Fate::Implausible), kMost + 1);
  bench.expect_balance();
}

TEST(Attributor, InterfacesOfUnknownSpeedCarryAnything) {
  Bench bench({contract("A", {at_interface("r1", 1)})});
  bench.send(Bench::kR1, kNoon, {flow(1, 2, std::uint64_t{1} << 50, kNoon)});
  EXPECT_EQ(bench.from("A"), std::uint64_t{1} << 50);
  EXPECT_EQ(bench.fate(Fate::Implausible), 0U);
}

// F19: MikroTik's flows of 2 GB that took no time (FastNetMon #1000).
TEST(Attributor, FlowsOfTwoGigabytesInNoTimeAreImplausibleOnAFastEthernet) {
  Bench bench({contract("A", {at_interface("r1", 1)})}, Layer::Ip,
              {{.index = 1, .speed = BitsPerSecond{100'000'000}}});
  bench.send(Bench::kR1, kNoon, {flow(1, 2, 2'147'483'648, kNoon)});
  EXPECT_EQ(bench.from("A"), 0U);
  EXPECT_EQ(bench.fate(Fate::Implausible), 2'147'483'648U);
  bench.expect_balance();
}

TEST(Attributor, ScalesAtTheEthernetLayer) {
  Bench bench({contract("A", {at_interface("r1", 1)})}, Layer::Ethernet);
  auto record = flow(1, 2, 1'000'000, 1'000, kNoon, kNoon);
  record.sampling_interval = 10;
  bench.send(Bench::kR1, kNoon, {record});
  EXPECT_EQ(bench.from("A"), 10'180'000U);
  bench.expect_balance();
}

TEST(Attributor, ATaggedInterfaceProvesATag) {
  Bench bench({contract("A", {at_interface("r1", 1)})}, Layer::Ethernet,
              {{.index = 1, .tagged = true}});
  bench.send(Bench::kR1, kNoon, {flow(1, 2, 1'000'000, 1'000, kNoon, kNoon)});
  EXPECT_EQ(bench.from("A"), 1'022'000U);
}

// Metered at both ends of a router: 10 MB in at A, 10 MB out at B, not 20.
TEST(Attributor, IngressAndEgressRecordOfOnePacketCountOnce) {
  Bench bench({contract("A", {at_interface("r1", 1)}), contract("B", {at_interface("r1", 2)})});
  auto ingress = flow(1, 2, 10'000'000, kNoon);
  ingress.set(Has::MeteredDirection);
  ingress.metered = MeteredDirection::Ingress;
  auto egress = ingress;
  egress.metered = MeteredDirection::Egress;
  bench.send(Bench::kR1, kNoon, {ingress, egress});
  EXPECT_EQ(bench.from("A"), 10'000'000U);
  EXPECT_EQ(bench.to("B"), 10'000'000U);
  bench.expect_balance();
}

// An exporter's sessions may be spread over the workers: one hears only of ingress metering, the
// other only of egress metering.
TEST(Attributor, TwinsThatReachTwoWorkersCountOnce) {
  config::Config config;
  config.accounting.layer = Layer::Ip;
  config.accounting.lateness = std::chrono::seconds{120};
  config.exporters.routers = {{.address = Bench::kR1, .name = "r1"}};
  config.contracts = {contract("A", {at_interface("r1", 1)}),
                      contract("B", {at_interface("r1", 2)})};
  Registries registries;
  const Published<Policy> policy(make_policy(config, registries).value());
  struct Worker {
    Worker(Registries& registries, const Published<Policy>& policy)
        : attributor({.cells = cells,
                      .books = books,
                      .interfaces = interfaces,
                      .exporters = registries.exporters,
                      .metering = registries.metering,
                      .policy = policy}) {}
    core::WorkerCells cells{core::BucketGeometry{std::chrono::seconds{10}}, 64};
    core::WorkerBooks books;
    InterfaceCounters interfaces;
    Attributor attributor;
  };
  Worker first(registries, policy);
  Worker second(registries, policy);
  core::Totals totals(first.cells.geometry(), {&first.cells, &second.cells});
  totals.set_slot_count(policy.current()->table->slot_count());

  const auto take = [&](Worker& worker, MeteredDirection metered) {
    FlowRecord record = flow(1, 2, 1'000, kNoon);
    record.set(Has::MeteredDirection);
    record.metered = metered;
    worker.cells.advance(kNoon, kLateness);
    ASSERT_TRUE(worker.attributor.admit(Bench::kR1));
    worker.attributor.take({.source = Bench::kR1,
                            .agent = Bench::kR1,
                            .protocol = Protocol::Ipfix,
                            .arrival = kNoon,
                            .released = kNoon,
                            .export_time = kNoon,
                            .has_export_time = true},
                           {&record, 1});
  };
  // The first record counts for both: no twin was seen yet. From then on each counts for one.
  take(first, MeteredDirection::Ingress);
  for (int i = 0; i < 10; ++i) {
    take(second, MeteredDirection::Egress);
    take(first, MeteredDirection::Ingress);
  }
  const auto snapshot = totals.snapshot();
  const auto bytes_of = [&](std::size_t slot, Direction direction) {
    return snapshot.live.at(slot)[core::cell_position(direction, Family::Ipv4)].bytes;
  };
  EXPECT_EQ(bytes_of(0, Direction::FromCustomer), 11'000U);
  EXPECT_EQ(bytes_of(1, Direction::ToCustomer), 11'000U);
}

TEST(Attributor, TheTwinOfARecordThatNobodyOwnsIsADuplicate) {
  Bench bench({contract("A", {at_interface("r1", 7)})});
  auto ingress = flow(1, 2, 5'000, kNoon);
  ingress.set(Has::MeteredDirection);
  ingress.metered = MeteredDirection::Ingress;
  auto egress = ingress;
  egress.metered = MeteredDirection::Egress;
  bench.send(Bench::kR1, kNoon, {ingress, egress});
  EXPECT_EQ(bench.fate(Fate::NoContract), 5'000U);
  EXPECT_EQ(bench.fate(Fate::Duplicate), 5'000U);
  bench.expect_balance();
}

// A prefix is counted where its packets enter or leave the backbone, not at each router.
TEST(Attributor, CoreRoutersAddNothingToAPrefix) {
  const std::vector<contracts::InterfaceTerms> interfaces{
      {.index = 1, .role = contracts::InterfaceRole::Customer},
      {.index = 2, .role = contracts::InterfaceRole::Backbone},
      {.index = 3, .role = contracts::InterfaceRole::Peer}};
  Bench bench({contract("P", {at_prefix("203.0.113.0/24")})}, Layer::Ip, interfaces);
  const auto packet = [&](std::uint32_t input, std::uint32_t output) {
    auto record = flow(input, output, 1'000, kNoon);
    record.set(Has::SourceAddress);
    record.set(Has::DestinationAddress);
    record.source = *IpAddress::parse("203.0.113.9");
    record.destination = *IpAddress::parse("198.51.100.1");
    return record;
  };
  bench.send(Bench::kR1, kNoon, {packet(1, 2)});  // enters
  bench.send(Bench::kR2, kNoon, {packet(2, 2)});  // crosses
  bench.send(Bench::kR2, kNoon, {packet(2, 3)});  // leaves: its sender was counted at entry
  EXPECT_EQ(bench.from("P"), 1'000U);
  EXPECT_EQ(bench.to("P"), 0U);
  EXPECT_EQ(bench.fate(Fate::Transit, ExporterId{1}), 1'000U);
  EXPECT_EQ(bench.fate(Fate::NoContract, ExporterId{1}), 1'000U);
  bench.expect_balance(ExporterId{1});
}

TEST(Attributor, DiscardedPacketsCountInAndNotOut) {
  Bench bench({contract("A", {at_interface("r1", 1)}), contract("B", {at_interface("r1", 2)})});
  auto dropped = flow(1, 2, 1'000, kNoon);
  dropped.forwarding = Forwarding::Dropped;
  bench.send(Bench::kR1, kNoon, {dropped});
  EXPECT_EQ(bench.from("A"), 1'000U);
  EXPECT_EQ(bench.to("B"), 0U);
  auto nobodys = dropped;
  nobodys.input = 9;
  bench.send(Bench::kR1, kNoon, {nobodys});
  EXPECT_EQ(bench.to("B"), 0U);
  EXPECT_EQ(bench.fate(Fate::Discarded), 1'000U);
  bench.expect_balance();
}

// A slot that ended 120 s ago is closed: 12:06:59 is in time for 12:00-12:05, 12:07:01 is not.
TEST(Attributor, ARecordIsLateOnceItsIntervalHasClosed) {
  Bench bench({contract("A", {at_interface("r1", 1)})});
  const TrafficTime traffic = at(12, 4, 59);
  bench.send(Bench::kR1, at(12, 6, 59), {flow(1, 2, 1'000, traffic)});
  EXPECT_EQ(bench.from("A"), 1'000U);
  EXPECT_EQ(bench.fate(Fate::Late), 0U);
  bench.send(Bench::kR1, at(12, 7, 1), {flow(1, 2, 500, traffic)});
  EXPECT_EQ(bench.from("A"), 1'000U);
  EXPECT_EQ(bench.fate(Fate::Late), 500U);
  bench.expect_balance();
}

TEST(Attributor, OnlyThePartOfARecordBeforeTheFrontierIsLate) {
  Bench bench({contract("A", {at_interface("r1", 1)})});
  // 300 s of flow, of which the frontier (now - 120 s) leaves 120 s.
  bench.send(Bench::kR1, at(12, 5, 0), {flow(1, 2, 3'000'000, 300, at(12, 0, 0), at(12, 5, 0))});
  EXPECT_EQ(bench.from("A"), 1'200'000U);
  EXPECT_EQ(bench.fate(Fate::Late), 1'800'000U);
  EXPECT_EQ(bench.fate(Fate::Attributed), 1'200'000U);
  bench.expect_balance();
}

// Domain requirement 30: a prefix that moves between contracts at T splits there, also inside
// one flow.
TEST(Attributor, AFlowThatSpansAMoveOfItsPrefixIsSplitThere) {
  const TrafficTime moved = at(12, 1, 0);
  auto old_owner = contract("OLD", {at_prefix("203.0.113.0/24")});
  old_owner.valid_until = moved;
  auto new_owner = contract("NEW", {at_prefix("203.0.113.0/24")});
  new_owner.valid_from = moved;
  Bench bench({old_owner, new_owner});
  auto record = flow(1, 2, 900, 9, at(12, 0, 30), at(12, 2, 0));
  record.set(Has::SourceAddress);
  record.source = *IpAddress::parse("203.0.113.9");
  bench.send(Bench::kR1, at(12, 2, 0), {record});
  EXPECT_EQ(bench.from("OLD"), 300U);
  EXPECT_EQ(bench.from("NEW"), 600U);
  bench.expect_balance();
}

TEST(Attributor, AContractThatHasEndedLeavesItsTrafficUnattributed) {
  auto ended = contract("A", {at_interface("r1", 1)});
  ended.valid_until = at(12, 1, 0);
  Bench bench({ended});
  bench.send(Bench::kR1, at(12, 2, 0), {flow(1, 2, 900, 9, at(12, 0, 30), at(12, 2, 0))});
  EXPECT_EQ(bench.from("A"), 300U);
  EXPECT_EQ(bench.fate(Fate::NoContract), 600U);
  bench.expect_balance();
}

TEST(Attributor, UnlistedSourcesLeaveNoState) {
  Bench bench({contract("A", {at_interface("r1", 1)})});
  const auto before = bench.registries_.exporters.entries().size();
  for (std::uint32_t i = 0; i < 10'000; ++i)
    EXPECT_FALSE(bench.attributor_->admit(IpAddress::v4(0x0a00'0000U + i)));
  EXPECT_EQ(bench.registries_.exporters.entries().size(), before);
  EXPECT_EQ(bench.books_.refused_datagrams.read(), 10'000U);
}

TEST(Attributor, CountersGoOnOverAReloadAndNewContractsBegin) {
  Bench bench({contract("A", {at_interface("r1", 1)})});
  bench.send(Bench::kR1, kNoon, {flow(1, 2, 1'000, kNoon)});
  bench.reload({contract("B", {at_interface("r1", 2)}), contract("A", {at_interface("r1", 1)})});
  bench.send(Bench::kR1, kNoon, {flow(1, 2, 1'000, kNoon)});
  EXPECT_EQ(bench.from("A"), 2'000U);
  EXPECT_EQ(bench.to("B"), 1'000U);
}

// A clock that is 20 minutes slow: within a limit of an hour its word stands, so its traffic is
// late.
TEST(Attributor, AReloadedClockSkewLimitHoldsForExportersThatAreKnown) {
  Bench bench({contract("A", {at_interface("r1", 1)})});
  const TrafficTime slow = kNoon - std::chrono::minutes{20};
  bench.reload_clock_skew_limit(std::chrono::hours{1});
  bench.send(Bench::kR1, kNoon, {flow(1, 2, 1'000, slow)}, Protocol::Ipfix, slow);
  EXPECT_EQ(bench.fate(Fate::Late), 1'000U);
  bench.reload_clock_skew_limit(std::chrono::seconds{30});
  bench.send(Bench::kR1, kNoon, {flow(1, 2, 500, slow)}, Protocol::Ipfix, slow);
  EXPECT_EQ(bench.fate(Fate::Late), 1'000U);
  EXPECT_EQ(bench.from("A"), 500U);
  bench.expect_balance();
}

TEST(Attributor, InterfacesCountTheirOwnBytes) {
  Bench bench({contract("A", {at_interface("r1", 1)})}, Layer::Ip,
              {{.index = 1, .name = "et-0/0/1"}, {.index = 2, .name = "et-0/0/2"}});
  bench.send(Bench::kR1, kNoon, {flow(1, 2, 1'000, kNoon), flow(2, 1, 300, kNoon)});
  const auto policy = bench.policy_->current();
  const auto tracked = policy->table->tracked_interfaces();
  for (std::size_t i = 0; i < tracked.size(); ++i) {
    if (tracked[i].exporter_name != "r1") continue;
    const auto number = policy->interface_numbers[i];
    const bool is_first = tracked[i].terms.index == 1;
    EXPECT_EQ(bench.interfaces_.ingress(number), is_first ? 1'000U : 300U);
    EXPECT_EQ(bench.interfaces_.egress(number), is_first ? 300U : 1'000U);
  }
}

TEST(Attributor, LatenessFollowsWhatTheExportersSend) {
  config::Config config;
  config.exporters.routers = {{.address = Bench::kR1, .name = "r1"}};
  Registries registries;
  const Published<Policy> policy(make_policy(config, registries).value());
  core::WorkerCells cells(core::BucketGeometry{std::chrono::seconds{10}}, 64);
  core::WorkerBooks books;
  InterfaceCounters interfaces;
  Attributor attributor({.cells = cells,
                         .books = books,
                         .interfaces = interfaces,
                         .exporters = registries.exporters,
                         .metering = registries.metering,
                         .policy = policy});
  const TrafficSpan samples = std::chrono::seconds{10};
  const TrafficSpan flows = std::chrono::seconds{120};
  const TrafficTime later = kNoon + flows;
  // Nothing has come: whatever comes next shall find its buckets open.
  EXPECT_EQ(attributor.lateness(kNoon), flows);
  EXPECT_EQ(attributor.lateness(later), flows);
  const FlowRecord record = flow(1, 2, 1, kNoon);
  MessageContext context{.source = Bench::kR1, .agent = Bench::kR1, .protocol = Protocol::Sflow5};
  attributor.take(context, {&record, 1});
  EXPECT_EQ(attributor.lateness(later - TrafficSpan{1}), flows);
  EXPECT_EQ(attributor.lateness(later), samples);
  context.protocol = Protocol::Netflow9;
  attributor.take(context, {&record, 1});
  EXPECT_EQ(attributor.lateness(later), flows);
}

FlowRecord with_reverse(FlowRecord record, std::uint64_t octets) {
  record.reverse_octets = octets;
  record.reverse_packets = 1;
  record.set(Has::ReverseOctets);
  record.set(Has::ReversePackets);
  return record;
}

TEST(Attributor, BiflowCountsBothWays) {
  Bench bench({contract("A", {at_interface("r1", 1)}), contract("B", {at_interface("r1", 2)})});
  bench.send(Bench::kR1, kNoon, {with_reverse(flow(1, 2, 1'000, kNoon), 9'000)});
  EXPECT_EQ(bench.from("A"), 1'000U);
  EXPECT_EQ(bench.to("A"), 9'000U);
  EXPECT_EQ(bench.from("B"), 9'000U);
  EXPECT_EQ(bench.to("B"), 1'000U);
  EXPECT_EQ(bench.fate(Fate::Attributed), 10'000U);
  bench.expect_balance();
}

TEST(Attributor, BiflowIsScaledBothWaysAndMatchedByPrefix) {
  Bench bench({contract("A", {at_prefix("203.0.113.0/24")})});
  auto record = with_reverse(flow(8, 9, 1'000, kNoon), 9'000);
  record.source = IpAddress::v4(0xcb00'7107);
  record.destination = IpAddress::v4(0xc633'6401);
  record.set(Has::SourceAddress);
  record.set(Has::DestinationAddress);
  record.sampling_interval = 100;
  bench.send(Bench::kR1, kNoon, {record});
  EXPECT_EQ(bench.from("A"), 100'000U);
  EXPECT_EQ(bench.to("A"), 900'000U);
  bench.expect_balance();
}

TEST(Attributor, BiflowMeteredAtIngressCountsItsReverseForBothSides) {
  Bench bench({contract("A", {at_interface("r1", 1)}), contract("B", {at_interface("r1", 2)})});
  auto record = with_reverse(flow(1, 2, 1'000, kNoon), 9'000);
  record.metered = MeteredDirection::Ingress;
  record.set(Has::MeteredDirection);
  bench.send(Bench::kR1, kNoon, {record});
  EXPECT_EQ(bench.from("B"), 9'000U);
  EXPECT_EQ(bench.to("A"), 9'000U);
  bench.expect_balance();
}

TEST(Attributor, ManyBiflowsOfOneMessageAreAllCounted) {
  Bench bench({contract("A", {at_interface("r1", 1)})});
  bench.send(Bench::kR1, kNoon,
             std::vector<FlowRecord>(150, with_reverse(flow(1, 2, 1'000, kNoon), 10)));
  EXPECT_EQ(bench.from("A"), 150'000U);
  EXPECT_EQ(bench.to("A"), 1'500U);
  bench.expect_balance();
}

FlowRecord total(std::uint64_t octets, TrafficTime start, TrafficTime end) {
  FlowRecord record = flow(1, 2, 0, 0, start, end);
  record.clear(Has::Octets);
  record.clear(Has::Packets);
  record.set(Has::TotalOctets);
  record.set(Has::TotalPackets);
  record.total_octets = octets;
  record.total_packets = 1;
  return record;
}

TEST(Attributor, RunningTotalsCountWhatTheyGrewBy) {
  Bench bench({contract("A", {at_interface("r1", 1)})});
  bench.send(Bench::kR1, at(12, 1, 0), {total(1'000, kNoon, at(12, 1, 0))});
  EXPECT_EQ(bench.from("A"), 1'000U);
  bench.send(Bench::kR1, at(12, 2, 0), {total(1'600, kNoon, at(12, 2, 0))});
  EXPECT_EQ(bench.from("A"), 1'600U);
  bench.send(Bench::kR1, at(12, 3, 0), {total(1'600, kNoon, at(12, 3, 0))});
  EXPECT_EQ(bench.from("A"), 1'600U);
  // A new flow of the same key.
  bench.send(Bench::kR1, at(12, 5, 0), {total(50, at(12, 4, 0), at(12, 5, 0))});
  EXPECT_EQ(bench.from("A"), 1'650U);
  EXPECT_EQ(bench.fate(Fate::Late), 0U);
  bench.expect_balance();
}

TEST(Attributor, DifferenceOfRunningTotalsIsNoLaterThanItsOwnTime) {
  // Spread over the whole flow, most of the later differences were late.
  Bench bench({contract("A", {at_interface("r1", 1)})});
  bench.send(Bench::kR1, at(12, 0, 0), {total(3'600, at(11, 59, 0), at(12, 0, 0))});
  for (int minute = 1; minute <= 8; ++minute)
    bench.send(Bench::kR1, at(12, 0, 0) + std::chrono::minutes{minute},
               {total(3'600 + static_cast<std::uint64_t>(minute) * 100, at(11, 59, 0),
                      at(12, 0, 0) + std::chrono::minutes{minute})});
  EXPECT_EQ(bench.from("A"), 4'400U);
  EXPECT_EQ(bench.fate(Fate::Late), 0U);
  bench.expect_balance();
}

TEST(Attributor, ReverseRunningTotalsAreDifferencedToo) {
  Bench bench({contract("A", {at_interface("r1", 1)})});
  for (const std::uint64_t octets : {500U, 700U}) {
    FlowRecord record = with_reverse(total(octets, kNoon, kNoon), octets * 10);
    record.set(Detail::ReverseTotals);
    bench.send(Bench::kR1, kNoon, {record});
  }
  EXPECT_EQ(bench.from("A"), 700U);
  EXPECT_EQ(bench.to("A"), 7'000U);
  bench.expect_balance();
}

FlowRecord tunnelled(std::uint32_t input, std::uint32_t output) {
  FlowRecord record = flow(input, output, 1'000, kNoon);
  record.source = IpAddress::v4(0xc633'6401);
  record.destination = IpAddress::v4(0xc633'6402);
  record.inner_source = IpAddress::v4(0xcb00'7107);
  record.inner_destination = IpAddress::v4(0x0808'0808);
  for (const Has has : {Has::SourceAddress, Has::DestinationAddress, Has::InnerAddresses})
    record.set(has);
  return record;
}

TEST(Attributor, InnerPacketOfATunnelIsMatchedWhereTheOuterOneIsNobodys) {
  Bench bench({contract("A", {at_prefix("203.0.113.0/24")})});
  bench.send(Bench::kR1, kNoon, {tunnelled(1, 2)});
  EXPECT_EQ(bench.from("A"), 1'000U);
  EXPECT_EQ(bench.fate(Fate::Attributed), 1'000U);
  bench.expect_balance();
}

TEST(Attributor, OuterPacketOfATunnelGoesBeforeTheInnerOne) {
  Bench bench({contract("A", {at_prefix("203.0.113.0/24")}),
               contract("B", {at_prefix("198.51.100.2/32")})});
  bench.send(Bench::kR1, kNoon, {tunnelled(1, 2)});
  EXPECT_EQ(bench.from("A"), 0U);
  EXPECT_EQ(bench.to("B"), 1'000U);
  bench.expect_balance();
}

TEST(Attributor, TunnelBetweenStrangersIsNobodys) {
  Bench bench({contract("B", {at_prefix("192.0.2.0/24")})});
  bench.send(Bench::kR1, kNoon, {tunnelled(1, 2)});
  EXPECT_EQ(bench.from("B"), 0U);
  EXPECT_EQ(bench.fate(Fate::NoContract), 1'000U);
  bench.expect_balance();
}

TEST(Attributor, WhatTheRouterConsumedCountsForTheSenderAlone) {
  Bench bench({contract("A", {at_interface("r1", 1)}), contract("B", {at_interface("r1", 2)})});
  auto record = flow(1, 2, 1'000, kNoon);
  record.forwarding = Forwarding::Consumed;
  bench.send(Bench::kR1, kNoon, {record});
  EXPECT_EQ(bench.from("A"), 1'000U);
  EXPECT_EQ(bench.to("B"), 0U);
  record.input = 7;
  bench.send(Bench::kR1, kNoon, {record});
  EXPECT_EQ(bench.fate(Fate::Discarded), 1'000U);
  bench.expect_balance();
}

TEST(Attributor, SettlesByDomainAndByIntervalOfArrival) {
  Bench bench({});
  const auto settle = [&](TrafficTime arrival, std::uint32_t domain, std::uint32_t units,
                          std::uint32_t lost) {
    wire::DecodeOutcome outcome;
    outcome.has_protocol = true;
    outcome.protocol = Protocol::Ipfix;
    outcome.agent = Bench::kR1;
    outcome.domain = domain;
    outcome.records = units;
    outcome.units = units;
    outcome.lost = lost;
    bench.attributor_->settle({.source = Bench::kR1, .arrival = arrival}, outcome);
  };
  settle(at(12, 0, 0), 7, 20, 0);
  settle(at(12, 4, 59), 9, 30, 50);
  settle(at(12, 5, 0), 7, 10, 0);

  const std::array<const core::WorkerBooks*, 1> books{&bench.books_};
  const auto sums = core::sums_of(books, ExporterId{0}, Protocol::Ipfix);
  ASSERT_TRUE(sums);
  EXPECT_EQ(sums->counts.units, 60U);
  EXPECT_EQ(sums->counts.lost, 50U);
  const auto ms = [](TrafficTime time) { return static_cast<std::uint64_t>(since_epoch_ms(time)); };
  EXPECT_EQ(sums->domains, (std::vector<core::DomainCounts>{{.domain = 7,
                                                             .datagrams = 2,
                                                             .records = 30,
                                                             .units = 30,
                                                             .last_seen_ms = ms(at(12, 5, 0))},
                                                            {.domain = 9,
                                                             .datagrams = 1,
                                                             .records = 30,
                                                             .units = 30,
                                                             .lost = 50,
                                                             .last_seen_ms = ms(at(12, 4, 59))}}));
  EXPECT_EQ(completeness_of(books, ExporterId{0}, at(12, 0, 0)).ratio(), 0.5);
  EXPECT_EQ(completeness_of(books, ExporterId{0}, at(12, 5, 0)).ratio(), 1.0);
}

TEST(Attributor, DomainsBeyondTheBoundAreCountedTogether) {
  Bench bench({});
  wire::DecodeOutcome outcome;
  outcome.has_protocol = true;
  outcome.protocol = Protocol::Netflow9;
  outcome.agent = Bench::kR1;
  for (std::uint32_t i = 0; i < core::kMaxCountedDomains + 3; ++i) {
    outcome.domain = i;
    bench.attributor_->settle({.source = Bench::kR1, .arrival = at(12, 0, 0)}, outcome);
  }
  const std::array<const core::WorkerBooks*, 1> books{&bench.books_};
  const auto sums = core::sums_of(books, ExporterId{0}, Protocol::Netflow9);
  ASSERT_TRUE(sums);
  EXPECT_EQ(sums->domains.size(), core::kMaxCountedDomains);
  EXPECT_EQ(sums->counts.uncounted_domain_datagrams, 3U);
}

TEST(Attributor, NotesHowOftenTemplatesCome) {
  Bench bench({});
  wire::DecodeOutcome outcome;
  outcome.has_protocol = true;
  outcome.protocol = Protocol::Netflow9;
  outcome.agent = Bench::kR1;
  outcome.templates = 1;
  outcome.new_templates = 1;
  for (const int second : {0, 20, 50}) {
    bench.attributor_->settle({.source = Bench::kR1, .arrival = at(12, 0, second)}, outcome);
    outcome.new_templates = 0;
  }
  const std::array<const core::WorkerBooks*, 1> books{&bench.books_};
  const auto sums = core::sums_of(books, ExporterId{0}, Protocol::Netflow9);
  ASSERT_TRUE(sums);
  EXPECT_EQ(sums->counts.templates, 3U);
  EXPECT_EQ(sums->counts.new_templates, 1U);
  EXPECT_EQ(sums->template_gap_ms, 30'000U);
  EXPECT_EQ(sums->last_template_ms, static_cast<std::uint64_t>(since_epoch_ms(at(12, 0, 50))));
}

TEST(Attributor, BytesOnInterfacesThatNobodyNamedAreToldApart) {
  Bench bench({}, Layer::Ip,
              {{.index = 1, .role = contracts::InterfaceRole::Customer},
               {.index = 2, .role = contracts::InterfaceRole::Transit}});
  const TrafficTime now = at(12, 0, 0);
  FlowRecord named = flow(1, 2, 1'000, 1, now, now);
  FlowRecord unnamed = flow(77, 78, 300, 1, now, now);
  for (FlowRecord* record : {&named, &unnamed}) record->sampling_interval = 1;
  bench.send(Bench::kR1, now, {named, unnamed});
  const auto* counters = bench.books_.find(ExporterId{0}, Protocol::Ipfix);
  ASSERT_NE(counters, nullptr);
  EXPECT_EQ(bench.fate(Fate::NoContract), 1'000U);
  EXPECT_EQ(bench.fate(Fate::Transit), 300U);
  EXPECT_EQ(counters->unknown_interface_bytes.read(), 300U);
}

}  // namespace
}  // namespace weir::pipeline
