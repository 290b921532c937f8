#pragma once

#include <cstdio>
#include <string>
#include <vector>

namespace weir::app {

/// Protobuf: length-delimited messages of proto/bucket_batch.proto, and no books.
enum class ReplayFormat { Text, Json, Csv, Protobuf };

struct ReplayOptions {
  std::string config;
  std::vector<std::string> captures;
  ReplayFormat format = ReplayFormat::Text;
  std::string ledger;       ///< where the intervals are kept as well; empty: nowhere
  bool is_verbose = false;  ///< says each interval that the ledger has taken
};

/// `weir replay`: prints per-contract intervals of capture files, then the books. Exit code.
[[nodiscard]] int run_replay(const ReplayOptions& options, std::FILE* out, std::FILE* err);

}  // namespace weir::app
