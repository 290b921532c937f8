#include "collector/app/ledger_access.h"

#include <fmt/format.h>

#include <filesystem>

#include "collector/config/config_file.h"

namespace weir::app {

LedgerAnswer open_ledger_of(const std::string& config_path, std::FILE* err) {
  auto loaded = config::load(config_path);
  for (const auto& problem : loaded.problems)
    if (problem.severity == config::Severity::Error)
      fmt::print(err, "{}\n", config::to_string(problem));
  if (!loaded.config) return {.access = std::nullopt, .exit_code = 2};
  if (loaded.config->ledger_url == config::kNoLedger) {
    fmt::print(err, "weir: {} keeps no ledger (`ledger: {{url: none}}`)\n", config_path);
    return {.access = std::nullopt, .exit_code = 2};
  }
  const auto url = ledger::parse_ledger_url(
      loaded.config->ledger_url, std::filesystem::path(config_path).parent_path().string());
  if (!url) {
    fmt::print(err, "weir: {}\n", url.error().message);
    return {.access = std::nullopt, .exit_code = 2};
  }
  auto opened = ledger::Ledger::open_existing(*url);
  if (!opened) {
    fmt::print(err, "weir: {}\n", opened.error().message);
    return {.access = std::nullopt, .exit_code = 1};
  }
  return {.access = LedgerAccess{.config = std::move(*loaded.config), .ledger = std::move(*opened)},
          .exit_code = 0};
}

}  // namespace weir::app
