#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collector/config/config.h"

namespace weir::config {

/// What reading a configuration gave.
struct Loaded {
  std::optional<Config> config;   ///< absent if any problem is an error
  std::vector<Problem> problems;  ///< all of them, in the order of the files' lines
};

/// Reads the configuration file `path` and the contracts file that it names, and checks both
/// whole: every problem is found at once, each with its place and its mend. A file that is
/// not there or not readable is a problem like any other.
///
/// Threads: any.
[[nodiscard]] Loaded load(const std::string& path);

/// As load(), without reading the contracts file: for who is about to write it. The
/// configuration is there even with errors, as far as it could be read.
[[nodiscard]] Loaded load_without_contracts(const std::string& path);

}  // namespace weir::config
