#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "exporters/http/routes.h"
#include "exporters/http/server.h"

namespace weir::http {

/// What all sessions of a server share. Private to the folder.
///
/// Threads: any; const after start but for the counters.
struct Service {
  Routes routes;
  Limits limits;
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> malformed_requests{0};
  std::atomic<std::uint64_t> timeouts{0};
  std::atomic<std::uint64_t> refused_connections{0};
  std::atomic<std::size_t> open_connections{0};
};

/// Serves one connection until it ends. `socket` runs on a strand of its own. The caller has
/// counted the connection in `open_connections`; the session takes it off when it is gone.
void start_session(boost::asio::ip::tcp::socket socket, std::shared_ptr<Service> service);

}  // namespace weir::http
