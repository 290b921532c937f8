#include "collector/ingest/tls_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/ssl.h>

#include <cerrno>
#include <string_view>
#include <system_error>

#include "collector/ingest/unique_fd.h"

namespace weir::ingest {
namespace {

namespace ssl = boost::asio::ssl;
using TlsError = boost::system::error_code;

/// OpenSSL says of a file that is not there as little as of one that is not PEM.
Result<void> check_readable(std::string_view what, const std::string& path) {
  if (const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC)); file) return {};
  const ErrorCode code = errno == EACCES ? ErrorCode::Permission : ErrorCode::NotFound;
  return failure(code, fmt::format("cannot read the {} `{}`: {}; name a file that exists and that "
                                   "this user may read",
                                   what, path, std::generic_category().message(errno)));
}

tl::unexpected<Error> refused(std::string_view what, const std::string& path, const TlsError& error,
                              std::string_view mend) {
  return failure(ErrorCode::Malformed,
                 fmt::format("cannot use the {} `{}`: {}; {}", what, path, error.message(), mend));
}

}  // namespace

Result<ssl::context> make_tls_server(const TlsFiles& files) {
  ssl::context context(ssl::context::tls_server);
  SSL_CTX* const native = context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  // An exporter connects once in weeks: resumption saves nothing and would be state.
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(native, 0);
  SSL_CTX_set_options(native, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // Without this an encrypted key would ask the terminal.
  TlsError error;
  context.set_password_callback([](std::size_t, ssl::context::password_purpose) { return ""; },
                                error);

  if (auto readable = check_readable("certificate", files.certificate); !readable)
    return tl::unexpected(readable.error());
  if (context.use_certificate_chain_file(files.certificate, error))
    return refused("certificate", files.certificate, error, "write a PEM chain, its own one first");
  if (auto readable = check_readable("key", files.key); !readable)
    return tl::unexpected(readable.error());
  if (context.use_private_key_file(files.key, ssl::context::pem, error))
    return refused("key", files.key, error,
                   "write the PEM key of the certificate, without a passphrase");
  if (files.client_ca.empty()) return context;

  if (auto readable = check_readable("client_ca", files.client_ca); !readable)
    return tl::unexpected(readable.error());
  if (context.load_verify_file(files.client_ca, error))
    return refused("client_ca", files.client_ca, error,
                   "write the PEM certificates of authorities");
  // The handshake names these authorities, so that a client can choose among its certificates.
  SSL_CTX_set_client_CA_list(native, SSL_load_client_CA_file(files.client_ca.c_str()));
  context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, error);
  return context;
}

}  // namespace weir::ingest
