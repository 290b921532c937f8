#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "collector/wire/decoder.h"
#include "tests/support/message_builder.h"
#include "tests/support/sflow_builder.h"

namespace weir::wire {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::build;
using test::ByteWriter;
using test::datagram_of;
using test::ipfix_options_template;
using test::IpfixMessage;
using test::netflow9_options_template;
using test::Netflow9Message;
using test::template_record;
using test::TestSet;

/// Takes records of unknown sampling only when told to, and counts how often it was asked.
class StrictSink final : public RecordSink {
 public:
  struct Taken {
    std::uint64_t octets;
    std::uint32_t interval;
    TrafficTime arrival;
    TrafficTime released;
  };

  void take(const MessageContext& context, std::span<const FlowRecord> records) override {
    for (const FlowRecord& record : records) {
      taken.push_back({record.octets, record.sampling_interval, context.arrival, context.released});
    }
  }
  void take(const MessageContext& /*context*/, const CounterRecord& /*record*/) override {}
  bool takes_unknown_sampling(const MessageContext& /*context*/) override {
    ++asked;
    return takes_unknown;
  }

  /// Octets and interval of all records so far; forgets them.
  std::vector<std::pair<std::uint64_t, std::uint32_t>> drain() {
    std::vector<std::pair<std::uint64_t, std::uint32_t>> pairs;
    for (const Taken& one : taken) pairs.emplace_back(one.octets, one.interval);
    taken.clear();
    return pairs;
  }

  std::vector<Taken> taken;
  std::uint32_t asked = 0;
  bool takes_unknown = false;
};

using Pairs = std::vector<std::pair<std::uint64_t, std::uint32_t>>;

/// What of an outcome tells how waiting records fared.
struct Waits {
  std::uint32_t held = 0;
  std::uint32_t rescued = 0;
  std::uint32_t given_up = 0;
  std::uint32_t held_bytes = 0;
  std::uint32_t rescued_bytes = 0;
  std::uint32_t given_up_bytes = 0;

  friend bool operator==(const Waits&, const Waits&) = default;
};
std::ostream& operator<<(std::ostream& out, const Waits& w) {
  return out << "records " << w.held << '/' << w.rescued << '/' << w.given_up << ", bytes "
             << w.held_bytes << '/' << w.rescued_bytes << '/' << w.given_up_bytes;
}
Waits waits(const DecodeOutcome& o) {
  return {.held = o.unknown_held_records,
          .rescued = o.unknown_rescued_records,
          .given_up = o.unknown_given_up_records,
          .held_bytes = o.held_bytes,
          .rescued_bytes = o.rescued_bytes,
          .given_up_bytes = o.given_up_bytes};
}

// Records of 5 bytes: octets and sampler id.
TestSet sampled_template(std::uint16_t id = 256) {
  return {.id = 0, .body = template_record(id, {{1, 4}, {48, 1}})};
}
TestSet sampled(std::initializer_list<std::pair<std::uint32_t, std::uint8_t>> records,
                std::uint16_t id = 256) {
  ByteWriter body;
  for (const auto& [octets, sampler] : records) body.u32(octets).u8(sampler);
  return {.id = id, .body = body.data()};
}
TestSet sampler_table_template() {
  return {.id = 1,
          .body = netflow9_options_template(
              {.id = 400, .scopes = {{1, 4}}, .options = {{48, 1}, {50, 4}}})};
}
TestSet sampler_row(std::uint8_t id, std::uint32_t interval) {
  return {.id = 400, .body = ByteWriter{}.u32(0).u8(id).u32(interval).data()};
}

class UnknownRates : public testing::Test {
 protected:
  UnknownRates() : UnknownRates(DecoderLimits{}) {}
  explicit UnknownRates(const DecoderLimits& limits) : decoder(shared, limits) {}

  DecodeOutcome send(std::vector<TestSet> sets, TrafficSpan later = {},
                     std::uint16_t port = 1'000) {
    return send_bytes(build(Netflow9Message{.sequence = sequence++, .sets = std::move(sets)}),
                      later, port);
  }
  DecodeOutcome send_bytes(const std::vector<std::byte>& bytes, TrafficSpan later = {},
                           std::uint16_t port = 1'000) {
    Datagram datagram = datagram_of(bytes);
    datagram.arrival += later;
    datagram.source_port = port;
    return decoder.decode(datagram, sink);
  }
  std::vector<Event> told(EventKind kind) const {
    std::vector<Event> events;
    for (const auto& entry : events_->since(0)) {
      if (entry.event.kind == kind) events.push_back(entry.event);
    }
    return events;
  }

  std::shared_ptr<EventLog> events_ = std::make_shared<EventLog>();
  std::shared_ptr<SharedDecoderState> shared = make_shared_decoder_state(events_);
  Decoder decoder;
  StrictSink sink;
  std::uint32_t sequence = 0;
};

TEST_F(UnknownRates, OnlyRecordsWithoutAnIntervalWaitAndTheTableSetsThemFree) {
  const DecodeOutcome first =
      send({sampler_table_template(), sampler_row(1, 100), sampled_template(),
            sampled({{10, 1}, {20, 2}, {30, 1}, {40, 3}})});
  EXPECT_EQ(sink.drain(), (Pairs{{10, 100}, {30, 100}}));
  EXPECT_EQ(first.records, 2U);
  EXPECT_EQ(waits(first), (Waits{.held = 2, .held_bytes = 10}));

  const DecodeOutcome second = send({sampler_row(2, 200)}, seconds{2});
  ASSERT_EQ(sink.taken.size(), 1U);
  EXPECT_EQ(sink.taken[0].arrival, datagram_of({}).arrival);
  EXPECT_EQ(sink.taken[0].released, datagram_of({}).arrival + seconds{2});
  EXPECT_EQ(sink.drain(), (Pairs{{20, 200}}));
  EXPECT_EQ(second.records, 1U);
  EXPECT_EQ(second.rescued_records, 1U);
  EXPECT_EQ(waits(second), (Waits{.rescued = 1, .rescued_bytes = 5}));

  const DecodeOutcome third = send({sampler_row(3, 300)}, seconds{4});
  EXPECT_EQ(sink.drain(), (Pairs{{40, 300}}));
  EXPECT_EQ(waits(third), (Waits{.rescued = 1, .rescued_bytes = 5}));
  EXPECT_TRUE(decoder.flush(sink).empty());
}

TEST_F(UnknownRates, TableInTheSameDatagramBehindTheDataIsSoonEnough) {
  const DecodeOutcome outcome = send({sampled_template(), sampled({{10, 1}, {20, 1}}),
                                      sampler_table_template(), sampler_row(1, 100)});
  EXPECT_EQ(sink.drain(), (Pairs{{10, 100}, {20, 100}}));
  EXPECT_EQ(waits(outcome),
            (Waits{.held = 2, .rescued = 2, .held_bytes = 10, .rescued_bytes = 10}));
}

TEST_F(UnknownRates, WhatCameBeforeItsTemplateWaitsForItsIntervalToo) {
  EXPECT_EQ(waits(send({sampled({{10, 1}})})), (Waits{.held_bytes = 5}));
  const DecodeOutcome found = send({sampled_template()}, seconds{1});
  EXPECT_EQ(found.rescued_records, 0U);
  EXPECT_EQ(waits(found), (Waits{.held = 1, .held_bytes = 5, .rescued_bytes = 5}));
  const DecodeOutcome known = send({sampler_table_template(), sampler_row(1, 100)}, seconds{2});
  EXPECT_EQ(sink.drain(), (Pairs{{10, 100}}));
  EXPECT_EQ(waits(known), (Waits{.rescued = 1, .rescued_bytes = 5}));
}

TEST_F(UnknownRates, HeldRecordsKeepTheLayoutThatTheyCameWith) {
  send({sampled_template(), sampled({{10, 1}})});
  send({{.id = 0, .body = template_record(256, {{48, 1}, {2, 4}, {1, 4}})}}, seconds{1});
  send({sampler_table_template(), sampler_row(1, 100)}, seconds{2});
  EXPECT_EQ(sink.drain(), (Pairs{{10, 100}}));
}

TEST_F(UnknownRates, HeldRecordsOfManySetsComeOldestFirst) {
  send({sampled_template()});
  for (std::uint32_t i = 0; i < 200; ++i) send({sampled({{i, 1}, {i + 1'000, 2}})});
  EXPECT_TRUE(sink.drain().empty());
  const DecodeOutcome outcome = send({sampler_table_template(), sampler_row(1, 100)}, seconds{1});
  EXPECT_EQ(waits(outcome), (Waits{.rescued = 200, .rescued_bytes = 1'000}));
  const Pairs pairs = sink.drain();
  ASSERT_EQ(pairs.size(), 200U);
  for (std::uint32_t i = 0; i < 200; ++i) EXPECT_EQ(pairs[i], std::pair(std::uint64_t{i}, 100U));
}

TEST_F(UnknownRates, OneSetOfMoreThanABatchIsSplitRight) {
  std::vector<TestSet> sets{sampler_table_template(), sampler_row(1, 100), sampled_template()};
  ByteWriter body;
  for (std::uint32_t i = 0; i < 200; ++i) body.u32(i).u8(i % 3 == 0 ? 1 : 2);
  sets.push_back({.id = 256, .body = body.data()});
  EXPECT_EQ(waits(send(std::move(sets))), (Waits{.held = 133, .held_bytes = 665}));
  Pairs all = sink.drain();
  EXPECT_EQ(all.size(), 67U);
  EXPECT_EQ(sink.asked, 2U);  // once for the set, once for what waits
  send({sampler_row(2, 200)}, seconds{1});
  for (const auto& pair : sink.drain()) all.push_back(pair);
  ASSERT_EQ(all.size(), 200U);
  std::sort(all.begin(), all.end());
  for (std::uint32_t i = 0; i < 200; ++i) {
    EXPECT_EQ(all[i], std::pair(std::uint64_t{i}, i % 3 == 0 ? 100U : 200U));
  }
}

TEST_F(UnknownRates, AnotherWorkerMayBringTheTable) {
  send({sampled_template(), sampled({{10, 1}})});
  Decoder other{shared, {}};
  const auto bytes =
      build(Netflow9Message{.sets = {sampler_table_template(), sampler_row(1, 100)}});
  static_cast<void>(other.decode(datagram_of(bytes), sink));
  EXPECT_TRUE(sink.drain().empty());
  send({sampled({{20, 1}})}, seconds{1});
  EXPECT_EQ(sink.drain(), (Pairs{{20, 100}, {10, 100}}));
}

TEST_F(UnknownRates, AnotherPortOfTheDomainMayBringTheTable) {
  send({sampled_template(), sampled({{10, 1}})});
  send({sampler_table_template(), sampler_row(1, 100)}, seconds{1}, 2'000);
  EXPECT_EQ(sink.drain(), (Pairs{{10, 100}}));
}

TEST_F(UnknownRates, NewsOfOtherDomainsAreNoNews) {
  send({sampled_template(), sampled({{10, 1}})});
  send_bytes(
      build(Netflow9Message{.domain = 8, .sets = {sampler_table_template(), sampler_row(1, 100)}}),
      seconds{1});
  send({}, seconds{2});
  EXPECT_TRUE(sink.drain().empty());
}

TEST_F(UnknownRates, NewsAreTriedAtMostOnceASecond) {
  send({sampled_template(), sampled({{10, 1}, {20, 2}, {30, 3}}), sampler_table_template()});
  send({sampler_row(1, 100)}, milliseconds{10});
  send({sampler_row(2, 200)}, milliseconds{20});
  EXPECT_EQ(sink.drain(), (Pairs{{10, 100}}));
  send({}, milliseconds{1'010});
  EXPECT_EQ(sink.drain(), (Pairs{{20, 200}}));
}

TEST_F(UnknownRates, SinkThatTakesThemGetsThemAtOnceAndIsAskedOnceASet) {
  sink.takes_unknown = true;
  ByteWriter body;
  for (std::uint32_t i = 0; i < 200; ++i) body.u32(i).u8(1);
  const DecodeOutcome outcome = send({sampled_template(), {.id = 256, .body = body.data()}});
  EXPECT_EQ(outcome.records, 200U);
  EXPECT_EQ(waits(outcome), Waits{});
  EXPECT_EQ(sink.asked, 1U);
  EXPECT_TRUE(told(EventKind::SamplingUnknown).empty());
}

TEST_F(UnknownRates, SinkIsNotAskedWhereEveryIntervalIsKnown) {
  send({sampler_table_template(), sampler_row(1, 100), sampled_template(), sampled({{10, 1}})});
  send({{.id = 0, .body = template_record(257, {{1, 4}})},
        {.id = 257, .body = ByteWriter{}.u32(7).data()}});
  EXPECT_EQ(sink.asked, 0U);
  EXPECT_EQ(sink.drain(), (Pairs{{10, 100}, {7, 100}}));
}

TEST_F(UnknownRates, OperatorsWordSetsFreeWhatWaits) {
  send({sampled_template(), sampled({{10, 1}})});
  sink.takes_unknown = true;  // a reload
  const DecodeOutcome outcome = send({}, seconds{1});
  EXPECT_EQ(sink.drain(), (Pairs{{10, 0}}));
  EXPECT_EQ(waits(outcome), (Waits{.rescued = 1, .rescued_bytes = 5}));
}

TEST_F(UnknownRates, VariableLengthRecordsWaitLikeOthers) {
  const auto message = [&](std::vector<TestSet> sets) {
    return build(IpfixMessage{.sequence = sequence, .sets = std::move(sets)});
  };
  const auto row = [](std::uint32_t octets, std::uint8_t sampler, std::uint8_t name) {
    return ByteWriter{}.u32(octets).u8(name).zeros(name).u8(sampler).data();
  };
  ByteWriter body;
  body.bytes(row(10, 1, 3)).bytes(row(20, 2, 0)).bytes(row(30, 2, 7)).bytes(row(40, 1, 1));
  const DecodeOutcome first = send_bytes(message(
      {{.id = 3,
        .body = ipfix_options_template({.id = 400, .scopes = {{302, 1}}, .options = {{34, 4}}})},
       {.id = 400, .body = ByteWriter{}.u8(1).u32(100).data()},
       {.id = 2, .body = template_record(256, {{1, 4}, {82, 65'535}, {302, 1}})},
       {.id = 256, .body = body.data()}}));
  EXPECT_EQ(sink.drain(), (Pairs{{10, 100}, {40, 100}}));
  EXPECT_EQ(waits(first), (Waits{.held = 2, .held_bytes = 6 + 13}));
  sequence = 5;
  send_bytes(message({{.id = 400, .body = ByteWriter{}.u8(2).u32(200).data()}}), seconds{1});
  EXPECT_EQ(sink.drain(), (Pairs{{20, 200}, {30, 200}}));
}

TEST_F(UnknownRates, HeldRecordsCountInTheSequenceOfIpfix) {
  const TestSet template_set{.id = 2, .body = template_record(256, {{1, 4}})};
  const TestSet two{.id = 256, .body = ByteWriter{}.u32(1).u32(2).data()};
  std::uint32_t lost = 0;
  for (std::uint32_t i = 0; i < 5; ++i) {
    const auto bytes = build(IpfixMessage{.sequence = 2 * i, .sets = {template_set, two}});
    lost += send_bytes(bytes).lost;
  }
  EXPECT_EQ(lost, 0U);
  // What is set free later was counted when it came.
  const auto options = build(IpfixMessage{
      .sequence = 10,
      .sets = {
          {.id = 3,
           .body = ipfix_options_template({.id = 400, .scopes = {{149, 4}}, .options = {{34, 4}}})},
          {.id = 400, .body = ByteWriter{}.u32(7).u32(100).data()},
          two}});
  const DecodeOutcome outcome = send_bytes(options, seconds{1});
  EXPECT_EQ(outcome.records, 12U);
  EXPECT_EQ(send_bytes(build(IpfixMessage{.sequence = 13, .sets = {two}}), seconds{1}).lost, 0U);
}

TEST_F(UnknownRates, NetFlow5IsNeverHeld) {
  const auto bytes = build(test::Netflow5Message{.records = {{}}});
  const DecodeOutcome outcome = send_bytes(bytes);
  EXPECT_EQ(outcome.records, 1U);
  EXPECT_EQ(waits(outcome), Waits{});
  EXPECT_EQ(sink.asked, 0U);
}

// ---- giving up

class UnknownRatesBounds : public UnknownRates {
 protected:
  UnknownRatesBounds() : UnknownRates({.held_bytes_per_exporter = 4'096, .held_seconds = 60}) {}
};

TEST_F(UnknownRatesBounds, AfterTheirTimeRecordsAreHandedOnUnscaled) {
  send({sampled_template(), sampled({{10, 1}, {20, 1}})});
  EXPECT_TRUE(sink.drain().empty());
  const DecodeOutcome outcome = send({}, seconds{61});
  EXPECT_EQ(sink.drain(), (Pairs{{10, 0}, {20, 0}}));
  EXPECT_EQ(outcome.records, 2U);
  EXPECT_EQ(outcome.rescued_records, 0U);
  EXPECT_EQ(waits(outcome), (Waits{.given_up = 2, .given_up_bytes = 10}));
}

TEST_F(UnknownRatesBounds, DomainThatTellsNothingIsNotWaitedForAgainUntilItDoes) {
  send({sampled_template(), sampled({{10, 1}})});
  send({}, seconds{61});
  sink.drain();
  for (int i = 0; i < 100; ++i) {
    const DecodeOutcome outcome = send({sampled({{20, 1}})}, seconds{62 + i});
    EXPECT_EQ(waits(outcome), Waits{});
    EXPECT_EQ(outcome.records, 1U);
    EXPECT_EQ(sink.drain(), (Pairs{{20, 0}}));
  }
  // It tells of another sampler: worth waiting again.
  EXPECT_EQ(waits(send({sampler_table_template(), sampler_row(9, 900), sampled({{30, 1}})},
                       seconds{200})),
            (Waits{.held = 1, .held_bytes = 5}));
  send({sampler_row(1, 100)}, seconds{202});
  EXPECT_EQ(sink.drain(), (Pairs{{30, 100}}));
}

TEST_F(UnknownRatesBounds, WhatRoomPushesOutIsHandedOnToo) {
  send({sampled_template()});
  Waits sum;
  for (std::uint32_t i = 0; i < 100; ++i) {
    const Waits w = waits(send({sampled({{i, 1}})}));
    sum.held += w.held;
    sum.given_up += w.given_up;
    sum.held_bytes += w.held_bytes;
    sum.given_up_bytes += w.given_up_bytes;
  }
  EXPECT_EQ(sum.held, 100U);
  EXPECT_GT(sum.given_up, 50U);
  EXPECT_EQ(sum.given_up_bytes, 5 * sum.given_up);
  EXPECT_EQ(sink.drain().size(), sum.given_up);
  const DecodeOutcome rest = send({sampler_table_template(), sampler_row(1, 100)}, seconds{1});
  EXPECT_EQ(waits(rest), (Waits{.rescued = 100 - sum.given_up,
                                .rescued_bytes = sum.held_bytes - sum.given_up_bytes}));
}

TEST_F(UnknownRatesBounds, SetTooLargeForAllRoomIsHandedOnAtOnce) {
  ByteWriter body;
  for (std::uint32_t i = 0; i < 1'000; ++i) body.u32(i).u8(1);
  const DecodeOutcome outcome = send({sampled_template(), {.id = 256, .body = body.data()}});
  EXPECT_EQ(outcome.records, 1'000U);
  EXPECT_EQ(
      waits(outcome),
      (Waits{.held = 1'000, .given_up = 1'000, .held_bytes = 5'000, .given_up_bytes = 5'000}));
}

TEST_F(UnknownRates, FlushEndsEveryWait) {
  send({sampled_template(), sampled({{10, 1}, {20, 2}}), sampled({{1, 1}}, 300)});
  send_bytes(build(Netflow9Message{.domain = 8, .sets = {sampled({{1, 1}}, 300)}}));
  // Known by now, but not tried since.
  Decoder other{shared, {}};
  const auto bytes =
      build(Netflow9Message{.sets = {sampler_table_template(), sampler_row(1, 100)}});
  static_cast<void>(other.decode(datagram_of(bytes), sink));

  const std::vector<DecodeOutcome> outcomes = decoder.flush(sink);
  EXPECT_EQ(sink.drain(), (Pairs{{10, 100}, {20, 0}}));
  ASSERT_EQ(outcomes.size(), 2U);
  EXPECT_EQ(outcomes[0].domain, 7U);
  EXPECT_EQ(outcomes[0].protocol, Protocol::Netflow9);
  EXPECT_EQ(outcomes[0].agent, datagram_of({}).source);
  EXPECT_EQ(outcomes[0].records, 2U);
  EXPECT_EQ(waits(outcomes[0]),
            (Waits{.rescued = 1, .given_up = 1, .rescued_bytes = 5, .given_up_bytes = 10}));
  EXPECT_EQ(outcomes[1].domain, 8U);
  EXPECT_EQ(waits(outcomes[1]), (Waits{.given_up_bytes = 5}));
  EXPECT_TRUE(decoder.flush(sink).empty());
}

TEST_F(UnknownRates, RescuedSetsAreNotBoundByTheRecordsOfOneDatagram) {
  sink.takes_unknown = true;
  constexpr std::uint32_t kSets = 40;
  constexpr std::uint32_t kEach = 300;
  ByteWriter body;
  for (std::uint32_t i = 0; i < kEach; ++i) body.u32(1).u8(1);
  for (std::uint32_t i = 0; i < kSets; ++i) send({{.id = 256, .body = body.data()}});
  const DecodeOutcome outcome = send({sampled_template()});
  EXPECT_EQ(outcome.rescued_records, kSets * kEach);
  EXPECT_EQ(outcome.malformed_total, 0U);
}

// ---- scopes, from the wire

TEST_F(UnknownRates, TemplateScopeServesItsTemplate) {
  send({{.id = 1,
         .body = netflow9_options_template({.id = 400, .scopes = {{5, 2}}, .options = {{34, 4}}})},
        {.id = 400, .body = ByteWriter{}.u16(256).u32(100).u16(257).u32(200).data()},
        {.id = 0, .body = template_record(256, {{1, 4}})},
        {.id = 0, .body = template_record(257, {{1, 4}})},
        {.id = 257, .body = ByteWriter{}.u32(10).data()},
        {.id = 256, .body = ByteWriter{}.u32(20).data()}});
  EXPECT_EQ(sink.drain(), (Pairs{{10, 200}, {20, 100}}));
}

TEST_F(UnknownRates, LineCardScopeIsNotTheWholeDomain) {
  const TestSet options{
      .id = 1,
      .body = netflow9_options_template({.id = 400, .scopes = {{3, 2}}, .options = {{34, 4}}})};
  send({options,
        {.id = 400, .body = ByteWriter{}.u16(0).u32(100).data()},
        {.id = 0, .body = template_record(256, {{1, 4}})},
        {.id = 256, .body = ByteWriter{}.u32(10).data()}});
  EXPECT_EQ(sink.drain(), (Pairs{{10, 100}}));
  send({{.id = 400, .body = ByteWriter{}.u16(1).u32(200).data()},
        {.id = 256, .body = ByteWriter{}.u32(20).data()}});
  EXPECT_TRUE(sink.drain().empty());
}

TEST_F(UnknownRates, IpfixScopesByElement) {
  send_bytes(build(IpfixMessage{
      .sets = {{.id = 3,
                .body = ipfix_options_template(
                    {.id = 400, .scopes = {{14, 4}}, .options = {{304, 2}, {305, 4}, {306, 4}}})},
               {.id = 3,
                .body = ipfix_options_template(
                    {.id = 401, .scopes = {{145, 2}}, .options = {{309, 4}, {310, 4}}})},
               {.id = 400, .body = ByteWriter{}.u32(5).u16(1).u32(1).u32(99).data()},
               {.id = 401, .body = ByteWriter{}.u16(257).u32(1).u32(50).data()},
               {.id = 2, .body = template_record(256, {{1, 4}, {10, 4}, {14, 4}})},
               {.id = 2, .body = template_record(257, {{1, 4}, {10, 4}, {14, 4}})},
               {.id = 256, .body = ByteWriter{}.u32(10).u32(1).u32(5).data()},
               {.id = 257, .body = ByteWriter{}.u32(20).u32(1).u32(5).data()}}}));
  EXPECT_EQ(sink.drain(), (Pairs{{10, 100}, {20, 50}}));
}

TEST_F(UnknownRates, SamplerBoundToAnInterfaceByOptions) {
  send({{.id = 1,
         .body = netflow9_options_template({.id = 400, .scopes = {{2, 4}}, .options = {{48, 1}}})},
        {.id = 1,
         .body = netflow9_options_template(
             {.id = 401, .scopes = {{1, 4}}, .options = {{48, 1}, {50, 4}}})},
        {.id = 400, .body = ByteWriter{}.u32(11).u8(1).u32(12).u8(2).data()},
        {.id = 401, .body = ByteWriter{}.u32(0).u8(1).u32(100).u32(0).u8(2).u32(200).data()},
        {.id = 0, .body = template_record(256, {{1, 4}, {10, 4}})},
        {.id = 256, .body = ByteWriter{}.u32(10).u32(12).u32(20).u32(11).data()}});
  EXPECT_EQ(sink.drain(), (Pairs{{10, 200}, {20, 100}}));
}

// ---- events

TEST_F(UnknownRates, UnknownSamplingIsToldOnceWithWhatIsMissing) {
  for (int i = 0; i < 100; ++i) send({sampled_template(), sampled({{10, 3}})}, milliseconds{i});
  const auto events = told(EventKind::SamplingUnknown);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(describe(events[0]),
            "192.0.2.250 netflow9 domain 7: sampling interval unknown, records of template 256 "
            "cannot be scaled: no options record for sampler 3, and no interval for the domain; "
            "export it, or write `sampling: N` for this router");
}

TEST_F(UnknownRatesBounds, UnknownSamplingIsToldAgainWhileItLasts) {
  send({sampled_template(), sampled({{10, 3}})});
  for (int i = 1; i <= 300; ++i) send({sampled({{10, 3}})}, seconds{i});
  EXPECT_EQ(told(EventKind::SamplingUnknown).size(), 6U);
}

TEST_F(UnknownRates, RecordsThatNameNothingAreToldByWhatTheDomainKnows) {
  const TestSet plain{.id = 0, .body = template_record(260, {{1, 4}, {10, 4}})};
  const TestSet data{.id = 260, .body = ByteWriter{}.u32(1).u32(12).data()};
  send({plain, data});
  send({sampler_table_template(), sampler_row(1, 100), sampler_row(2, 200), data}, seconds{60});
  send({{.id = 1,
         .body = netflow9_options_template({.id = 401, .scopes = {{2, 4}}, .options = {{34, 4}}})},
        {.id = 401, .body = ByteWriter{}.u32(11).u32(300).data()},
        data},
       seconds{120});
  const auto events = told(EventKind::SamplingUnknown);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(std::pair(events[0].about, events[0].before),
            std::pair(EventSubject::Domain, std::uint64_t{0}));
  EXPECT_EQ(std::pair(events[1].about, events[1].before),
            std::pair(EventSubject::Domain, std::uint64_t{1}));
  EXPECT_EQ(std::pair(events[2].about, events[2].subject),
            std::pair(EventSubject::Interface, std::uint64_t{12}));
}

TEST_F(UnknownRates, ChangedIntervalIsCountedAndToldWithBothValues) {
  send({sampler_table_template(), sampler_row(3, 1'000)});
  EXPECT_EQ(send({sampler_row(3, 1'000)}).sampling_changes, 0U);
  const DecodeOutcome outcome = send({sampler_row(3, 2'000)}, seconds{5});
  EXPECT_EQ(outcome.sampling_changes, 1U);
  EXPECT_EQ(send({sampler_row(3, 0)}).sampling_changes, 0U);
  const auto events = told(EventKind::SamplingChanged);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0], (Event{.time = datagram_of({}).arrival + seconds{5},
                              .kind = EventKind::SamplingChanged,
                              .exporter = datagram_of({}).source,
                              .protocol = Protocol::Netflow9,
                              .domain = 7,
                              .about = EventSubject::Sampler,
                              .subject = 3,
                              .before = 1'000,
                              .after = 2'000}));
}

TEST_F(UnknownRates, ChangeIsCountedByTheWorkerThatMadeIt) {
  send({sampler_table_template(), sampler_row(3, 1'000)});
  Decoder other{shared, {}};
  const auto bytes = build(Netflow9Message{.sets = {sampler_row(3, 2'000)}});
  EXPECT_EQ(other.decode(datagram_of(bytes), sink).sampling_changes, 1U);
  EXPECT_EQ(send({sampler_row(3, 2'000)}).sampling_changes, 0U);
}

TEST_F(UnknownRates, TemplatesAreToldOf) {
  send({sampled({{10, 1}}, 300)});
  send({sampled_template(), {.id = 0, .body = template_record(256, {{1, 4}})}});
  send({{.id = 0, .body = template_record(17, {{1, 4}})}});
  // Over UDP a withdrawal is ignored (RFC 7011, 8.4).
  const auto withdrawal =
      build(IpfixMessage{.sets = {{.id = 2, .body = template_record(256, {{1, 4}})},
                                  {.id = 2, .body = ByteWriter{}.u16(256).u16(0).data()}}});
  send_bytes(withdrawal);
  EXPECT_EQ(told(EventKind::TemplateWithdrawn).size(), 0U);
  Datagram over_tcp = datagram_of(withdrawal);
  over_tcp.connection = ConnectionId{1};
  static_cast<void>(decoder.decode(over_tcp, sink));
  const auto subject = [&](EventKind kind) {
    const auto events = told(kind);
    return events.size() == 1 ? static_cast<int>(events[0].subject) : -1;
  };
  EXPECT_EQ(subject(EventKind::TemplateMissing), 300);
  EXPECT_EQ(subject(EventKind::TemplateRedefined), 256);
  EXPECT_EQ(told(EventKind::TemplateRedefined).at(0).before, 2U);
  EXPECT_EQ(told(EventKind::TemplateRedefined).at(0).after, 1U);
  EXPECT_EQ(subject(EventKind::TemplateRefused), 17);
  EXPECT_EQ(told(EventKind::TemplateRefused).at(0).after,
            static_cast<std::uint64_t>(DecodeError::BadTemplate));
  EXPECT_EQ(subject(EventKind::TemplateWithdrawn), 256);
}

TEST_F(UnknownRates, LimitsAndRestartsAreToldOf) {
  Decoder small{shared, {.domains_per_exporter = 1, .templates_per_domain = 1}};
  const auto teach = [&](std::uint32_t domain, std::uint16_t id) {
    const auto bytes = build(Netflow9Message{.domain = domain, .sets = {sampled_template(id)}});
    static_cast<void>(small.decode(datagram_of(bytes), sink));
  };
  teach(7, 256);
  teach(7, 257);
  teach(8, 256);
  ASSERT_EQ(told(EventKind::TooManyTemplates).size(), 1U);
  EXPECT_EQ(told(EventKind::TooManyTemplates)[0].subject, 257U);
  ASSERT_EQ(told(EventKind::TooManyDomains).size(), 1U);
  EXPECT_EQ(told(EventKind::TooManyDomains)[0].domain, 8U);

  const auto tick = [&](std::uint32_t number, std::uint32_t uptime) {
    static_cast<void>(send_bytes(build(Netflow9Message{
        .uptime_ms = uptime, .sequence = number, .domain = 9, .sets = {sampled({{number, 1}})}})));
  };
  tick(50'000, 900'000);
  tick(50'001, 901'000);
  tick(0, 1'000);
  ASSERT_EQ(told(EventKind::ExporterRestarted).size(), 1U);
  EXPECT_EQ(told(EventKind::ExporterRestarted)[0].domain, 9U);
}

TEST_F(UnknownRates, RateOfAnSflowSourceThatChangesIsCountedAndTold) {
  const auto datagram = [](std::uint32_t number, std::uint32_t rate) {
    return test::SflowBuilder{}
        .agent(IpAddress::v4(0xc000'0207))
        .sub_agent(2)
        .sequence(number)
        .add(test::FlowSample{.sequence = number, .source_index = 5, .rate = rate, .pool = number})
        .build();
  };
  EXPECT_EQ(send_bytes(datagram(1, 1'000)).sampling_changes, 0U);
  EXPECT_EQ(send_bytes(datagram(2, 1'000)).sampling_changes, 0U);
  EXPECT_EQ(send_bytes(datagram(3, 4'000)).sampling_changes, 1U);
  EXPECT_EQ(send_bytes(datagram(4, 4'000)).sampling_changes, 0U);
  const auto events = told(EventKind::SamplingChanged);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(describe(events[0]),
            "192.0.2.7 sflow5 domain 2 data source 0:5: sampling interval changed from 1000 to "
            "4000");
}

}  // namespace
}  // namespace weir::wire
