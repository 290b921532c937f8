#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "collector/core/closed_bucket.h"
#include "collector/model/time.h"

namespace weir::remote_write {

/// One value of one series. `cell` is the slot times kCellsPerSlot plus the cell's position.
struct CellSample {
  std::uint32_t cell = 0;
  double value = 0;
};

/// Samples of one time, by rising cell.
struct SampleBatch {
  std::int64_t time_ms = 0;  ///< since 1970 UTC
  std::vector<CellSample> samples;

  /// What it takes of a queue; `samples` has no room to spare.
  [[nodiscard]] std::size_t bytes() const noexcept {
    return sizeof(SampleBatch) + samples.size() * sizeof(CellSample);
  }
};

/// The value that ends a series, so that readers do not go on showing its last one
/// (Prometheus remote write 1.0, "Stale markers"). A NaN like no other; compare bits.
[[nodiscard]] double stale_marker() noexcept;
[[nodiscard]] bool is_stale_marker(double value) noexcept;

/// Turns closed buckets into samples: of each cell that counted something its bytes, at the
/// bucket's end, so that a range that ends at t holds what was carried up to t.
///
/// A cell that counted in the bucket before, but not in this one, gets one stale marker: whether
/// nothing was carried or nothing measured is not said, and no zero claims to know.
///
/// A bucket that began before this process measured is passed over: a part of its bytes would pass
/// for all of them, and the process before may have sent it. So no two of one collector's
/// processes ever send the same bucket.
///
/// Threads: one, which hands in buckets in their order.
class BucketSamples {
 public:
  explicit BucketSamples(TrafficTime measured_since) : measured_since_(measured_since) {}

  /// One batch; none of a bucket that is passed over or has nothing to say; two where buckets were
  /// passed over, the first of which ends the series.
  [[nodiscard]] std::vector<SampleBatch> take(const core::ClosedBucket& bucket);

 private:
  TrafficTime measured_since_;
  std::vector<std::uint32_t> active_;  ///< cells of the bucket before, rising
  std::optional<core::BucketNumber> last_;
};

}  // namespace weir::remote_write
