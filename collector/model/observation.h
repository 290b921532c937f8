#pragma once

#include <cstdint>

#include "collector/model/fate.h"
#include "collector/model/time.h"

namespace weir {
inline namespace model {

/// What a record amounts to: scaled, at one layer, with its variance.
struct Amount {
  std::uint64_t bytes = 0;
  std::uint64_t packets = 0;
  /// Variance of `bytes` in bytes squared from sampling (research on sampled counts:
  /// sum of N(N-1)b^2). Saturates at the largest value.
  std::uint64_t variance = 0;

  friend bool operator==(const Amount&, const Amount&) = default;
};

/// [start, end) on our clock; start == end is one instant.
struct TimeRange {
  TrafficTime start;
  TrafficTime end;

  friend bool operator==(const TimeRange&, const TimeRange&) = default;
};

}  // namespace model
}  // namespace weir
