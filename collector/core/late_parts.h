#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "collector/core/amounts.h"
#include "collector/model/observation.h"
#include "collector/model/time.h"
#include "collector/model/units.h"

namespace weir::core {

/// What one record that came too late adds to one ledger interval.
struct LatePart {
  std::uint32_t from_slot = 0;  ///< or kNoSlot
  std::uint32_t to_slot = 0;    ///< or kNoSlot
  Family family{};
  TrafficTime start{};  ///< of the interval
  Amount amount{};
  std::uint64_t records = 0;  ///< 1 in the first part of a record of which no part was in time
};

/// The late parts of one worker's records on their way to the ledger, by ledger interval.
///
/// Threads: add() belongs to the one worker, take() to one other thread, unamended_bytes() to
/// anyone. Neither side waits. The worker writes a part and then publishes `written_`
/// (release), which take() acquires; take() copies parts out and then publishes `taken_`
/// (release), which add() acquires before it writes the place again.
///
/// Memory: `capacity` parts, allocated once. Every late byte given to add() is in exactly one part
/// or in unamended_bytes(), there once for each contract that it belongs to.
class LateParts {
 public:
  /// Nothing older than this before `until` is amended (a billing period and its closing).
  static constexpr std::int64_t kOldestMs = std::int64_t{35} * 86'400'000;
  static constexpr std::int64_t kIntervalMs = 300'000;

  /// `capacity` > 0.
  explicit LateParts(std::size_t capacity);

  /// Shares the part of `amount`, spread over `range`, that lies before `until` over the ledger
  /// intervals. Once there is no room, the rest is unamended.
  void add(std::uint32_t from_slot, std::uint32_t to_slot, Family family, const Amount& amount,
           const TimeRange& range, TrafficTime until) noexcept;

  /// Whether take() would give anything.
  [[nodiscard]] bool has_any() const noexcept {
    return written_.load(std::memory_order_acquire) != taken_.load(std::memory_order_relaxed);
  }

  /// All parts that have come, oldest first.
  [[nodiscard]] std::vector<LatePart> take();

  /// Bytes that were too old or found no room, as contracts count them: those from one customer to
  /// another are two contracts' bytes.
  [[nodiscard]] std::uint64_t unamended_bytes() const noexcept {
    return unamended_bytes_.load(std::memory_order_relaxed);
  }

 private:
  [[nodiscard]] bool put(const LatePart& part) noexcept;

  std::size_t capacity_;
  std::unique_ptr<LatePart[]> parts_;
  alignas(64) std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> unamended_bytes_{0};
  alignas(64) std::atomic<std::uint64_t> taken_{0};
};

}  // namespace weir::core
