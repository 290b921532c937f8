#include "collector/app/source_fetch.h"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <cctype>
#include <memory>
#include <utility>

#include "collector/app/http_port.h"
#include "collector/config/file_text.h"
#include "collector/config/problem_list.h"
#include "exporters/remote_write/name_lookup.h"

namespace weir::app {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;
using SystemError = boost::system::error_code;
using Deadline = std::chrono::steady_clock::time_point;
using Answer = wire::response_parser<wire::string_body>;

constexpr std::uint32_t kMostHeaderBytes = 64 * 1'024;
constexpr std::size_t kLongestUrl = 8'192;

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_visible(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

std::string_view default_port(const SourceUrl& url) noexcept { return url.is_tls ? "443" : "80"; }

tl::unexpected<Error> failed(const SourceUrl& url, std::string_view why) {
  return failure(ErrorCode::Unavailable, fmt::format("{}: {}", url.to_string(), why));
}

/// What went wrong on the way, in words that say what to do where that is known.
std::string reason_of(const SystemError& error) {
  if (error == asio::error::operation_aborted) return "stopped";
  if (error == beast::error::timeout) return "no whole answer in time (--timeout)";
  if (error == wire::error::body_limit) return "the answer is larger than is read here";
  if (error == wire::error::header_limit) return "the header of the answer is too large";
  if (error == wire::error::partial_message || error == wire::error::end_of_stream ||
      error == asio::ssl::error::stream_truncated)
    return "the answer is cut short";
  return error.message();
}

/// A handler that keeps how a step ended.
auto keep(SystemError& error) {
  return [&error](SystemError ended, auto&&...) { error = ended; };
}

using remote_write::Addresses;

Result<Addresses> look_up(const SourceUrl& url, Deadline deadline, const std::stop_token& stop) {
  auto addresses = remote_write::look_up(url.host, url.port, deadline, stop);
  if (addresses) return std::move(*addresses);
  const SystemError& error = addresses.error();
  if (error == asio::error::operation_aborted) return failed(url, reason_of(error));
  if (error == asio::error::timed_out)
    return failed(url, "the host's name is not resolved in time (--timeout)");
  return failed(url, fmt::format("the host is not found: {}", error.message()));
}

/// One connection's exchange, one step after the other; the deadline bounds them together.
class Exchange {
 public:
  Exchange(const SourceUrl& url, Deadline deadline, const std::stop_token& stop)
      : url_(url), deadline_(deadline), stop_(stop), end_steps_(stop, StopSteps{context_}) {}

  /// The answer to `request`, over a connection of its own.
  [[nodiscard]] Result<std::unique_ptr<Answer>> run(const wire::request<wire::empty_body>& request,
                                                    const FetchTerms& terms) {
    const auto looked_up = look_up(url_, deadline_, stop_);
    if (!looked_up) return tl::unexpected(looked_up.error());
    const Addresses& addresses = *looked_up;
    SystemError error;
    if (!url_.is_tls) {
      beast::tcp_stream stream(context_);
      if (auto done = connect(stream, addresses); !done) return tl::unexpected(done.error());
      return exchange(stream, request, terms);
    }
    asio::ssl::context tls(asio::ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
    tls.set_verify_mode(asio::ssl::verify_peer, error);
    if (!error && terms.ca.empty()) tls.set_default_verify_paths(error);
    if (!error && !terms.ca.empty()) tls.load_verify_file(terms.ca, error);
    if (error)
      return failure(ErrorCode::Usage,
                     fmt::format("--ca {}: {}; name a PEM file of certificates that this user may "
                                 "read",
                                 terms.ca, error.message()));
    beast::ssl_stream<beast::tcp_stream> stream(context_, tls);
    if (!expect_host(stream.native_handle()))
      return failed(url_, "the host name does not fit into TLS");
    if (auto done = connect(beast::get_lowest_layer(stream), addresses); !done)
      return tl::unexpected(done.error());
    stream.async_handshake(asio::ssl::stream_base::client, keep(error));
    finish(error);
    if (error) {
      const long verified = SSL_get_verify_result(stream.native_handle());
      if (verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH)
        return failed(url_, fmt::format("the certificate is not one of {}; write the host as the "
                                        "certificate names it",
                                        url_.host));
      if (verified != X509_V_OK)
        return failed(url_, fmt::format("the certificate is not accepted: {}; name its authority "
                                        "with --ca, or have it renewed",
                                        X509_verify_cert_error_string(verified)));
      return failed(
          url_, fmt::format("TLS fails: {}; does the server speak TLS here?", reason_of(error)));
    }
    return exchange(stream, request, terms);
  }

 private:
  /// Names the host that the certificate must be of, and tells the server whom it is asked for.
  [[nodiscard]] bool expect_host(SSL* tls) const {
    SystemError is_name;
    asio::ip::make_address(url_.host, is_name);
    if (!is_name) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), url_.host.c_str()) == 1;
    // RFC 6066, 3: an address is no server name. The call is what the library's macro does.
    std::string name = url_.host;
    return SSL_set1_host(tls, name.c_str()) == 1 &&
           SSL_ctrl(tls, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) == 1;
  }

  [[nodiscard]] Result<void> connect(beast::tcp_stream& stream, const Addresses& addresses) {
    SystemError error;
    stream.expires_at(deadline_);
    stream.async_connect(addresses, keep(error));
    finish(error);
    if (error) return failed(url_, reason_of(error));
    return {};
  }

  template <class Stream>
  [[nodiscard]] Result<std::unique_ptr<Answer>> exchange(
      Stream& stream, const wire::request<wire::empty_body>& request, const FetchTerms& terms) {
    SystemError error;
    wire::async_write(stream, request, keep(error));
    finish(error);
    if (error) return failed(url_, reason_of(error));
    beast::flat_buffer buffer;
    auto answer = std::make_unique<Answer>();
    answer->header_limit(kMostHeaderBytes);
    answer->body_limit(terms.most_bytes);
    wire::async_read_header(stream, buffer, *answer, keep(error));
    finish(error);
    if (error) return failed(url_, reason_of(error));
    // Whatever an answer other than 200 holds is not read.
    if (answer->get().result() != wire::status::ok) return answer;
    // The end of the connection alone cannot be told from a cut.
    if (!answer->is_done() && !answer->chunked() && !answer->content_length())
      return failed(url_,
                    "the answer does not say its length; have the server send "
                    "Content-Length or chunks");
    wire::async_read(stream, buffer, *answer, keep(error));
    finish(error);
    if (error) return failed(url_, reason_of(error));
    return answer;
  }

  /// Runs the step that was begun to its end.
  void finish(SystemError& error) {
    context_.restart();
    // After the restart: the token is told before the context, so that one of both is seen.
    if (!stop_.stop_requested()) context_.run();
    // The step may have been left half done, and has then said nothing.
    if (stop_.stop_requested()) error = asio::error::operation_aborted;
  }

  struct StopSteps {
    asio::io_context& context;
    void operator()() const { context.stop(); }
  };

  const SourceUrl& url_;
  Deadline deadline_;
  std::stop_token stop_;
  asio::io_context context_{1};
  std::stop_callback<StopSteps> end_steps_;
};

bool is_redirect(wire::status status) noexcept {
  return status == wire::status::moved_permanently || status == wire::status::found ||
         status == wire::status::see_other || status == wire::status::temporary_redirect ||
         status == wire::status::permanent_redirect;
}

/// Whether what was meant for `first` may be sent to `next`.
bool is_same_origin(const SourceUrl& first, const SourceUrl& next) noexcept {
  return first.is_tls == next.is_tls && first.host == next.host && first.port == next.port;
}

}  // namespace

std::string SourceUrl::to_string() const {
  return fmt::format("{}://{}{}", is_tls ? "https" : "http", host_field(),
                     target.substr(0, target.find('?')));
}

std::string SourceUrl::host_field() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  std::string text = is_v6 ? fmt::format("[{}]", host) : host;
  if (port != default_port(*this)) text += ":" + port;
  return text;
}

bool is_source_url(std::string_view text) noexcept {
  return text.starts_with("http://") || text.starts_with("https://");
}

Result<HttpHeader> parse_http_header(std::string_view text) {
  static constexpr std::array<std::string_view, 6> kOwn{
      "host", "connection", "content-length", "transfer-encoding", "te", "upgrade"};
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const auto is_token = [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  };
  // The value may be a secret, so that no message shows it.
  if (colon == std::string_view::npos || name.empty() || !std::ranges::all_of(name, is_token))
    return failure(ErrorCode::Usage,
                   "a header is not `Name: value`; write such as "
                   "`Authorization: Bearer ...`");
  const std::string_view value = trimmed(text.substr(colon + 1));
  const bool is_clean = std::ranges::all_of(
      value, [](unsigned char c) { return (c >= 0x20 && c != 0x7f) || c == '\t'; });
  if (!is_clean)
    return failure(
        ErrorCode::Usage,
        fmt::format("the header {} holds a control character; write it on one line", name));
  if (std::ranges::find(kOwn, lower(name)) != kOwn.end())
    return failure(ErrorCode::Usage,
                   fmt::format("the header {} is set by the request itself; leave it out", name));
  return HttpHeader{std::string(name), std::string(value)};
}

Result<std::vector<HttpHeader>> read_header_file(const std::string& path) {
  config::ProblemList problems(path);
  const auto text = config::read_text_file(path, problems);
  if (!text) return failure(ErrorCode::Usage, config::to_string(problems.take().front()));
  std::vector<HttpHeader> headers;
  std::string_view rest = *text;
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    auto header = parse_http_header(line);
    if (!header)
      return failure(header.error().code, fmt::format("{}: {}", path, header.error().message));
    headers.push_back(std::move(*header));
  }
  return headers;
}

Result<SourceUrl> parse_source_url(std::string_view text) {
  const auto wrong = [](std::string_view why) {
    return failure(ErrorCode::Usage, fmt::format("the URL of the source {}; write such as "
                                                 "https://crm.example.com/contracts.json",
                                                 why));
  };
  if (!is_source_url(text)) return wrong("begins neither with http:// nor with https://");
  if (text.size() > kLongestUrl) return wrong("is too long");
  if (!is_visible(text)) return wrong("holds spaces or other signs that must be escaped");
  SourceUrl url{.is_tls = text.starts_with("https://")};
  std::string_view rest = text.substr(text.find("//") + 2);
  rest = rest.substr(0, rest.find('#'));
  const std::size_t path = rest.find_first_of("/?");
  std::string_view authority = rest.substr(0, path);
  url.target = path == std::string_view::npos ? "/" : rest.substr(path);
  if (url.target.front() == '?') url.target.insert(0, 1, '/');
  if (authority.find('@') != std::string_view::npos)
    return wrong("holds a user name; send credentials with --header-file");
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return wrong("has a bracket that is not closed");
    url.host = authority.substr(1, end - 1);
    authority.remove_prefix(end + 1);
  } else {
    url.host = lower(authority.substr(0, authority.find(':')));
    authority.remove_prefix(url.host.size());
  }
  const bool is_plain = std::ranges::all_of(url.host, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == ':';
  });
  if (url.host.empty() || !is_plain) return wrong("names no host");
  url.port = default_port(url);
  if (!authority.empty()) {
    if (authority.front() != ':' || !is_http_port(authority.substr(1)))
      return wrong("has a bad port");
    url.port = authority.substr(1);
  }
  return url;
}

Result<SourceUrl> follow_redirect(const SourceUrl& from, std::string_view location) {
  const auto wrong = [&](std::string_view why) {
    return failure(ErrorCode::Malformed, fmt::format("{}: the redirect {}", from.to_string(), why));
  };
  if (location.empty() || location.size() > kLongestUrl || !is_visible(location))
    return wrong("leads nowhere");
  const std::string origin =
      fmt::format("{}://{}", from.is_tls ? "https" : "http", from.host_field());
  const std::string path = from.target.substr(0, from.target.find('?'));
  std::string target;
  if (is_source_url(location))
    target = location;
  else if (location.starts_with("//"))
    target = fmt::format("{}:{}", from.is_tls ? "https" : "http", location);
  else if (location.starts_with('/'))
    target = origin + std::string(location);
  else if (location.starts_with('?'))
    target = origin + path + std::string(location);
  else if (location.substr(0, location.find_first_of("/?#")).find(':') != std::string_view::npos)
    return wrong("leads to neither http nor https");
  else
    target = origin + path.substr(0, path.rfind('/') + 1) + std::string(location);
  auto url = parse_source_url(target);
  if (!url) return wrong(fmt::format("is refused: {}", url.error().message));
  if (from.is_tls && !url->is_tls)
    return wrong("leads from https to http; name the source by its last address");
  return url;
}

Result<Fetched> fetch_source(const SourceUrl& url, const FetchTerms& terms) {
  const Deadline deadline = std::chrono::steady_clock::now() + terms.timeout;
  SourceUrl at = url;
  for (std::size_t redirects = 0;; ++redirects) {
    wire::request<wire::empty_body> request{
        wire::verb::get, {at.target.data(), at.target.size()}, 11};
    if (is_same_origin(url, at))
      for (const HttpHeader& header : terms.headers) request.insert(header.name, header.value);
    request.set(wire::field::host, at.host_field());
    request.set(wire::field::connection, "close");
    if (request.find(wire::field::user_agent) == request.end())
      request.set(wire::field::user_agent, "weir");
    if (request.find(wire::field::accept) == request.end())
      request.set(wire::field::accept, "application/json, text/csv, application/yaml");
    Exchange exchange(at, deadline, terms.stop);
    auto answer = exchange.run(request, terms);
    if (!answer) return tl::unexpected(answer.error());
    auto& message = (*answer)->get();
    if (is_redirect(message.result())) {
      if (redirects == terms.most_redirects)
        return failed(url, fmt::format("more than {} redirects", terms.most_redirects));
      const auto location = message[wire::field::location];
      auto next = follow_redirect(at, {location.data(), location.size()});
      if (!next) return failure(ErrorCode::Unavailable, next.error().message);
      at = std::move(*next);
      continue;
    }
    if (message.result() != wire::status::ok)
      return failed(at, fmt::format("the server answers with status {}", message.result_int()));
    const auto encoding = message[wire::field::content_encoding];
    if (!encoding.empty() && lower({encoding.data(), encoding.size()}) != "identity")
      return failed(at, "the answer is compressed, though that was not asked for");
    const auto type = message[wire::field::content_type];
    const std::string_view full(type.data(), type.size());
    return Fetched{std::move(message.body()), lower(trimmed(full.substr(0, full.find(';')))), at};
  }
}

}  // namespace weir::app
