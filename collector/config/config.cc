#include "collector/config/config.h"

#include <fmt/format.h>

namespace weir::config {

std::string to_string(const Problem& problem) {
  std::string text = problem.file;
  if (problem.line != 0) text += fmt::format(":{}:{}", problem.line, problem.column);
  text += problem.severity == Severity::Error ? ": error: " : ": warning: ";
  text += problem.message;
  if (!problem.mend.empty()) text += "; " + problem.mend;
  return text;
}

}  // namespace weir::config
