#include "exporters/remote_write/push_client.h"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <system_error>

#include "exporters/remote_write/name_lookup.h"

namespace weir::remote_write {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;
using SystemError = boost::system::error_code;

constexpr std::size_t kMostAnswerBytes = 64U << 10;
constexpr std::size_t kMostShown = 200;
constexpr std::size_t kMostSecretBytes = 8'192;

struct FileCloser {
  void operator()(std::FILE* file) const noexcept { static_cast<void>(std::fclose(file)); }
};

/// The first line of a file, without what ends it.
Result<std::string> read_secret(std::string_view what, const std::string& path) {
  const std::unique_ptr<std::FILE, FileCloser> file(std::fopen(path.c_str(), "rbe"));
  if (!file) {
    const ErrorCode code = errno == EACCES ? ErrorCode::Permission : ErrorCode::NotFound;
    return failure(code, fmt::format("cannot read the {} `{}`: {}; name a file that exists and "
                                     "that this user may read",
                                     what, path, std::generic_category().message(errno)));
  }
  std::array<char, kMostSecretBytes> read{};
  std::string text(read.data(), std::fread(read.data(), 1, read.size(), file.get()));
  text.resize(std::min(text.find_first_of("\r\n"), text.size()));
  const bool is_plain =
      std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
  if (text.empty() || !is_plain)
    return failure(ErrorCode::Malformed,
                   fmt::format("the {} `{}` holds no text in its first line", what, path));
  return text;
}

std::string base64(const std::string& text) {
  std::string encoded(4 * ((text.size() + 2) / 3), '\0');
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::size_t out = 0;
  for (std::size_t at = 0; at < text.size(); at += 3) {
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i)
      group = group << 8U | (at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U);
    for (std::size_t i = 0; i < 4; ++i)
      encoded[out++] = at + i <= text.size() ? kDigits[group >> (18U - 6U * i) & 0x3fU] : '=';
  }
  return encoded;
}

/// The beginning of a body on one line.
std::string shown(std::string_view body) {
  std::string text(body.substr(0, kMostShown));
  std::ranges::replace_if(
      text, [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, ' ');
  text.resize(text.find_last_not_of(' ') + 1);
  return text;
}

std::optional<std::chrono::seconds> seconds_of(std::string_view text) noexcept {
  // An HTTP date, the other form, is passed over: clocks differ.
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return std::chrono::seconds{seconds};
}

}  // namespace

PushClient::PushClient(PushTarget target, asio::ssl::context tls)
    : target_(std::move(target)), tls_(std::move(tls)) {}

Result<std::unique_ptr<PushClient>> PushClient::make(PushTarget target) {
  asio::ssl::context tls(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
  SystemError error;
  tls.set_verify_mode(asio::ssl::verify_peer, error);
  if (target.ca_file.empty()) {
    tls.set_default_verify_paths(error);
  } else if (tls.load_verify_file(target.ca_file, error)) {
    return failure(ErrorCode::Malformed,
                   fmt::format("remote_write: cannot use the ca_file `{}`: {}; name a file with "
                               "the PEM certificates of authorities",
                               target.ca_file, error.message()));
  }
  std::unique_ptr<PushClient> client(new PushClient(std::move(target), std::move(tls)));
  if (const auto known = client->authorization(); !known) return tl::unexpected(known.error());
  return client;
}

void PushClient::abort() {
  stop_.request_stop();
  context_.stop();
}

tl::unexpected<Error> PushClient::unreachable(std::string_view why) const {
  return failure(
      ErrorCode::Unavailable,
      fmt::format("no answer from {}://{}{}: {}", target_.is_tls ? "https" : "http",
                  target_.host_field, target_.path.substr(0, target_.path.find('?')), why));
}

Result<std::string> PushClient::authorization() const {
  if (!target_.bearer_token_file.empty())
    return read_secret("bearer_token_file of remote_write", target_.bearer_token_file)
        .map([](const std::string& token) { return "Bearer " + token; });
  if (!target_.user.empty())
    return read_secret("password_file of remote_write", target_.password_file)
        .map([this](const std::string& password) {
          return "Basic " + base64(target_.user + ":" + password);
        });
  return std::string();
}

/// Runs one step to its end. `start` is given the place for the step's error.
template <class Start>
SystemError PushClient::wait_for(Start start) {
  SystemError error = asio::error::operation_aborted;
  // Before the look at the stop: abort() asks for that first, so that one of both is seen.
  context_.restart();
  if (stop_.stop_requested()) return error;
  start(error);
  context_.run();
  return error;
}

template <class Stream, class Request>
Result<PushAnswer> PushClient::exchange(Stream& stream, Request& request) {
  SystemError error = wait_for([&](SystemError& result) {
    wire::async_write(stream, request,
                      [&result](SystemError failed, std::size_t) { result = failed; });
  });
  // A server that refuses may answer before it has read everything.
  if (error && error != asio::error::broken_pipe && error != asio::error::connection_reset)
    return unreachable(error.message());
  beast::flat_buffer buffer;
  wire::response_parser<wire::string_body> parser;
  parser.body_limit(kMostAnswerBytes);
  error = wait_for([&](SystemError& result) {
    wire::async_read(stream, buffer, parser,
                     [&result](SystemError failed, std::size_t) { result = failed; });
  });
  // The status says it all, however much of the body has come.
  if (!parser.is_header_done())
    return unreachable(error == beast::error::timeout ? "not in time" : error.message());
  const auto& answer = parser.get();
  return PushAnswer{.status = answer.result_int(),
                    .retry_after = seconds_of(answer[wire::field::retry_after]),
                    .text = shown(answer.body())};
}

Result<PushAnswer> PushClient::post(const std::string& body) {
  if (stop_.stop_requested()) return unreachable("stopped");
  // One deadline for all steps together.
  const auto deadline = std::chrono::steady_clock::now() + target_.timeout;
  const auto allowed = authorization();
  if (!allowed) return tl::unexpected(allowed.error());
  const auto addresses = look_up(target_.host, target_.port, deadline, stop_.get_token());
  if (!addresses)
    return unreachable(addresses.error() == asio::error::timed_out
                           ? "the host's name is not resolved in time"
                           : addresses.error().message());

  wire::request<wire::string_body> request{wire::verb::post, target_.path, 11};
  request.set(wire::field::host, target_.host_field);
  request.set(wire::field::user_agent, "weir");
  request.set(wire::field::connection, "close");
  request.set(wire::field::content_type, "application/x-protobuf");
  request.set(wire::field::content_encoding, "snappy");
  request.set("X-Prometheus-Remote-Write-Version", "0.1.0");
  for (const auto& [name, value] : target_.headers) request.set(name, value);
  if (!allowed->empty()) request.set(wire::field::authorization, *allowed);
  request.body() = body;
  request.prepare_payload();

  beast::ssl_stream<beast::tcp_stream> stream(context_, tls_);
  beast::tcp_stream& plain = stream.next_layer();
  plain.expires_at(deadline);
  SystemError error = wait_for([&](SystemError& result) {
    plain.async_connect(*addresses, [&result](SystemError failed, const asio::ip::tcp::endpoint&) {
      result = failed;
    });
  });
  if (error) return unreachable(error == beast::error::timeout ? "not in time" : error.message());
  if (!target_.is_tls) return exchange(plain, request);

  asio::ip::make_address(target_.host, error);
  // RFC 6066, 3: the server's name, and no address.
  if (error) {
    std::string name = target_.host;
    SSL_ctrl(stream.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             name.data());
  }
  stream.set_verify_callback(asio::ssl::host_name_verification(target_.host), error);
  error = wait_for([&](SystemError& result) {
    stream.async_handshake(asio::ssl::stream_base::client,
                           [&result](SystemError failed) { result = failed; });
  });
  if (error) return unreachable("TLS: " + error.message());
  return exchange(stream, request);
}

}  // namespace weir::remote_write
