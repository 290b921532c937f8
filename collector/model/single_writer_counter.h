#pragma once

#include <atomic>
#include <cstdint>

namespace weir {
inline namespace model {

/// A counter that one thread raises and any thread may read: relaxed load, add, relaxed
/// store, so no locked instruction. A reader sees some value that the counter had.
class SingleWriterCounter {
 public:
  /// Owner only.
  [[gnu::always_inline]] void add(std::uint64_t amount) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  /// Owner only; for gauges.
  void set(std::uint64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
  /// Any thread.
  [[nodiscard]] std::uint64_t read() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace model
}  // namespace weir
