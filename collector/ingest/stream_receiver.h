#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "collector/ingest/stream_figures.h"
#include "collector/ingest/stream_listen.h"
#include "collector/model/connection_id.h"
#include "collector/model/datagram.h"
#include "collector/model/ip_address.h"
#include "collector/model/result.h"

namespace weir::ingest {

/// What whoever decodes a message says of it: all but Sound end its connection.
enum class StreamVerdict : std::uint8_t { Sound, Malformed, NotAllowed };

/// What a StreamReceiver calls, always on the thread that runs it.
struct StreamHandlers {
  /// Whether `source` may connect. Asked at the accept, before any TLS.
  std::function<bool(const IpAddress& source)> admits;
  /// One whole message, as a datagram without arrival time.
  std::function<StreamVerdict(const Datagram& message)> take;
  /// A connection is over: nothing of it comes any more.
  std::function<void(const IpAddress& source, ConnectionId connection)> ended;
};

/// Receives IPFIX over TCP and TLS (RFC 7011, 10.4): accepts, frames, hands on whole messages.
///
/// Bounded by StreamLimits in connections, bytes and time. Strangers are closed at the accept. A
/// system that refuses to accept is asked again after a pause.
///
/// Threads: open() on any; start(), run_for() and stop() on one, which calls the handlers;
/// figures() on any.
class StreamReceiver {
 public:
  /// Listens on all, so that what is wrong is said at once; accepts nothing before start().
  /// Errors: those of UdpSocket::open(), and what is wrong with TLS files.
  [[nodiscard]] static Result<std::unique_ptr<StreamReceiver>> open(
      std::span<const StreamListen> listeners, const StreamLimits& limits);
  ~StreamReceiver();
  StreamReceiver(const StreamReceiver&) = delete;
  StreamReceiver& operator=(const StreamReceiver&) = delete;

  void start(StreamHandlers handlers);
  /// Serves connections for about `span`.
  void run_for(std::chrono::milliseconds span);
  /// Takes what has arrived already, for `drain` at most, and closes everything.
  void stop(std::chrono::milliseconds drain);

  /// By listener, in the order of open().
  [[nodiscard]] std::vector<StreamFigures> figures() const;
  [[nodiscard]] std::uint16_t port(std::size_t listener) const noexcept;

 private:
  struct State;
  explicit StreamReceiver(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace weir::ingest
