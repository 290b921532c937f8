// A program of its own, since it replaces operator new: the data path allocates nothing per
// record once templates, exporters and pages are known.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <vector>

#include "collector/pipeline/worker.h"
#include "tests/support/message_builder.h"

namespace {

std::atomic<std::uint64_t> allocations{0};

void* counted(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  return counted(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace weir::pipeline {
namespace {

using test::ByteWriter;
using test::template_record;

constexpr std::uint32_t kSeconds = 1'700'000'000;
constexpr IpAddress kRouter = IpAddress::v4(0xc000'02fa);

std::vector<std::byte> netflow9_template() {
  return build(test::Netflow9Message{
      .sets = {{.id = 0,
                .body = template_record(
                    256, {{8, 4}, {12, 4}, {10, 4}, {14, 4}, {1, 4}, {2, 4}, {34, 4}})}}});
}

std::vector<std::byte> netflow9_data(std::uint32_t sequence) {
  ByteWriter data;
  for (std::uint32_t i = 0; i < 24; ++i)
    data.u32(0xcb00'7100 + i).u32(0x0a00'0000 + i).u32(1 + i % 3).u32(2).u32(1'500).u32(1).u32(100);
  return build(
      test::Netflow9Message{.sequence = sequence, .sets = {{.id = 256, .body = data.data()}}});
}

std::vector<std::byte> netflow5_data(std::uint32_t sequence) {
  test::Netflow5Message message{.sequence = sequence, .sampling = 1U << 14 | 100};
  message.records.resize(30);
  return build(message);
}

TEST(DataPath, AllocatesNothingPerRecordAfterWarmUp) {
  config::Config config;
  config.exporters.routers = {{.address = kRouter, .name = "r1"}};
  config.contracts = {
      {.id = "A",
       .attach = {{.where = contracts::InterfaceAttachment{.exporter = "r1", .interface = 1U}}}},
      {.id = "P",
       .attach = {{.where = contracts::PrefixAttachment{*IpPrefix::parse("203.0.113.0/24")}}}}};
  config.accounting.lateness = std::chrono::seconds{120};
  Registries registries;
  const Published<Policy> policy(make_policy(config, registries).value());
  WorkerState state(core::BucketGeometry{std::chrono::seconds{10}}, 32);
  DatagramPath path(state, registries, policy, wire::make_shared_decoder_state());
  const TrafficTime now = traffic_time_ms(std::int64_t{kSeconds} * 1'000);
  path.advance(now);

  std::vector<std::vector<std::byte>> messages{netflow9_template()};
  for (std::uint32_t i = 0; i < 200; ++i) {
    messages.push_back(netflow9_data(1 + i));
    messages.push_back(netflow5_data(30 * i));
  }
  const auto send = [&](const std::vector<std::byte>& payload) {
    path.process({.payload = payload, .source = kRouter, .source_port = 50'000, .arrival = now});
  };
  for (std::size_t i = 0; i < 21; ++i) send(messages[i]);
  const std::uint64_t before = allocations.load();
  for (std::size_t i = 21; i < messages.size(); ++i) send(messages[i]);
  EXPECT_EQ(allocations.load() - before, 0U);

  std::uint64_t records = 0;
  for (const Protocol protocol : {Protocol::Netflow5, Protocol::Netflow9})
    records += state.books.find(ExporterId{0}, protocol)->records.read();
  EXPECT_EQ(records, 200U * (24 + 30));
}

}  // namespace
}  // namespace weir::pipeline
