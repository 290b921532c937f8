#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>

#include "collector/model/result.h"
#include "exporters/remote_write/bucket_samples.h"
#include "exporters/remote_write/push_client.h"
#include "exporters/remote_write/write_request.h"

namespace weir::remote_write {

/// What a RemoteWriter has done and has still to do.
struct WriterFigures {
  std::uint64_t sent_samples = 0;      ///< the receiver said that it has them
  std::uint64_t rejected_samples = 0;  ///< the receiver will never take them
  std::uint64_t dropped_samples = 0;   ///< given up unsent: the queue was full, or the stop came
  std::uint64_t failed_requests = 0;   ///< tried again
  std::uint64_t pending_samples = 0;
  std::uint64_t pending_bytes = 0;
  std::optional<std::int64_t> last_success_ms;  ///< UTC
  std::optional<std::int64_t> sent_until_ms;    ///< time of the newest samples that were sent
  bool is_failing = false;
};

/// Sends batches of samples in their order on a thread of its own, so that a receiver that is
/// slow or away holds up nobody.
///
/// What waits is kept in memory, at most Limits::queue_bytes; beyond it the oldest go, counted.
/// What the receiver cannot take now (no answer, 5xx, 429) is sent again, after a pause that
/// doubles up to Limits::longest_pause, or that Retry-After asks for. What it refuses for the
/// samples' sake (400, 409, 413, 422) is halved until the samples at fault are alone, or
/// Limits::most_halvings are spent; these are given up and counted. A request whose time the
/// receiver says to be too old, or that it answers otherwise (3xx, other 4xx), is given up as a
/// whole; so is one that is answered by 500 for Limits::poison_age, since some receivers answer so
/// to samples they do not like.
///
/// A batch is never begun before the one before it has ended, so that each series is in order.
///
/// Threads: any may call the members. The listeners are called on the writer's thread.
class RemoteWriter {
 public:
  struct Limits {
    std::uint64_t queue_bytes = 64U << 20;
    std::size_t samples_per_request = 2'000;
    std::size_t most_halvings = 64;  ///< of one batch
    std::chrono::milliseconds first_pause{250};
    std::chrono::milliseconds longest_pause{30'000};
    std::chrono::milliseconds longest_retry_after{300'000};
    std::chrono::milliseconds poison_age{600'000};
    /// How long stop() goes on trying.
    std::chrono::milliseconds stop_deadline{5'000};
  };
  struct Listeners {
    std::function<void(const std::string& why)> on_failing;  ///< once, until it recovers
    std::function<void()> on_recovered;
    std::function<void(std::uint64_t samples, const std::string& why)> on_rejected;
    std::function<void(std::uint64_t samples)> on_dropped;  ///< the queue is full
  };
  /// The way to the receiver. abort() ends a post() that is under way, for good.
  struct Road {
    std::function<Result<PushAnswer>(const std::string& body)> post;
    std::function<void()> abort;
  };

  RemoteWriter(WriteRequests requests, Road road, Listeners listeners, Limits limits);
  ~RemoteWriter();

  void start();
  /// Sends what waits for a while, and ends. Gives the samples that could not be sent in time.
  std::uint64_t stop();

  /// Never waits for the receiver.
  void queue(SampleBatch batch);

  [[nodiscard]] WriterFigures figures() const;

 private:
  enum class Ending : std::uint8_t { Accepted, Refused, RefusedWhole, Stopped };

  void run();
  /// True unless the stop came first.
  [[nodiscard]] bool send(const SampleBatch& batch);
  [[nodiscard]] bool deliver(std::int64_t time_ms, std::span<const CellSample> samples,
                             std::size_t& halvings);
  /// Posts until there is an answer for good.
  [[nodiscard]] Ending insist(std::int64_t time_ms, std::span<const CellSample> samples);
  void succeed(std::int64_t time_ms, std::size_t samples);
  void fail(const std::string& why);
  /// Of the queue that was full.
  void tell_dropped();
  void reject(std::span<const CellSample> samples);
  /// False if the stop came.
  [[nodiscard]] bool pause(std::optional<std::chrono::seconds> asked);
  [[nodiscard]] bool must_end() const;
  /// Takes `samples` out of what is pending. Under the mutex.
  void settle(std::uint64_t samples);

  // The thread's own.
  WriteRequests requests_;
  const Road road_;
  const Listeners listeners_;
  const Limits limits_;
  std::chrono::milliseconds pause_{0};
  std::string refusal_;  ///< the last answer that was no success

  mutable std::mutex mutex_;  ///< guards all below
  std::condition_variable wake_;
  std::condition_variable ended_wake_;
  std::deque<SampleBatch> waiting_;
  std::uint64_t dropped_untold_ = 0;
  WriterFigures figures_;
  std::optional<std::chrono::steady_clock::time_point> stop_until_;
  bool is_ended_ = true;
  std::thread thread_;
};

}  // namespace weir::remote_write
