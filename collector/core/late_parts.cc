#include "collector/core/late_parts.h"

#include <algorithm>
#include <cassert>

#include "collector/core/spread.h"

namespace weir::core {
namespace {

std::int64_t interval_start_ms(std::int64_t ms) noexcept {
  const std::int64_t into = ms % LateParts::kIntervalMs;
  return ms - (into < 0 ? into + LateParts::kIntervalMs : into);
}

}  // namespace

LateParts::LateParts(std::size_t capacity)
    : capacity_(capacity), parts_(std::make_unique<LatePart[]>(capacity)) {
  assert(capacity > 0);
}

bool LateParts::put(const LatePart& part) noexcept {
  const std::uint64_t written = written_.load(std::memory_order_relaxed);
  if (written - taken_.load(std::memory_order_acquire) == capacity_) return false;
  parts_[written % capacity_] = part;
  written_.store(written + 1, std::memory_order_release);
  return true;
}

void LateParts::add(std::uint32_t from_slot, std::uint32_t to_slot, Family family,
                    const Amount& amount, const TimeRange& range, TrafficTime until) noexcept {
  const std::int64_t until_ms = since_epoch_ms(until);
  const std::int64_t first_ms = std::max(since_epoch_ms(range.start), until_ms - kOldestMs);
  // An instant has no length, and yet lies in the interval of its start.
  const std::int64_t end_ms = std::max(std::min(since_epoch_ms(range.end), until_ms), first_ms + 1);

  const std::uint64_t late_bytes = share_until(amount, range, until).bytes;
  Amount before = share_until(amount, range, traffic_time_ms(first_ms));
  std::uint64_t unamended = std::min(before.bytes, late_bytes);
  std::uint64_t records = since_epoch_ms(range.end) <= until_ms ? 1 : 0;
  for (std::int64_t start = interval_start_ms(first_ms); start < end_ms; start += kIntervalMs) {
    const std::int64_t border = std::min(start + kIntervalMs, until_ms);
    const Amount reached = share_until(amount, range, traffic_time_ms(border));
    const LatePart part{.from_slot = from_slot,
                        .to_slot = to_slot,
                        .family = family,
                        .start = traffic_time_ms(start),
                        .amount = {.bytes = reached.bytes - before.bytes,
                                   .packets = reached.packets - before.packets,
                                   .variance = reached.variance - before.variance},
                        .records = records};
    if (part.amount.bytes == 0 && part.amount.packets == 0) continue;
    if (!put(part)) {
      // Not a try for each interval: a record may cover thousands.
      unamended += late_bytes - before.bytes;
      break;
    }
    before = reached;
    records = 0;
  }
  // One writer: no locked instruction is needed.
  if (unamended == 0) return;
  const std::uint64_t contracts = (from_slot == kNoSlot ? 0U : 1U) + (to_slot == kNoSlot ? 0U : 1U);
  unamended_bytes_.store(unamended_bytes_.load(std::memory_order_relaxed) + unamended * contracts,
                         std::memory_order_relaxed);
}

std::vector<LatePart> LateParts::take() {
  const std::uint64_t taken = taken_.load(std::memory_order_relaxed);
  const std::uint64_t written = written_.load(std::memory_order_acquire);
  std::vector<LatePart> parts;
  parts.reserve(written - taken);
  for (std::uint64_t i = taken; i < written; ++i) parts.push_back(parts_[i % capacity_]);
  taken_.store(written, std::memory_order_release);
  return parts;
}

}  // namespace weir::core
