#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <thread>

#include "collector/wire/decoder_knowledge.h"
#include "collector/wire/shared_decoder_state.h"
#include "tests/wire/decoder_fixture.h"

namespace weir::wire {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using test::build;
using test::ByteWriter;
using test::datagram_of;
using test::IpfixMessage;
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
TestSet data(std::uint16_t id = 256) {
  return {.id = id, .body = ByteWriter{}.u32(5).u32(6).data()};
}
std::vector<TestSet> sampler_table() {
  return {
      {.id = 1,
       .body = netflow9_options_template({.id = 400, .scopes = {{1, 4}}, .options = {{34, 4}}})},
      {.id = 400, .body = ByteWriter{}.u32(0).u32(256).data()}};
}

/// A decoder that is handed datagrams at any time and from any place.
class TemplateLife : public DecoderTest {
 protected:
  struct From {
    std::uint32_t address = 0xc000'02fa;
    std::uint16_t port = 50'000;
    std::uint32_t domain = 7;
    std::uint32_t uptime_ms = 100'000;
  };

  DecodeOutcome send(Decoder& to, TrafficSpan when, std::vector<TestSet> sets, const From& from) {
    const auto bytes = build(Netflow9Message{.uptime_ms = from.uptime_ms,
                                             .sequence = sequence_++,
                                             .domain = from.domain,
                                             .sets = std::move(sets)});
    Datagram datagram = datagram_of(bytes);
    datagram.arrival += when;
    datagram.source = IpAddress::v4(from.address);
    datagram.source_port = from.port;
    return to.decode(datagram, sink);
  }
  DecodeOutcome send(TrafficSpan when, std::vector<TestSet> sets) {
    return send(decoder, when, std::move(sets), {});
  }
  /// One datagram a minute with data of template `id`, so that the domain is heard.
  DecodeOutcome heard_until(TrafficSpan from, TrafficSpan until, std::uint16_t id) {
    DecodeOutcome sum;
    for (TrafficSpan now = from; now <= until; now += minutes{1}) {
      const DecodeOutcome one = send(now, {data(id)});
      sum.records += one.records;
      sum.expired_templates += one.expired_templates;
      sum.sets_without_template += one.sets_without_template;
    }
    return sum;
  }

  std::uint32_t sequence_ = 0;
};

TEST_F(TemplateLife, ATemplateThatIsNeitherSentNorUsedEndsAfterHalfAnHour) {
  (void)send(minutes{0}, {octets_first(256), octets_first(300)});
  EXPECT_EQ(heard_until(minutes{1}, minutes{30}, 300).expired_templates, 0U);
  EXPECT_EQ(heard_until(minutes{31}, minutes{32}, 300).expired_templates, 1U);
  EXPECT_EQ(send(minutes{33}, {data(256)}).sets_without_template, 1U);
  EXPECT_EQ(send(minutes{33}, {data(300)}).records, 1U);
}

TEST_F(TemplateLife, ATemplateThatDataMatchNeverEnds) {
  (void)send(minutes{0}, {octets_first()});
  const DecodeOutcome outcome = heard_until(minutes{1}, hours{24}, 256);
  EXPECT_EQ(outcome.expired_templates, 0U);
  EXPECT_EQ(outcome.records, 1'440U);
}

TEST_F(TemplateLife, ATemplateUsedThroughAnotherSessionNeverEnds) {
  (void)send(minutes{0}, {octets_first()});
  std::uint32_t records = 0;
  for (int minute = 1; minute <= 120; ++minute) {
    records += send(decoder, minutes{minute}, {data()}, {.port = 60'000}).records;
  }
  EXPECT_EQ(records, 120U);
}

TEST_F(TemplateLife, AnExporterThatRepeatsSeldomIsGivenFourOfItsPauses) {
  (void)send(minutes{0}, {octets_first(256), octets_first(300)});
  (void)heard_until(minutes{1}, minutes{24}, 300);
  (void)send(minutes{25}, {octets_first(256)});
  (void)heard_until(minutes{26}, minutes{49}, 300);
  (void)send(minutes{50}, {octets_first(256)});
  EXPECT_EQ(heard_until(minutes{51}, minutes{149}, 300).expired_templates, 0U);
  EXPECT_EQ(heard_until(minutes{150}, minutes{152}, 300).expired_templates, 1U);
}

TEST_F(TemplateLife, SilenceEndsNothing) {
  (void)send(minutes{0}, {octets_first()});
  const DecodeOutcome outcome = send(hours{24 * 7}, {data()});
  EXPECT_EQ(outcome.expired_templates, 0U);
  EXPECT_EQ(outcome.records, 1U);
}

TEST_F(TemplateLife, AClockThatIsSetBackEndsNothingAndStopsNothing) {
  (void)send(hours{24}, {octets_first(256), octets_first(300)});
  (void)send(hours{24}, {data(300)});
  EXPECT_EQ(heard_until(minutes{1}, minutes{29}, 300).expired_templates, 0U);
  EXPECT_EQ(send(minutes{29}, {data(256)}).records, 1U);
}

TEST_F(TemplateLife, ATemplateThatEndedIsLearnedAgain) {
  (void)send(minutes{0}, {octets_first(256), octets_first(300)});
  (void)heard_until(minutes{1}, minutes{32}, 300);
  EXPECT_EQ(send(minutes{33}, {octets_first(256), data(256)}).records, 1U);
}

TEST_F(TemplateLife, ARestartedExporterKeepsItsTemplatesButOthersRelyOnNewerOnes) {
  (void)send(decoder, seconds{0}, {octets_first()}, {.port = 1'000, .uptime_ms = 900'000});
  // The router began again, as its uptime says; its layout holds for its own data.
  sequence_ = 70'000;
  const DecodeOutcome restarted =
      send(decoder, seconds{1}, {data()}, {.port = 1'000, .uptime_ms = 10});
  EXPECT_EQ(restarted.restarts, 1U);
  EXPECT_EQ(restarted.records, 1U);
  EXPECT_EQ(flow(0).octets, 5U);
  // Nobody knows better: it serves others too.
  EXPECT_EQ(send(decoder, seconds{2}, {data()}, {.port = 3'000}).records, 1U);
  EXPECT_EQ(flow(1).octets, 5U);
  // Now somebody does, and there is no dispute.
  (void)send(decoder, seconds{3}, {packets_first()}, {.port = 2'000});
  EXPECT_EQ(send(decoder, seconds{4}, {data()}, {.port = 4'000}).records, 1U);
  EXPECT_EQ(flow(2).octets, 6U);
  // Sent again, it is as good as any, and the two dispute.
  (void)send(decoder, seconds{6}, {octets_first()}, {.port = 1'000});
  EXPECT_EQ(send(decoder, seconds{7}, {data()}, {.port = 5'000}).sets_without_template, 1U);
}

// F13: two exporters with one id and different layouts, two domains with sequences of their own.
TEST_F(TemplateLife, OneIdOfTwoExportersAndTwoDomainsMeansFourThings) {
  const From first{.address = 1, .domain = 1};
  const From second{.address = 2, .domain = 1};
  const From third{.address = 1, .domain = 2};
  (void)send(decoder, seconds{0}, {octets_first()}, first);
  (void)send(decoder, seconds{0}, {packets_first()}, second);
  (void)send(decoder, seconds{0}, {packets_first()}, third);
  for (int i = 1; i <= 10; ++i) {
    // A gap in the sequence of one (all share one counter here) takes no template from another.
    for (const From& from : {first, second, third}) {
      EXPECT_EQ(send(decoder, seconds{i}, {data()}, from).records, 1U);
    }
  }
  ASSERT_EQ(sink.flows.size(), 30U);
  for (std::size_t i = 0; i < 30; i += 3) {
    EXPECT_EQ(flow(i).octets, 5U);
    EXPECT_EQ(flow(i + 1).octets, 6U);
    EXPECT_EQ(flow(i + 2).octets, 6U);
  }
}

// F12, G16: one exporter sends templates in 1,024 domains. What is kept stays under the cap, and
// other exporters and the domain whose data come lose nothing.
TEST_F(TemplateLife, AFloodOfTemplatesStaysUnderTheCapAndTouchesNobodyElse) {
  const From other{.address = 9};
  (void)send(decoder, seconds{0}, {octets_first()}, other);
  (void)send(decoder, seconds{0}, {octets_first(), data()}, {.address = 1, .domain = 5'000});
  std::uint32_t evictions = 0;
  std::uint32_t templates = 0;
  for (std::uint32_t domain = 0; domain < 1'024; ++domain) {
    std::vector<TestSet> sets;
    for (std::uint16_t id = 256; id < 256 + 60; ++id) sets.push_back(octets_first(id));
    const DecodeOutcome outcome =
        send(decoder, seconds{1}, std::move(sets), {.address = 1, .domain = domain});
    templates += outcome.templates;
    evictions += refused(outcome, DecodeError::TooManyDomains);
  }
  EXPECT_EQ(templates, 1'024U * 60);
  EXPECT_GE(evictions, 1'024U - 256);
  const DecoderKnowledge knowledge = shared->snapshot();
  std::size_t domains = 0;
  std::size_t fields = 0;
  for (const auto& domain : knowledge.domains) {
    if (domain.key.address != IpAddress::v4(1)) continue;
    ++domains;
    for (const auto& session : domain.sessions)
      for (const auto& one : session.templates) fields += one.definition.fields.size() + 16;
  }
  EXPECT_LE(domains, DecoderLimits{}.domains_per_exporter);
  EXPECT_LE(fields, DecoderLimits{}.fields_per_exporter);
  EXPECT_EQ(send(decoder, seconds{2}, {data()}, other).records, 1U);
  EXPECT_EQ(send(decoder, seconds{2}, {data()}, {.address = 1, .domain = 5'000}).records, 1U);
}

TEST_F(TemplateLife, FieldsBeyondTheBudgetPushOutUnusedDomainsThenAreRefused) {
  // Each of these templates costs 18.
  const auto small_shared = make_shared_decoder_state();
  Decoder small{small_shared, {.fields_per_exporter = 54}};
  (void)send(small, seconds{0}, {octets_first(256)}, {.domain = 1});
  (void)send(small, seconds{0}, {octets_first(256), data()}, {.domain = 2});
  EXPECT_EQ(small_shared->snapshot().domains.size(), 2U);
  const DecodeOutcome third =
      send(small, seconds{0}, {octets_first(256), octets_first(257)}, {.domain = 3});
  EXPECT_EQ(refused(third, DecodeError::TooManyDomains), 1U);
  // Domain 1, which no data ever matched, had to go.
  EXPECT_EQ(send(small, seconds{1}, {data()}, {.domain = 2}).records, 1U);
  EXPECT_EQ(send(small, seconds{1}, {data()}, {.domain = 1}).records, 0U);
  const DecodeOutcome more = send(
      small, seconds{2}, {octets_first(258), octets_first(259), octets_first(260)}, {.domain = 2});
  EXPECT_EQ(refused(more, DecodeError::TooManyDomains), 1U);
  EXPECT_EQ(refused(more, DecodeError::TooManyTemplates), 1U);
}

class Restart : public TemplateLife {
 protected:
  /// A collector that starts with what this one knows.
  void restart() {
    reborn_shared = make_shared_decoder_state();
    reborn_shared->restore(shared->snapshot(), {});
    reborn = std::make_unique<Decoder>(reborn_shared, DecoderLimits{});
  }

  std::shared_ptr<SharedDecoderState> reborn_shared;
  std::unique_ptr<Decoder> reborn;
};

TEST_F(Restart, LosesNoRecordOfAStreamWhoseTemplatesComeOnce) {
  auto sets = sampler_table();
  sets.push_back(octets_first());
  (void)send(seconds{0}, std::move(sets));
  for (int i = 1; i <= 50; ++i) EXPECT_EQ(send(seconds{i}, {data()}).records, 1U);
  restart();
  for (int i = 51; i <= 100; ++i) {
    const DecodeOutcome outcome = send(*reborn, seconds{i}, {data()}, {});
    EXPECT_EQ(outcome.records, 1U);
    EXPECT_EQ(outcome.sets_without_template, 0U);
    EXPECT_EQ(outcome.lost, 0U);
  }
  ASSERT_EQ(sink.flows.size(), 100U);
  EXPECT_EQ(flow(99).octets, 5U);
  EXPECT_EQ(flow(99).sampling_interval, 256U);
}

TEST_F(Restart, LosesNoRecordThoughTheRouterChangesItsPort) {
  (void)send(seconds{0}, {octets_first()});
  restart();
  EXPECT_EQ(send(*reborn, seconds{1}, {data()}, {.port = 1'234}).records, 1U);
}

TEST_F(Restart, LosesNoRecordAfterAWeek) {
  (void)send(seconds{0}, {octets_first()});
  restart();
  EXPECT_EQ(send(*reborn, hours{24 * 7}, {data()}, {}).records, 1U);
}

TEST_F(Restart, LosesNoRecordOfAnIpfixStream) {
  const auto teach = build(IpfixMessage{.sets = {{.id = 2, .body = octets_first().body}}});
  const auto use = build(IpfixMessage{.sets = {data()}});
  (void)decoder.decode(datagram_of(teach), sink);
  restart();
  const DecodeOutcome outcome = reborn->decode(datagram_of(use), sink);
  EXPECT_EQ(outcome.records, 1U);
  EXPECT_EQ(outcome.sets_without_template, 0U);
}

TEST_F(Restart, KnowsTheSameAsBefore) {
  auto sets = sampler_table();
  sets.push_back(octets_first());
  sets.push_back(packets_first(300));
  (void)send(seconds{0}, std::move(sets));
  (void)send(decoder, seconds{90}, {octets_first(), data()}, {.port = 1'000});
  (void)send(hours{2}, {data(300)});
  (void)send(hours{2}, {octets_first()});
  shared->interfaces().learn(IpAddress::v4(9), {.ifindex = 4, .name = WireText{"ae4"}});
  shared->interfaces().learn_speed(IpAddress::v4(9), 4, 10'000'000'000);
  restart();
  EXPECT_EQ(reborn_shared->snapshot(), shared->snapshot());
  EXPECT_EQ(shared->snapshot().domains.size(), 1U);
  EXPECT_EQ(shared->snapshot().interfaces.size(), 1U);
}

TEST_F(Restart, TakesUpNothingBeyondTheLimits) {
  (void)send(seconds{0}, {octets_first(256), octets_first(257), octets_first(258)});
  const auto small = make_shared_decoder_state();
  small->restore(shared->snapshot(), {.templates_per_domain = 2});
  EXPECT_EQ(small->snapshot().domains.at(0).sessions.at(0).templates.size(), 2U);
  const auto none = make_shared_decoder_state();
  none->restore(shared->snapshot(), {.fields_per_template = 1});
  EXPECT_EQ(none->snapshot().domains.size(), 0U);
}

// Two workers teach, use and forget one exporter's templates while what is known is copied.
TEST_F(TemplateLife, SnapshotsAreWholeWhileWorkersLearn) {
  std::barrier same_minute(2);
  const auto work = [&](std::uint16_t port) {
    Decoder worker{shared, {}};
    test::MessageSink own;
    std::uint32_t sequence = 0;
    for (int minute = 0; minute < 400; ++minute) {
      same_minute.arrive_and_wait();  // time is one for both
      for (const bool is_first : {true, false}) {
        const auto bytes = build(
            Netflow9Message{.sequence = sequence++,
                            .sets = {is_first ? octets_first() : packets_first(), data(),
                                     octets_first(static_cast<std::uint16_t>(300 + minute))}});
        Datagram datagram = datagram_of(bytes);
        datagram.arrival += minutes{minute};
        datagram.source_port = port;
        EXPECT_EQ(worker.decode(datagram, own).records, 1U);
      }
    }
  };
  std::thread first(work, std::uint16_t{1'000});
  std::thread second(work, std::uint16_t{2'000});
  for (int i = 0; i < 200; ++i) {
    for (const auto& domain : shared->snapshot().domains) {
      EXPECT_LE(domain.sessions.size(), 2U);
      for (const auto& session : domain.sessions) EXPECT_FALSE(session.templates.empty());
    }
  }
  first.join();
  second.join();
  EXPECT_EQ(shared->snapshot().domains.at(0).sessions.size(), 2U);
}

}  // namespace
}  // namespace weir::wire
