#pragma once

#include <string>

#include "collector/model/time.h"

namespace weir::app {

/// "2026-01-31T23:59:59Z", with ".5" or ".123" only where there are milliseconds.
[[nodiscard]] std::string rfc3339(TrafficTime time);

}  // namespace weir::app
