#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "collector/model/ip_address.h"
#include "collector/model/result.h"
#include "exporters/http/routes.h"

namespace weir::http {

/// What one client may take.
struct Limits {
  std::uint32_t header_bytes = 16 * 1024;
  std::uint64_t body_bytes = 64 * 1024;
  std::size_t connections = 256;
  std::chrono::milliseconds header_timeout{10'000};  ///< for a whole request, once begun
  std::chrono::milliseconds idle_timeout{60'000};    ///< between requests
  std::chrono::milliseconds write_timeout{60'000};   ///< for a whole response
  std::size_t compress_from_bytes = 1'024;
};

struct ServerOptions {
  IpAddress address = IpAddress::v4(0x7f00'0001);
  std::uint16_t port = 0;  ///< 0: the system chooses
  Limits limits;
  unsigned threads = 2;  ///< so that a long answer does not hold up a health check
};

/// What the server has met since it started.
struct ServerFigures {
  std::uint64_t requests = 0;             ///< answered, whatever the status
  std::uint64_t malformed_requests = 0;   ///< not HTTP, or over a limit
  std::uint64_t timeouts = 0;             ///< connections closed for being slow or idle
  std::uint64_t refused_connections = 0;  ///< beyond Limits::connections
  std::uint64_t open_connections = 0;
};

/// An HTTP/1.1 server for what a running collector shows. It reads nothing from disk: a path
/// is a key of Routes and nothing else.
///
/// Threads: its own (ServerOptions::threads), which also run the handlers; the public
/// functions may be called from any other thread.
/// Invariant: every connection has a deadline at every moment, so a slow client costs one
/// connection for a bounded time and never a thread.
class Server {
 public:
  /// Listens and serves at once. Fails with a sentence when the port is in use, the address
  /// is not this machine's, or the process may not have the port.
  [[nodiscard]] static Result<std::unique_ptr<Server>> listen(const ServerOptions& options,
                                                              Routes routes);

  /// Stops.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// The port it listens on.
  [[nodiscard]] std::uint16_t port() const noexcept;

  [[nodiscard]] ServerFigures figures() const noexcept;

  /// Closes the listener and every connection and joins the threads; handlers that run are
  /// waited for. Harmless when repeated.
  void stop();

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace weir::http
