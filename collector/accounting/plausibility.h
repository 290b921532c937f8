#pragma once

#include <chrono>
#include <cstdint>

#include "collector/model/observation.h"
#include "collector/model/time.h"
#include "collector/model/units.h"

namespace weir::accounting {

/// Amounts up to this pass unasked: what a fast path compares with. An error of this size is
/// no spike that a bill could show, and most records are far smaller.
inline constexpr std::uint64_t kAlwaysPlausibleBytes = 64U << 20;

/// Exporters stamp the first and the last packet, lag with their counters and estimate from few
/// samples, so a record may claim the traffic of somewhat more time than it says.
inline constexpr TrafficSpan kPlausibleSlack = std::chrono::seconds{60};

/// And interfaces burst above their nominal speed, or a bundle is configured with one member's.
inline constexpr std::uint64_t kPlausibleMargin = 2;

/// Stands for a speed that is not known: no bundle carries more (100 Tbit/s), while a record of
/// garbage may, and a few thousand of these would fit no sum of 63 bits.
inline constexpr BitsPerSecond kFastestInterface{100'000'000'000'000};

/// Whether an interface of `speed` can have carried `bytes` in `range`: bytes are at most
/// speed x (duration + kPlausibleSlack) x kPlausibleMargin. A speed of zero is unknown:
/// kFastestInterface. Catches counters that jumped or wrapped and sampling rates that are
/// wrong by orders of magnitude; nothing finer.
///
/// Threads: any; a pure function.
[[nodiscard]] bool is_plausible(std::uint64_t bytes, TimeRange range, BitsPerSecond speed) noexcept;

/// The longest flow of an exporter that is set to this active timeout: routers round it up to
/// whole minutes, and some take a minute more to look (docs/routers.md).
///
/// Threads: any; a pure function.
[[nodiscard]] TrafficSpan longest_flow(TrafficSpan active_timeout) noexcept;

}  // namespace weir::accounting
