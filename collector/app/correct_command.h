#pragma once

#include <cstdio>
#include <string>

#include "collector/app/closing.h"

namespace weir::app {

struct CorrectOptions {
  std::string config;
  std::string contract;
  std::string month;  ///< "2026-04"
  std::string author;
  std::string reason;
  std::string billable;  ///< a rate such as 1.5G; empty: by the ledger's rows and masks
  TermsOf terms = TermsOf::Bill;
};

/// `weir correct`: the one way to change a closed bill. Exit code.
[[nodiscard]] int run_correct(const CorrectOptions& options, std::FILE* out, std::FILE* err);

}  // namespace weir::app
