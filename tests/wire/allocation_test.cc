#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "collector/wire/decoder.h"
#include "tests/support/message_builder.h"

namespace {

std::atomic<std::uint64_t> allocations{0};

}  // namespace

// Counts every allocation of this program.
void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  std::abort();
}
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  return ::operator new(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }

namespace weir::wire {
namespace {

using test::build;
using test::ByteWriter;
using test::datagram_of;
using test::IpfixMessage;
using test::Netflow5Message;
using test::Netflow5Record;
using test::netflow9_options_template;
using test::Netflow9Message;
using test::template_record;

class CountingSink final : public RecordSink {
 public:
  void take(const MessageContext& /*context*/, std::span<const FlowRecord> all) override {
    records += all.size();
  }
  void take(const MessageContext& /*context*/, const CounterRecord& /*record*/) override {}
  std::uint64_t records = 0;
};

/// Allocations while `messages` are decoded once more than needed to warm up.
std::uint64_t allocations_of(const std::vector<std::vector<std::byte>>& messages,
                             std::uint64_t records_per_round) {
  Decoder decoder{make_shared_decoder_state(), {}};
  CountingSink sink;
  for (int warm = 0; warm < 2; ++warm) {
    for (const auto& bytes : messages) (void)decoder.decode(datagram_of(bytes), sink);
  }
  const std::uint64_t before = allocations.load();
  const std::uint64_t records_before = sink.records;
  for (int round = 0; round < 10; ++round) {
    for (const auto& bytes : messages) (void)decoder.decode(datagram_of(bytes), sink);
  }
  EXPECT_EQ(sink.records - records_before, 10 * records_per_round);
  return allocations.load() - before;
}

TEST(Allocation, Netflow5NeedsNoneOnceTheExporterIsKnown) {
  // Two messages of different bytes and equal sequence: never taken for repeats.
  std::vector<std::vector<std::byte>> messages;
  for (std::uint32_t i = 0; i < 100; ++i) {
    messages.push_back(
        build(Netflow5Message{.sequence = i * 30, .records = std::vector<Netflow5Record>(30)}));
  }
  EXPECT_EQ(allocations_of(messages, 3'000), 0U);
}

TEST(Allocation, Netflow9NeedsNoneEvenForRepeatedTemplatesAndSamplers) {
  std::vector<std::vector<std::byte>> messages;
  for (std::uint32_t i = 0; i < 100; ++i) {
    messages.push_back(build(Netflow9Message{
        .sequence = i,
        .sets = {{.id = 0, .body = template_record(256, {{1, 4}, {2, 4}, {48, 1}})},
                 {.id = 1,
                  .body = netflow9_options_template(
                      {.id = 400, .scopes = {{1, 4}}, .options = {{48, 1}, {50, 4}}})},
                 {.id = 400, .body = ByteWriter{}.u32(0).u8(1).u32(100).data()},
                 {.id = 256, .body = ByteWriter{}.zeros(9 * 40).data()}}}));
  }
  EXPECT_EQ(allocations_of(messages, 4'000), 0U);
}

TEST(Allocation, IpfixNeedsNoneForVariableLengths) {
  std::vector<std::vector<std::byte>> messages;
  for (std::uint32_t i = 0; i < 100; ++i) {
    messages.push_back(build(
        IpfixMessage{.sequence = i,
                     .sets = {{.id = 2, .body = template_record(256, {{82, 65'535}, {1, 4}})},
                              {.id = 256, .body = ByteWriter{}.u8(3).zeros(3).u32(i).data()}}}));
  }
  EXPECT_EQ(allocations_of(messages, 100), 0U);
}

}  // namespace
}  // namespace weir::wire
