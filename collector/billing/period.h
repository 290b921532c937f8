#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "collector/model/time.h"

namespace weir::billing {

/// The five minutes that are billed: [start, start + 300 s), on UTC multiples of 300 s
/// whenever the process started (docs/billing.md, "Intervals").
inline constexpr TrafficSpan kLedgerInterval = std::chrono::seconds{300};

/// The start of the interval that holds `time`.
[[nodiscard]] constexpr TrafficTime ledger_interval_start(TrafficTime time) noexcept {
  // Floor, not truncation: times before 1970 belong to the interval that began before them.
  const auto since = time.time_since_epoch();
  const auto into = (since % kLedgerInterval + kLedgerInterval) % kLedgerInterval;
  return TrafficTime{since - into};
}

/// The first interval start at or after `time`.
[[nodiscard]] constexpr TrafficTime first_ledger_interval_from(TrafficTime time) noexcept {
  const TrafficTime start = ledger_interval_start(time);
  return start == time ? start : start + kLedgerInterval;
}

/// A span of billed time, [start, end), such as a contract's month.
///
/// An interval belongs to the period that holds its start, so that each belongs to exactly
/// one even where a border falls inside it.
struct Period {
  TrafficTime start;
  TrafficTime end;

  [[nodiscard]] constexpr bool is_empty() const noexcept { return end <= start; }
  [[nodiscard]] constexpr bool contains(TrafficTime time) const noexcept {
    return time >= start && time < end;
  }
  /// Start of the first interval that belongs here.
  [[nodiscard]] constexpr TrafficTime first_interval() const noexcept {
    return first_ledger_interval_from(start);
  }
  /// How many intervals belong here.
  [[nodiscard]] constexpr std::size_t intervals() const noexcept {
    if (is_empty()) return 0;
    return static_cast<std::size_t>((first_ledger_interval_from(end) - first_interval()) /
                                    kLedgerInterval);
  }
  /// The part that both hold; empty if there is none.
  [[nodiscard]] constexpr Period within(const Period& other) const noexcept {
    const TrafficTime from = start < other.start ? other.start : start;
    const TrafficTime until = end < other.end ? end : other.end;
    return {.start = from, .end = until < from ? from : until};
  }

  /// The part whose intervals have ended by `closed_until`: all that a running period can be
  /// expected to have.
  [[nodiscard]] constexpr Period closed_part(TrafficTime closed_until) const noexcept {
    return within({.start = start, .end = ledger_interval_start(closed_until)});
  }

  friend constexpr bool operator==(const Period&, const Period&) = default;
};

}  // namespace weir::billing
