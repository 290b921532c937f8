#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "collector/app/contract_import.h"

namespace weir::app {

enum class DiffFormat : std::uint8_t { Text, Json };
enum class ImportMode : std::uint8_t { Write, DryRun };

struct ImportOptions {
  std::string config;
  std::string source;
  std::optional<ContractFormat> format;
  std::string output;  ///< empty: the contracts file of the configuration
  std::vector<std::string> headers;
  std::string header_file;
  std::string ca;
  std::string allow_removals = "10%";
  std::uint32_t timeout_seconds = 60;
  DiffFormat diff_format = DiffFormat::Text;
  ImportMode mode = ImportMode::Write;
};

/// `weir import`: contracts of a file or URL in the place of the contracts file. Writes the
/// difference to `out`, problems and what was done to `err`. Returns the exit code: 0 done, 1 the
/// source or the writing failed, 2 wrong usage, invalid contracts or too many removed. The
/// contracts file is changed with 0 alone.
[[nodiscard]] int run_import(const ImportOptions& options, std::FILE* out, std::FILE* err);

}  // namespace weir::app
