#include "collector/accounting/exporter_clock.h"

#include <gtest/gtest.h>

namespace weir::accounting {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TrafficSpan kLimit = seconds{30};
/// 2012-09-30T12:00:00Z
constexpr TrafficTime kExport = traffic_time_ms(1'349'006'400'000);

/// A message that arrives `delay` after its export.
MessageContext message(TrafficSpan delay = {}) {
  MessageContext context;
  context.protocol = Protocol::Netflow9;
  context.export_time = kExport;
  context.has_export_time = true;
  context.arrival = kExport + delay;
  context.released = context.arrival;
  return context;
}

MessageContext with_uptime(MessageContext context, std::uint32_t uptime_ms) {
  context.uptime_ms = uptime_ms;
  context.has_uptime = true;
  return context;
}

FlowRecord timed(TimeFormat format, std::uint64_t first, std::uint64_t last) {
  FlowRecord record;
  record.time_format = format;
  record.first = first;
  record.last = last;
  record.set(Has::First);
  record.set(Has::Last);
  return record;
}

ResolvedTime resolve(const MessageContext& context, const FlowRecord& record) {
  return ExporterClock{kLimit}.resolve(context, record);
}

ResolvedTime true_time(TrafficTime start, TrafficTime end) { return {{start, end}, false}; }
ResolvedTime clamped_time(TrafficTime start, TrafficTime end) { return {{start, end}, true}; }

// Domain requirement 21.
TEST(ExporterClock, UptimeThatWrappedSinceTheFlowBegan) {
  EXPECT_EQ(resolve(with_uptime(message(), 1'000),
                    timed(TimeFormat::UptimeMs, 4'294'966'296, 4'294'966'296)),
            true_time(kExport - seconds{2}, kExport - seconds{2}));
}

TEST(ExporterClock, FlowThatEndsJustAfterTheHeadersUptime) {
  EXPECT_EQ(resolve(with_uptime(message(seconds{1}), 66'892'000),
                    timed(TimeFormat::UptimeMs, 66'891'000, 66'892'160)),
            true_time(kExport - seconds{1}, kExport + milliseconds{160}));
}

// Domain requirement 22.
TEST(ExporterClock, NtpTimesCountFrom1900) {
  const std::uint64_t half_past = 0xD412'B2C0'8000'0000;
  for (const TimeFormat format : {TimeFormat::NtpMicroseconds, TimeFormat::NtpNanoseconds}) {
    const auto base = message(seconds{1});
    EXPECT_EQ(resolve(base, timed(format, 0xD412'B2C0'0000'0000, half_past)),
              true_time(kExport, kExport + milliseconds{500}));
  }
}

TEST(ExporterClock, NtpTimesOfTheNextEraAreTheNearest) {
  // 2036-02-07T06:28:16Z is second 0 of NTP era 1.
  auto context = message();
  context.export_time = traffic_time_ms(2'085'978'496'000) + seconds{5};
  context.arrival = context.export_time;
  EXPECT_EQ(resolve(context, timed(TimeFormat::NtpMicroseconds, 0xFFFF'FFFF'0000'0000,
                                   0x0000'0003'0000'0000)),
            true_time(context.export_time - seconds{6}, context.export_time - seconds{2}));
}

TEST(ExporterClock, DeltasAreMicrosecondsBeforeTheExport) {
  EXPECT_EQ(resolve(message(), timed(TimeFormat::DeltaMicroseconds, 2'500'000, 0)),
            true_time(kExport - milliseconds{2'500}, kExport));
}

TEST(ExporterClock, UptimeAfterTheSystemsStartFromOptionsData) {
  auto context = message();
  context.protocol = Protocol::Ipfix;
  context.system_init_ms = 1'349'000'000'000;
  EXPECT_EQ(resolve(context, timed(TimeFormat::UptimeMs, 1'000, 5'000)),
            true_time(traffic_time_ms(1'349'000'001'000), traffic_time_ms(1'349'000'005'000)));
}

TEST(ExporterClock, RecordsOwnSystemStartWinsOverTheOptionsData) {
  auto context = message();
  context.system_init_ms = 1;
  auto record = timed(TimeFormat::UptimeMs, 1'000, 5'000);
  record.system_init_ms = 1'349'000'000'000;
  record.set(Has::SystemInit);
  EXPECT_EQ(resolve(context, record),
            true_time(traffic_time_ms(1'349'000'001'000), traffic_time_ms(1'349'000'005'000)));
}

TEST(ExporterClock, UptimeWithoutASystemStartIsTheExportTimeAndCounted) {
  EXPECT_EQ(resolve(message(), timed(TimeFormat::UptimeMs, 1'000, 5'000)),
            clamped_time(kExport, kExport));
}

TEST(ExporterClock, SecondsAndMillisecondsCountFrom1970) {
  EXPECT_EQ(resolve(message(), timed(TimeFormat::Seconds, 1'349'006'340, 1'349'006'400)),
            true_time(kExport - seconds{60}, kExport));
  EXPECT_EQ(
      resolve(message(), timed(TimeFormat::Milliseconds, 1'349'006'399'001, 1'349'006'399'999)),
      true_time(kExport - milliseconds{999}, kExport - milliseconds{1}));
}

TEST(ExporterClock, RecordWithoutTimesIsDatedByItsExport) {
  EXPECT_EQ(resolve(message(seconds{2}), FlowRecord{}), true_time(kExport, kExport));
}

TEST(ExporterClock, MessageWithoutExportTimeIsDatedByItsArrival) {
  auto context = message(seconds{2});
  context.protocol = Protocol::Sflow5;
  context.has_export_time = false;
  EXPECT_EQ(resolve(context, FlowRecord{}), true_time(context.arrival, context.arrival));
}

TEST(ExporterClock, EndWithoutStartIsAnInstant) {
  auto record = timed(TimeFormat::Seconds, 0, 1'349'006'340);
  record.present = 0;
  record.set(Has::Last);
  EXPECT_EQ(resolve(message(), record), true_time(kExport - seconds{60}, kExport - seconds{60}));
}

TEST(ExporterClock, StartWithoutEndReachesToTheExport) {
  auto record = timed(TimeFormat::Seconds, 1'349'006'340, 0);
  record.present = 0;
  record.set(Has::First);
  EXPECT_EQ(resolve(message(), record), true_time(kExport - seconds{60}, kExport));
}

TEST(ExporterClock, EndBeforeStartIsTheExportTimeAndCounted) {
  EXPECT_EQ(resolve(message(), timed(TimeFormat::Seconds, 1'349'006'340, 1'349'006'330)),
            clamped_time(kExport, kExport));
}

TEST(ExporterClock, FlowLongerThanADayIsTheExportTimeAndCounted) {
  EXPECT_EQ(resolve(message(), timed(TimeFormat::Seconds, 1'349'006'400 - 86'400, 1'349'006'400)),
            true_time(kExport - hours{24}, kExport));
  EXPECT_EQ(resolve(message(), timed(TimeFormat::Seconds, 1'349'006'400 - 86'401, 1'349'006'400)),
            clamped_time(kExport, kExport));
}

TEST(ExporterClock, EndAfterTheArrivalMovesTheFlowBack) {
  const auto record = timed(TimeFormat::Seconds, 1'349'006'410, 1'349'006'420);
  EXPECT_EQ(resolve(message(), record), clamped_time(kExport - seconds{10}, kExport));
}

TEST(ExporterClock, EndWithinTheHeadersGrainMovesBackUncounted) {
  const auto record = timed(TimeFormat::Milliseconds, 1'349'006'400'100, 1'349'006'400'999);
  EXPECT_EQ(resolve(message(), record), true_time(kExport - milliseconds{899}, kExport));
}

TEST(ExporterClock, WildTimesStayInBoundsAndAreCounted) {
  EXPECT_EQ(resolve(message(), timed(TimeFormat::Milliseconds, UINT64_MAX, UINT64_MAX)),
            clamped_time(kExport, kExport));
  EXPECT_EQ(resolve(message(), timed(TimeFormat::Seconds, 0, UINT64_MAX)),
            clamped_time(kExport, kExport));
}

TEST(ExporterClock, OffsetAtTheLimitLeavesTheExportersWord) {
  for (const TrafficSpan offset : {kLimit, -kLimit}) {
    auto context = message(offset);
    ExporterClock clock{kLimit};
    clock.observe(context);
    EXPECT_FALSE(clock.is_rebased());
  }
  EXPECT_EQ(resolve(message(kLimit), FlowRecord{}), true_time(kExport, kExport));
}

TEST(ExporterClock, OffsetBeyondTheLimitMovesTheExportTimeToTheArrival) {
  const auto context = message(kLimit + milliseconds{1});
  ExporterClock clock{kLimit};
  clock.observe(context);
  EXPECT_TRUE(clock.is_rebased());
  EXPECT_EQ(clock.resolve(context, timed(TimeFormat::Seconds, 1'349'006'340, 1'349'006'390)),
            true_time(context.arrival - seconds{60}, context.arrival - seconds{10}));
}

TEST(ExporterClock, ClockAheadOfOursMovesBackToo) {
  const auto context = message(-seconds{3'600});
  EXPECT_EQ(resolve(context, timed(TimeFormat::Seconds, 1'349'006'340, 1'349'006'390)),
            true_time(context.arrival - seconds{60}, context.arrival - seconds{10}));
}

TEST(ExporterClock, OldTrafficSentAtOnceIsRebasedMessageByMessage) {
  // A minute of messages, three years old, within a tenth of a second.
  const TrafficTime now = kExport + hours{24 * 365 * 3};
  ExporterClock clock{kLimit};
  for (int second = 0; second < 60; ++second) {
    MessageContext context = message();
    context.export_time = kExport + seconds{second};
    context.arrival = now + milliseconds{second};
    context = with_uptime(context, 100'000);
    clock.observe(context);
    EXPECT_TRUE(clock.is_rebased());
    EXPECT_EQ(clock.resolve(context, timed(TimeFormat::UptimeMs, 95'000, 99'000)),
              true_time(context.arrival - seconds{5}, context.arrival - seconds{1}));
  }
}

TEST(ExporterClock, SkewIsTheSmallestDelayOfTheWindow) {
  ExporterClock clock{kLimit};
  EXPECT_EQ(clock.skew(), TrafficSpan{0});
  const auto hear = [&](int second, TrafficSpan delay) {
    auto context = message();
    context.export_time = kExport + seconds{second};
    context.arrival = context.export_time + delay;
    clock.observe(context);
  };
  hear(0, milliseconds{700});
  hear(1, milliseconds{300});
  hear(2, milliseconds{900});
  EXPECT_EQ(clock.skew(), milliseconds{300});
  // The window before the one under way counts still, ...
  hear(70, milliseconds{800});
  EXPECT_EQ(clock.skew(), milliseconds{300});
  // ... one more and it is forgotten.
  hear(140, milliseconds{600});
  EXPECT_EQ(clock.skew(), milliseconds{600});
}

TEST(ExporterClock, MessagesWithoutExportTimeTellNoSkew) {
  auto context = message(seconds{100});
  context.has_export_time = false;
  ExporterClock clock{kLimit};
  clock.observe(context);
  EXPECT_EQ(clock.skew(), TrafficSpan{0});
  EXPECT_FALSE(clock.is_rebased());
}

}  // namespace
}  // namespace weir::accounting
