#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace weir::test {

/// A response as it came over the wire.
struct HttpResponse {
  unsigned status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
};

/// A client that sends exactly the bytes it is told to, so that a test can also send what no
/// library would. One connection to 127.0.0.1; every wait ends after ten seconds.
class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  void send(std::string_view bytes);

  /// The next response whose body has the length that it states; nothing if the server closes
  /// first.
  [[nodiscard]] std::optional<HttpResponse> receive();
  /// The next response to a HEAD request.
  [[nodiscard]] std::optional<HttpResponse> receive_head();

  /// Sends "METHOD target HTTP/1.1" with a Host and `headers` (lines that end in CRLF) and
  /// receives.
  [[nodiscard]] std::optional<HttpResponse> ask(std::string_view method, std::string_view target,
                                                std::string_view headers = "",
                                                std::string_view body = "");

  /// True once the server has closed; false if it has not after ten seconds.
  [[nodiscard]] bool sees_end();

 private:
  [[nodiscard]] bool read_more();
  [[nodiscard]] std::optional<HttpResponse> receive_header();

  int socket_ = -1;
  std::string pending_;
};

}  // namespace weir::test
