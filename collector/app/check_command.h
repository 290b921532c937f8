#pragma once

#include <cstdio>
#include <string>

namespace weir::app {

/// `weir check FILE`: reads the configuration and its contracts, writes every problem to
/// `err` ("file:line:column: error: message; mend") and to `out` what it understood.
/// Returns the exit code: 0, or 2 when there are errors; warnings keep 0.
[[nodiscard]] int run_check(const std::string& path, std::FILE* out, std::FILE* err);

}  // namespace weir::app
