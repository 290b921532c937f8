#include "collector/app/import_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "collector/app/contract_diff_output.h"
#include "collector/app/file_replace.h"
#include "collector/config/config_file.h"
#include "collector/config/values.h"

namespace weir::app {
namespace {

int exit_code(const Error& error) noexcept { return error.code == ErrorCode::Usage ? 2 : 1; }

/// The headers of the command line, then those of the file.
Result<std::vector<HttpHeader>> read_headers(const ImportOptions& options) {
  std::vector<HttpHeader> headers;
  for (const std::string& line : options.headers) {
    auto header = parse_http_header(line);
    if (!header) return tl::unexpected(header.error());
    headers.push_back(std::move(*header));
  }
  if (options.header_file.empty()) return headers;
  auto of_file = read_header_file(options.header_file);
  if (!of_file) return of_file;
  std::move(of_file->begin(), of_file->end(), std::back_inserter(headers));
  return headers;
}

Result<ImportTerms> terms_of(const ImportOptions& options, const config::Config& config) {
  const auto limit = config::parse_removal_limit(options.allow_removals);
  if (!limit)
    return failure(ErrorCode::Usage, fmt::format("--allow-removals: {}; {}", limit.error().message,
                                                 limit.error().mend));
  auto headers = read_headers(options);
  if (!headers) return tl::unexpected(headers.error());
  ImportTerms terms{.source = options.source,
                    .format = options.format,
                    .target = options.output.empty() ? config.contracts_file : options.output,
                    .limit = *limit};
  terms.fetch.headers = std::move(*headers);
  terms.fetch.ca = options.ca;
  terms.fetch.timeout = std::chrono::seconds{options.timeout_seconds};
  terms.fetch.most_bytes = kLargestSourceBytes;
  if (terms.target.empty())
    return failure(ErrorCode::Usage, fmt::format("{} names no contracts file; write `contracts: "
                                                 "contracts.yaml` in it, or --output",
                                                 options.config));
  return terms;
}

}  // namespace

int run_import(const ImportOptions& options, std::FILE* out, std::FILE* err) {
  const config::Loaded loaded = config::load_without_contracts(options.config);
  const bool is_wrong =
      !loaded.config || std::ranges::any_of(loaded.problems, [](const auto& problem) {
        return problem.severity == config::Severity::Error;
      });
  if (is_wrong) {
    for (const auto& problem : loaded.problems) fmt::print(err, "{}\n", config::to_string(problem));
    return 2;
  }
  const auto fail = [err](const Error& error) {
    fmt::print(err, "weir import: {}\n", error.message);
    return exit_code(error);
  };
  const auto terms = terms_of(options, *loaded.config);
  if (!terms) return fail(terms.error());
  const auto plan = plan_import(*loaded.config, *terms);
  if (!plan) return fail(plan.error());
  for (const auto& problem : plan->problems) fmt::print(err, "{}\n", config::to_string(problem));
  // The difference helps to judge a refusal; contracts with errors have none.
  if (!plan->refusal || !plan->diff.is_empty())
    fmt::print(
        out, "{}",
        options.diff_format == DiffFormat::Json ? diff_json(plan->diff) : diff_text(plan->diff));
  if (plan->refusal) return fail(*plan->refusal);
  if (plan->diff.is_empty()) return 0;
  if (options.mode == ImportMode::DryRun) {
    fmt::print(err, "{}: dry run, nothing is written\n", terms->target);
    return 0;
  }
  if (const auto done = replace_file(terms->target, plan->text); !done) return fail(done.error());
  fmt::print(err, "{}: written; a running collector reads it on SIGHUP or POST /-/reload\n",
             terms->target);
  return 0;
}

}  // namespace weir::app
