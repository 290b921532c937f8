#include "collector/pipeline/bucket_clock.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace weir::pipeline {
namespace {

/// How often the clock looks; a bucket closes at most this much later than it could.
constexpr std::chrono::milliseconds kLook{250};

}  // namespace

void BucketClock::close_due() {
  for (const auto& bucket : totals_.close_due())
    if (sink_) sink_(bucket);
  if (tick_) tick_();
}

void BucketClock::run(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  while (!stop.stop_requested()) {
    close_due();
    wake.wait_for(lock, stop, kLook, [] { return false; });
  }
}

}  // namespace weir::pipeline
