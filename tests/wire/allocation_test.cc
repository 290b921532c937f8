#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <random>
#include <vector>

#include "collector/wire/decoder.h"
#include "tests/support/message_builder.h"
#include "tests/support/sflow_builder.h"

namespace {

std::atomic<std::uint64_t> allocations{0};
std::atomic<std::int64_t> live_bytes{0};

void release(void* memory) noexcept {
  live_bytes.fetch_sub(static_cast<std::int64_t>(malloc_usable_size(memory)),
                       std::memory_order_relaxed);
  std::free(memory);
}

}  // namespace

// Counts every allocation of this program, and what is not freed yet.
void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) std::abort();
  live_bytes.fetch_add(static_cast<std::int64_t>(malloc_usable_size(memory)),
                       std::memory_order_relaxed);
  return memory;
}
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  return ::operator new(size);
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { release(memory); }

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

// F1, F2: whatever is counted on the wire, nothing is sized by it.
TEST(Allocation, HostileCountsOfSflowNeedNone) {
  static constexpr std::uint32_t kHuge = 0xffff'ffff;
  const auto with_records = [](test::SflowForm form) {
    return test::FlowSample{.form = form, .declared_records = kHuge};
  };
  test::Gateway gateway{.next_hop = IpAddress::v4(1), .own_as = 1, .declared_communities = kHuge};
  test::Gateway path = gateway;
  path.declared_segments = 0x4000'0001;
  test::FlowSample compact{.records = {test::gateway_record(gateway), test::gateway_record(path)}};
  std::vector<std::vector<std::byte>> messages;
  for (std::uint32_t i = 0; i < 100; ++i) {
    test::SflowBuilder builder;
    builder.sequence(i).declared_samples(kHuge);
    builder.add(compact).add(with_records(test::SflowForm::Compact));
    builder.add(with_records(test::SflowForm::Expanded));
    builder.add(test::CounterSample{.declared_records = kHuge});
    messages.push_back(builder.build());
  }
  EXPECT_EQ(allocations_of(messages, 300), 0U);
}

// F3 to F8: refusing a set, a template or a field takes nothing either.
TEST(Allocation, HostileSetsNeedNone) {
  std::vector<std::vector<std::byte>> messages;
  for (std::uint32_t i = 0; i < 100; ++i) {
    messages.push_back(build(Netflow9Message{
        .sequence = i,
        .sets = {{.id = 0, .body = template_record(256, {{1, 4}, {8, 50}})},
                 {.id = 256, .body = ByteWriter{}.zeros(54 * 2 + 53).data()},
                 {.id = 1,
                  .body = netflow9_options_template({.id = 400,
                                                     .scopes = {{1, 4}},
                                                     .options = {{34, 4}},
                                                     .declared_scope = 0xfffc,
                                                     .declared_option = 0xfffc})}}}));
    messages.push_back(build(IpfixMessage{
        .sequence = i * 2,
        .sets = {{.id = 2, .body = template_record(257, {{1, 4}, {82, 65'535}})},
                 {.id = 257, .body = ByteWriter{}.u32(1).u8(0).u32(2).u8(254).zeros(10).data()},
                 {.id = 257, .body = {}, .declared_length = 3}}}));
  }
  EXPECT_EQ(allocations_of(messages, 300), 0U);
}

/// Bytes that decoding `messages` from one exporter leaves behind, over all its datagrams.
class Growth {
 public:
  explicit Growth(const DecoderLimits& limits = {})
      : decoder_(make_shared_decoder_state(), limits) {}

  void decode(const std::vector<std::byte>& bytes, std::uint16_t port = 50'000) {
    Datagram datagram = datagram_of(bytes);
    datagram.source_port = port;
    (void)decoder_.decode(datagram, sink_);
  }
  [[nodiscard]] std::int64_t bytes() const { return live_bytes.load() - before_; }

 private:
  std::int64_t before_ = live_bytes.load();
  CountingSink sink_;
  Decoder decoder_;
};

// F12: an exporter that takes up new domains and ports for ever stays at its bound.
TEST(Allocation, FloodOfDomainsAndPortsEndsAtItsBound) {
  Growth growth({.held_bytes_per_exporter = 1U << 20});
  const auto flood = [&](std::uint32_t begin, std::uint32_t end) {
    for (std::uint32_t i = begin; i < end; ++i) {
      growth.decode(
          build(IpfixMessage{.domain = i,
                             .sets = {{.id = 2, .body = template_record(256, {{1, 4}, {2, 4}})},
                                      {.id = 257, .body = ByteWriter{}.zeros(100).data()}}}),
          static_cast<std::uint16_t>(i));
      growth.decode(
          build(IpfixMessage{.domain = 1,
                             .sets = {{.id = 2, .body = template_record(256, {{1, 4}, {2, 4}})}}}),
          static_cast<std::uint16_t>(i));
    }
  };
  // More than the held bytes and all domains and sessions that are kept.
  flood(0, 4'000);
  const std::int64_t full = growth.bytes();
  EXPECT_LT(full, std::int64_t{16} << 20);
  flood(4'000, 9'000);
  EXPECT_LT(growth.bytes() - full, std::int64_t{64} << 10);
}

// G4: random changes of datagrams keep no more in the long run than their bounds. Small bounds,
// so that they are soon met.
TEST(Allocation, HostileDatagramsLeaveNothingBehindInTheLongRun) {
  Growth growth({.domains_per_exporter = 8,
                 .templates_per_domain = 16,
                 .held_bytes_per_exporter = 64U << 10});
  std::mt19937_64 random{7};  // NOLINT(cert-msc51-cpp): the same datagrams in every run
  const auto send = [&](int count) {
    for (int i = 0; i < count; ++i) {
      auto bytes = build(Netflow9Message{
          .sequence = static_cast<std::uint32_t>(random()),
          .sets = {{.id = 0, .body = template_record(256, {{1, 4}, {2, 4}, {48, 1}})},
                   {.id = 1,
                    .body = netflow9_options_template(
                        {.id = 400, .scopes = {{1, 4}}, .options = {{48, 1}, {50, 4}}})},
                   {.id = 400, .body = ByteWriter{}.u32(0).u8(1).u32(100).data()},
                   {.id = 256, .body = ByteWriter{}.zeros(9 * 4).data()}}});
      for (int change = 0; change < 4; ++change)
        bytes[16 + random() % (bytes.size() - 16)] = static_cast<std::byte>(random());
      growth.decode(bytes);
    }
  };
  send(10'000);
  const std::int64_t full = growth.bytes();
  send(20'000);
  EXPECT_LT(growth.bytes() - full, std::int64_t{32} << 10);
}

}  // namespace
}  // namespace weir::wire
