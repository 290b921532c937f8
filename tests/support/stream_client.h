#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "collector/model/ip_address.h"

namespace weir::test {

/// An exporter's end of a plain TCP connection over loopback.
class TcpClient {
 public:
  /// Connects from `from`, an address of 127.0.0.0/8, to 127.0.0.1.
  explicit TcpClient(std::uint16_t port, const IpAddress& from = IpAddress::v4(0x7f00'0001));
  TcpClient(TcpClient&& other) noexcept;
  ~TcpClient();
  TcpClient& operator=(TcpClient&&) = delete;

  /// All of it; waits for room.
  void send(std::span<const std::byte> bytes) const;
  /// The orderly end.
  void close();
  /// The abrupt one: a reset.
  void reset();
  /// The other side has closed or reset. Does not wait.
  [[nodiscard]] bool is_closed() const;
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

/// PEM files of a TLS client; empty: none.
struct TlsClientFiles {
  std::string authority;  ///< of the server's certificate
  std::string certificate{};
  std::string key{};
};

/// Connects with TLS, sends `bytes`, ends in order and waits for the other side to do so. False:
/// the other side refused, be it during the handshake or (TLS 1.3) with its first answer. Blocks:
/// for a thread of its own. `highest_version` is an OpenSSL constant, 0: any.
[[nodiscard]] bool send_with_tls(std::uint16_t port, const TlsClientFiles& files,
                                 std::span<const std::byte> bytes, int highest_version = 0);

}  // namespace weir::test
