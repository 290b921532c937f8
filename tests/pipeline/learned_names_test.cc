#include "collector/pipeline/learned_names.h"

#include <gtest/gtest.h>

#include "collector/pipeline/attributor.h"
#include "collector/pipeline/policy.h"

namespace weir::pipeline {
namespace {

using contracts::InterfaceRole;
using contracts::InterfaceTerms;

constexpr IpAddress kRouter = IpAddress::v4(0xc000'0201);

contracts::Attachment at(std::string exporter, std::variant<std::uint32_t, std::string> interface) {
  return {.where = contracts::InterfaceAttachment{.exporter = std::move(exporter),
                                                  .interface = std::move(interface)}};
}

class LearnedNames : public testing::Test {
 protected:
  LearnedNames() {
    config.exporters.routers = {{.address = kRouter, .name = "r1"}};
    config.exporters.routers[0].interfaces = {
        {.index = 5, .role = InterfaceRole::Customer},
        {.index = 0, .name = "ae7", .speed = BitsPerSecond{9}, .role = InterfaceRole::Peer}};
    config.contracts = {{.id = "A", .attach = {at("r1", "ae1")}},
                        {.id = "B", .attach = {at("192.0.2.1", "ae1"), at("r1", 6U)}}};
  }
  void tell(std::uint32_t ifindex, std::string_view name, std::uint64_t speed = 0) {
    (void)table.learn(kRouter, {.ifindex = ifindex, .name = wire::WireText{name}});
    if (speed != 0) (void)table.learn_speed(kRouter, ifindex, speed);
  }

  config::Config config;
  wire::InterfaceTable table;
};

TEST_F(LearnedNames, AreAwaitedOnceUntilTheRouterTellsThem) {
  EXPECT_EQ(interfaces_of(config, table),
            (RouterInterfaces{.by_router = {{{.index = 5, .role = InterfaceRole::Customer}}},
                              .awaited = {{"r1", "ae7"}, {"r1", "ae1"}}}));
}

TEST_F(LearnedNames, GiveTheIndexAndWhatTheConfigurationLeavesOut) {
  tell(5, "xe-5", 1'000);
  tell(6, "", 6'000);
  tell(71, "ae7", 7'000);
  tell(11, "ae1", 10'000);
  tell(99, "nobody asks", 1);
  EXPECT_EQ(
      interfaces_of(config, table),
      (RouterInterfaces{.by_router = {{{.index = 5,
                                        .name = "xe-5",
                                        .speed = BitsPerSecond{1'000},
                                        .role = InterfaceRole::Customer},
                                       {.index = 71,
                                        .name = "ae7",
                                        .speed = BitsPerSecond{9},
                                        .role = InterfaceRole::Peer},
                                       {.index = 11, .name = "ae1", .speed = BitsPerSecond{10'000}},
                                       {.index = 6, .speed = BitsPerSecond{6'000}}}},
                        .awaited = {}}));
}

TEST_F(LearnedNames, FollowARenumbering) {
  tell(11, "ae1");
  tell(12, "ae1");
  const auto all = interfaces_of(config, table).by_router.at(0);
  EXPECT_EQ(all.back(), (InterfaceTerms{.index = 12, .name = "ae1"}));
}

TEST_F(LearnedNames, AttachAContractInThePolicy) {
  Registries registries;
  const auto before = make_policy(config, registries, table).value();
  EXPECT_EQ(before->interfaces.awaited.size(), 2U);
  tell(11, "ae1");
  const auto after = make_policy(config, registries, table).value();
  const auto sender = [](const Policy& policy) {
    const auto& view = policy.table->interface(ExporterId{0}, 11);
    return policy.table->sender({.input = &view}, traffic_time_ms(0));
  };
  EXPECT_EQ(sender(*before), contracts::kNoSlot);
  EXPECT_EQ(sender(*after), 0U);
  // An interface without an index matches nothing, interface 0 least of all.
  const auto& zero = before->table->interface(ExporterId{0}, 0);
  EXPECT_EQ(zero.number, contracts::kNoInterface);
}

class LearnedSpeeds : public LearnedNames {
 protected:
  void read(std::uint32_t ifindex, std::uint64_t speed) {
    const MessageContext context{.source = kRouter, .agent = kRouter, .protocol = Protocol::Sflow5};
    attributor.take(context,
                    CounterRecord{.interface = ifindex, .speed = speed, .has_interface = true});
  }

  Registries registries;
  core::WorkerCells cells{core::BucketGeometry{TrafficSpan{10'000}}, 64};
  core::WorkerBooks books;
  InterfaceCounters interfaces;
  Published<Policy> policy{make_policy(config, registries, table).value()};
  Attributor attributor{{.cells = cells,
                         .books = books,
                         .interfaces = interfaces,
                         .exporters = registries.exporters,
                         .metering = registries.metering,
                         .policy = policy,
                         .learned = &table}};
};

TEST_F(LearnedSpeeds, ComeFromTheCounterSamplesOfSflow) {
  read(5, 10'000'000'000);
  read(5, 10'000'000'000);
  read(5, 0);
  EXPECT_EQ(table.generation(), 1U);
  read(5, 40'000'000'000);
  EXPECT_EQ(
      table.of(kRouter),
      (std::vector<wire::LearnedInterface>{{.ifindex = 5, .bits_per_second = 40'000'000'000}}));
  EXPECT_EQ(interfaces_of(config, table).by_router[0][0].speed, BitsPerSecond{40'000'000'000});
}

TEST_F(LearnedSpeeds, BeyondTheBoundAreCountedAsRefused) {
  for (std::uint32_t i = 1; i <= wire::InterfaceTable::kMostPerExporter + 3; ++i) read(i, 1);
  const auto* counters = books.find(ExporterId{0}, Protocol::Sflow5);
  ASSERT_NE(counters, nullptr);
  EXPECT_EQ(counters->malformed[static_cast<std::size_t>(DecodeError::TooManyInterfaces)].read(),
            3U);
}

}  // namespace
}  // namespace weir::pipeline
