#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "collector/model/ip_address.h"

namespace weir::ingest {

/// PEM files of a TLS listener.
struct TlsFiles {
  std::string certificate;  ///< the chain, own certificate first
  std::string key;
  std::string client_ca;  ///< empty: clients need no certificate
};

/// A TCP port that takes IPFIX, plain or inside TLS.
struct StreamListen {
  IpAddress address{};     ///< `::` receives IPv4 too
  std::uint16_t port = 0;  ///< 0: a free one
  std::optional<TlsFiles> tls{};
};

/// Bounds on what outsiders can hold of a StreamReceiver.
struct StreamLimits {
  std::uint32_t connections = 2'048;  ///< over all listeners; 64 KiB each at most
  std::uint32_t connections_per_address = 32;
  std::chrono::milliseconds handshake{10'000};  ///< from the accept to the end of TLS's greeting
  /// From the first byte of a message to its last: a slow sender holds 64 KiB no longer.
  std::chrono::milliseconds message{30'000};
  /// Without a whole message. Routers may be silent for as long as their active timeout.
  std::chrono::milliseconds idle{3'600'000};
};

}  // namespace weir::ingest
