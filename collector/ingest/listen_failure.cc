#include "collector/ingest/listen_failure.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

namespace weir::ingest {

tl::unexpected<Error> listen_failure(std::string_view where, int error, std::string_view lister) {
  switch (error) {
    case EADDRINUSE:
      return failure(ErrorCode::Unavailable,
                     fmt::format("cannot listen on {}: another program listens there; stop it "
                                 "(`{}` names it) or choose another port",
                                 where, lister));
    case EACCES:
    case EPERM:
      return failure(ErrorCode::Permission,
                     fmt::format("cannot listen on {}: this user may not open that port; choose "
                                 "one above 1023 or grant CAP_NET_BIND_SERVICE",
                                 where));
    case EADDRNOTAVAIL:
      return failure(ErrorCode::Unavailable,
                     fmt::format("cannot listen on {}: no interface of this machine has that "
                                 "address (`ip address` lists them); 0.0.0.0 listens on all",
                                 where));
    case EAFNOSUPPORT:
      return failure(ErrorCode::Unavailable,
                     fmt::format("cannot listen on {}: this machine has no IPv6; listen on "
                                 "0.0.0.0 instead",
                                 where));
    case EINVAL:
      return failure(ErrorCode::Usage,
                     fmt::format("cannot listen on {}: the address is not one that can be "
                                 "listened on (a link-local one needs an interface); choose a "
                                 "global address or ::",
                                 where));
    case EMFILE:
    case ENFILE:
      return failure(ErrorCode::Unavailable,
                     fmt::format("cannot listen on {}: no file descriptor is left; raise "
                                 "`ulimit -n` (LimitNOFILE in the systemd unit)",
                                 where));
    default:
      return failure(ErrorCode::Internal, fmt::format("cannot listen on {}: {}", where,
                                                      std::generic_category().message(error)));
  }
}

}  // namespace weir::ingest
