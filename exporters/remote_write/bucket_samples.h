#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "collector/core/closed_bucket.h"

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
/// Threads: one, which hands in buckets in their order.
class BucketSamples {
 public:
  /// One batch; two where buckets were passed over, the first of which ends the series.
  [[nodiscard]] std::vector<SampleBatch> take(const core::ClosedBucket& bucket);

 private:
  std::vector<std::uint32_t> active_;  ///< cells of the bucket before, rising
  std::optional<core::BucketNumber> last_;
};

}  // namespace weir::remote_write
