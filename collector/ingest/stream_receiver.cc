#include "collector/ingest/stream_receiver.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstring>
#include <string>
#include <unordered_set>
#include <utility>

#include "collector/ingest/listen_failure.h"
#include "collector/ingest/socket_address.h"
#include "collector/ingest/stream_connection.h"
#include "collector/ingest/tls_server.h"

namespace weir::ingest {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using SystemError = boost::system::error_code;

/// Out of descriptors, accept() fails at once for ever; a pause keeps that from taking a core.
constexpr std::chrono::milliseconds kAcceptPause{100};

std::string listen_text(const StreamListen& listen, std::uint16_t port) {
  const std::string address = listen.address.to_string();
  const std::string_view kind = listen.tls ? "tls" : "tcp";
  return listen.address.is_v4() ? fmt::format("{} {}:{}", kind, address, port)
                                : fmt::format("{} [{}]:{}", kind, address, port);
}

tcp::endpoint endpoint_of(const StreamListen& listen) {
  const SocketAddress address = make_socket_address(listen.address, listen.port);
  tcp::endpoint endpoint;
  std::memcpy(endpoint.data(), &address.storage, address.length);
  endpoint.resize(address.length);
  return endpoint;
}

AddressAndPort read_endpoint(const tcp::endpoint& endpoint) noexcept {
  sockaddr_in6 address{};
  std::memcpy(&address, endpoint.data(), std::min(endpoint.size(), sizeof address));
  return read_socket_address(address);
}

/// A router that loses power says no goodbye; the kernel asks after it.
void watch_for_loss(tcp::socket& socket) {
  SystemError ignored;
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  const auto set = [&](int option, int value) {
    static_cast<void>(
        ::setsockopt(socket.native_handle(), IPPROTO_TCP, option, &value, sizeof value));
  };
  set(TCP_KEEPIDLE, 60);
  set(TCP_KEEPINTVL, 15);
  set(TCP_KEEPCNT, 4);
}

}  // namespace

struct StreamReceiver::State {
  struct Listener {
    Listener(asio::io_context& context, std::string listen)
        : counters(std::move(listen)), acceptor(context), pause(context) {}

    StreamCounters counters;
    tcp::acceptor acceptor;
    asio::steady_timer pause;
    std::optional<asio::ssl::context> tls;
    std::uint16_t port = 0;
  };

  explicit State(const StreamLimits& bounds) : limits(bounds) {}

  [[nodiscard]] Result<void> add(const StreamListen& listen);
  void accept(Listener& listener);
  void on_accept(Listener& listener, const SystemError& error, tcp::socket socket);
  void admit(Listener& listener, tcp::socket socket);

  StreamLimits limits;
  StreamHandlers handlers;
  asio::io_context context{1};
  // Both go before the context that their operations wait in.
  std::vector<std::unique_ptr<Listener>> listeners;
  std::unordered_set<std::shared_ptr<StreamConnection>> connections;
  std::uint64_t last_id = 0;
};

Result<void> StreamReceiver::State::add(const StreamListen& listen) {
  std::optional<asio::ssl::context> tls;
  if (listen.tls) {
    auto made = make_tls_server(*listen.tls);
    if (!made)
      return failure(made.error().code,
                     fmt::format("{}: {}", listen_text(listen, listen.port), made.error().message));
    tls = std::move(*made);
  }
  const tcp::endpoint endpoint = endpoint_of(listen);
  tcp::acceptor acceptor(context);
  SystemError error;
  const auto failed = [&] {
    return listen_failure(listen_text(listen, listen.port), error.value(), "ss -tlpn");
  };
  if (acceptor.open(endpoint.protocol(), error)) return failed();
  // A restarted collector must get its port although old connections linger in TIME_WAIT.
  if (acceptor.set_option(asio::socket_base::reuse_address(true), error)) return failed();
  // The system's default differs from machine to machine (net.ipv6.bindv6only).
  if (!listen.address.is_v4() && acceptor.set_option(asio::ip::v6_only(false), error))
    return failed();
  if (acceptor.bind(endpoint, error)) return failed();
  if (acceptor.listen(asio::socket_base::max_listen_connections, error)) return failed();
  const tcp::endpoint bound = acceptor.local_endpoint(error);
  if (error) return failed();

  auto listener = std::make_unique<Listener>(context, listen_text(listen, bound.port()));
  listener->acceptor = std::move(acceptor);
  listener->tls = std::move(tls);
  listener->port = bound.port();
  listeners.push_back(std::move(listener));
  return {};
}

void StreamReceiver::State::accept(Listener& listener) {
  listener.acceptor.async_accept([this, &listener](const SystemError& error, tcp::socket socket) {
    on_accept(listener, error, std::move(socket));
  });
}

void StreamReceiver::State::on_accept(Listener& listener, const SystemError& error,
                                      tcp::socket socket) {
  if (!listener.acceptor.is_open()) return;
  if (!error) {
    admit(listener, std::move(socket));
    return accept(listener);
  }
  // A client that left again before it was accepted is no failure of the system.
  if (error == asio::error::connection_aborted) return accept(listener);
  listener.counters.refuse(StreamRefusal::AcceptFailed, error.message());
  listener.pause.expires_after(kAcceptPause);
  listener.pause.async_wait([this, &listener](const SystemError& stopped) {
    if (!stopped) accept(listener);
  });
}

void StreamReceiver::State::admit(Listener& listener, tcp::socket socket) {
  SystemError error;
  const tcp::endpoint remote = socket.remote_endpoint(error);
  if (error) return;  // gone already
  const AddressAndPort peer = read_endpoint(remote);
  const auto refusal = [&]() -> std::optional<StreamRefusal> {
    if (!handlers.admits(peer.address)) return StreamRefusal::NotAllowed;
    if (connections.size() >= limits.connections) return StreamRefusal::TooMany;
    const auto of_address = std::ranges::count_if(
        connections, [&](const auto& other) { return other->source() == peer.address; });
    if (of_address >= std::int64_t{limits.connections_per_address})
      return StreamRefusal::TooManyFromAddress;
    return std::nullopt;
  }();
  if (refusal) return listener.counters.refuse(*refusal, peer.address.to_string());

  watch_for_loss(socket);
  auto stream = listener.tls
                    ? StreamConnection::Stream(std::in_place_type<StreamConnection::TlsSocket>,
                                               std::move(socket), *listener.tls)
                    : StreamConnection::Stream(std::move(socket));
  const auto connection = std::make_shared<StreamConnection>(
      StreamConnection::Parts{
          .id = ConnectionId{++last_id},
          .source = peer.address,
          .source_port = peer.port,
          .destination_port = listener.port,
          .limits = limits,
          .handlers = handlers,
          .counters = listener.counters,
          .gone = [this](StreamConnection& gone) { connections.erase(gone.shared_from_this()); }},
      std::move(stream));
  connections.insert(connection);
  connection->start();
}

StreamReceiver::StreamReceiver(std::unique_ptr<State> state) : state_(std::move(state)) {}

StreamReceiver::~StreamReceiver() = default;

Result<std::unique_ptr<StreamReceiver>> StreamReceiver::open(
    std::span<const StreamListen> listeners, const StreamLimits& limits) {
  auto state = std::make_unique<State>(limits);
  for (const StreamListen& listen : listeners)
    if (auto added = state->add(listen); !added) return tl::unexpected(added.error());
  return std::unique_ptr<StreamReceiver>(new StreamReceiver(std::move(state)));
}

void StreamReceiver::start(StreamHandlers handlers) {
  state_->handlers = std::move(handlers);
  for (const auto& listener : state_->listeners) state_->accept(*listener);
}

void StreamReceiver::run_for(std::chrono::milliseconds span) { state_->context.run_for(span); }

void StreamReceiver::stop(std::chrono::milliseconds drain) {
  SystemError ignored;
  for (const auto& listener : state_->listeners) {
    listener->acceptor.close(ignored);
    listener->pause.cancel();
  }
  const auto end = std::chrono::steady_clock::now() + drain;
  while (std::chrono::steady_clock::now() < end && state_->context.poll_one() != 0) {
  }
  // Each takes itself out of the set.
  const auto open = std::exchange(state_->connections, {});
  for (const auto& connection : open) connection->stop();
  state_->context.poll();
}

std::vector<StreamFigures> StreamReceiver::figures() const {
  std::vector<StreamFigures> all;
  for (const auto& listener : state_->listeners) all.push_back(listener->counters.figures());
  return all;
}

std::uint16_t StreamReceiver::port(std::size_t listener) const noexcept {
  return state_->listeners[listener]->port;
}

}  // namespace weir::ingest
