#pragma once

#include <string_view>

#include "collector/model/result.h"

namespace weir::ingest {

/// Why `where` ("udp 0.0.0.0:2055") cannot be listened on, by the system's error number, and
/// the mend. `lister` is the command that names who listens there. Folder-private.
[[nodiscard]] tl::unexpected<Error> listen_failure(std::string_view where, int error,
                                                   std::string_view lister);

}  // namespace weir::ingest
