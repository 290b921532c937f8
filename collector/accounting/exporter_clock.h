#pragma once

#include <chrono>
#include <cstdint>

#include "collector/model/flow_record.h"
#include "collector/model/observation.h"
#include "collector/model/time.h"

namespace weir::accounting {

/// Longest flow that is believed. No exporter's active timeout comes near it; a longer one is
/// an error of its counters.
inline constexpr TrafficSpan kLongestFlow = std::chrono::hours{24};

/// How far after its own arrival a flow may end without being called untrue: NetFlow v9 and
/// IPFIX headers carry whole seconds (RFC 3954, 5.1; RFC 7011, 3.1).
inline constexpr TrafficSpan kClockGrain = std::chrono::seconds{1};

/// When a record's traffic passed, on our clock.
struct ResolvedTime {
  TimeRange range;
  bool is_clamped = false;  ///< the times sent could not be true, or could not be read

  friend bool operator==(const ResolvedTime&, const ResolvedTime&) = default;
};

/// Brings the times of one message's records onto our clock. What its records have in common
/// is worked out once.
///
/// No range ends after the arrival of its datagram, starts after it ends, or is longer
/// than kLongestFlow.
///
/// Threads: one worker. Borrows the context.
class MessageClock {
 public:
  /// `shift` is what the exporter's clock is put right by.
  MessageClock(const MessageContext& context, TrafficSpan shift) noexcept;

  /// Start and end of a record of the message.
  [[nodiscard]] ResolvedTime resolve(const FlowRecord& record) const noexcept {
    constexpr auto kBoth =
        static_cast<std::uint32_t>(Has::First) | static_cast<std::uint32_t>(Has::Last);
    // The commonest case: start and end by the uptime in the message's header.
    if (context_.has_uptime && record.time_format == TimeFormat::UptimeMs &&
        (record.present & kBoth) == kBoth) [[likely]]
      return within_bounds({.start = by_uptime(record.first), .end = by_uptime(record.last)},
                           shift_);
    return resolve_rarer(record);
  }

 private:
  /// The uptime wraps every 49.7 days, and a flow may end just after the header's time: the
  /// signed difference is right in both cases.
  [[nodiscard]] TrafficTime by_uptime(std::uint64_t uptime) const noexcept {
    return export_time_ - TrafficSpan{static_cast<std::int32_t>(
                              context_.uptime_ms - static_cast<std::uint32_t>(uptime))};
  }
  /// Of a range that `shift` brings onto our clock.
  [[nodiscard]] ResolvedTime within_bounds(TimeRange range, TrafficSpan shift) const noexcept {
    bool is_clamped = false;
    if (range.end < range.start || range.end - range.start > kLongestFlow) [[unlikely]] {
      range = {.start = export_time_, .end = export_time_};
      is_clamped = true;
    }
    range.start += shift;
    range.end += shift;
    if (range.end > context_.arrival) [[unlikely]] {
      // Nothing is reported before it happened. The length is still the exporter's word.
      const TrafficSpan ahead = range.end - context_.arrival;
      range.start -= ahead;
      range.end = context_.arrival;
      is_clamped = is_clamped || ahead > kClockGrain;
    }
    return {.range = range, .is_clamped = is_clamped};
  }
  [[nodiscard]] ResolvedTime resolve_rarer(const FlowRecord& record) const noexcept;

  const MessageContext& context_;
  TrafficTime export_time_;  ///< the arrival, if the message does not say
  TrafficSpan shift_;
};

/// Brings one exporter's times onto our clock, and watches how far its clock is off.
///
/// A message whose export time differs from its arrival by more than the limit is *rebased*:
/// its export time is taken to be its arrival, and its flows move with it. Each message decides
/// for itself, so that the result depends on nothing but the message: neither on the order of
/// datagrams nor on the number of workers. Within the limit the exporter's word stands.
///
/// Threads: one worker.
class ExporterClock {
 public:
  /// `skew_limit` is how far a clock may be off before its messages are rebased.
  explicit ExporterClock(TrafficSpan skew_limit) noexcept : skew_limit_(skew_limit) {}

  /// A message has come. Feeds skew() and is_rebased() alone.
  void observe(const MessageContext& context) noexcept;

  /// For the records of one message; `context` outlives it.
  [[nodiscard]] MessageClock of(const MessageContext& context) const noexcept;

  /// Start and end of one record of `context`.
  [[nodiscard]] ResolvedTime resolve(const MessageContext& context,
                                     const FlowRecord& record) const noexcept {
    return of(context).resolve(record);
  }

  /// Smallest (arrival - export time) of the last one to two minutes: what is left of the
  /// delay is the clock's error. 0 for exporters that send no time.
  [[nodiscard]] TrafficSpan skew() const noexcept;

  /// True if the last message was rebased.
  [[nodiscard]] bool is_rebased() const noexcept { return is_rebased_; }

 private:
  [[nodiscard]] bool is_beyond_limit(TrafficSpan offset) const noexcept {
    return offset > skew_limit_ || offset < -skew_limit_;
  }

  TrafficSpan skew_limit_;
  bool is_rebased_ = false;
  bool has_current_ = false;
  bool has_previous_ = false;
  // Smallest offsets of the window under way and of the one before it.
  TrafficTime window_start_{};
  TrafficSpan current_{};
  TrafficSpan previous_{};
};

}  // namespace weir::accounting
