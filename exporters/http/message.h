#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::http {

enum class Method : std::uint8_t { Get, Head, Post, Put, Delete, Options, Other };

/// "GET"; Other is "OTHER".
[[nodiscard]] std::string_view method_name(Method method) noexcept;

struct Header {
  std::string name;
  std::string value;
};

/// One request, already checked: the path is absolute, decoded, and holds no `.` or `..`
/// segment and no control character.
struct Request {
  Method method = Method::Get;
  std::string path;
  std::string query;  ///< what follows `?`, as sent
  std::vector<Header> headers;
  std::string body;

  /// The value of a header by its case-insensitive name, several joined by a comma (RFC 9110,
  /// 5.3); empty if absent.
  [[nodiscard]] std::string header(std::string_view name) const;
};

/// One answer. The server adds Content-Length, compresses where the client agrees, leaves the
/// body out for HEAD and adds the security headers that `headers` does not set.
struct Response {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<Header> headers;
};

/// Runs in a thread of the server; may be called by several at once. What it throws becomes
/// a 500.
using Handler = std::function<Response(const Request&)>;

}  // namespace weir::http
