#include "collector/generator/pacer.h"

#include <algorithm>
#include <thread>

namespace weir::generator {
namespace {

/// Bursts are small enough for a receive buffer of ordinary size.
constexpr std::uint64_t kBurst = 500;
constexpr std::chrono::nanoseconds kBurstTime{1'000'000'000ULL * kBurst / kDatagramsPerSecond};
/// How long a stop may go unseen.
constexpr std::chrono::milliseconds kLongestSleep{100};

}  // namespace

Pacer::Pacer(TrafficTime start, Clock::time_point origin, double speed,
             const std::atomic<bool>* stop)
    : start_(start), origin_(origin), speed_(speed), stop_(stop), burst_began_(origin) {}

void Pacer::sleep_until(Clock::time_point due) {
  while (!is_stopped()) {
    const auto now = Clock::now();
    if (now >= due) return;
    std::this_thread::sleep_for(std::min<Clock::duration>(due - now, kLongestSleep));
  }
}

void Pacer::wait_until(TrafficTime time) {
  if (speed_ <= 0) return;
  const double real_ms = static_cast<double>((time - start_).count()) / speed_;
  sleep_until(origin_ + std::chrono::duration_cast<Clock::duration>(
                            std::chrono::duration<double, std::milli>(real_ms)));
}

void Pacer::count_datagram() {
  if (++burst_datagrams_ < kBurst) return;
  burst_datagrams_ = 0;
  sleep_until(burst_began_ + kBurstTime);
  burst_began_ = Clock::now();
}

}  // namespace weir::generator
