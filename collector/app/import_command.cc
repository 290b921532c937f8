#include "collector/app/import_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "collector/app/contract_diff_output.h"
#include "collector/app/file_replace.h"
#include "collector/config/config_file.h"
#include "collector/config/file_text.h"
#include "collector/config/problem_list.h"

namespace weir::app {
namespace {

int exit_code(const Error& error) noexcept { return error.code == ErrorCode::Usage ? 2 : 1; }

/// The headers of the command line and of the file, one a line; empty lines and those that begin
/// with # are passed over.
Result<std::vector<HttpHeader>> read_headers(const ImportOptions& options) {
  std::vector<HttpHeader> headers;
  const auto take = [&headers](std::string_view line) -> Result<void> {
    auto header = parse_http_header(line);
    if (!header) return tl::unexpected(header.error());
    headers.push_back(std::move(*header));
    return {};
  };
  for (const std::string& line : options.headers)
    if (auto done = take(line); !done) return tl::unexpected(done.error());
  if (options.header_file.empty()) return headers;
  config::ProblemList problems(options.header_file);
  const auto text = config::read_text_file(options.header_file, problems);
  if (!text) return failure(ErrorCode::Usage, config::to_string(problems.take().front()));
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    if (auto done = take(line); !done)
      return failure(done.error().code,
                     fmt::format("{}: {}", options.header_file, done.error().message));
  }
  return headers;
}

Result<ImportTerms> terms_of(const ImportOptions& options, const config::Config& config) {
  const auto limit = parse_removal_limit(options.allow_removals);
  if (!limit) return tl::unexpected(limit.error());
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
