#pragma once

#include <cstdio>
#include <string>

namespace weir::app {

enum class LogFormat { Text, Json };

struct ServeOptions {
  std::string config;
  LogFormat log_format = LogFormat::Text;
};

/// `weir serve`: the collector in one process, until SIGTERM or SIGINT. Exit code.
[[nodiscard]] int run_serve(const ServeOptions& options, std::FILE* err);

}  // namespace weir::app
