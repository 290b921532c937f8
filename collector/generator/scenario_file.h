#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collector/generator/scenario.h"

namespace weir::generator {

/// A scenario, or everything that is wrong with its file.
struct LoadedScenario {
  std::optional<Scenario> scenario;   ///< set when there are no problems
  std::vector<std::string> problems;  ///< "file:line: what is wrong; what to write"
};

/// Reads a scenario file and the contracts file that it names, strictly: unknown keys are
/// problems, and all problems are reported at once (docs/generate.md lists the keys).
[[nodiscard]] LoadedScenario load_scenario(const std::string& path);

}  // namespace weir::generator
