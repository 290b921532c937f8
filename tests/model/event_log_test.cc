#include "collector/model/event_log.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "collector/model/decode_error.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr TrafficTime kNoon = traffic_time_ms(1'700'000'000'000);

Event event_at(TrafficTime time, EventKind kind = EventKind::TemplateMissing,
               std::uint32_t exporter = 0xc000'0201) {
  return {.time = time,
          .kind = kind,
          .exporter = IpAddress::v4(exporter),
          .protocol = Protocol::Ipfix,
          .domain = 7,
          .about = EventSubject::Template,
          .subject = 256};
}

TEST(EventLog, KeepsAnEventWhole) {
  EventLog log;
  const Event event = event_at(kNoon);
  log.add(event);
  EXPECT_EQ(log.since(0), (std::vector<EventLog::Numbered>{{.number = 1, .event = event}}));
  EXPECT_TRUE(log.since(1).empty());
  EXPECT_EQ(log.newest(), 1U);
}

TEST(EventLog, AMinuteHoldsOneEventOfAKindAndExporterAndTheNextCountsTheRest) {
  EventLog log;
  for (int i = 0; i < 1'000; ++i) log.add(event_at(kNoon + milliseconds{i}));
  EXPECT_EQ(log.newest(), 1U);
  EXPECT_EQ(log.suppressed(), 999U);
  log.add(event_at(kNoon + seconds{60}));
  const auto events = log.since(1);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].event.suppressed, 999U);
  log.add(event_at(kNoon + seconds{120}));
  EXPECT_EQ(log.since(2).at(0).event.suppressed, 0U);
}

TEST(EventLog, KindsAndExportersHaveMinutesOfTheirOwn) {
  EventLog log;
  log.add(event_at(kNoon));
  log.add(event_at(kNoon, EventKind::TemplateRefused));
  log.add(event_at(kNoon, EventKind::TemplateMissing, 0xc000'0202));
  EXPECT_EQ(log.newest(), 3U);
  EXPECT_EQ(log.suppressed(), 0U);
}

TEST(EventLog, TimeThatStepsBackDoesNotSilence) {
  EventLog log;
  log.add(event_at(kNoon));
  log.add(event_at(kNoon - minutes{5}));
  EXPECT_EQ(log.newest(), 2U);
}

TEST(EventLog, TheOldestGoAndNumbersShowIt) {
  EventLog log;
  for (std::size_t i = 0; i < EventLog::kKept + 10; ++i) {
    log.add(event_at(kNoon + minutes{static_cast<int>(i)}));
  }
  const auto events = log.since(3);
  ASSERT_EQ(events.size(), EventLog::kKept);
  EXPECT_EQ(events.front().number, 11U);
  EXPECT_EQ(events.back().number, EventLog::kKept + 10);
}

TEST(EventLog, MoreExportersThanItFollowsAreCountedAndFollowedWhenOthersAreQuiet) {
  EventLog log;
  for (std::uint32_t i = 0; i < EventLog::kMostStreams + 5; ++i) {
    log.add(event_at(kNoon, EventKind::TemplateMissing, i));
  }
  EXPECT_EQ(log.newest(), EventLog::kMostStreams);
  EXPECT_EQ(log.suppressed(), 5U);
  log.add(event_at(kNoon + minutes{1}, EventKind::TemplateMissing, EventLog::kMostStreams));
  EXPECT_EQ(log.newest(), EventLog::kMostStreams + 1);
}

TEST(EventLog, ManyThreadsLoseNothing) {
  EventLog log;
  constexpr std::uint32_t kThreads = 4;
  constexpr std::uint32_t kEach = 500;
  std::vector<std::thread> threads;
  for (std::uint32_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&log, t] {
      for (std::uint32_t i = 0; i < kEach; ++i) {
        log.add(event_at(kNoon, EventKind::TemplateMissing, t * kEach + i / 2));
        static_cast<void>(log.since(log.newest() - 1));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(log.newest() + log.suppressed(), kThreads * kEach);
}

// ---- sentences

std::string sentence(Event event) {
  event.exporter = IpAddress::v4(0xc000'0201);
  event.protocol = Protocol::Netflow9;
  event.domain = 7;
  return describe(event);
}

TEST(EventText, NamesExporterProtocolDomainAndSubject) {
  EXPECT_EQ(sentence({.kind = EventKind::SamplingChanged,
                      .about = EventSubject::Sampler,
                      .subject = 3,
                      .before = 1'000,
                      .after = 2'000}),
            "192.0.2.1 netflow9 domain 7 sampler 3: sampling interval changed from 1000 to 2000");
  EXPECT_EQ(sentence({.kind = EventKind::TemplateRefused,
                      .about = EventSubject::Template,
                      .subject = 256,
                      .after = static_cast<std::uint64_t>(DecodeError::BadScope)}),
            "192.0.2.1 netflow9 domain 7 template 256: refused: bad_scope");
  EXPECT_EQ(
      sentence({.kind = EventKind::TemplateMissing,
                .about = EventSubject::Template,
                .subject = 300,
                .suppressed = 12}),
      "192.0.2.1 netflow9 domain 7 template 300: not known yet: its data wait for it (12 more of "
      "this kind since the last message)");
  EXPECT_EQ(sentence({.kind = EventKind::SamplingChanged,
                      .about = EventSubject::DataSource,
                      .subject = 0x1'0000'0005,
                      .before = 1,
                      .after = 2}),
            "192.0.2.1 netflow9 domain 7 data source 1:5: sampling interval changed from 1 to 2");
}

TEST(EventText, UnknownSamplingNamesWhatIsMissing) {
  EXPECT_EQ(
      sentence({.kind = EventKind::SamplingUnknown,
                .about = EventSubject::Sampler,
                .subject = 3,
                .after = 260}),
      "192.0.2.1 netflow9 domain 7: sampling interval unknown, records of template 260 cannot "
      "be scaled: no options record for sampler 3, and no interval for the domain; export "
      "it, or write `sampling: N` for this router");
  EXPECT_NE(sentence({.kind = EventKind::SamplingUnknown, .after = 260})
                .find("no element 34, 50, 305/306, 309/310 or 311"),
            std::string::npos);
  EXPECT_NE(sentence({.kind = EventKind::SamplingUnknown, .before = 1, .after = 260})
                .find("name no sampler (element 48 or 302)"),
            std::string::npos);
  EXPECT_NE(
      sentence(
          {.kind = EventKind::SamplingUnknown, .about = EventSubject::Interface, .subject = 12})
          .find("no options record for interface 12"),
      std::string::npos);
}

TEST(EventText, ClockSaysWhichWayItIsOff) {
  const auto clock = [](std::int64_t offset_ms) {
    return sentence({.kind = EventKind::ClockOff,
                     .before = 30'000,
                     .after = static_cast<std::uint64_t>(offset_ms)});
  };
  EXPECT_NE(clock(75'250).find("clock is 75.250 s behind, more than 30.000 s"), std::string::npos);
  EXPECT_NE(clock(-3'600'000).find("clock is 3600.000 s ahead"), std::string::npos);
}

TEST(EventText, EachKindHasANameAndASentenceOfItsOwn) {
  std::set<std::string> names;
  std::set<std::string> sentences;
  for (std::size_t kind = 0; kind < kEventKinds; ++kind) {
    names.emplace(event_kind_name(static_cast<EventKind>(kind)));
    sentences.insert(sentence({.kind = static_cast<EventKind>(kind)}));
  }
  EXPECT_EQ(names.size(), kEventKinds);
  EXPECT_EQ(sentences.size(), kEventKinds);
  EXPECT_FALSE(names.contains("unknown"));
}

}  // namespace
}  // namespace weir
