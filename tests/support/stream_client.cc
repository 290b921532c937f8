#include "tests/support/stream_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <utility>

namespace weir::test {
namespace {

sockaddr_in address_of(const IpAddress& address, std::uint16_t port) {
  return {.sin_family = AF_INET,
          .sin_port = htons(port),
          .sin_addr = {htonl(address.v4_value())},
          .sin_zero = {}};
}

}  // namespace

TcpClient::TcpClient(std::uint16_t port, const IpAddress& from)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  auto own = address_of(from, 0);
  EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&own), sizeof own), 0);
  auto to = address_of(IpAddress::v4(INADDR_LOOPBACK), port);
  EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
}

TcpClient::TcpClient(TcpClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

TcpClient::~TcpClient() { close(); }

void TcpClient::send(std::span<const std::byte> bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    ASSERT_GT(sent, 0);
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
}

void TcpClient::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void TcpClient::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  EXPECT_EQ(::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
  close();
}

bool TcpClient::is_closed() const {
  std::byte byte{};
  const ssize_t got = ::recv(fd_, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

bool send_with_tls(std::uint16_t port, const TlsClientFiles& files,
                   std::span<const std::byte> bytes, int highest_version) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                  &SSL_CTX_free);
  // OpenSSL writes without MSG_NOSIGNAL to a server that may have refused.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_options(context.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
  if (highest_version != 0) {
    SSL_CTX_set_security_level(context.get(), 0);
    SSL_CTX_set_min_proto_version(context.get(), 0);
    SSL_CTX_set_max_proto_version(context.get(), highest_version);
  }
  EXPECT_EQ(SSL_CTX_load_verify_file(context.get(), files.authority.c_str()), 1);
  if (!files.certificate.empty()) {
    EXPECT_EQ(SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()), 1);
    EXPECT_EQ(SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM), 1);
  }
  const TcpClient client(port);
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), &SSL_free);
  SSL_set_fd(ssl.get(), client.fd());
  if (SSL_connect(ssl.get()) != 1) return false;
  if (SSL_write(ssl.get(), bytes.data(), static_cast<int>(bytes.size())) <= 0) return false;
  if (SSL_shutdown(ssl.get()) < 0) return false;
  ::shutdown(client.fd(), SHUT_WR);
  // A refusal comes as an alert; an end without one is the server closing what was finished.
  char byte = 0;
  const int got = SSL_read(ssl.get(), &byte, 1);
  return got <= 0 && SSL_get_error(ssl.get(), got) != SSL_ERROR_SSL;
}

}  // namespace weir::test
