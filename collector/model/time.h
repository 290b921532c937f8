#pragma once

#include <chrono>
#include <cstdint>

namespace weir {
inline namespace model {

/// The clock that dates traffic: milliseconds since 1970-01-01T00:00:00 UTC, leap
/// seconds not counted. Has no now(): traffic is dated by whoever received it (a
/// socket, a capture file), so that a replay runs at the capture's own time. Work
/// (timeouts, progress) is timed with std::chrono::steady_clock; the types do not mix.
struct TrafficClock {
  using rep = std::int64_t;
  using period = std::milli;
  using duration = std::chrono::duration<rep, period>;
  using time_point = std::chrono::time_point<TrafficClock>;
  static constexpr bool is_steady = false;
};

using TrafficTime = TrafficClock::time_point;
using TrafficSpan = TrafficClock::duration;

[[nodiscard]] constexpr TrafficTime traffic_time_ms(std::int64_t since_epoch_ms) noexcept {
  return TrafficTime{TrafficSpan{since_epoch_ms}};
}

[[nodiscard]] constexpr std::int64_t since_epoch_ms(TrafficTime time) noexcept {
  return time.time_since_epoch().count();
}

/// The machine's UTC clock, for what arrives now.
[[nodiscard]] inline TrafficTime traffic_now() noexcept {
  return TrafficTime{
      std::chrono::duration_cast<TrafficSpan>(std::chrono::system_clock::now().time_since_epoch())};
}

}  // namespace model
}  // namespace weir
