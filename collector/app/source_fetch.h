#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "collector/model/result.h"

namespace weir::app {

struct HttpHeader {
  std::string name;
  std::string value;

  friend bool operator==(const HttpHeader&, const HttpHeader&) = default;
};

/// Reads `Name: value`. ErrorCode::Usage if it is none, or one that the request sets itself.
[[nodiscard]] Result<HttpHeader> parse_http_header(std::string_view text);

/// The headers of the file `path`, one a line; empty lines and those that begin with # are passed
/// over. ErrorCode::Usage if it cannot be read or one of them is none.
[[nodiscard]] Result<std::vector<HttpHeader>> read_header_file(const std::string& path);

/// An address of the web in the parts that a request needs.
struct SourceUrl {
  bool is_tls = false;
  std::string host;  ///< name or address, without brackets
  std::string port;
  std::string target;  ///< path and query

  /// `https://host:port/path`, without the query, which may hold secrets.
  [[nodiscard]] std::string to_string() const;
  /// As the Host header names it: without the port that the scheme implies.
  [[nodiscard]] std::string host_field() const;

  friend bool operator==(const SourceUrl&, const SourceUrl&) = default;
};

[[nodiscard]] bool is_source_url(std::string_view text) noexcept;

/// Reads `http://HOST[:PORT][/PATH]` or `https://...`. ErrorCode::Usage otherwise, and for a user
/// name or password in it, which would end up in logs and lists of processes.
[[nodiscard]] Result<SourceUrl> parse_source_url(std::string_view text);

/// Where `location` of an answer leads (RFC 9110, 10.2.2). Malformed if it is no address of this
/// kind, or leads from https back to http.
[[nodiscard]] Result<SourceUrl> follow_redirect(const SourceUrl& from, std::string_view location);

struct FetchTerms {
  /// Sent to the host and port of the first address alone, and never from https to http.
  std::vector<HttpHeader> headers;
  std::string ca;  ///< PEM file of the authorities to trust; empty: the system's
  std::chrono::milliseconds timeout = std::chrono::seconds{60};  ///< of all requests together
  std::uint64_t most_bytes = std::uint64_t{64} << 20;            ///< of the body
  std::size_t most_redirects = 5;
  std::stop_token stop;  ///< ends the fetch at once when it is asked to
};

struct Fetched {
  std::string body;
  std::string content_type;  ///< without parameters, in small letters; empty: not said
  SourceUrl url;             ///< that the body came from in the end
};

/// The whole body that a GET of `url` is answered with. TLS is at least 1.2, the certificate and
/// its host name are verified. A body that is cut short, too large, late, encoded, or of a length
/// that is not said, every status but 200, and a fetch that is stopped is ErrorCode::Unavailable.
///
/// Threads: any; blocks until done, stopped, or the time is over. A name is looked up on a thread
/// of its own, which the system may hold for longer; it touches nothing of the caller's.
[[nodiscard]] Result<Fetched> fetch_source(const SourceUrl& url, const FetchTerms& terms);

}  // namespace weir::app
