#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "collector/model/time.h"

namespace weir::generator {

/// Most datagrams that leave in one second, whatever the speed.
inline constexpr std::uint64_t kDatagramsPerSecond = 50'000;

/// Holds traffic time to real time. Threads: one; `stop` may be raised by any, or by a
/// signal handler.
class Pacer {
 public:
  using Clock = std::chrono::steady_clock;

  /// `origin` is when `start` is due. Speed is traffic seconds per second; 0 never waits for
  /// traffic time.
  Pacer(TrafficTime start, Clock::time_point origin, double speed, const std::atomic<bool>* stop);

  /// Returns once `time` is due, or at once when stopped.
  void wait_until(TrafficTime time);

  /// Call per datagram; waits as kDatagramsPerSecond demands.
  void count_datagram();

  [[nodiscard]] bool is_stopped() const noexcept {
    return stop_ != nullptr && stop_->load(std::memory_order_relaxed);
  }

 private:
  void sleep_until(Clock::time_point due);

  TrafficTime start_;
  Clock::time_point origin_;
  double speed_;
  const std::atomic<bool>* stop_;
  Clock::time_point burst_began_;
  std::uint64_t burst_datagrams_ = 0;
};

}  // namespace weir::generator
