#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "collector/billing/interval_state.h"
#include "collector/billing/period.h"
#include "collector/model/time.h"

namespace weir::billing {

/// Intervals that a person has taken out of a bill, such as an attack's, and why. The record
/// is part of the bill.
struct Mask {
  Period span;
  std::string author;
  std::string reason;
  TrafficTime made_at;

  friend bool operator==(const Mask&, const Mask&) = default;
};

/// Every interval of one contract's period: one place for each that belongs to the period,
/// missing until something is said of it.
///
/// Circuits add up in their interval before any percentile is taken, so that a dead circuit
/// adds nothing and shifts no rank. What belongs to another period is passed over.
///
/// Threads: one at a time. May be copied once coverage is in, for the next contract.
class IntervalGrid {
 public:
  explicit IntervalGrid(const Period& period);

  /// Says how much of the interval at `start` was measured.
  void cover(TrafficTime start, Share completeness);
  /// Adds what one circuit carried in the interval at `start`, with the standard deviation of
  /// its bytes. Deviations add by their squares: sampling on one circuit knows nothing of the
  /// other. The order in which circuits come changes nothing.
  void add(TrafficTime start, const ByDirection<std::uint64_t>& bytes,
           const ByDirection<std::uint64_t>& deviation);
  /// Masks every interval that `mask` touches.
  void mask(Mask mask);

  [[nodiscard]] const Period& period() const noexcept { return period_; }
  [[nodiscard]] std::span<const Mask> masks() const noexcept { return masks_; }
  [[nodiscard]] std::span<const Interval> intervals() const noexcept { return intervals_; }
  /// Those that belong to `part`.
  [[nodiscard]] std::span<const Interval> intervals(const Period& part) const noexcept;
  /// Start of the first of intervals(part), if there is one.
  [[nodiscard]] TrafficTime first_start(const Period& part) const noexcept {
    return part.within(period_).first_interval();
  }

 private:
  [[nodiscard]] Interval* find(TrafficTime start) noexcept;

  Period period_;
  std::vector<Interval> intervals_;
  std::vector<Mask> masks_;
};

}  // namespace weir::billing
