#pragma once

#include <cstdint>

namespace weir::ingest {

/// Turns a kernel's cumulative 32-bit count, which wraps, into one of 64 bits that does not.
///
/// Threads: one at a time, readings in the order they were taken: an older one would look
/// like a wrap. Invariant: exact as long as fewer than 2^32 events pass between two readings.
class WrappingCount {
 public:
  /// The total, now that the kernel counts `reading`.
  constexpr std::uint64_t advance(std::uint32_t reading) noexcept {
    total_ += static_cast<std::uint32_t>(reading - static_cast<std::uint32_t>(total_));
    return total_;
  }

  [[nodiscard]] constexpr std::uint64_t total() const noexcept { return total_; }

 private:
  std::uint64_t total_ = 0;  ///< its low 32 bits are the latest reading
};

}  // namespace weir::ingest
