#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "collector/model/ip_address.h"

namespace weir::ingest {

/// Why a connection was turned away before its first message. Values index arrays; the names
/// are label values of weir_stream_refused_connections_total.
enum class StreamRefusal : std::uint8_t {
  NotAllowed,          ///< source outside exporters.allow
  TooMany,             ///< over StreamLimits::connections
  TooManyFromAddress,  ///< over StreamLimits::connections_per_address
  Handshake,           ///< TLS failed: no or wrong client certificate, old version, not TLS
  HandshakeTimeout,
  AcceptFailed,  ///< by the system, mostly for want of file descriptors
};
inline constexpr std::size_t kStreamRefusals = 6;

/// Why a connection that was accepted ended; label values of weir_stream_ended_connections_total.
enum class StreamEnd : std::uint8_t {
  Peer,         ///< closed by the exporter between two messages
  CutShort,     ///< closed or lost in the middle of a message
  Lost,         ///< reset, or broken by the network or by TLS
  BadVersion,   ///< what came is not IPFIX
  BadLength,    ///< a message shorter than its header
  Malformed,    ///< a message that breaks its own structure
  SlowMessage,  ///< a message took longer than StreamLimits::message
  Idle,         ///< no message for StreamLimits::idle
  NotAllowed,   ///< a reload took the source out of exporters.allow
  Stopped,      ///< by Weir, which is ending
};
inline constexpr std::size_t kStreamEnds = 10;

[[nodiscard]] constexpr std::string_view stream_refusal_name(StreamRefusal reason) noexcept {
  switch (reason) {
    case StreamRefusal::NotAllowed:
      return "not_allowed";
    case StreamRefusal::TooMany:
      return "too_many";
    case StreamRefusal::TooManyFromAddress:
      return "too_many_from_address";
    case StreamRefusal::Handshake:
      return "handshake";
    case StreamRefusal::HandshakeTimeout:
      return "handshake_timeout";
    case StreamRefusal::AcceptFailed:
      return "accept_failed";
  }
  return "unknown";
}

[[nodiscard]] constexpr std::string_view stream_end_name(StreamEnd reason) noexcept {
  switch (reason) {
    case StreamEnd::Peer:
      return "peer";
    case StreamEnd::CutShort:
      return "cut_short";
    case StreamEnd::Lost:
      return "lost";
    case StreamEnd::BadVersion:
      return "bad_version";
    case StreamEnd::BadLength:
      return "bad_length";
    case StreamEnd::Malformed:
      return "malformed";
    case StreamEnd::SlowMessage:
      return "slow_message";
    case StreamEnd::Idle:
      return "idle";
    case StreamEnd::NotAllowed:
      return "not_allowed";
    case StreamEnd::Stopped:
      return "stopped";
  }
  return "unknown";
}

/// One TCP listener so far.
struct StreamFigures {
  std::string listen;  ///< "tcp 0.0.0.0:4739", with the port that was really bound
  std::uint64_t accepted = 0;
  std::uint64_t open = 0;
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::array<std::uint64_t, kStreamRefusals> refused{};
  std::array<std::uint64_t, kStreamEnds> ended{};
  /// The last connection that was refused or ended by a fault: whose, and why. For the log.
  std::string last_trouble;
  std::uint64_t troubles = 0;
};

}  // namespace weir::ingest
