#pragma once

#include <cstdio>
#include <string>

namespace weir::app {

enum class ExplainFormat { Text, Json };

struct ExplainOptions {
  std::string config;
  std::string contract;
  std::string time;  ///< RFC 3339, UTC
  ExplainFormat format = ExplainFormat::Text;
};

/// `weir explain`: how the number of a contract's interval came to be, out of the ledger. Exit
/// code: 1 too if the ledger did not measure that time.
[[nodiscard]] int run_explain(const ExplainOptions& options, std::FILE* out, std::FILE* err);

}  // namespace weir::app
