#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "collector/core/books.h"
#include "collector/core/worker_cells.h"
#include "collector/ingest/datagram_batch.h"
#include "collector/ingest/live_capture.h"
#include "collector/ingest/udp_socket.h"
#include "collector/pipeline/attributor.h"
#include "collector/pipeline/interface_counters.h"
#include "collector/pipeline/policy.h"
#include "collector/pipeline/pop_matrix.h"
#include "collector/wire/decoder.h"

namespace weir::pipeline {

/// Everything one worker counts into. Made before the worker starts, outlives it; other
/// threads read it.
struct WorkerState {
  WorkerState(core::BucketGeometry geometry, std::uint32_t ring_buckets)
      : cells(geometry, ring_buckets) {}

  /// The loop has turned. Owner only.
  void note_turn() noexcept;

  core::WorkerCells cells;
  core::WorkerBooks books;
  InterfaceCounters interfaces;
  PopCounters pops;
  /// Steady-clock milliseconds of the loop's last turn: a watchdog reads it.
  std::atomic<std::int64_t> last_turn_ms{0};
  /// How far behind now its buckets are left (Attributor::lateness()).
  std::atomic<std::int64_t> lateness_ms{0};
};

/// Decodes and counts datagrams from wherever they come: the part of a worker that serve and
/// replay share. Threads: one at a time.
class DatagramPath {
 public:
  DatagramPath(WorkerState& state, Registries& registries, const Published<Policy>& policy,
               std::shared_ptr<wire::SharedDecoderState> shared);

  /// Leaves behind the buckets that are late at `now`. `now` never falls.
  void advance(TrafficTime now) noexcept;

  enum class Verdict : std::uint8_t {
    Sound,
    Malformed,  ///< its own structure is broken (wire::is_sound()); what was read counts
    Refused,    ///< the source is not allowed
  };
  /// One datagram, whole way. Call advance() with its arrival first.
  Verdict process(const Datagram& datagram);

  /// Nothing more comes: what is held for want of a template or a sampling interval is
  /// entered in the books as it is.
  void finish();

  /// One metered packet, as `interval` packets of `exporter`.
  void process(const CapturedPacket& packet, std::uint32_t sampling_interval,
               const IpAddress& exporter);

  /// Whether `source` may send.
  [[nodiscard]] bool allows(const IpAddress& source) { return attributor_.allows(source); }
  /// A TCP connection has ended, and its templates with it.
  void forget(const IpAddress& source, ConnectionId connection) {
    decoder_.forget(source, connection);
  }

 private:
  WorkerState& state_;
  Attributor attributor_;
  wire::Decoder decoder_;
};

/// A UDP socket of one worker, and what it received.
struct WorkerSocket {
  std::string listen;  ///< as configured, with the port that was really bound
  ingest::UdpSocket socket;
  SingleWriterCounter datagrams;
  SingleWriterCounter truncated;
};

/// A mirror port that this worker listens to.
struct WorkerCapture {
  std::string device;
  ingest::LiveCapture capture;
  bool carries_packets = false;
  std::uint32_t sample = 1;
  IpAddress exporter;
  SingleWriterCounter received;
  /// The last read failed: the interface is gone or down. Raised and lowered by the worker.
  std::atomic<bool> is_failing{false};
};

/// One thread's loop: receive in bursts, process, publish how far time has come; nap when
/// there is nothing. Never waits for anything but the nap.
///
/// Threads: run() on the worker's thread.
class Worker {
 public:
  Worker(WorkerState& state, Registries& registries, const Published<Policy>& policy,
         std::shared_ptr<wire::SharedDecoderState> shared,
         std::vector<std::unique_ptr<WorkerSocket>>& sockets,
         std::vector<std::unique_ptr<WorkerCapture>>& captures);

  void run(const std::stop_token& stop);

 private:
  /// What a turn at one source found: nothing, all there was, or as much as a turn takes.
  enum class Found : std::uint8_t { Nothing, All, More };

  [[nodiscard]] Found drain(WorkerSocket& socket);
  [[nodiscard]] Found drain(WorkerCapture& capture);
  [[nodiscard]] TrafficTime now() noexcept;

  WorkerState& state_;
  std::vector<std::unique_ptr<WorkerSocket>>& sockets_;
  std::vector<std::unique_ptr<WorkerCapture>>& captures_;
  ingest::DatagramBatch batch_;
  DatagramPath path_;
  TrafficTime latest_ = TrafficTime::min();
};

}  // namespace weir::pipeline
