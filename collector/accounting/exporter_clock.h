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

/// Brings one exporter's times onto our clock, and watches how far its clock is off.
///
/// A message whose export time differs from its arrival by more than the limit is *rebased*:
/// its export time is taken to be its arrival, and its flows move with it. Each message decides
/// for itself, so that the result depends on nothing but the message: neither on the order of
/// datagrams nor on the number of workers. Within the limit the exporter's word stands.
///
/// No range ends after the arrival of its datagram, starts after it ends, or is longer
/// than kLongestFlow.
///
/// Threads: one worker.
class ExporterClock {
 public:
  /// `skew_limit` is how far a clock may be off before its messages are rebased.
  explicit ExporterClock(TrafficSpan skew_limit) noexcept : skew_limit_(skew_limit) {}

  /// A message has come. Feeds skew() and is_rebased() alone.
  void observe(const MessageContext& context) noexcept;

  /// Start and end of a record of `context`.
  [[nodiscard]] ResolvedTime resolve(const MessageContext& context,
                                     const FlowRecord& record) const noexcept;

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
