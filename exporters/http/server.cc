#include "exporters/http/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "exporters/http/session.h"

namespace weir::http {
namespace {

namespace asio = boost::asio;
using boost::asio::ip::tcp;
using SystemError = boost::system::error_code;

/// Out of descriptors, accept() fails at once for ever; a pause keeps that from taking a core.
constexpr std::chrono::milliseconds kAcceptPause{100};

[[nodiscard]] asio::ip::address to_asio(const IpAddress& address) {
  if (address.is_v4()) return asio::ip::address_v4(address.v4_value());
  asio::ip::address_v6::bytes_type bytes{};
  for (std::size_t i = 0; i < 8; ++i) {
    const auto shift = static_cast<unsigned>(56 - 8 * i);
    bytes[i] = static_cast<unsigned char>(address.high() >> shift);
    bytes[8 + i] = static_cast<unsigned char>(address.low() >> shift);
  }
  return asio::ip::address_v6(bytes);
}

[[nodiscard]] std::string endpoint_text(const ServerOptions& options) {
  const std::string address = options.address.to_string();
  return options.address.is_v4() ? fmt::format("{}:{}", address, options.port)
                                 : fmt::format("[{}]:{}", address, options.port);
}

[[nodiscard]] Error listen_error(const ServerOptions& options, const SystemError& error) {
  const std::string where = endpoint_text(options);
  if (error == asio::error::address_in_use) {
    return {ErrorCode::Unavailable,
            fmt::format("http: {} is in use by another program; stop it or choose another port "
                        "under http.listen",
                        where)};
  }
  if (error == asio::error::access_denied) {
    return {ErrorCode::Permission,
            fmt::format("http: this process may not listen on {}; choose a port above 1023 under "
                        "http.listen or grant CAP_NET_BIND_SERVICE",
                        where)};
  }
  if (error == boost::system::errc::address_not_available) {
    return {ErrorCode::NotFound,
            fmt::format("http: {} is not an address of this machine; name one that is, or 0.0.0.0 "
                        "for all, under http.listen",
                        where)};
  }
  return {ErrorCode::Internal,
          fmt::format("http: cannot listen on {}: {}", where, error.message())};
}

}  // namespace

struct Server::State {
  /// What ends with stop(): destroying the context closes every connection.
  struct Loop {
    Loop() : acceptor(asio::make_strand(context)), pause(acceptor.get_executor()) {}

    asio::io_context context;
    tcp::acceptor acceptor;
    asio::steady_timer pause;
  };

  void accept() {
    // Each connection gets a strand: its operations and its deadline never run at once.
    loop->acceptor.async_accept(
        asio::make_strand(loop->context),
        [this](SystemError error, tcp::socket socket) { on_accept(error, std::move(socket)); });
  }

  void on_accept(SystemError error, tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (error) {
      loop->pause.expires_after(kAcceptPause);
      loop->pause.async_wait([this](SystemError stopped) {
        if (!stopped) accept();
      });
      return;
    }
    admit(std::move(socket));
    accept();
  }

  void admit(tcp::socket socket) {
    // Only this strand adds, so the limit holds exactly.
    if (service->open_connections.load(std::memory_order_relaxed) >= service->limits.connections) {
      service->refused_connections.fetch_add(1, std::memory_order_relaxed);
      return;  // closes the socket
    }
    service->open_connections.fetch_add(1, std::memory_order_relaxed);
    // Responses are written whole; waiting to fill a segment only delays their end.
    SystemError ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    start_session(std::move(socket), service);
  }

  // The service outlives the sessions, which the loop's context destroys.
  std::shared_ptr<Service> service = std::make_shared<Service>();
  std::unique_ptr<Loop> loop = std::make_unique<Loop>();
  std::uint16_t port = 0;
  std::mutex stop_mutex;  // guards `loop` and `threads` against two stop() at once
  std::vector<std::thread> threads;
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() { stop(); }

Result<std::unique_ptr<Server>> Server::listen(const ServerOptions& options, Routes routes) {
  auto state = std::make_unique<State>();
  state->service->routes = std::move(routes);
  state->service->limits = options.limits;

  const tcp::endpoint endpoint(to_asio(options.address), options.port);
  SystemError error;
  const auto failed = [&]() { return tl::unexpected<Error>(listen_error(options, error)); };
  if (state->loop->acceptor.open(endpoint.protocol(), error)) return failed();
  // A restarted collector must get its port although old connections linger in TIME_WAIT.
  if (state->loop->acceptor.set_option(asio::socket_base::reuse_address(true), error))
    return failed();
  if (state->loop->acceptor.bind(endpoint, error)) return failed();
  if (state->loop->acceptor.listen(asio::socket_base::max_listen_connections, error))
    return failed();
  const tcp::endpoint bound = state->loop->acceptor.local_endpoint(error);
  if (error) return failed();
  state->port = bound.port();

  state->accept();
  try {
    for (unsigned i = 0; i < std::max(1U, options.threads); ++i) {
      state->threads.emplace_back([context = &state->loop->context] { context->run(); });
    }
  } catch (const std::system_error& problem) {
    state->loop->context.stop();
    for (std::thread& thread : state->threads) thread.join();
    return failure(weir::ErrorCode::Unavailable,
                   fmt::format("http: cannot start a thread: {}", problem.what()));
  }
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

std::uint16_t Server::port() const noexcept { return state_->port; }

ServerFigures Server::figures() const noexcept {
  const Service& service = *state_->service;
  return {.requests = service.requests.load(std::memory_order_relaxed),
          .malformed_requests = service.malformed_requests.load(std::memory_order_relaxed),
          .timeouts = service.timeouts.load(std::memory_order_relaxed),
          .refused_connections = service.refused_connections.load(std::memory_order_relaxed),
          .open_connections = service.open_connections.load(std::memory_order_relaxed)};
}

void Server::stop() {
  const std::lock_guard lock(state_->stop_mutex);
  if (!state_->loop) return;
  state_->loop->context.stop();
  for (std::thread& thread : state_->threads) thread.join();
  state_->threads.clear();
  state_->loop.reset();
}

}  // namespace weir::http
