#pragma once

#include <functional>
#include <memory>
#include <stop_token>

#include "collector/core/closed_bucket.h"
#include "collector/core/totals.h"

namespace weir::pipeline {

/// Who takes closed buckets. Called on the clock's thread, oldest bucket first; what may
/// take long (disk, network) must queue on its own side.
using ClosedBucketSink = std::function<void(const std::shared_ptr<const core::ClosedBucket>&)>;

/// Called on the clock's thread after each look, when all that was due has been handed on.
using ClockTick = std::function<void()>;

/// The thread that closes buckets once all workers have left them, and hands them on.
///
/// Threads: run() on its own thread.
class BucketClock {
 public:
  BucketClock(core::Totals& totals, ClosedBucketSink sink, ClockTick tick = {})
      : totals_(totals), sink_(std::move(sink)), tick_(std::move(tick)) {}

  void run(const std::stop_token& stop);

  /// Closes what is due now. Only while run() is not running.
  void close_due();

 private:
  core::Totals& totals_;
  ClosedBucketSink sink_;
  ClockTick tick_;
};

}  // namespace weir::pipeline
