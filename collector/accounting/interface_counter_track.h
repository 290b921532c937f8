#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "collector/model/time.h"
#include "collector/model/units.h"

namespace weir::accounting {

/// One direction of a reading: counts since the router's own beginning.
struct DirectionReading {
  std::uint64_t octets = 0;
  std::uint32_t discards = 0;  ///< packets
};

/// What a router's counters of one interface stood at.
struct CounterReading {
  TrafficTime time;
  BitsPerSecond speed;  ///< 0: not known
  DirectionReading ingress;
  DirectionReading egress;
};

/// What the counters of one direction moved in some span.
struct CounterDelta {
  std::uint64_t octets = 0;
  std::uint64_t discards = 0;

  friend bool operator==(const CounterDelta&, const CounterDelta&) = default;
};

/// What the counters of both directions moved in one ledger interval.
struct CounterInterval {
  CounterDelta ingress;
  CounterDelta egress;

  friend bool operator==(const CounterInterval&, const CounterInterval&) = default;
};

/// Readings of one interface's counters turned into what passed in each five minutes, on UTC
/// multiples of 300 s (docs/billing.md, "Counters").
///
/// What two readings differ by is spread evenly over the time between them, exact in
/// integers: the shares of the intervals sum to the difference. An interval has a figure only
/// if readings that follow one another cover all of it; readings that lie more than
/// kLongestGap apart, a counter that was reset, and a step that the interface cannot have
/// carried leave the time between them without.
///
/// A counter of 64 bits may wrap. One whose upper half has never been seen set and that falls
/// back is one of 32 bits, or was reset: at 1 Gbit/s and above it wraps in 34.4 s and less, so
/// such an interface gets no figures until a reading shows the upper half.
///
/// Bounded: keeps kKept intervals. Threads: a value.
class InterfaceCounterTrack {
 public:
  static constexpr TrafficSpan kInterval = std::chrono::minutes{5};
  static constexpr TrafficSpan kLongestGap = std::chrono::minutes{10};
  static constexpr std::size_t kKept = 8;

  /// What came of a reading.
  enum class Verdict : std::uint8_t {
    First,
    Counted,
    Ignored,  ///< not later than the last one
    Gap,      ///< too long after the last one
    Reset,    ///< fell back, or stepped farther than the interface can carry
    Narrow,   ///< 32 bits at a speed that wraps them too fast
  };
  Verdict take(const CounterReading& reading) noexcept;

  /// What passed in the interval that starts at `start`; nullopt unless all of it is covered.
  [[nodiscard]] std::optional<CounterInterval> interval(TrafficTime start) const noexcept;

  /// No reading is expected to complete the interval that starts at `start` any more: one came
  /// from after its end.
  [[nodiscard]] bool is_past(TrafficTime start) const noexcept {
    return has_last_ && last_.time >= start + kInterval;
  }
  [[nodiscard]] bool has_reading() const noexcept { return has_last_; }
  /// Of the first reading.
  [[nodiscard]] TrafficTime first_time() const noexcept { return first_time_; }
  /// Whether the counters are refused for their width.
  [[nodiscard]] bool is_narrow() const noexcept { return is_narrow_; }
  /// Everything that counted since the first reading, in all directions' own sums.
  [[nodiscard]] const CounterInterval& total() const noexcept { return total_; }

 private:
  struct Kept {
    std::int64_t number = -1;  ///< of the interval since 1970
    std::int64_t covered_ms = 0;
    CounterInterval sums;
  };

  [[nodiscard]] std::optional<std::uint64_t> octets_between(std::uint64_t before,
                                                            std::uint64_t after, TrafficSpan span,
                                                            BitsPerSecond speed) noexcept;
  void spread(const CounterInterval& delta, TrafficTime from, TrafficTime until) noexcept;
  [[nodiscard]] Kept& kept(std::int64_t number) noexcept;

  CounterReading last_;
  bool has_last_ = false;
  TrafficTime first_time_;
  bool is_wide_ = false;    ///< some reading had an upper half
  bool is_narrow_ = false;  ///< the counters are of 32 bits, at a speed that forbids it
  std::array<Kept, kKept> kept_{};
  CounterInterval total_;
};

}  // namespace weir::accounting
