#pragma once

#include <atomic>
#include <cstdint>

#include "collector/core/amounts.h"
#include "collector/model/observation.h"

namespace weir::core {

/// One worker's running sums for one contract slot, direction, family and bucket.
///
/// Threads: the owning worker alone calls add(); the closer alone calls clear(), while it has
/// the bucket (handshake.h); any thread may call read(). With a single writer, add() needs
/// no locked instruction, and every load and store is relaxed.
///
/// Consistency: read() may fall between the sums of one add(). They are exact together once
/// the worker's frontier has passed the bucket.
///
/// All zero bytes are an empty cell. `Atomic` is std::atomic; the model checker of
/// tests/stress puts its own there.
template <template <class> class Atomic>
class alignas(32) BasicCell {
 public:
  /// Owner only. The variance saturates: a sum that has lost its value must not look small.
  void add(const Amount& amount, std::uint64_t records) noexcept {
    raise(bytes_, amount.bytes);
    raise(packets_, amount.packets);
    raise(records_, records);
    if (amount.variance == 0) return;
    const std::uint64_t before = variance_.load(std::memory_order_relaxed);
    std::uint64_t sum = 0;
    if (__builtin_add_overflow(before, amount.variance, &sum)) sum = UINT64_MAX;
    variance_.store(sum, std::memory_order_relaxed);
  }

  /// Any thread: adds what stands here now to `total`.
  void add_to(CellTotal& total) const noexcept {
    total.bytes += bytes_.load(std::memory_order_relaxed);
    total.packets += packets_.load(std::memory_order_relaxed);
    total.records += records_.load(std::memory_order_relaxed);
    total.variance += variance_.load(std::memory_order_relaxed);
  }

  [[nodiscard]] CellTotal read() const noexcept {
    CellTotal total;
    add_to(total);
    return total;
  }

  /// Closer only.
  void clear() noexcept {
    bytes_.store(0, std::memory_order_relaxed);
    packets_.store(0, std::memory_order_relaxed);
    records_.store(0, std::memory_order_relaxed);
    variance_.store(0, std::memory_order_relaxed);
  }

 private:
  static void raise(Atomic<std::uint64_t>& sum, std::uint64_t amount) noexcept {
    sum.store(sum.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }

  Atomic<std::uint64_t> bytes_{0};
  Atomic<std::uint64_t> packets_{0};
  Atomic<std::uint64_t> records_{0};
  Atomic<std::uint64_t> variance_{0};
};

using Cell = BasicCell<std::atomic>;
static_assert(sizeof(Cell) == 32);

}  // namespace weir::core
