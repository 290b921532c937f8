#pragma once

#include <cstdio>
#include <string>

namespace weir::app {

struct MaskOptions {
  std::string config;
  std::string contract;  ///< empty: every contract
  std::string from;      ///< RFC 3339, UTC
  std::string until;
  std::string author;
  std::string reason;
};

/// `weir mask`: leaves intervals out of a bill, and keeps who said so and why. Exit code.
[[nodiscard]] int run_mask(const MaskOptions& options, std::FILE* out, std::FILE* err);

}  // namespace weir::app
