#pragma once

#include <cstdint>

#include "collector/model/time.h"

namespace weir::core {

/// Number of a bucket: buckets of one width tile time from 1970 on, [n*width, (n+1)*width).
using BucketNumber = std::int64_t;

/// Which bucket a time falls in, and which buckets a worker has left behind.
///
/// A bucket is *behind* at time `now` once its end plus the lateness is not after now. Only
/// the record's own arrival decides what is late, never how far other workers have come, so
/// the answer is the same with any number of workers.
class BucketGeometry {
 public:
  explicit constexpr BucketGeometry(TrafficSpan width) noexcept : width_ms_(width.count()) {}

  [[nodiscard]] constexpr BucketNumber number_of(TrafficTime time) const noexcept {
    const std::int64_t ms = since_epoch_ms(time);
    const std::int64_t quotient = ms / width_ms_;
    return quotient - (ms % width_ms_ < 0 ? 1 : 0);
  }
  [[nodiscard]] constexpr TrafficTime start_of(BucketNumber number) const noexcept {
    return traffic_time_ms(number * width_ms_);
  }
  [[nodiscard]] constexpr TrafficSpan width() const noexcept { return TrafficSpan{width_ms_}; }

  /// The first bucket that is not behind at `now`: every smaller number is late.
  [[nodiscard]] constexpr BucketNumber frontier(TrafficTime now,
                                                TrafficSpan lateness) const noexcept {
    return number_of(now - lateness);
  }

 private:
  std::int64_t width_ms_;
};

}  // namespace weir::core
