#include "exporters/http/session.h"

#include <array>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/version.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "exporters/http/compression.h"
#include "exporters/http/negotiation.h"
#include "exporters/http/target.h"

namespace weir::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;
using SystemError = boost::beast::error_code;

/// After an answer that closes, so much more is read and thrown away: closing on unread bytes
/// makes the kernel send a reset, which can take the answer away from the client.
constexpr std::size_t kLingerBytes = 1024 * 1024;
constexpr std::chrono::seconds kLingerTime{2};

[[nodiscard]] std::string_view view(beast::string_view text) noexcept {
  return {text.data(), text.size()};
}

[[nodiscard]] Method method_of(wire::verb verb) noexcept {
  switch (verb) {
    case wire::verb::get:
      return Method::Get;
    case wire::verb::head:
      return Method::Head;
    case wire::verb::post:
      return Method::Post;
    case wire::verb::put:
      return Method::Put;
    case wire::verb::delete_:
      return Method::Delete;
    case wire::verb::options:
      return Method::Options;
    default:
      return Method::Other;
  }
}

[[nodiscard]] Response plain(unsigned status, std::string text) {
  Response response;
  response.status = status;
  response.body = std::move(text);
  return response;
}

/// A page of another site can make a browser send a POST here, but the browser then says
/// where it comes from (Fetch Metadata; RFC 6454, 7).
[[nodiscard]] bool is_from_another_site(const Request& request) {
  const std::string site = request.header("Sec-Fetch-Site");
  if (site == "cross-site" || site == "same-site") return true;
  const std::string origin = request.header("Origin");
  if (origin.empty()) return false;
  const std::string host = request.header("Host");
  return origin != "http://" + host && origin != "https://" + host;
}

/// One connection: read a request, answer it, again. Every operation holds a shared pointer
/// to the session, so it goes when nothing is pending.
///
/// Threads: all of it runs on the socket's strand.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(asio::ip::tcp::socket socket, std::shared_ptr<Service> service)
      : stream_(std::move(socket)), service_(std::move(service)) {}

  ~Session() { service_->open_connections.fetch_sub(1, std::memory_order_relaxed); }

  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] asio::any_io_executor executor() { return stream_.get_executor(); }

  void start() { read_header(); }

 private:
  using Parser = wire::request_parser<wire::string_body>;

  /// Waits for the first byte of the next request with the idle deadline.
  void wait_for_request() {
    if (buffer_.size() > 0) return read_header();
    stream_.expires_after(service_->limits.idle_timeout);
    stream_.async_read_some(buffer_.prepare(4'096),
                            [self = shared_from_this()](SystemError error, std::size_t bytes) {
                              if (error) return self->end_after(error);
                              self->buffer_.commit(bytes);
                              self->read_header();
                            });
  }

  /// One deadline stands over header and body: a client that sends a byte now and then does
  /// not move it.
  void read_header() {
    parser_.emplace();
    parser_->header_limit(service_->limits.header_bytes);
    parser_->body_limit(service_->limits.body_bytes);
    stream_.expires_after(service_->limits.header_timeout);
    wire::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](SystemError error, std::size_t) {
                              if (error) return self->refuse(error);
                              self->on_header();
                            });
  }

  void on_header() {
    const auto& message = parser_->get();
    // curl asks before it sends a body beyond 1 MB (RFC 9110, 10.1.1).
    if (message.version() >= 11 && !parser_->is_done() &&
        beast::iequals(message[wire::field::expect], "100-continue")) {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      asio::async_write(stream_, asio::buffer(kContinue),
                        [self = shared_from_this()](SystemError error, std::size_t) {
                          if (error) return self->end_after(error);
                          self->read_body();
                        });
      return;
    }
    read_body();
  }

  void read_body() {
    wire::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](SystemError error, std::size_t) {
                       if (error) return self->refuse(error);
                       self->on_request();
                     });
  }

  void on_request() {
    auto message = parser_->release();
    keep_alive_ = message.keep_alive();
    version_ = message.version();
    Request request;
    request.method = method_of(message.method());
    for (const auto& field : message) {
      request.headers.push_back({.name = std::string(view(field.name_string())),
                                 .value = std::string(view(field.value()))});
    }
    is_head_ = request.method == Method::Head;
    wants_gzip_ = accepts_gzip(request.header("Accept-Encoding"));

    // A 1.1 request without exactly one Host is malformed (RFC 9112, 3.2).
    if (version_ >= 11 && message.count(wire::field::host) != 1) {
      return refuse_with(400, "A request carries exactly one Host header.\n");
    }
    std::optional<Target> target = parse_target(view(message.target()));
    if (!target) return refuse_with(400, "The request target is not a plain absolute path.\n");
    request.path = std::move(target->path);
    request.query = std::move(target->query);
    request.body = std::move(message.body());

    service_->requests.fetch_add(1, std::memory_order_relaxed);
    const bool changes = request.method != Method::Get && request.method != Method::Head &&
                         request.method != Method::Options;
    if (changes && is_from_another_site(request)) {
      return write(plain(403, "A page of another site may not do this.\n"));
    }
    write(service_->routes.answer(request));
  }

  /// Answers what could not be read and closes, since where the next request begins is not
  /// known.
  void refuse_with(unsigned status, std::string text) {
    service_->malformed_requests.fetch_add(1, std::memory_order_relaxed);
    service_->requests.fetch_add(1, std::memory_order_relaxed);
    keep_alive_ = false;
    write(plain(status, std::move(text)));
  }

  void refuse(SystemError error) {
    is_head_ = false;
    wants_gzip_ = false;
    if (error == wire::error::end_of_stream) return close();
    if (error == wire::error::header_limit || error == wire::error::buffer_overflow) {
      return refuse_with(431, "The request header is too long.\n");
    }
    if (error == wire::error::body_limit) {
      return refuse_with(413, "The request body is too long.\n");
    }
    if (error.category() == wire::make_error_code(wire::error::bad_method).category() &&
        error != wire::error::partial_message) {
      return refuse_with(400, "This is not an HTTP request: " + error.message() + ".\n");
    }
    end_after(error);
  }

  void write(Response response) {
    answer_.emplace();
    auto& message = *answer_;
    message.version(version_);
    message.result(response.status);
    message.keep_alive(keep_alive_);
    message.set(wire::field::content_type, response.content_type);
    message.set("X-Content-Type-Options", "nosniff");
    message.set("X-Frame-Options", "DENY");
    message.set("Referrer-Policy", "no-referrer");
    // Pages carry their style inside and run no script.
    message.set("Content-Security-Policy",
                "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
                "form-action 'none'; frame-ancestors 'none'");
    message.set(wire::field::cache_control, "no-store");
    for (const Header& field : response.headers) message.set(field.name, field.value);

    if (response.body.size() > service_->limits.compress_from_bytes) {
      message.set(wire::field::vary, "Accept, Accept-Encoding");
      if (wants_gzip_) {
        if (std::optional<std::string> packed = gzip(response.body)) {
          message.set(wire::field::content_encoding, "gzip");
          response.body = *std::move(packed);
        }
      }
    }
    message.content_length(response.body.size());
    // HEAD has the length that GET would have, and no body (RFC 9110, 9.3.2).
    if (!is_head_) message.body() = std::move(response.body);

    stream_.expires_after(service_->limits.write_timeout);
    wire::async_write(stream_, message,
                      [self = shared_from_this()](SystemError error, std::size_t) {
                        self->answer_.reset();
                        if (error) return self->end_after(error);
                        if (!self->keep_alive_) return self->linger();
                        self->wait_for_request();
                      });
  }

  /// Says that nothing more comes, then reads until the client has closed too.
  void linger() {
    SystemError ignored;
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    stream_.expires_after(kLingerTime);
    discard(0);
  }

  void discard(std::size_t so_far) {
    stream_.async_read_some(asio::buffer(discarded_), [self = shared_from_this(), so_far](
                                                          SystemError error, std::size_t bytes) {
      if (error || so_far + bytes > kLingerBytes) return self->close();
      self->discard(so_far + bytes);
    });
  }

  void end_after(SystemError error) {
    if (error == beast::error::timeout) {
      service_->timeouts.fetch_add(1, std::memory_order_relaxed);
    }
    close();
  }

  void close() {
    SystemError ignored;
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
    stream_.close();
  }

  beast::tcp_stream stream_;
  std::shared_ptr<Service> service_;
  beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::optional<wire::response<wire::string_body>> answer_;
  std::array<char, 4'096> discarded_{};
  unsigned version_ = 11;
  bool keep_alive_ = false;
  bool is_head_ = false;
  bool wants_gzip_ = false;
};

}  // namespace

void start_session(asio::ip::tcp::socket socket, std::shared_ptr<Service> service) {
  const auto session = std::make_shared<Session>(std::move(socket), std::move(service));
  // The first operation starts on the strand that all later ones run on.
  asio::dispatch(session->executor(), [session] { session->start(); });
}

}  // namespace weir::http
