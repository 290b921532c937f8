#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "collector/model/result.h"

namespace weir::app {

/// Where a collector's HTTP server is.
struct HttpUrl {
  std::string host;  ///< name or address, without brackets
  std::string port;
  std::string host_field;  ///< as the Host header names it

  friend bool operator==(const HttpUrl&, const HttpUrl&) = default;
};

/// Reads `http://HOST[:PORT][/]`; without a port, 10055. ErrorCode::Usage otherwise.
[[nodiscard]] Result<HttpUrl> parse_http_url(std::string_view text);

/// The body that a GET of `path` is answered with. Bounded in time and size. Unavailable if
/// the server cannot be reached or does not answer in time, NotFound if it does not know the path,
/// Malformed for anything but an HTTP answer with status 200.
[[nodiscard]] Result<std::string> http_get(const HttpUrl& url, std::string_view path,
                                           std::chrono::milliseconds timeout = std::chrono::seconds{
                                               10});

}  // namespace weir::app
