#pragma once

#include <memory>
#include <stop_token>

#include "collector/ingest/stream_receiver.h"
#include "collector/pipeline/worker.h"

namespace weir::pipeline {

/// The loop of the lane that serves TCP and TLS: connections, framing, decoding and counting on
/// one thread, with cells and books of its own like any worker.
///
/// A connection stays with this thread for its life, so its templates and sequence numbers have
/// one reader; its messages come in order.
///
/// Threads: run() on the lane's thread; the receiver's figures on any.
class StreamWorker {
 public:
  StreamWorker(WorkerState& state, Registries& registries, const Published<Policy>& policy,
               std::shared_ptr<wire::SharedDecoderState> shared,
               std::unique_ptr<ingest::StreamReceiver> receiver);

  void run(const std::stop_token& stop);

  [[nodiscard]] const ingest::StreamReceiver& receiver() const noexcept { return *receiver_; }

 private:
  [[nodiscard]] ingest::StreamVerdict take(Datagram message);
  [[nodiscard]] TrafficTime now() noexcept;

  WorkerState& state_;
  DatagramPath path_;
  std::unique_ptr<ingest::StreamReceiver> receiver_;
  TrafficTime latest_ = TrafficTime::min();
};

}  // namespace weir::pipeline
