#pragma once

#include <spdlog/logger.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "collector/config/config.h"
#include "collector/core/closed_bucket.h"
#include "collector/model/result.h"
#include "collector/model/time.h"
#include "exporters/remote_write/remote_writer.h"

namespace weir::app {

/// Remote write of a running collector: closed buckets go in, and are pushed on a thread that
/// holds up nobody.
///
/// Threads: take() on the clock's thread; the rest from any, open() and start() first.
class RemoteWriteService {
 public:
  /// Nothing where the configuration pushes nowhere. `names` gives contract ids by slot, and is
  /// called on the writer's thread. Errors: NotFound, Permission and Malformed for the files
  /// named; a receiver that is away is none.
  [[nodiscard]] static Result<std::unique_ptr<RemoteWriteService>> open(
      const config::Config& config, remote_write::WriteRequests::Names names,
      std::shared_ptr<spdlog::logger> log);

  /// Once the listeners are open: buckets that begin from now on are measured whole.
  void start();
  void take(const core::ClosedBucket& bucket);
  /// After the pipeline's stop: sends what waits, for a while.
  void stop();

  [[nodiscard]] remote_write::WriterFigures figures() const { return writer_->figures(); }

 private:
  using Moment = std::chrono::steady_clock::time_point;

  explicit RemoteWriteService(std::shared_ptr<spdlog::logger> log) : log_(std::move(log)) {}

  /// Says now and then how many samples were lost to one cause.
  struct LossLine {
    std::uint64_t untold = 0;
    Moment next;
  };
  void tell_loss(LossLine& line, std::uint64_t samples, const std::string& why);

  const std::shared_ptr<spdlog::logger> log_;
  remote_write::BucketSamples samples_{traffic_now()};  ///< the clock thread's, after start()
  LossLine rejected_;                                   ///< the writer thread's, as the next
  LossLine dropped_;
  std::unique_ptr<remote_write::PushClient> client_;
  std::unique_ptr<remote_write::RemoteWriter> writer_;
};

/// As the configuration has it, with `job` and `instance` where it names none.
[[nodiscard]] std::map<std::string, std::string> external_labels_of(const config::Config& config);

}  // namespace weir::app
