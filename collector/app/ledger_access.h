#pragma once

#include <cstdio>
#include <optional>
#include <string>

#include "collector/config/config.h"
#include "exporters/ledger/ledger.h"

namespace weir::app {

/// A configuration with its ledger, for the commands that read it.
struct LedgerAccess {
  config::Config config;
  ledger::Ledger ledger;
};

/// Loads the configuration and opens the ledger that it names. What is wrong is said on
/// `err`, and `exit_code` of the answer is what the command ends with.
struct LedgerAnswer {
  std::optional<LedgerAccess> access;
  int exit_code = 0;
};
[[nodiscard]] LedgerAnswer open_ledger_of(const std::string& config_path, std::FILE* err);

}  // namespace weir::app
