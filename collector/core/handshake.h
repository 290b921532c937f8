#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

#include "collector/core/bucket_ring.h"

namespace weir::core {

/// No bucket: of a place in the ring, that it is free; of a frontier, that there is none yet.
inline constexpr BucketNumber kNoBucket = std::numeric_limits<BucketNumber>::min();

/// How far a worker has come: it never again writes a bucket with a smaller number.
///
/// Threads: the worker publishes, the closer reads. `Atomic` as in cell.h.
template <template <class> class Atomic>
class BasicFrontier {
 public:
  /// Worker only; never falls.
  void publish(BucketNumber first_open) noexcept {
    // Pairs with read(): who sees the frontier sees all that was added below it.
    value_.store(first_open, std::memory_order_release);
  }
  /// kNoBucket before the first publish().
  [[nodiscard]] BucketNumber read() const noexcept {
    return value_.load(std::memory_order_acquire);
  }

 private:
  Atomic<BucketNumber> value_{kNoBucket};
};

/// Which bucket a place of a worker's ring holds. Moves from free to a number (worker) and
/// back (closer, once the number is below all frontiers); so a place never holds two
/// buckets, whatever time does.
///
/// Threads: one worker, one closer; any thread may look at number(). Neither side ever waits.
template <template <class> class Atomic>
class BasicRingPlace {
 public:
  /// Worker only: true if `bucket` may be written here, which the place then holds.
  [[nodiscard]] bool claim(BucketNumber bucket) noexcept {
    // The worker's own store, or the closer's: a number is never seen that was not meant.
    if (number_.load(std::memory_order_relaxed) == bucket) return true;
    // Pairs with release(): the cells are seen zeroed before they are added to.
    if (number_.load(std::memory_order_acquire) != kNoBucket) return false;
    // The closer learns of it through the frontier; a snapshot may see it late.
    number_.store(bucket, std::memory_order_relaxed);
    return true;
  }

  /// Closer: final for a number below the frontier it has read. Others: a hint.
  [[nodiscard]] BucketNumber number() const noexcept {
    return number_.load(std::memory_order_relaxed);
  }

  /// Closer only, with a number below the frontier, after zeroing its cells.
  void release() noexcept { number_.store(kNoBucket, std::memory_order_release); }

 private:
  Atomic<BucketNumber> number_{kNoBucket};
};

using Frontier = BasicFrontier<std::atomic>;
using RingPlace = BasicRingPlace<std::atomic>;

}  // namespace weir::core
