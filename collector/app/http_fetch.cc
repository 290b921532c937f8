#include "collector/app/http_fetch.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "collector/app/http_port.h"

namespace weir::app {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;
using SystemError = boost::system::error_code;

/// The state of 16,384 exporters with some domains each.
constexpr std::uint64_t kMostBytes = 256U << 20;
constexpr std::string_view kDefaultPort = "10055";

tl::unexpected<Error> unreachable(const HttpUrl& url, std::string_view why) {
  return failure(ErrorCode::Unavailable,
                 fmt::format("no collector answers at http://{}: {}; is `weir serve` running, and "
                             "is this its http.listen?",
                             url.host_field, why));
}

}  // namespace

Result<HttpUrl> parse_http_url(std::string_view text) {
  const auto wrong = [text] {
    return failure(
        ErrorCode::Usage,
        fmt::format("--url {}: write http://HOST:PORT, such as http://127.0.0.1:10055", text));
  };
  constexpr std::string_view kScheme = "http://";
  if (!text.starts_with(kScheme)) return wrong();
  std::string_view rest = text.substr(kScheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  HttpUrl url{.port = std::string(kDefaultPort)};
  std::string_view after;
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos) return wrong();
    url.host = rest.substr(1, end - 1);
    after = rest.substr(end + 1);
  } else {
    url.host = rest.substr(0, rest.find(':'));
    after = rest.substr(url.host.size());
  }
  const bool is_plain = std::ranges::all_of(url.host, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == ':' || c == '%';
  });
  if (url.host.empty() || !is_plain) return wrong();
  if (!after.empty()) {
    if (after.front() != ':' || !is_http_port(after.substr(1))) return wrong();
    url.port = after.substr(1);
  }
  url.host_field = url.host.find(':') == std::string::npos
                       ? fmt::format("{}:{}", url.host, url.port)
                       : fmt::format("[{}]:{}", url.host, url.port);
  return url;
}

Result<std::string> http_get(const HttpUrl& url, std::string_view path,
                             std::chrono::milliseconds timeout) {
  asio::io_context context{1};
  SystemError error;
  const auto addresses = asio::ip::tcp::resolver(context).resolve(url.host, url.port, error);
  if (error) return unreachable(url, error.message());

  // One step after the other; the stream's deadline bounds them together.
  beast::tcp_stream stream(context);
  stream.expires_after(timeout);
  const auto finish = [&context] {
    context.restart();
    context.run();
  };
  stream.async_connect(
      addresses, [&error](SystemError failed, const asio::ip::tcp::endpoint&) { error = failed; });
  finish();
  if (error) return unreachable(url, error.message());

  wire::request<wire::empty_body> request{wire::verb::get, {path.data(), path.size()}, 11};
  request.set(wire::field::host, url.host_field);
  request.set(wire::field::user_agent, "weir");
  request.set(wire::field::connection, "close");
  wire::async_write(stream, request, [&error](SystemError failed, std::size_t) { error = failed; });
  finish();
  if (error) return unreachable(url, error.message());

  beast::flat_buffer buffer;
  wire::response_parser<wire::string_body> parser;
  parser.body_limit(kMostBytes);
  wire::async_read(stream, buffer, parser,
                   [&error](SystemError failed, std::size_t) { error = failed; });
  finish();
  if (error == beast::error::timeout) return unreachable(url, "no answer in time");
  if (error)
    return failure(ErrorCode::Malformed,
                   fmt::format("http://{}{} gives no HTTP answer: {}; is this a collector's "
                               "http.listen?",
                               url.host_field, path, error.message()));
  const unsigned status = parser.get().result_int();
  if (status == 404)
    return failure(ErrorCode::NotFound,
                   fmt::format("http://{}{} is not there: is this a collector, and not older than "
                               "this program?",
                               url.host_field, path));
  if (status != 200)
    return failure(ErrorCode::Malformed,
                   fmt::format("http://{}{} answers with status {}", url.host_field, path, status));
  return std::move(parser.get().body());
}

}  // namespace weir::app
