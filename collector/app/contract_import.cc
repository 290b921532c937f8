#include "collector/app/contract_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <memory>
#include <system_error>
#include <utility>

#include "collector/config/contract_check.h"
#include "collector/config/contract_file.h"
#include "collector/config/contract_text.h"
#include "collector/config/contract_writer.h"
#include "collector/config/file_text.h"

namespace weir::app {
namespace {

using config::LoadedContracts;
using config::Problem;
using config::Severity;
using contracts::Contract;

struct SourceText {
  std::string name;  ///< for messages
  std::string text;
  std::optional<ContractFormat> format;  ///< as the source itself says
};

std::optional<ContractFormat> format_of_name(std::string_view name) noexcept {
  if (name.ends_with(".csv") || name.ends_with(".CSV")) return ContractFormat::Csv;
  if (name.ends_with(".json")) return ContractFormat::Json;
  if (name.ends_with(".yaml") || name.ends_with(".yml")) return ContractFormat::Yaml;
  return std::nullopt;
}

std::optional<ContractFormat> format_of_type(std::string_view type) noexcept {
  static constexpr std::array<std::pair<std::string_view, ContractFormat>, 5> kTypes{
      {{"application/json", ContractFormat::Json},
       {"text/csv", ContractFormat::Csv},
       {"application/yaml", ContractFormat::Yaml},
       {"application/x-yaml", ContractFormat::Yaml},
       {"text/yaml", ContractFormat::Yaml}}};
  for (const auto& [name, format] : kTypes)
    if (type == name) return format;
  return std::nullopt;
}

struct CloseFile {
  void operator()(std::FILE* file) const noexcept {
    if (file != stdin) std::fclose(file);
  }
};

Result<SourceText> read_local(const std::string& source) {
  SourceText result{source == "-" ? "standard input" : source, {}, format_of_name(source)};
  const std::unique_ptr<std::FILE, CloseFile> file(
      source == "-" ? stdin : std::fopen(source.c_str(), "rb"));
  const auto cannot = [&result] {
    return failure(ErrorCode::Unavailable,
                   fmt::format("{}: cannot read the source: {}; name a file that exists and that "
                               "this user may read",
                               result.name, std::strerror(errno)));
  };
  if (!file) return cannot();
  std::vector<char> piece(std::size_t{1} << 16);
  while (const std::size_t got = std::fread(piece.data(), 1, piece.size(), file.get())) {
    if (result.text.size() + got > kLargestSourceBytes)
      return failure(ErrorCode::Unavailable, fmt::format("{}: the source is larger than {} MiB",
                                                         result.name, kLargestSourceBytes >> 20U));
    result.text.append(piece.data(), got);
  }
  if (std::ferror(file.get()) != 0) return cannot();
  return result;
}

Result<SourceText> read_source(const ImportTerms& terms) {
  if (!is_source_url(terms.source)) return read_local(terms.source);
  const auto url = parse_source_url(terms.source);
  if (!url) return tl::unexpected(url.error());
  auto fetched = fetch_source(*url, terms.fetch);
  if (!fetched) return tl::unexpected(fetched.error());
  auto format = format_of_type(fetched->content_type);
  const std::string& target = fetched->url.target;
  if (!format) format = format_of_name(std::string_view(target).substr(0, target.find('?')));
  return SourceText{fetched->url.to_string(), std::move(fetched->body), format};
}

LoadedContracts read_contracts(const SourceText& source, ContractFormat format) {
  std::string_view text = source.text;
  // RFC 8259, 8.1 and RFC 4180 name no byte order mark, and many programs write one.
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (const auto bad = config::find_bad_byte(text))
    return {{},
            {{Severity::Error, source.name, bad->line, bad->column, "this is not UTF-8 text",
              "have the source write UTF-8"}}};
  switch (format) {
    case ContractFormat::Csv:
      return config::read_contracts_csv(text, source.name);
    case ContractFormat::Json:
      return config::read_contracts_json(text, source.name);
    case ContractFormat::Yaml:
      break;
  }
  return config::read_contracts_yaml(text, source.name);
}

bool has_error(const std::vector<Problem>& problems) noexcept {
  return std::any_of(problems.begin(), problems.end(),
                     [](const Problem& problem) { return problem.severity == Severity::Error; });
}

/// The contracts that the target holds now; none if it is not there yet.
Result<std::vector<Contract>> contracts_now(const std::string& target) {
  std::error_code ignored;
  if (!std::filesystem::exists(target, ignored)) return std::vector<Contract>{};
  LoadedContracts now = config::load_contracts(target);
  if (!has_error(now.problems)) return std::move(now.contracts);
  const auto first =
      std::find_if(now.problems.begin(), now.problems.end(),
                   [](const Problem& problem) { return problem.severity == Severity::Error; });
  return failure(ErrorCode::Usage,
                 fmt::format("{}\n{}: the import has nothing to compare with; mend the file, or "
                             "move it away to begin anew",
                             config::to_string(*first), target));
}

/// Names that a spreadsheet runs as formulas stand in the file as they are, so that they are told.
void warn_of_formulas(const std::vector<Contract>& contracts, const std::string& source,
                      std::vector<Problem>& problems) {
  for (const Contract& contract : contracts)
    for (const std::string* text :
         {&contract.id, &contract.customer, &contract.service, &contract.pop})
      if (!text->empty() && std::string_view("=+-@").find(text->front()) != std::string_view::npos)
        problems.push_back(
            {Severity::Warning, source, contract.line, 1,
             fmt::format("`{}` of contract {} begins like a formula of a spreadsheet", *text,
                         contract.id),
             "mend the name at its source; it is kept as it is"});
}

bool is_equal(const std::vector<Contract>& a, const std::vector<Contract>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& one, const auto& other) {
    return config::to_text(one) == config::to_text(other);
  });
}

}  // namespace

Result<ImportPlan> plan_import(const config::Config& config, const ImportTerms& terms) {
  const auto written_as = format_of_name(terms.target);
  if (!written_as || written_as == ContractFormat::Json)
    return failure(ErrorCode::Usage,
                   fmt::format("{}: the ending of the contracts file says neither CSV nor YAML; "
                               "name it .csv, .yaml or .yml",
                               terms.target));
  auto now = contracts_now(terms.target);
  if (!now) return tl::unexpected(now.error());
  const auto source = read_source(terms);
  if (!source) return tl::unexpected(source.error());
  const auto format = terms.format ? terms.format : source->format;
  if (!format)
    return failure(ErrorCode::Usage,
                   fmt::format("{}: neither its name nor its content type says how to read it; "
                               "write --format csv, json or yaml",
                               source->name));

  LoadedContracts read = read_contracts(*source, *format);
  std::vector<Contract> contracts = config::in_order_of(*now, std::move(read.contracts));
  ImportPlan plan;
  plan.problems = std::move(read.problems);
  auto between = config::check_contracts(contracts, config.exporters.routers, source->name);
  std::move(between.begin(), between.end(), std::back_inserter(plan.problems));
  warn_of_formulas(contracts, source->name, plan.problems);
  std::stable_sort(plan.problems.begin(), plan.problems.end(),
                   [](const Problem& a, const Problem& b) {
                     return std::pair(a.line, a.column) < std::pair(b.line, b.column);
                   });
  if (has_error(plan.problems)) {
    plan.refusal = Error{ErrorCode::Usage, fmt::format("{}: the contracts are not valid; {} stays "
                                                       "as it is",
                                                       source->name, terms.target)};
    return plan;
  }
  plan.diff = config::diff_contracts(*now, contracts);
  if (!terms.limit.allows(plan.diff.removed.size(), plan.diff.before)) {
    plan.refusal =
        Error{ErrorCode::Usage,
              fmt::format("{}: {} of {} contracts would vanish; {} stays as it is. If they are to "
                          "go, write --allow-removals {}",
                          source->name, plan.diff.removed.size(), plan.diff.before, terms.target,
                          plan.diff.removed.size())};
    return plan;
  }
  const bool is_csv = written_as == ContractFormat::Csv;
  plan.text =
      is_csv ? config::write_contracts_csv(contracts) : config::write_contracts_yaml(contracts);
  const LoadedContracts again = is_csv ? config::read_contracts_csv(plan.text, terms.target)
                                       : config::read_contracts_yaml(plan.text, terms.target);
  if (has_error(again.problems) || !is_equal(again.contracts, contracts))
    return failure(ErrorCode::Internal,
                   fmt::format("{}: what would be written does not read back as the same "
                               "contracts; nothing is changed",
                               terms.target));
  return plan;
}

}  // namespace weir::app
