#pragma once

#include <cstdio>
#include <string>

#include "collector/app/closing.h"

namespace weir::app {

struct CloseOptions {
  std::string config;
  std::string month;     ///< "2026-04"; empty: all that are over
  std::string contract;  ///< empty: all
  std::string author;    ///< empty: the program
  CloseMode mode = CloseMode::Store;
};

/// `weir close`: keeps the bills of periods that are over, from where on only a correction
/// changes them. Exit code.
[[nodiscard]] int run_close(const CloseOptions& options, std::FILE* out, std::FILE* err);

}  // namespace weir::app
