// Fault classes F12 and F13 (README.md), and exporters that share workers: whose templates,
// samplers and sequence numbers are whose.

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <vector>

#include "collector/wire/decoder.h"
#include "tests/support/message_builder.h"
#include "tests/support/message_sink.h"
#include "tests/wire/refusals.h"

namespace weir::wire {
namespace {

using test::build;
using test::ByteWriter;
using test::ipfix_options_template;
using test::IpfixMessage;
using test::MessageSink;
using test::netflow9_options_template;
using test::Netflow9Message;
using test::template_record;
using test::TestSet;

const IpAddress kOne = IpAddress::v4(0xc000'0201);
const IpAddress kTwo = IpAddress::v4(0xc000'0202);

TestSet octets_first(std::uint16_t id = 256) {
  return {.id = 0, .body = template_record(id, {{1, 4}, {2, 4}})};
}
TestSet packets_first(std::uint16_t id = 256) {
  return {.id = 0, .body = template_record(id, {{2, 4}, {1, 8}})};
}

/// Sums of what a decoder handed on.
struct Sums {
  std::uint64_t records = 0;
  std::uint64_t octets = 0;
  std::uint64_t packets = 0;

  friend bool operator==(const Sums&, const Sums&) = default;
};
std::ostream& operator<<(std::ostream& out, const Sums& sums) {
  return out << sums.records << " records, " << sums.octets << " octets, " << sums.packets
             << " packets";
}

Sums sums_of(const MessageSink& sink, const IpAddress& source) {
  Sums sums;
  for (const auto& flow : sink.flows) {
    if (flow.context.source != source) continue;
    ++sums.records;
    sums.octets += flow.record.octets;
    sums.packets += flow.record.packets;
  }
  return sums;
}

DecodeOutcome decode(Decoder& decoder, MessageSink& sink, const IpAddress& source,
                     std::uint16_t port, const std::vector<std::byte>& bytes) {
  Datagram datagram = test::datagram_of(bytes);
  datagram.source = source;
  datagram.source_port = port;
  return decoder.decode(datagram, sink);
}

// F13: ids are the exporter's own, whoever else uses the same.
TEST(FaultKeys, TwoExportersWithOneTemplateIdAndDifferentLayoutsInterleaved) {
  Decoder decoder{make_shared_decoder_state(), {}};
  MessageSink sink;
  constexpr std::uint32_t kRounds = 100;
  for (std::uint32_t i = 0; i < kRounds; ++i) {
    std::vector<TestSet> first;
    std::vector<TestSet> second;
    if (i % 10 == 0) {  // both repeat their templates, never at the same place as the other
      first.push_back(octets_first());
      second.push_back(packets_first());
    }
    first.push_back({.id = 256, .body = ByteWriter{}.u32(1'000).u32(1).data()});
    second.push_back({.id = 256, .body = ByteWriter{}.u32(2).u64(3'000).data()});
    const DecodeOutcome one =
        decode(decoder, sink, kOne, 1'000, build(Netflow9Message{.sequence = i, .sets = first}));
    const DecodeOutcome two =
        decode(decoder, sink, kTwo, 1'000, build(Netflow9Message{.sequence = i, .sets = second}));
    EXPECT_EQ(one.malformed_total + two.malformed_total, 0U);
    EXPECT_EQ(one.lost + two.lost, 0U);
  }
  EXPECT_EQ(sums_of(sink, kOne), (Sums{kRounds, kRounds * 1'000, kRounds}));
  EXPECT_EQ(sums_of(sink, kTwo), (Sums{kRounds, kRounds * 3'000, kRounds * 2}));
}

// F13: filebeat #13821. Each domain counts for itself, and a gap deletes no template.
TEST(FaultKeys, TwoDomainsCountTheirOwnSequencesAndAGapKeepsTheTemplates) {
  Decoder decoder{make_shared_decoder_state(), {}};
  MessageSink sink;
  std::array<std::uint32_t, 2> sequence{5, 4'000'000'000U};
  std::array<std::uint32_t, 2> lost{};
  for (std::uint32_t i = 0; i < 60; ++i) {
    for (std::uint32_t domain = 0; domain < 2; ++domain) {
      std::vector<TestSet> sets;
      if (i == 0) sets.push_back(domain == 0 ? octets_first() : packets_first());
      if (domain == 0)
        sets.push_back({.id = 256, .body = ByteWriter{}.u32(1'000).u32(1).data()});
      else
        sets.push_back({.id = 256, .body = ByteWriter{}.u32(2).u64(3'000).data()});
      const DecodeOutcome outcome =
          decode(decoder, sink, kOne, 1'000,
                 build(Netflow9Message{
                     .sequence = sequence[domain], .domain = domain, .sets = std::move(sets)}));
      ++sequence[domain];
      if (domain == 1 && i % 20 == 10) sequence[domain] += 7;  // on the way
      lost[domain] += outcome.lost;
      EXPECT_EQ(outcome.records, 1U) << domain << ' ' << i;
      EXPECT_EQ(outcome.restarts + outcome.out_of_order + outcome.sets_without_template, 0U);
    }
  }
  EXPECT_EQ(lost, (std::array<std::uint32_t, 2>{0, 21}));
  EXPECT_EQ(sums_of(sink, kOne), (Sums{120, 60 * 1'000 + 60 * 3'000, 60 + 60 * 2}));
}

/// A decoder for each worker of a process.
struct Workers {
  explicit Workers(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      decoders.push_back(std::make_unique<Decoder>(shared, DecoderLimits{}));
  }
  DecodeOutcome decode(std::size_t worker, std::uint16_t port,
                       const std::vector<std::byte>& bytes) {
    return wire::decode(*decoders[worker], sink, kOne, port, bytes);
  }

  std::shared_ptr<SharedDecoderState> shared = make_shared_decoder_state();
  std::vector<std::unique_ptr<Decoder>> decoders;
  MessageSink sink;
};

// A router whose line cards export from ports of their own: the kernel gives each to one worker.
// Each session counts its records; the templates and samplers come in the first alone.
TEST(FaultKeys, OneExporterSplitOverAllWorkersByItsPorts) {
  constexpr std::size_t kWorkers = 4;
  constexpr std::uint16_t kPorts = 8;
  constexpr std::uint32_t kRounds = 50;
  Workers workers(kWorkers);
  for (std::uint32_t i = 0; i < kRounds; ++i) {
    for (std::uint16_t port = 0; port < kPorts; ++port) {
      std::vector<TestSet> sets;
      std::uint32_t sequence = i * 2;
      if (port == 0 && i == 0) {
        sets.push_back({.id = 2, .body = template_record(256, {{1, 4}, {2, 4}})});
        sets.push_back({.id = 3,
                        .body = ipfix_options_template(
                            {.id = 400, .scopes = {{149, 4}}, .options = {{34, 4}}})});
        sets.push_back({.id = 400, .body = ByteWriter{}.u32(7).u32(512).data()});
      } else if (port == 0) {
        ++sequence;  // the options record is a data record
      }
      sets.push_back({.id = 256, .body = ByteWriter{}.u32(100).u32(1).u32(200).u32(2).data()});
      const DecodeOutcome outcome =
          workers.decode(port % kWorkers, static_cast<std::uint16_t>(1'000 + port),
                         build(IpfixMessage{.sequence = sequence, .sets = std::move(sets)}));
      EXPECT_EQ(outcome.records, 2U);
      EXPECT_EQ(outcome.lost + outcome.restarts + outcome.malformed_total, 0U) << port << ' ' << i;
    }
  }
  constexpr std::uint64_t kMessages = kRounds * kPorts;
  EXPECT_EQ(sums_of(workers.sink, kOne), (Sums{2 * kMessages, 300 * kMessages, 3 * kMessages}));
  for (const auto& flow : workers.sink.flows) EXPECT_EQ(flow.record.sampling_interval, 512U);
}

// Whatever steers the datagrams of one session to several workers, no record is lost or read by
// a layout that no longer holds.
TEST(FaultKeys, DatagramsOfOneSessionSpreadOverTwoWorkers) {
  Workers workers(2);
  constexpr std::uint32_t kMessages = 200;
  std::uint64_t octets = 0;
  for (std::uint32_t i = 0; i < kMessages; ++i) {
    std::vector<TestSet> sets;
    const bool is_octets_first = (i / 20) % 2 == 0;
    // The layout changes every 20 messages; either worker may be the one that is told.
    if (i % 20 == 0) sets.push_back(is_octets_first ? octets_first() : packets_first());
    if (is_octets_first)
      sets.push_back({.id = 256, .body = ByteWriter{}.u32(i).u32(1).data()});
    else
      sets.push_back({.id = 256, .body = ByteWriter{}.u32(1).u64(i).data()});
    octets += i;
    const DecodeOutcome outcome = workers.decode(
        (i / 3) % 2, 1'000, build(Netflow9Message{.sequence = i, .sets = std::move(sets)}));
    EXPECT_EQ(outcome.records, 1U) << i;
    EXPECT_EQ(outcome.sets_without_template + outcome.malformed_total, 0U) << i;
  }
  EXPECT_EQ(sums_of(workers.sink, kOne), (Sums{kMessages, octets, kMessages}));
}

// A worker that got the data first reads it once another has got the template.
TEST(FaultKeys, DataThatWaitsInOneWorkerIsFreedByTheTemplateOfAnother) {
  Workers workers(2);
  const TestSet data{.id = 256, .body = ByteWriter{}.u32(5).u32(6).data()};
  EXPECT_EQ(
      workers.decode(0, 1'000, build(Netflow9Message{.sequence = 1, .sets = {data}})).held_bytes,
      8U);
  EXPECT_EQ(
      workers.decode(1, 1'001, build(Netflow9Message{.sequence = 9, .sets = {octets_first()}}))
          .records,
      0U);
  const DecodeOutcome outcome =
      workers.decode(0, 1'000, build(Netflow9Message{.sequence = 2, .sets = {data}}));
  EXPECT_EQ(outcome.records, 2U);
  EXPECT_EQ(outcome.rescued_records, 1U);
  EXPECT_EQ(sums_of(workers.sink, kOne), (Sums{2, 10, 12}));
}

// F12, G16: one listed exporter sends every domain and many templates; another is not touched.
TEST(FaultGrowth, FloodOfDomainsAndTemplatesLeavesOtherExportersAlone) {
  const DecoderLimits limits{.domains_per_exporter = 16, .templates_per_domain = 32};
  Decoder decoder{make_shared_decoder_state(), limits};
  MessageSink sink;
  decode(decoder, sink, kTwo, 1'000, build(Netflow9Message{.sets = {octets_first()}}));
  std::uint32_t too_many_templates = 0;
  std::uint32_t too_many_domains = 0;
  for (std::uint32_t domain = 0; domain < 1'024; ++domain) {
    std::vector<TestSet> sets;
    for (std::uint16_t id = 256; id < 256 + 40; ++id) sets.push_back(packets_first(id));
    const DecodeOutcome outcome =
        decode(decoder, sink, kOne, 1'000,
               build(Netflow9Message{.domain = domain, .sets = std::move(sets)}));
    EXPECT_EQ(outcome.templates, 40U);
    EXPECT_EQ(outcome.new_templates, 32U);
    const Refusals found = refusals(outcome);
    too_many_templates += found.contains("too_many_templates") ? found.at("too_many_templates") : 0;
    too_many_domains += found.contains("too_many_domains") ? found.at("too_many_domains") : 0;
  }
  EXPECT_EQ(too_many_templates, 1'024U * 8);
  // Each domain beyond the sixteenth pushes out a session of this worker, and a domain of all.
  EXPECT_EQ(too_many_domains, 2U * (1'024 - 16));
  const DecodeOutcome untouched =
      decode(decoder, sink, kTwo, 1'000,
             build(Netflow9Message{
                 .sequence = 1, .sets = {{.id = 256, .body = ByteWriter{}.u32(5).u32(6).data()}}}));
  EXPECT_EQ(untouched.records, 1U);
  EXPECT_EQ(untouched.lost + untouched.malformed_total, 0U);
  EXPECT_EQ(sums_of(sink, kTwo), (Sums{1, 5, 6}));
}

// F12: templates of 1,000 fields are beyond what any exporter means.
TEST(FaultGrowth, TemplateOfAThousandFieldsIsRefused) {
  ByteWriter fields;
  fields.u16(256).u16(1'000);
  for (int i = 0; i < 1'000; ++i) fields.u16(1).u16(4);
  Decoder decoder{make_shared_decoder_state(), {}};
  MessageSink sink;
  const DecodeOutcome outcome =
      decode(decoder, sink, kOne, 1'000,
             build(Netflow9Message{.sets = {{.id = 0, .body = fields.data()}}}));
  EXPECT_EQ(refusals(outcome), (Refusals{{"bad_template", 1}}));
  EXPECT_EQ(outcome.new_templates, 0U);
}

}  // namespace
}  // namespace weir::wire
