#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>

#include "collector/pipeline/pipeline.h"
#include "tests/support/message_builder.h"
#include "tests/support/stream_client.h"

namespace weir::pipeline {
namespace {

using test::ByteWriter;
using test::IpfixMessage;
using test::TcpClient;
using test::template_record;

constexpr IpAddress kLoopback = IpAddress::v4(0x7f00'0001);
constexpr std::uint32_t kOctets = 1'500;

config::Config config_of(std::vector<IpPrefix> allow = {}) {
  config::Config config;
  config.udp = {{.endpoint = {.address = kLoopback, .port = 0}}};
  config.streams = {{.endpoint = {.address = kLoopback, .port = 0}}};
  config.workers = 1;
  config.accounting.layer = Layer::Ip;
  config.exporters.allow = std::move(allow);
  config.exporters.routers = {{.address = kLoopback,
                               .name = "r1",
                               .sampling = config::SamplingTerms{.default_interval = 1}}};
  config.contracts = {
      {.id = "A",
       .attach = {{.where = contracts::InterfaceAttachment{.exporter = "r1", .interface = 11U}}}}};
  return config;
}

std::uint16_t port_of(const Pipeline& pipeline) {
  const auto listen = pipeline.streams().at(0).listen;
  return static_cast<std::uint16_t>(std::stoul(listen.substr(listen.rfind(':') + 1)));
}

/// Template 256 in one of two layouts, so that one connection's reads nonsense of the other's.
std::vector<std::byte> template_message(bool octets_first) {
  return test::build(IpfixMessage{
      .sets = {{.id = 2,
                .body = octets_first ? template_record(256, {{1, 4}, {2, 4}, {10, 4}})
                                     : template_record(256, {{10, 4}, {2, 4}, {1, 4}})}}});
}

std::vector<std::byte> data_message(bool octets_first, std::uint32_t sequence) {
  const auto body = octets_first ? ByteWriter{}.u32(kOctets).u32(1).u32(11)
                                 : ByteWriter{}.u32(11).u32(1).u32(kOctets);
  return test::build(
      IpfixMessage{.sequence = sequence, .sets = {{.id = 256, .body = body.data()}}});
}

std::uint64_t from_customer(const Pipeline& pipeline) {
  const auto snapshot = pipeline.totals().snapshot();
  const auto slot = pipeline.policy()->table->contracts()[0].slot;
  if (snapshot.live.size() <= slot.value()) return 0;
  return snapshot.live[slot.value()][core::cell_position(Direction::FromCustomer, Family::Ipv4)]
      .bytes;
}

bool comes_true(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  return condition();
}

/// Over the protocol's counters of the first exporter, all threads together.
std::uint64_t sum_over_books(
    const Pipeline& pipeline,
    const std::function<std::uint64_t(const core::ExporterCounters&)>& of) {
  std::uint64_t sum = 0;
  for (const auto* books : pipeline.books())
    if (const auto* counters = books->find(ExporterId{0}, Protocol::Ipfix)) sum += of(*counters);
  return sum;
}

TEST(StreamWorker, CountsEveryByteOfConnectionsWithLayoutsOfTheirOwn) {
  const auto pipeline = Pipeline::open(config_of(), {}).value();
  pipeline->start();
  constexpr std::uint32_t kMessages = 200;
  std::vector<std::thread> exporters;
  for (int number = 0; number < 4; ++number)
    exporters.emplace_back([&, octets_first = number % 2 == 0, step = 7 + 30 * number] {
      const TcpClient client(port_of(*pipeline));
      std::vector<std::byte> stream = template_message(octets_first);
      for (std::uint32_t i = 0; i < kMessages; ++i) {
        const auto more = data_message(octets_first, i);
        stream.insert(stream.end(), more.begin(), more.end());
      }
      // In pieces that meet no boundary of a message.
      for (std::span<const std::byte> rest = stream; !rest.empty();) {
        const std::size_t count = std::min(rest.size(), static_cast<std::size_t>(step));
        client.send(rest.first(count));
        rest = rest.subspan(count);
      }
    });
  for (auto& exporter : exporters) exporter.join();
  const std::uint64_t expected = std::uint64_t{4} * kMessages * kOctets;
  EXPECT_TRUE(comes_true([&] { return from_customer(*pipeline) >= expected; }));
  EXPECT_TRUE(comes_true([&] { return pipeline->streams()[0].open == 0; }));
  pipeline->stop();
  EXPECT_EQ(from_customer(*pipeline), expected);
  EXPECT_EQ(pipeline->workers(), 1U);
  EXPECT_EQ(pipeline->books().size(), 2U);
  EXPECT_EQ(pipeline->streams()[0].messages, 4U * (kMessages + 1));
  EXPECT_EQ(pipeline->streams()[0].accepted, 4U);
  EXPECT_EQ(sum_over_books(*pipeline, [](const auto& c) { return c.records.read(); }),
            4U * kMessages);
  EXPECT_EQ(sum_over_books(*pipeline, [](const auto& c) { return c.lost.read(); }), 0U);
}

TEST(StreamWorker, TheNextConnectionKnowsNothingOfTheLast) {
  const auto pipeline = Pipeline::open(config_of(), {}).value();
  pipeline->start();
  {
    const TcpClient client(port_of(*pipeline));
    client.send(template_message(true));
    client.send(data_message(true, 0));
  }
  EXPECT_TRUE(comes_true(
      [&] { return pipeline->streams()[0].open == 0 && from_customer(*pipeline) == kOctets; }));
  const TcpClient next(port_of(*pipeline));
  next.send(data_message(false, 0));
  next.send(template_message(false));
  next.send(data_message(false, 1));
  EXPECT_TRUE(comes_true([&] { return from_customer(*pipeline) == 3 * kOctets; }));
  pipeline->stop();
  EXPECT_EQ(from_customer(*pipeline), 3 * kOctets);
}

TEST(StreamWorker, AMalformedMessageCostsItsConnectionAndKeepsWhatCameBefore) {
  const auto pipeline = Pipeline::open(config_of(), {}).value();
  pipeline->start();
  const TcpClient client(port_of(*pipeline));
  client.send(template_message(true));
  client.send(data_message(true, 0));
  client.send(test::build(
      IpfixMessage{.sequence = 1, .sets = {{.id = 256, .body = {}, .declared_length = 2}}}));
  EXPECT_TRUE(comes_true([&] { return client.is_closed(); }));
  pipeline->stop();
  EXPECT_EQ(from_customer(*pipeline), kOctets);
  const auto figures = pipeline->streams()[0];
  EXPECT_EQ(figures.ended[static_cast<std::size_t>(ingest::StreamEnd::Malformed)], 1U);
  EXPECT_EQ(sum_over_books(
                *pipeline,
                [](const auto& c) {
                  return c.malformed[static_cast<std::size_t>(DecodeError::BadSetLength)].read();
                }),
            1U);
}

TEST(StreamWorker, AReloadClosesTheSourcesThatItForbids) {
  const auto pipeline = Pipeline::open(config_of({IpPrefix(kLoopback, 32)}), {}).value();
  pipeline->start();
  const TcpClient client(port_of(*pipeline));
  client.send(template_message(true));
  EXPECT_TRUE(comes_true([&] { return pipeline->streams()[0].messages == 1; }));
  auto forbidding = config_of({IpPrefix(IpAddress::v4(0x0a00'0000), 8)});
  forbidding.exporters.routers[0].address = IpAddress::v4(0x0a00'0001);
  EXPECT_EQ(pipeline->reload(forbidding).value(), std::vector<std::string>{});
  client.send(data_message(true, 0));
  EXPECT_TRUE(comes_true([&] { return client.is_closed(); }));
  // The next one is not even accepted.
  const TcpClient again(port_of(*pipeline));
  EXPECT_TRUE(comes_true([&] { return again.is_closed(); }));
  pipeline->stop();
  const auto figures = pipeline->streams()[0];
  EXPECT_EQ(figures.ended[static_cast<std::size_t>(ingest::StreamEnd::NotAllowed)], 1U);
  EXPECT_EQ(figures.refused[static_cast<std::size_t>(ingest::StreamRefusal::NotAllowed)], 1U);
}

TEST(StreamWorker, AStopTakesWhatExportersHaveSent) {
  const auto pipeline = Pipeline::open(config_of(), {}).value();
  pipeline->start();
  const TcpClient client(port_of(*pipeline));
  EXPECT_TRUE(comes_true([&] { return pipeline->streams()[0].accepted == 1; }));
  client.send(template_message(true));
  client.send(data_message(true, 0));
  pipeline->stop();
  EXPECT_EQ(from_customer(*pipeline), kOctets);
  EXPECT_TRUE(client.is_closed());
}

TEST(StreamWorker, ChangedListenersWaitForARestart) {
  const auto pipeline = Pipeline::open(config_of(), {}).value();
  auto changed = config_of();
  changed.streams[0].tls = config::TlsFiles{.certificate = "a", .key = "b"};
  EXPECT_EQ(pipeline->reload(changed).value(), std::vector<std::string>{"listen"});
}

TEST(StreamWorker, ACertificateThatCannotBeReadIsSaidAtTheStart) {
  auto config = config_of();
  config.streams[0].tls = config::TlsFiles{.certificate = "/nowhere/a.pem", .key = "b"};
  const auto opened = Pipeline::open(config, {});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().message,
            "tls 127.0.0.1:0: cannot read the certificate `/nowhere/a.pem`: No such file or "
            "directory; name a file that exists and that this user may read");
}

}  // namespace
}  // namespace weir::pipeline
