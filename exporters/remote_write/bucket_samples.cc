#include "exporters/remote_write/bucket_samples.h"

#include <bit>
#include <utility>

namespace weir::remote_write {
namespace {

constexpr std::uint64_t kStaleBits = 0x7ff0'0000'0000'0002;

}  // namespace

double stale_marker() noexcept { return std::bit_cast<double>(kStaleBits); }

bool is_stale_marker(double value) noexcept {
  return std::bit_cast<std::uint64_t>(value) == kStaleBits;
}

std::vector<SampleBatch> BucketSamples::take(const core::ClosedBucket& bucket) {
  std::vector<SampleBatch> batches;
  if (bucket.start < measured_since_) return batches;
  const std::int64_t end_ms = since_epoch_ms(bucket.start + bucket.width);
  if (last_ && *last_ + 1 < bucket.number && !active_.empty()) {
    const auto passed = static_cast<std::int64_t>(bucket.number - *last_) - 1;
    SampleBatch ended{.time_ms = end_ms - passed * bucket.width.count(), .samples = {}};
    ended.samples.reserve(active_.size());
    for (const std::uint32_t cell : active_)
      ended.samples.push_back({.cell = cell, .value = stale_marker()});
    batches.push_back(std::move(ended));
    active_.clear();
  }
  last_ = bucket.number;

  SampleBatch batch{.time_ms = end_ms, .samples = {}};
  std::vector<std::uint32_t> counted;
  auto before = active_.begin();
  for (const auto& entry : bucket.slots) {
    for (std::size_t position = 0; position < core::kCellsPerSlot; ++position) {
      const core::CellTotal& total = entry.totals[position];
      if (total == core::CellTotal{}) continue;
      const auto cell =
          static_cast<std::uint32_t>(entry.slot.value() * core::kCellsPerSlot + position);
      for (; before != active_.end() && *before < cell; ++before)
        batch.samples.push_back({.cell = *before, .value = stale_marker()});
      if (before != active_.end() && *before == cell) ++before;
      batch.samples.push_back({.cell = cell, .value = static_cast<double>(total.bytes)});
      counted.push_back(cell);
    }
  }
  for (; before != active_.end(); ++before)
    batch.samples.push_back({.cell = *before, .value = stale_marker()});
  active_ = std::move(counted);
  // Grown by doubling, it may wait for hours at twice the bytes that the queue counts.
  batch.samples.shrink_to_fit();
  if (!batch.samples.empty()) batches.push_back(std::move(batch));
  return batches;
}

}  // namespace weir::remote_write
