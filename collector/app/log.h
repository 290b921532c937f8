#pragma once

#include <spdlog/logger.h>
#include <memory>

#include "collector/app/serve_command.h"

namespace weir::app {

/// The collector's log: to standard error, one line an event, UTC; as JSON one object a
/// line with `time`, `level` and `message`. Thread-safe; never on the data path.
[[nodiscard]] std::shared_ptr<spdlog::logger> make_log(LogFormat format);

}  // namespace weir::app
