#pragma once

#include <cstdio>
#include <string>

#include "collector/app/capacity_view.h"

namespace weir::app {

enum class CapacityFormat { Text, Json, Csv };

struct CapacityOptions {
  std::string config;
  CapacityFormat format = CapacityFormat::Text;
};

/// `weir capacity`: what runs out, and when, as of the end of the last interval that the ledger
/// has: the same ledger gives the same answer whenever it is asked. Exit code.
[[nodiscard]] int run_capacity(const CapacityOptions& options, std::FILE* out, std::FILE* err);

}  // namespace weir::app
