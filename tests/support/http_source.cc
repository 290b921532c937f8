#include "tests/support/http_source.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace weir::test {

HttpSource::HttpSource() : listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const general = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listening_, general, size) != 0 || ::listen(listening_, 16) != 0 ||
      ::getsockname(listening_, general, &size) != 0)
    throw std::runtime_error("the test's server cannot listen");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

HttpSource::~HttpSource() {
  ::shutdown(listening_, SHUT_RDWR);
  thread_.join();
  for (const int connection : open_) ::close(connection);
  ::close(listening_);
}

void HttpSource::answer(std::string body, unsigned status) {
  const std::lock_guard lock(mutex_);
  answer_ =
      "HTTP/1.1 " + std::to_string(status) +
      " Any\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
      "\r\nConnection: close\r\n\r\n" + std::move(body);
}

void HttpSource::stay_silent() {
  const std::lock_guard lock(mutex_);
  answer_.reset();
}

bool HttpSource::sees(std::size_t requests) {
  std::unique_lock lock(mutex_);
  return came_.wait_for(lock, std::chrono::seconds{10}, [&] { return requests_ >= requests; });
}

std::string HttpSource::url() const {
  return "http://127.0.0.1:" + std::to_string(port_) + "/contracts";
}

void HttpSource::serve() {
  for (;;) {
    const int connection = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    std::string request;
    std::array<char, 4'096> piece{};
    while (request.find("\r\n\r\n") == std::string::npos) {
      const ssize_t got = ::recv(connection, piece.data(), piece.size(), 0);
      if (got <= 0) break;
      request.append(piece.data(), static_cast<std::size_t>(got));
    }
    std::optional<std::string> answer;
    {
      const std::lock_guard lock(mutex_);
      answer = answer_;
      ++requests_;
    }
    came_.notify_all();
    if (!answer) {
      open_.push_back(connection);
      continue;
    }
    std::string_view rest = *answer;
    while (!rest.empty()) {
      const ssize_t sent = ::send(connection, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;
      rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    ::close(connection);
  }
}

}  // namespace weir::test
