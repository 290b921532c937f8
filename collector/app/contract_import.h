#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collector/app/source_fetch.h"
#include "collector/config/config.h"
#include "collector/config/contract_diff.h"
#include "collector/model/result.h"

namespace weir::app {

using config::ContractFormat;
using config::RemovalLimit;

/// Largest source that is read.
inline constexpr std::uint64_t kLargestSourceBytes = std::uint64_t{64} << 20;

struct ImportTerms {
  std::string source;                    ///< path, `-` for standard input, or http(s) URL
  std::optional<ContractFormat> format;  ///< nullopt: by the name's ending or the content type
  FetchTerms fetch;
  std::string target;  ///< file that is compared and replaced: .yaml, .yml or .csv
  RemovalLimit limit;
};

/// What a source says, read, checked and compared, before anything is changed.
struct ImportPlan {
  config::ContractDiff diff;
  std::vector<config::Problem> problems;  ///< of the source, in the order of its lines
  std::string text;                       ///< that the target is to hold; empty: refused
  std::optional<Error> refusal;           ///< why nothing may be written
};

/// Reads the source, checks its contracts by the rules of `weir check` and compares them with the
/// target. Unavailable: the source cannot be read, or not whole. Usage: the target or the terms are
/// wrong. What is wrong with the contracts is in the plan.
///
/// Threads: any; blocks on the source.
[[nodiscard]] Result<ImportPlan> plan_import(const config::Config& config,
                                             const ImportTerms& terms);

}  // namespace weir::app
