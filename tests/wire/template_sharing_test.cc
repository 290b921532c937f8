#include <gtest/gtest.h>

#include <thread>

#include "tests/wire/decoder_fixture.h"

namespace weir::wire {
namespace {

using test::build;
using test::ByteWriter;
using test::datagram_of;
using test::IpfixMessage;
using test::MessageSink;
using test::netflow9_options_template;
using test::Netflow9Message;
using test::template_record;
using test::TestSet;

TestSet octets_first(std::uint16_t id = 256) {
  return {.id = 0, .body = template_record(id, {{1, 4}, {2, 4}})};
}
TestSet packets_first(std::uint16_t id = 256) {
  return {.id = 0, .body = template_record(id, {{2, 4}, {1, 4}})};
}
TestSet data(std::uint32_t a, std::uint32_t b, std::uint16_t id = 256) {
  return {.id = id, .body = ByteWriter{}.u32(a).u32(b).data()};
}

class TemplateSharing : public DecoderTest {};

TEST_F(TemplateSharing, AnotherPortOfTheExporterFindsTheTemplate) {
  decode_from(1'000, Netflow9Message{.sets = {octets_first()}});
  const DecodeOutcome outcome = decode_from(2'000, Netflow9Message{.sets = {data(5, 6)}});
  EXPECT_EQ(outcome.records, 1U);
  EXPECT_EQ(outcome.sets_without_template, 0U);
  EXPECT_EQ(flow(0).octets, 5U);
}

TEST_F(TemplateSharing, AWatcherSeesATemplateOnceAndAgainWhenItChanges) {
  std::vector<std::uint16_t> first_elements;
  decoder.watch_templates([&](const LearnedTemplate& learned) {
    EXPECT_EQ(learned.id, 256);
    EXPECT_EQ(learned.session.port, 1'000);
    first_elements.push_back(learned.layout.definition().fields.front().id);
  });
  decode_from(1'000, Netflow9Message{.sequence = 0, .sets = {octets_first()}});
  decode_from(1'000, Netflow9Message{.sequence = 1, .sets = {octets_first()}});
  decode_from(1'000, Netflow9Message{.sequence = 2, .sets = {packets_first()}});
  EXPECT_EQ(first_elements, (std::vector<std::uint16_t>{1, 2}));
}

// Equal templates of two exporters are one; what one told of sampling is not the other's.
TEST_F(TemplateSharing, ASamplingIntervalStaysWithTheExporterThatToldIt) {
  const TestSet layout{.id = 0, .body = template_record(256, {{1, 4}, {48, 1}})};
  const TestSet row{.id = 256, .body = ByteWriter{}.u32(5).u8(3).data()};
  const TestSet sampler{.id = 1,
                        .body = netflow9_options_template(
                            {.id = 400, .scopes = {{1, 4}}, .options = {{48, 1}, {50, 4}}})};
  const TestSet rate{.id = 400, .body = ByteWriter{}.u32(0).u8(3).u32(100).data()};
  const auto from = [&](std::uint32_t address, const Netflow9Message& message) {
    const auto bytes = build(message);
    Datagram datagram = datagram_of(bytes);
    datagram.source = IpAddress::v4(address);
    EXPECT_EQ(decoder.decode(datagram, sink).malformed_total, 0U);
  };
  for (std::uint32_t sequence = 0; sequence < 3; ++sequence) {
    from(1, {.sequence = sequence, .sets = {layout, sampler, rate, row}});
    from(2, {.sequence = sequence, .sets = {layout, row}});
  }
  ASSERT_EQ(sink.flows.size(), 6U);
  for (std::size_t i = 0; i < 6; ++i)
    EXPECT_EQ(flow(i).sampling_interval, i % 2 == 0 ? 100U : 0U) << i;
}

// Ids that nobody ever teaches must not stand in the way of one that is taught.
TEST_F(TemplateSharing, DataBehindManyUnknownIdsAreRescuedByTheirTemplate) {
  std::uint32_t sequence = 0;
  for (std::uint16_t id = 300; id < 600; ++id)
    decode_from(1'000, Netflow9Message{.sequence = sequence++, .sets = {data(1, 1, id)}});
  decode_from(1'000, Netflow9Message{.sequence = sequence++, .sets = {data(5, 6, 700)}});
  const DecodeOutcome outcome =
      decode_from(1'000, Netflow9Message{.sequence = sequence++, .sets = {octets_first(700)}});
  EXPECT_EQ(outcome.rescued_records, 1U);
  EXPECT_EQ(flow(0).octets, 5U);
}

TEST_F(TemplateSharing, SessionsThatDisagreeServeOnlyThemselves) {
  decode_from(1'000, Netflow9Message{.sets = {octets_first()}});
  decode_from(2'000, Netflow9Message{.sets = {packets_first()}});
  EXPECT_EQ(decode_from(1'000, Netflow9Message{.sequence = 1, .sets = {data(5, 6)}}).records, 1U);
  EXPECT_EQ(decode_from(2'000, Netflow9Message{.sequence = 1, .sets = {data(5, 6)}}).records, 1U);
  const DecodeOutcome third = decode_from(3'000, Netflow9Message{.sets = {data(5, 6)}});
  EXPECT_EQ(third.records, 0U);
  EXPECT_EQ(third.sets_without_template, 1U);
  EXPECT_EQ(flow(0).octets, 5U);
  EXPECT_EQ(flow(1).octets, 6U);
}

TEST_F(TemplateSharing, TemplateKnownUnderSeveralPortsIsOneKey) {
  EXPECT_EQ(decode_from(1'000, Netflow9Message{.sets = {octets_first()}}).new_templates, 1U);
  EXPECT_EQ(decode_from(2'000, Netflow9Message{.sets = {octets_first()}}).new_templates, 0U);
}

TEST_F(TemplateSharing, AnotherAddressFindsNothing) {
  decode(Netflow9Message{.sets = {octets_first()}});
  const auto bytes = build(Netflow9Message{.sets = {data(5, 6)}});
  Datagram other = datagram_of(bytes);
  other.source = IpAddress::v4(0x0a00'0001);
  EXPECT_EQ(decoder.decode(other, sink).sets_without_template, 1U);
}

TEST_F(TemplateSharing, AnotherWorkerDecodesWithTheSameTemplatesAndSamplers) {
  Decoder other{shared, {}};
  const auto data_bytes = build(Netflow9Message{.sequence = 1, .sets = {data(5, 6)}});
  EXPECT_EQ(other.decode(datagram_of(data_bytes), sink).sets_without_template, 1U);
  decode(Netflow9Message{.sets = {octets_first(),
                                  {.id = 1,
                                   .body = netflow9_options_template(
                                       {.id = 400, .scopes = {{1, 4}}, .options = {{34, 4}}})},
                                  {.id = 400, .body = ByteWriter{}.u32(0).u32(256).data()}}});
  const auto more = build(Netflow9Message{.sequence = 2, .sets = {data(7, 8)}});
  const DecodeOutcome outcome = other.decode(datagram_of(more), sink);
  // What the other worker held is set free by its own next datagram.
  EXPECT_EQ(outcome.records, 2U);
  EXPECT_EQ(outcome.rescued_records, 1U);
  ASSERT_EQ(sink.flows.size(), 2U);
  EXPECT_EQ(flow(0).octets, 7U);
  EXPECT_EQ(flow(1).octets, 5U);
  EXPECT_EQ(flow(0).sampling_interval, 256U);
}

TEST_F(TemplateSharing, TemplatesBeyondTheLimitAreRefusedAndCounted) {
  Decoder small{shared, {.templates_per_domain = 2}};
  const auto bytes = build(Netflow9Message{
      .sets = {octets_first(256), octets_first(257), octets_first(258), octets_first(256)}});
  const DecodeOutcome outcome = small.decode(datagram_of(bytes), sink);
  EXPECT_EQ(outcome.templates, 4U);
  EXPECT_EQ(outcome.new_templates, 2U);
  EXPECT_EQ(refused(outcome, DecodeError::TooManyTemplates), 1U);
}

TEST_F(TemplateSharing, DomainsBeyondTheLimitPushOutTheOldestOfTheSameExporter) {
  Decoder small{shared, {.domains_per_exporter = 2}};
  const auto teach = [&](std::uint32_t domain) {
    const auto bytes = build(Netflow9Message{.domain = domain, .sets = {octets_first()}});
    return small.decode(datagram_of(bytes), sink);
  };
  const auto use = [&](std::uint32_t domain) {
    const auto bytes =
        build(Netflow9Message{.sequence = 1, .domain = domain, .sets = {data(1, 1)}});
    return small.decode(datagram_of(bytes), sink);
  };
  EXPECT_EQ(refused(teach(1), DecodeError::TooManyDomains), 0U);
  EXPECT_EQ(refused(teach(2), DecodeError::TooManyDomains), 0U);
  // Once for the session of this worker, once for what all workers share.
  EXPECT_EQ(refused(teach(3), DecodeError::TooManyDomains), 2U);
  EXPECT_EQ(use(3).records, 1U);
  EXPECT_EQ(use(2).records, 1U);
  EXPECT_EQ(use(1).sets_without_template, 1U);
}

TEST_F(TemplateSharing, ExportersBeyondTheLimitAreRefusedAndKeepNoState) {
  Decoder small{shared, {.exporters = 1}};
  const auto bytes = build(Netflow9Message{.sets = {octets_first(), data(1, 1)}});
  EXPECT_EQ(small.decode(datagram_of(bytes), sink).records, 1U);
  Datagram other = datagram_of(bytes);
  other.source = IpAddress::v4(1);
  const DecodeOutcome outcome = small.decode(other, sink);
  EXPECT_EQ(refused(outcome, DecodeError::TooManyDomains), 1U);
  EXPECT_EQ(outcome.records, 0U);
  EXPECT_EQ(outcome.templates, 0U);
}

// ---- data before its template

TEST_F(TemplateSharing, SetsThatWaitAreDecodedWhenTheirTemplateComes) {
  const auto early = build(Netflow9Message{
      .uptime_ms = 50'000, .seconds = 1'700'000'000, .sequence = 1, .sets = {data(5, 6)}});
  const DecodeOutcome waits = decoder.decode(datagram_of(early), sink);
  EXPECT_EQ(waits.records, 0U);
  EXPECT_EQ(waits.sets_without_template, 1U);
  EXPECT_EQ(waits.held_bytes, 8U);

  const auto late = build(Netflow9Message{.uptime_ms = 60'000,
                                          .seconds = 1'700'000'010,
                                          .sequence = 2,
                                          .sets = {octets_first(), data(7, 8)}});
  Datagram carrier = datagram_of(late);
  carrier.arrival += std::chrono::seconds{10};
  const DecodeOutcome outcome = decoder.decode(carrier, sink);
  EXPECT_EQ(outcome.records, 2U);
  EXPECT_EQ(outcome.rescued_records, 1U);
  EXPECT_EQ(outcome.rescued_bytes, 8U);
  EXPECT_EQ(outcome.given_up_bytes, 0U);
  ASSERT_EQ(sink.flows.size(), 2U);
  EXPECT_EQ(flow(0).octets, 7U);
  EXPECT_EQ(flow(1).octets, 5U);
  const MessageContext& context = sink.flows[1].context;
  EXPECT_EQ(context.uptime_ms, 50'000U);
  EXPECT_EQ(context.export_time, traffic_time_ms(1'700'000'000'000));
  EXPECT_EQ(context.arrival, datagram_of(early).arrival);
  EXPECT_EQ(context.released, carrier.arrival);
}

TEST_F(TemplateSharing, DataTemplateDataTemplateInOneDatagramLosesNothing) {  // F11
  const DecodeOutcome outcome = decode(Netflow9Message{
      .sets = {data(1, 2, 300), octets_first(300), data(3, 4, 301), octets_first(301)}});
  EXPECT_EQ(outcome.sets_without_template, 2U);
  EXPECT_EQ(outcome.records, 2U);
  EXPECT_EQ(outcome.rescued_records, 2U);
  EXPECT_EQ(outcome.held_bytes, outcome.rescued_bytes);
}

TEST_F(TemplateSharing, OptionsThatWaitAreReadToo) {
  decode(Netflow9Message{.sets = {{.id = 400, .body = ByteWriter{}.u32(0).u32(64).data()}}});
  const DecodeOutcome outcome = decode(
      Netflow9Message{.sequence = 1,
                      .sets = {{.id = 1,
                                .body = netflow9_options_template(
                                    {.id = 400, .scopes = {{1, 4}}, .options = {{34, 4}}})}}});
  EXPECT_EQ(outcome.options_records, 1U);
  EXPECT_EQ(outcome.rescued_bytes, 8U);
  decode(Netflow9Message{.sequence = 2, .sets = {octets_first(), data(1, 1)}});
  EXPECT_EQ(flow(0).sampling_interval, 64U);
}

TEST_F(TemplateSharing, TemplateFromAnotherPortSetsFreeWhatWaits) {
  decode_from(1'000, Netflow9Message{.sets = {data(5, 6)}});
  EXPECT_EQ(decode_from(2'000, Netflow9Message{.sets = {octets_first()}}).rescued_records, 1U);
  EXPECT_EQ(sink.flows.at(0).context.source_port, 1'000);
}

TEST_F(TemplateSharing, WaitingSetsAreBoundedInBytesOldestFirst) {
  Decoder small{shared, {.held_bytes_per_exporter = 4'096}};
  DecodeOutcome total;
  for (std::uint32_t i = 0; i < 100; ++i) {
    const auto bytes = build(Netflow9Message{.sequence = i, .sets = {data(i, i)}});
    const DecodeOutcome outcome = small.decode(datagram_of(bytes), sink);
    total.held_bytes += outcome.held_bytes;
    total.given_up_bytes += outcome.given_up_bytes;
  }
  EXPECT_EQ(total.held_bytes, 800U);
  EXPECT_GT(total.given_up_bytes, 0U);
  const auto bytes = build(Netflow9Message{.sequence = 100, .sets = {octets_first()}});
  const DecodeOutcome outcome = small.decode(datagram_of(bytes), sink);
  EXPECT_EQ(outcome.rescued_bytes + total.given_up_bytes, total.held_bytes);
  EXPECT_EQ(flow(sink.flows.size() - 1).octets, 99U);
}

TEST_F(TemplateSharing, WaitingSetsAreGivenUpAfterTheirTime) {
  decode(Netflow9Message{.sets = {data(5, 6)}});
  const auto bytes = build(Netflow9Message{.sequence = 1, .sets = {octets_first()}});
  Datagram late = datagram_of(bytes);
  late.arrival += std::chrono::seconds{1'801};
  const DecodeOutcome outcome = decoder.decode(late, sink);
  EXPECT_EQ(outcome.given_up_bytes, 8U);
  EXPECT_EQ(outcome.records, 0U);
}

// ---- many workers

TEST_F(TemplateSharing, TemplatesRedefinedWhileOthersDecodeNeverMixLayouts) {  // F10
  constexpr std::uint32_t kRounds = 300;
  class Checks final : public RecordSink {
   public:
    void take(const MessageContext& /*context*/, std::span<const FlowRecord> all) override {
      for (const FlowRecord& r : all) {
        is_sound =
            is_sound && ((r.octets == 5 && r.packets == 6) || (r.octets == 6 && r.packets == 5));
      }
    }
    void take(const MessageContext& /*context*/, const CounterRecord& /*record*/) override {}
    bool is_sound = true;
  };
  std::vector<std::thread> readers;
  std::array<Checks, 3> checks;
  for (std::size_t reader = 0; reader < checks.size(); ++reader) {
    readers.emplace_back([&, reader] {
      Decoder own{shared, {}};
      for (std::uint32_t i = 0; i < kRounds; ++i) {
        const auto bytes = build(Netflow9Message{.sequence = i, .sets = {data(5, 6)}});
        (void)own.decode(datagram_of(bytes), checks[reader]);
      }
    });
  }
  for (std::uint32_t i = 0; i < kRounds; ++i) {
    decode(Netflow9Message{.sequence = i, .sets = {i % 2 == 0 ? octets_first() : packets_first()}});
  }
  for (std::thread& reader : readers) reader.join();
  for (const Checks& check : checks) EXPECT_TRUE(check.is_sound);
}

}  // namespace
}  // namespace weir::wire
