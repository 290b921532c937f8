#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "collector/core/totals.h"
#include "collector/pipeline/worker.h"
#include "tests/support/message_builder.h"

namespace weir::pipeline {
namespace {

using test::build;
using test::ByteWriter;
using test::ipfix_options_template;
using test::IpfixMessage;
using test::template_record;
using test::TestSet;

constexpr std::size_t kWorkers = 4;
constexpr std::uint32_t kIngressInterface = 11;
constexpr std::uint32_t kEgressInterface = 70'012;  // beyond the usual
constexpr std::uint32_t kRounds = 25;
constexpr std::uint32_t kSampling = 16;

config::Config config_of() {
  config::Config config;
  config.accounting.layer = Layer::Ip;
  config.accounting.lateness = std::chrono::seconds{120};
  config.exporters.routers = {{.address = test::datagram_of({}).source, .name = "r1"}};
  config.contracts = {
      {.id = "A",
       .attach = {{.where = contracts::InterfaceAttachment{.exporter = "r1",
                                                           .interface = kIngressInterface}}}},
      {.id = "B",
       .attach = {{.where = contracts::InterfaceAttachment{.exporter = "r1",
                                                           .interface = kEgressInterface}}}}};
  return config;
}

/// The workers of a process, and one exporter whose sessions the kernel has spread over them: the
/// session of port p reaches worker p modulo kWorkers. It meters every packet twice, and even
/// ports report ingress, odd ones egress.
class SplitExporter : public testing::Test {
 protected:
  struct Worker {
    Worker(Registries& registries, const Published<Policy>& policy,
           const std::shared_ptr<wire::SharedDecoderState>& shared)
        : path(state, registries, policy, shared) {}
    WorkerState state{core::BucketGeometry{std::chrono::seconds{10}}, 64};
    DatagramPath path;
  };

  SplitExporter() {
    std::vector<core::WorkerCells*> cells;
    for (std::size_t i = 0; i < kWorkers; ++i) {
      workers_.push_back(std::make_unique<Worker>(registries_, policy_, shared_));
      cells.push_back(&workers_.back()->state.cells);
    }
    totals_ = std::make_unique<core::Totals>(cells.front()->geometry(), cells);
    totals_->set_slot_count(policy_.current()->table->slot_count());
  }

  void send(std::uint16_t port, const std::vector<std::byte>& bytes) {
    Datagram datagram = test::datagram_of(bytes);
    datagram.source_port = port;
    DatagramPath& path = workers_[port % kWorkers]->path;
    path.advance(datagram.arrival);
    path.process(datagram);
  }

  /// Over all workers.
  template <class Read>
  [[nodiscard]] std::uint64_t sum(Read read) const {
    std::uint64_t total = 0;
    for (const auto& worker : workers_)
      if (const auto* counters = worker->state.books.find(ExporterId{0}, Protocol::Ipfix))
        total += read(*counters);
    return total;
  }
  [[nodiscard]] std::uint64_t fate(Fate fate) const {
    return sum([fate](const core::ExporterCounters& counters) {
      return counters.fates[static_cast<std::size_t>(fate)].read();
    });
  }
  [[nodiscard]] std::uint64_t bytes(std::size_t contract, Direction direction) const {
    const auto snapshot = totals_->snapshot();
    const auto slot = policy_.current()->table->contracts()[contract].slot;
    return snapshot.live.at(slot.value())[core::cell_position(direction, Family::Ipv4)].bytes;
  }

  Registries registries_;
  Published<Policy> policy_{make_policy(config_of(), registries_).value()};
  std::shared_ptr<wire::SharedDecoderState> shared_ = wire::make_shared_decoder_state();
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<core::Totals> totals_;
};

TEST_F(SplitExporter, CountsEachPacketOnceWithTheTemplateAndTheRateOfOneSession) {
  constexpr std::uint16_t kFirstPort = 1'000;
  constexpr std::uint16_t kPorts = 8;
  // The template and the rate reach worker 0 alone.
  send(kFirstPort,
       build(IpfixMessage{
           .sets = {
               {.id = 2, .body = template_record(256, {{1, 8}, {2, 4}, {10, 4}, {14, 4}, {61, 1}})},
               {.id = 3,
                .body = ipfix_options_template(
                    {.id = 400, .scopes = {{149, 4}}, .options = {{34, 4}}})},
               {.id = 400, .body = ByteWriter{}.u32(7).u32(kSampling).data()}}}));
  const auto record = [](std::uint64_t octets, std::uint64_t direction) {
    return ByteWriter{}
        .u64(octets)
        .u32(1)
        .u32(kIngressInterface)
        .u32(kEgressInterface)
        .u8(direction)
        .data();
  };
  // Both are heard of before what is compared begins.
  send(kFirstPort, build(IpfixMessage{.sequence = 1, .sets = {{.id = 256, .body = record(0, 0)}}}));
  send(kFirstPort + 1, build(IpfixMessage{.sets = {{.id = 256, .body = record(0, 1)}}}));

  std::uint64_t expected = 0;
  std::uint32_t sequence = 2;
  for (std::uint32_t round = 0; round < kRounds; ++round, ++sequence) {
    for (std::uint16_t port = 0; port < kPorts; ++port) {
      const std::uint64_t octets = 1'000 + round;
      if (port % 2 == 0) expected += octets * kSampling;
      send(static_cast<std::uint16_t>(kFirstPort + port),
           build(IpfixMessage{.sequence = port < 2 ? sequence - port : round,
                              .sets = {{.id = 256, .body = record(octets, port % 2)}}}));
    }
  }
  EXPECT_EQ(bytes(0, Direction::FromCustomer), expected);
  EXPECT_EQ(bytes(0, Direction::ToCustomer), 0U);
  EXPECT_EQ(bytes(1, Direction::ToCustomer), expected);
  EXPECT_EQ(bytes(1, Direction::FromCustomer), 0U);
  // Every record, of either end, is counted for one customer: none is anyone's duplicate.
  EXPECT_EQ(fate(Fate::Attributed), 2 * expected);
  const auto reported =
      sum([](const core::ExporterCounters& counters) { return counters.reported_bytes.read(); });
  EXPECT_EQ(reported, 2 * expected);
  EXPECT_EQ(sum([](const core::ExporterCounters& counters) { return counters.lost.read(); }), 0U);
  EXPECT_EQ(sum([](const core::ExporterCounters& counters) { return counters.records.read(); }),
            kRounds * kPorts + 2U);
}

}  // namespace
}  // namespace weir::pipeline
