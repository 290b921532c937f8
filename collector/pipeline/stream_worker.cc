#include "collector/pipeline/stream_worker.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace weir::pipeline {
namespace {

/// How long the loop may leave buckets open, and a stop unheard, while nothing comes.
constexpr std::chrono::milliseconds kTurn{20};
/// What exporters have sent already was received in time; one that goes on sending is cut off.
constexpr std::chrono::milliseconds kDrain{500};

}  // namespace

StreamWorker::StreamWorker(WorkerState& state, Registries& registries,
                           const Published<Policy>& policy,
                           std::shared_ptr<wire::SharedDecoderState> shared,
                           std::unique_ptr<ingest::StreamReceiver> receiver)
    : state_(state),
      path_(state, registries, policy, std::move(shared)),
      receiver_(std::move(receiver)) {}

TrafficTime StreamWorker::now() noexcept {
  // A clock that was set back stands still here until it has caught up: buckets close once.
  latest_ = std::max(latest_, traffic_now());
  return latest_;
}

ingest::StreamVerdict StreamWorker::take(Datagram message) {
  message.arrival = now();
  path_.advance(message.arrival);
  switch (path_.process(message)) {
    case DatagramPath::Verdict::Refused:
      return ingest::StreamVerdict::NotAllowed;
    case DatagramPath::Verdict::Malformed:
      return ingest::StreamVerdict::Malformed;
    case DatagramPath::Verdict::Sound:
      break;
  }
  return ingest::StreamVerdict::Sound;
}

void StreamWorker::run(const std::stop_token& stop) {
  receiver_->start(
      {.admits = [this](const IpAddress& source) { return path_.allows(source); },
       .take = [this](const Datagram& message) { return take(message); },
       .ended = [this](const IpAddress& source,
                       ConnectionId connection) { path_.forget(source, connection); }});
  while (!stop.stop_requested()) {
    receiver_->run_for(kTurn);
    path_.advance(now());
    state_.note_turn();
  }
  receiver_->stop(kDrain);
  path_.finish();
}

}  // namespace weir::pipeline
