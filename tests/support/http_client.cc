#include "tests/support/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace weir::test {

HttpClient::HttpClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  timeval limit{.tv_sec = 10, .tv_usec = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

HttpClient::~HttpClient() { ::close(socket_); }

void HttpClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the server has closed: what it answered can still be read
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool HttpClient::read_more() {
  std::array<char, 65'536> bytes{};
  const ssize_t count = ::recv(socket_, bytes.data(), bytes.size(), 0);
  if (count <= 0) return false;
  pending_.append(bytes.data(), static_cast<std::size_t>(count));
  return true;
}

std::optional<HttpResponse> HttpClient::receive_header() {
  std::size_t end = 0;
  while ((end = pending_.find("\r\n\r\n")) == std::string::npos) {
    if (!read_more()) return std::nullopt;
  }
  HttpResponse response;
  const std::string header = pending_.substr(0, end + 2);
  pending_.erase(0, end + 4);
  if (header.size() < 12) return std::nullopt;
  response.status = static_cast<unsigned>(std::strtoul(header.c_str() + 9, nullptr, 10));
  std::size_t line = header.find("\r\n") + 2;
  while (line < header.size()) {
    const std::size_t line_end = header.find("\r\n", line);
    const std::size_t colon = header.find(':', line);
    std::string name = header.substr(line, colon - line);
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    std::size_t value = colon + 1;
    while (value < line_end && header[value] == ' ') ++value;
    response.headers[name] = header.substr(value, line_end - value);
    line = line_end + 2;
  }
  return response;
}

std::optional<HttpResponse> HttpClient::receive() {
  std::optional<HttpResponse> response = receive_header();
  if (!response) return std::nullopt;
  const std::size_t length = std::strtoul(response->headers["content-length"].c_str(), nullptr, 10);
  while (pending_.size() < length) {
    if (!read_more()) return std::nullopt;
  }
  response->body = pending_.substr(0, length);
  pending_.erase(0, length);
  return response;
}

std::optional<HttpResponse> HttpClient::receive_head() { return receive_header(); }

std::optional<HttpResponse> HttpClient::ask(std::string_view method, std::string_view target,
                                            std::string_view headers, std::string_view body) {
  std::string text(method);
  text.append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n").append(headers);
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  text.append("\r\n").append(body);
  send(text);
  return method == "HEAD" ? receive_head() : receive();
}

bool HttpClient::sees_end() {
  std::array<char, 4'096> bytes{};
  for (;;) {
    const ssize_t count = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (count > 0) continue;
    return count == 0 || errno == ECONNRESET;
  }
}

}  // namespace weir::test
