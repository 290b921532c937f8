#include "collector/ingest/stream_connection.h"

#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <utility>

namespace weir::ingest {
namespace {

namespace asio = boost::asio;

/// What an operator wants to read about; the others are the ordinary course.
constexpr bool is_trouble(StreamEnd reason) noexcept {
  return reason != StreamEnd::Peer && reason != StreamEnd::Idle && reason != StreamEnd::Stopped;
}

/// TLS without its closing alert counts as closed: plain TCP cannot tell either.
bool is_end_of_stream(const boost::system::error_code& error) noexcept {
  return error == asio::error::eof || error == asio::ssl::error::stream_truncated;
}

}  // namespace

void StreamCounters::refuse(StreamRefusal reason, std::string_view peer) {
  refused_[static_cast<std::size_t>(reason)].add(1);
  note(peer, stream_refusal_name(reason));
}

void StreamCounters::end(StreamEnd reason, std::string_view peer) {
  ended_[static_cast<std::size_t>(reason)].add(1);
  if (is_trouble(reason)) note(peer, stream_end_name(reason));
}

void StreamCounters::note(std::string_view peer, std::string_view reason) {
  {
    const std::lock_guard lock(mutex_);
    last_trouble_ = fmt::format("{}: {}", peer, reason);
  }
  troubles_.add(1);
}

StreamFigures StreamCounters::figures() const {
  StreamFigures figures;
  figures.listen = listen_;
  // Ended before accepted, so that no reader sees more of the former.
  std::uint64_t all_ended = 0;
  for (std::size_t i = 0; i < kStreamEnds; ++i) {
    figures.ended[i] = ended_[i].read();
    all_ended += figures.ended[i];
  }
  figures.accepted = std::max(accepted.read(), all_ended);
  figures.open = figures.accepted - all_ended;
  figures.messages = messages.read();
  figures.bytes = bytes.read();
  for (std::size_t i = 0; i < kStreamRefusals; ++i) figures.refused[i] = refused_[i].read();
  figures.troubles = troubles_.read();
  const std::lock_guard lock(mutex_);
  figures.last_trouble = last_trouble_;
  return figures;
}

StreamConnection::StreamConnection(Parts parts, Stream stream)
    : parts_(std::move(parts)), stream_(std::move(stream)), timer_(socket().get_executor()) {}

asio::ip::tcp::socket::lowest_layer_type& StreamConnection::socket() {
  return std::visit(
      [](auto& stream) -> asio::ip::tcp::socket::lowest_layer_type& {
        return stream.lowest_layer();
      },
      stream_);
}

std::string StreamConnection::peer() const {
  const std::string address = parts_.source.to_string();
  return parts_.source.is_v4() ? fmt::format("{}:{}", address, parts_.source_port)
                               : fmt::format("[{}]:{}", address, parts_.source_port);
}

void StreamConnection::start() {
  auto* const tls = std::get_if<TlsSocket>(&stream_);
  if (tls == nullptr) return open();
  expect_by(Clock::now() + parts_.limits.handshake);
  tls->async_handshake(asio::ssl::stream_base::server,
                       [self = shared_from_this()](const SystemError& error) {
                         if (self->phase_ != Phase::Handshake) return;
                         if (error) return self->refuse(StreamRefusal::Handshake);
                         self->open();
                       });
}

void StreamConnection::open() {
  phase_ = Phase::Open;
  parts_.counters.accepted.add(1);
  last_message_ = Clock::now();
  expect_by(last_message_ + parts_.limits.idle);
  read();
}

void StreamConnection::read() {
  const std::span<std::byte> space = framer_.space();
  std::visit(
      [&](auto& stream) {
        stream.async_read_some(
            asio::buffer(space.data(), space.size()),
            [self = shared_from_this()](const SystemError& error, std::size_t bytes) {
              self->on_read(error, bytes);
            });
      },
      stream_);
}

void StreamConnection::on_read(const SystemError& error, std::size_t bytes) {
  if (phase_ != Phase::Open) return;
  if (error) {
    if (framer_.is_mid_message()) return end(StreamEnd::CutShort);
    return end(is_end_of_stream(error) ? StreamEnd::Peer : StreamEnd::Lost);
  }
  const bool was_mid_message = framer_.is_mid_message();
  framer_.took(bytes);
  parts_.counters.bytes.add(bytes);
  const bool has_come = take_messages();
  if (phase_ != Phase::Open) return;

  const auto now = Clock::now();
  if (has_come) last_message_ = now;
  if (framer_.is_mid_message()) {
    // A trickle of bytes moves no deadline.
    if (has_come || !was_mid_message) message_began_ = now;
    expect_by(message_began_ + parts_.limits.message);
  } else {
    expect_by(last_message_ + parts_.limits.idle);
  }
  read();
}

bool StreamConnection::take_messages() {
  bool has_come = false;
  for (;;) {
    const auto message = framer_.next();
    if (!message) {
      end(message.error() == FramingError::BadVersion ? StreamEnd::BadVersion
                                                      : StreamEnd::BadLength);
      return false;
    }
    if (!*message) return has_come;
    has_come = true;
    parts_.counters.messages.add(1);
    switch (parts_.handlers.take({.payload = **message,
                                  .source = parts_.source,
                                  .source_port = parts_.source_port,
                                  .destination_port = parts_.destination_port,
                                  .connection = parts_.id})) {
      case StreamVerdict::Sound:
        break;
      case StreamVerdict::Malformed:
        // RFC 7011, 9.1, lets a collector end the connection. The exporter opens a new one and
        // teaches its templates again, of which a broken message may have damaged some.
        end(StreamEnd::Malformed);
        return false;
      case StreamVerdict::NotAllowed:
        end(StreamEnd::NotAllowed);
        return false;
    }
  }
}

void StreamConnection::expect_by(Clock::time_point deadline) {
  deadline_ = deadline;
  // A deadline that moves away is looked at when the old one has come: most reads set no timer.
  if (is_timing_ && timer_.expiry() <= deadline) return;
  is_timing_ = true;
  timer_.expires_at(deadline);
  timer_.async_wait([self = shared_from_this()](const SystemError& error) {
    if (!error) self->on_deadline();
  });
}

void StreamConnection::on_deadline() {
  if (phase_ == Phase::Closed) return;
  is_timing_ = false;
  if (Clock::now() < deadline_) return expect_by(deadline_);
  if (phase_ == Phase::Handshake) return refuse(StreamRefusal::HandshakeTimeout);
  end(framer_.is_mid_message() ? StreamEnd::SlowMessage : StreamEnd::Idle);
}

void StreamConnection::refuse(StreamRefusal reason) {
  parts_.counters.refuse(reason, peer());
  close();
}

void StreamConnection::end(StreamEnd reason) {
  if (phase_ == Phase::Closed) return;
  if (phase_ == Phase::Open) {
    parts_.counters.end(reason, peer());
    parts_.handlers.ended(parts_.source, parts_.id);
  }
  close();
}

void StreamConnection::close() {
  const auto self = shared_from_this();
  phase_ = Phase::Closed;
  timer_.cancel();
  SystemError ignored;
  socket().close(ignored);
  parts_.gone(*this);
}

}  // namespace weir::ingest
