#include "collector/pipeline/pipeline.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <thread>

#include "collector/ingest/unique_fd.h"
#include "tests/support/message_builder.h"

namespace weir::pipeline {
namespace {

using test::Netflow5Message;

constexpr IpAddress kLoopback = IpAddress::v4(0x7f00'0001);

config::Config config_of(std::uint32_t workers) {
  config::Config config;
  config.udp = {{.endpoint = {.address = kLoopback, .port = 0}}};
  config.workers = workers;
  config.accounting.layer = Layer::Ip;
  config.exporters.routers = {{.address = kLoopback, .name = "r1"}};
  config.contracts = {
      {.id = "A",
       .attach = {{.where = contracts::InterfaceAttachment{.exporter = "r1", .interface = 11U}}}}};
  return config;
}

std::uint16_t port_of(const Pipeline& pipeline) {
  const auto listen = pipeline.listeners().at(0).listen;
  return static_cast<std::uint16_t>(std::stoul(listen.substr(listen.rfind(':') + 1)));
}

/// A router on this machine: sends v5 datagrams of thirty records of 1,500 bytes, unsampled.
class LoopbackRouter {
 public:
  explicit LoopbackRouter(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_DGRAM, 0)) {
    sockaddr_in to{
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  }

  void send(std::uint32_t sequence) {
    Netflow5Message message{.sequence = sequence, .sampling = 1U << 14 | 1};
    // Flows that end as they are exported; the clock, years back, is taken to be right now.
    message.records.resize(30, {.first = 100'000, .last = 100'000});
    const auto bytes = build(message);
    EXPECT_EQ(::send(fd_.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  }

 private:
  ingest::UniqueFd fd_;
};

std::uint64_t from_customer(const Pipeline& pipeline) {
  const auto snapshot = pipeline.totals().snapshot();
  const auto slot = pipeline.policy()->table->contracts()[0].slot;
  if (snapshot.live.size() <= slot.value()) return 0;
  return snapshot.live[slot.value()][core::cell_position(Direction::FromCustomer, Family::Ipv4)]
      .bytes;
}

bool comes_true(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    std::this_thread::yield();
  }
  return condition();
}

class PipelineWorkers : public testing::TestWithParam<std::uint32_t> {};

TEST_P(PipelineWorkers, CountEveryByteThatIsSent) {
  auto pipeline = Pipeline::open(config_of(GetParam()), {}).value();
  pipeline->start();
  // Several routers' ports, so that the kernel spreads them over the workers.
  std::vector<std::unique_ptr<LoopbackRouter>> routers;
  for (int i = 0; i < 4; ++i)
    routers.push_back(std::make_unique<LoopbackRouter>(port_of(*pipeline)));
  for (std::uint32_t i = 0; i < 50; ++i)
    for (auto& router : routers) router->send(30 * i);
  constexpr std::uint64_t kExpected = 4 * 50 * 30 * 1'500;
  EXPECT_TRUE(comes_true([&] { return from_customer(*pipeline) == kExpected; }))
      << from_customer(*pipeline);
  std::uint64_t attributed = 0;
  for (const auto* books : pipeline->books())
    if (const auto* counters = books->find(ExporterId{0}, Protocol::Netflow5))
      attributed += counters->fates[static_cast<std::size_t>(Fate::Attributed)].read();
  EXPECT_EQ(attributed, kExpected);
  pipeline->stop();
  EXPECT_EQ(from_customer(*pipeline), kExpected);
}

INSTANTIATE_TEST_SUITE_P(OneAndMore, PipelineWorkers, testing::Values(1U, 3U));

TEST(Pipeline, StopTakesWhatTheSocketsStillHold) {
  auto pipeline = Pipeline::open(config_of(1), {}).value();
  LoopbackRouter router(port_of(*pipeline));
  for (std::uint32_t i = 0; i < 100; ++i) router.send(30 * i);
  pipeline->start();
  pipeline->stop();
  EXPECT_EQ(from_customer(*pipeline), 100U * 30 * 1'500);
}

TEST(Pipeline, ASecondCollectorOnThePortIsRefusedAndTold) {
  auto config = config_of(2);
  const auto first = Pipeline::open(config, {}).value();
  config.udp[0].endpoint.port = port_of(*first);
  const auto second = Pipeline::open(config, {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::Unavailable);
  EXPECT_NE(second.error().message.find(std::to_string(config.udp[0].endpoint.port)),
            std::string::npos)
      << second.error().message;
}

TEST(Pipeline, ReloadSwapsContractsAndSaysWhatWaits) {
  auto config = config_of(1);
  auto pipeline = Pipeline::open(config, {}).value();
  pipeline->start();
  LoopbackRouter router(port_of(*pipeline));
  router.send(0);
  ASSERT_TRUE(comes_true([&] { return from_customer(*pipeline) == 45'000; }));
  config.contracts.push_back(
      {.id = "B",
       .attach = {{.where = contracts::InterfaceAttachment{.exporter = "r1", .interface = 12U}}}});
  config.workers = 4;
  config.customer_names_in_metrics = true;
  const auto waiting = pipeline->reload(config);
  ASSERT_TRUE(waiting);
  EXPECT_EQ(*waiting, (std::vector<std::string>{"workers", "metrics.customer_names"}));
  router.send(30);
  // The old contract goes on from where it stood; the new one counts its side.
  EXPECT_TRUE(comes_true([&] { return from_customer(*pipeline) == 90'000; }));
  const auto slot = pipeline->policy()->table->contracts()[1].slot;
  EXPECT_EQ(pipeline->totals()
                .snapshot()
                .live[slot.value()][core::cell_position(Direction::ToCustomer, Family::Ipv4)]
                .bytes,
            45'000U);
}

TEST(Pipeline, PopsThatLeaveTheConfigurationAreNotShown) {
  auto config = config_of(1);
  config.exporters.routers.front().pop = "Tokyo";
  config.contracts.front().pop = "Osaka";
  auto pipeline = Pipeline::open(config, {}).value();
  const auto pairs = [&] {
    std::vector<std::string> names;
    for (const auto& bytes : pipeline->pop_bytes())
      names.push_back(bytes.ingress + ">" + bytes.egress);
    return names;
  };
  EXPECT_EQ(pairs(),
            (std::vector<std::string>{"Tokyo>Tokyo", "Tokyo>Osaka", "Tokyo>unknown", "Osaka>Tokyo",
                                      "Osaka>Osaka", "Osaka>unknown", "unknown>Tokyo",
                                      "unknown>Osaka", "unknown>unknown"}));
  config.contracts.front().pop = "Nagoya";
  ASSERT_TRUE(pipeline->reload(config));
  EXPECT_EQ(pairs(),
            (std::vector<std::string>{"Tokyo>Tokyo", "Tokyo>Nagoya", "Tokyo>unknown",
                                      "Nagoya>Tokyo", "Nagoya>Nagoya", "Nagoya>unknown",
                                      "unknown>Tokyo", "unknown>Nagoya", "unknown>unknown"}));
  config.exporters.routers.front().pop.clear();
  ASSERT_TRUE(pipeline->reload(config));
  EXPECT_EQ(pairs(), std::vector<std::string>{});
}

TEST(Pipeline, ClosedBucketsReachTheSinkOnceAndInOrder) {
  std::mutex mutex;
  std::vector<std::shared_ptr<const core::ClosedBucket>> closed;
  auto config = config_of(2);
  config.accounting.bucket = std::chrono::seconds{1};
  config.accounting.lateness = std::chrono::seconds{1};
  auto pipeline =
      Pipeline::open(config, [&](const std::shared_ptr<const core::ClosedBucket>& bucket) {
        const std::lock_guard lock(mutex);
        closed.push_back(bucket);
      }).value();
  pipeline->start();
  LoopbackRouter router(port_of(*pipeline));
  router.send(0);
  const auto bytes = [&] {
    const std::lock_guard lock(mutex);
    std::uint64_t sum = 0;
    for (const auto& bucket : closed)
      for (const auto& entry : bucket->slots)
        for (const auto& cell : entry.totals) sum += cell.bytes;
    return sum;
  };
  EXPECT_TRUE(comes_true([&] { return bytes() != 0 && bytes() == from_customer(*pipeline); }));
  pipeline->stop();
  for (std::size_t i = 1; i < closed.size(); ++i)
    EXPECT_LT(closed[i - 1]->number, closed[i]->number);
}

}  // namespace
}  // namespace weir::pipeline
