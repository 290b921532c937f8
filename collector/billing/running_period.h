#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "collector/billing/billing_view.h"
#include "collector/billing/interval_grid.h"
#include "collector/billing/interval_state.h"
#include "collector/billing/terms.h"
#include "collector/billing/top_values.h"

namespace weir::billing {

/// One contract's period, interval by interval as they close, in a small part of the memory that
/// its grid takes: the nearest rank needs the top 5 % and how many there were. It gives what
/// statement_of() and so_far() give of the same intervals, to the bit per second.
///
/// At p95, a month takes 3.6 kB a list: two lists, three under a rule that joins directions, and
/// three times as many with the bounds of sampling.
///
/// Threads: one at a time.
class RunningPeriod {
 public:
  /// Whether the lowest and highest values by the sampling error are wanted: for periods that
  /// are over.
  enum class Sampling : std::uint8_t { Ignored, Bounds };

  /// `terms` lie in `period`. `masks` are those that touch it, closed intervals or not.
  RunningPeriod(const Period& period, TermSpan terms, std::vector<Mask> masks, Sampling sampling);

  /// Start of the interval that close() is next of; the end of the terms, or later, if all are
  /// closed.
  [[nodiscard]] TrafficTime next() const noexcept { return next_; }
  [[nodiscard]] bool is_over() const noexcept { return next_ >= terms_.span.end; }

  [[nodiscard]] TrafficTime end() const noexcept { return terms_.span.end; }

  /// The interval at next() has closed. Whether it is masked is known here.
  void close(Interval interval);
  /// State of the interval that was closed last; Missing before the first.
  [[nodiscard]] IntervalState last_state() const noexcept { return last_state_; }

  [[nodiscard]] PeriodView view(Share completeness_limit) const;

 private:
  /// One value of each interval, and if wanted its bounds.
  struct Ranked {
    TopValues values;
    TopValues lows;
    TopValues highs;
  };
  /// Low and high of one value.
  struct Bounds {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
  };

  [[nodiscard]] bool is_masked(TrafficTime start) const noexcept;
  [[nodiscard]] std::uint64_t masked_ahead() const noexcept;
  [[nodiscard]] Bounds bounds_of(std::uint64_t bytes, Wide variance) const noexcept;
  void add(Ranked& ranked, std::uint64_t value, const Bounds& bounds) const;
  /// The billed bytes if `remaining` more intervals carry `each` in each direction.
  [[nodiscard]] std::uint64_t billed_with(std::uint64_t remaining, std::uint64_t each) const;
  /// The billed bytes of one member of the lists, those of both directions compared by themselves.
  [[nodiscard]] std::uint64_t billed_bound(TopValues Ranked::*member) const;
  [[nodiscard]] ByDirection<std::uint64_t> apart() const noexcept;
  [[nodiscard]] bool joins() const noexcept { return joins_intervals(terms_.terms.rule); }

  Period period_;
  TermSpan terms_;
  std::vector<Mask> masks_;
  Sampling sampling_;
  TrafficTime next_;
  IntervalState last_state_ = IntervalState::Missing;
  IntervalCounts counts_;
  std::uint64_t covered_millionths_ = 0;
  bool is_sampled_ = false;
  std::uint64_t joined_bursts_ = 0;
  ByDirection<std::uint64_t> bursts_;
  Ranked from_;
  Ranked to_;
  Ranked joined_;
};

}  // namespace weir::billing
