#pragma once

#include <boost/asio/ssl/context.hpp>

#include "collector/ingest/stream_listen.h"
#include "collector/model/result.h"

namespace weir::ingest {

/// TLS 1.2 and later, no resumption; with `client_ca`, only clients whose certificate those
/// authorities signed (RFC 7011, 11.3). Folder-private. Any thread.
///
/// Errors: NotFound, Permission, Malformed (not PEM, key of another certificate).
[[nodiscard]] Result<boost::asio::ssl::context> make_tls_server(const TlsFiles& files);

}  // namespace weir::ingest
