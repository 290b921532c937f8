#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "collector/model/result.h"

namespace weir::remote_write {

/// Where to push, and as whom.
struct PushTarget {
  bool is_tls = false;
  std::string host;  ///< name or address, without brackets
  std::string port;
  std::string host_field;                     ///< as the Host header names it
  std::string path;                           ///< with its query
  std::chrono::milliseconds timeout{10'000};  ///< of a whole request
  std::vector<std::pair<std::string, std::string>> headers;
  std::string bearer_token_file;  ///< empty: none
  std::string user;               ///< empty: no basic authentication
  std::string password_file;
  std::string ca_file;  ///< PEM; empty: the system's authorities
};

/// What a server answered.
struct PushAnswer {
  unsigned status = 0;
  std::optional<std::chrono::seconds> retry_after;
  std::string text;  ///< the beginning of the body, printable
};

/// Posts bodies of remote write 1.0, one connection each: a request that is sent again because
/// a kept connection was closed under it could count twice where the server does not merge.
///
/// Secrets are read from their files for each request, so that they may be renewed in place.
///
/// Threads: one calls post(); any calls abort().
class PushClient {
 public:
  /// Errors: NotFound, Permission and Malformed for the files of the target.
  [[nodiscard]] static Result<std::unique_ptr<PushClient>> make(PushTarget target);

  /// The server's answer, whatever it is. Unavailable if there is none in time.
  [[nodiscard]] Result<PushAnswer> post(const std::string& body);

  /// Ends the request under way, and refuses later ones.
  void abort();

 private:
  PushClient(PushTarget target, boost::asio::ssl::context tls);

  template <class Start>
  [[nodiscard]] boost::system::error_code wait_for(Start start);
  template <class Stream, class Request>
  [[nodiscard]] Result<PushAnswer> exchange(Stream& stream, Request& request);
  [[nodiscard]] tl::unexpected<Error> unreachable(std::string_view why) const;
  /// The Authorization header; empty: none.
  [[nodiscard]] Result<std::string> authorization() const;

  const PushTarget target_;
  boost::asio::ssl::context tls_;
  boost::asio::io_context context_{1};
  std::stop_source stop_;
};

}  // namespace weir::remote_write
