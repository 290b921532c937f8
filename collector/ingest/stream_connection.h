#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>

#include "collector/ingest/message_framer.h"
#include "collector/ingest/stream_figures.h"
#include "collector/ingest/stream_listen.h"
#include "collector/ingest/stream_receiver.h"
#include "collector/model/connection_id.h"
#include "collector/model/ip_address.h"
#include "collector/model/single_writer_counter.h"

namespace weir::ingest {

/// Counts of one listener. The receiving thread writes, any thread reads. Folder-private.
class StreamCounters {
 public:
  explicit StreamCounters(std::string listen) : listen_(std::move(listen)) {}

  void refuse(StreamRefusal reason, std::string_view peer);
  void end(StreamEnd reason, std::string_view peer);

  [[nodiscard]] StreamFigures figures() const;

  SingleWriterCounter accepted;
  SingleWriterCounter messages;
  SingleWriterCounter bytes;

 private:
  void note(std::string_view peer, std::string_view reason);

  std::string listen_;
  std::array<SingleWriterCounter, kStreamRefusals> refused_;
  std::array<SingleWriterCounter, kStreamEnds> ended_;
  SingleWriterCounter troubles_;
  mutable std::mutex mutex_;  ///< guards last_trouble_
  std::string last_trouble_;
};

/// One accepted TCP connection: TLS handshake if there is one, then read, frame, hand on. A turn
/// reads at most what the framer has space for, so that connections take turns.
///
/// Threads: the one that runs the io_context. Whoever holds it and its pending operations keep
/// it alive. Folder-private.
class StreamConnection : public std::enable_shared_from_this<StreamConnection> {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using TlsSocket = boost::asio::ssl::stream<Socket>;
  using Stream = std::variant<Socket, TlsSocket>;

  struct Parts {
    ConnectionId id;
    IpAddress source;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    const StreamLimits& limits;
    const StreamHandlers& handlers;
    StreamCounters& counters;
    /// Called once, last of all.
    std::function<void(StreamConnection&)> gone;
  };

  StreamConnection(Parts parts, Stream stream);

  /// Call once, when a shared_ptr owns it.
  void start();
  /// Closes at once, if it is still open.
  void stop() { end(StreamEnd::Stopped); }

  [[nodiscard]] const IpAddress& source() const noexcept { return parts_.source; }

 private:
  using SystemError = boost::system::error_code;
  using Clock = std::chrono::steady_clock;
  enum class Phase : std::uint8_t { Handshake, Open, Closed };

  void open();
  void read();
  void on_read(const SystemError& error, std::size_t bytes);
  /// Hands on every whole message; true if one came and the connection is still open.
  [[nodiscard]] bool take_messages();
  void expect_by(Clock::time_point deadline);
  void on_deadline();
  void refuse(StreamRefusal reason);
  void end(StreamEnd reason);
  void close();
  [[nodiscard]] boost::asio::ip::tcp::socket::lowest_layer_type& socket();
  [[nodiscard]] std::string peer() const;

  Parts parts_;
  Stream stream_;
  boost::asio::steady_timer timer_;
  MessageFramer framer_;
  Phase phase_ = Phase::Handshake;
  bool is_timing_ = false;
  Clock::time_point deadline_;
  Clock::time_point last_message_;
  Clock::time_point message_began_;
};

}  // namespace weir::ingest
