#include "collector/app/contracts_importer.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "collector/app/contract_import.h"
#include "collector/app/file_replace.h"
#include "collector/config/config_file.h"
#include "collector/config/file_text.h"
#include "collector/config/problem_list.h"
#include "collector/model/time.h"

namespace weir::app {
namespace {

/// A source that is never good gives no more than this.
constexpr std::chrono::seconds kBetweenLines{60};
/// Lines about doubtful contracts an import that changes something.
constexpr std::size_t kMostWarnings = 10;

bool is_error(const config::Problem& problem) noexcept {
  return problem.severity == config::Severity::Error;
}

/// The first error, and how many there are besides.
std::string summary_of(const std::vector<config::Problem>& problems) {
  const auto first = std::ranges::find_if(problems, is_error);
  if (first == problems.end()) return {};
  const auto more = std::ranges::count_if(problems, is_error) - 1;
  return config::to_string(*first) + (more > 0 ? fmt::format(" (and {} more)", more) : "");
}

Result<config::Config> read_config(const std::string& path) {
  config::Loaded loaded = config::load_without_contracts(path);
  if (auto wrong = summary_of(loaded.problems); !wrong.empty() || !loaded.config)
    return failure(
        ErrorCode::Usage,
        fmt::format("the configuration is wrong, and a reload would be refused: {}", wrong));
  return std::move(*loaded.config);
}

Result<ImportTerms> terms_of(const config::ContractsSource& source, const config::Config& config,
                             const std::stop_token& stop) {
  ImportTerms terms{.source = source.url,
                    .format = source.format,
                    .fetch = {},
                    .target = config.contracts_file,
                    .limit = source.allow_removals};
  terms.fetch.ca = source.ca_file;
  terms.fetch.timeout = source.timeout;
  terms.fetch.most_bytes = kLargestSourceBytes;
  terms.fetch.stop = stop;
  if (source.header_file.empty()) return terms;
  // Read for each import, so that a secret may be renewed in place.
  auto headers = read_header_file(source.header_file);
  if (!headers) return tl::unexpected(headers.error());
  terms.fetch.headers = std::move(*headers);
  return terms;
}

}  // namespace

ContractsImporter::ContractsImporter(std::string path, Reload reload,
                                     std::shared_ptr<spdlog::logger> log)
    : path_(std::move(path)), reload_(std::move(reload)), log_(std::move(log)) {}

ContractsImporter::~ContractsImporter() { stop(); }

void ContractsImporter::adopt(const std::optional<config::ContractsSource>& source) {
  const std::lock_guard lock(mutex_);
  if (source == source_) return;
  // Another address has no success of its own yet; failures are a counter and go on.
  if (!source || !source_ || source->url != source_->url) {
    figures_.last_success_ms.reset();
    figures_.last_changes = 0;
  }
  source_ = source;
  figures_.period = source ? source->every : std::chrono::seconds{0};
  is_due_ = source.has_value();
  changed_.notify_all();
}

void ContractsImporter::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void ContractsImporter::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

std::optional<ImporterFigures> ContractsImporter::figures() const {
  const std::lock_guard lock(mutex_);
  if (!source_) return std::nullopt;
  return figures_;
}

void ContractsImporter::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return source_.has_value(); }) &&
         !stop.stop_requested()) {
    const config::ContractsSource source = *source_;
    is_due_ = false;
    const Moment next = std::chrono::steady_clock::now() + source.every;
    lock.unlock();
    const auto changes = import(source, stop);
    if (stop.stop_requested()) return;
    if (changes)
      tell_success();
    else
      tell_failure(changes.error().message);
    lock.lock();
    if (!changes) {
      ++figures_.failures;
    } else if (source_ && source_->url == source.url) {
      // Unless a reload has named another source meanwhile.
      figures_.last_success_ms = since_epoch_ms(traffic_now());
      figures_.last_changes = *changes;
    }
    changed_.wait_until(lock, stop, next, [this] { return is_due_ || !source_; });
  }
}

Result<std::size_t> ContractsImporter::import(const config::ContractsSource& source,
                                              const std::stop_token& stop) {
  const auto config = read_config(path_);
  if (!config) return tl::unexpected(config.error());
  const auto terms = terms_of(source, *config, stop);
  if (!terms) return tl::unexpected(terms.error());
  const auto plan = plan_import(*config, *terms);
  if (!plan) return tl::unexpected(plan.error());
  if (plan->refusal) {
    const std::string wrong = summary_of(plan->problems);
    return failure(plan->refusal->code, wrong.empty()
                                            ? plan->refusal->message
                                            : fmt::format("{}: {}", plan->refusal->message, wrong));
  }
  if (plan->diff.is_empty() || stop.stop_requested()) return 0;
  if (auto taken = take(terms->target, plan->text); !taken) return tl::unexpected(taken.error());
  const auto& diff = plan->diff;
  log_->info("contracts_source: {} added, {} removed, {} changed; {} contracts, {} before",
             diff.added.size(), diff.removed.size(), diff.changed.size(), diff.after, diff.before);
  const std::size_t told = std::min(plan->problems.size(), kMostWarnings);
  for (std::size_t i = 0; i < told; ++i)
    log_->warn("contracts_source: {}", config::to_string(plan->problems[i]));
  if (told < plan->problems.size())
    log_->warn("contracts_source: {} more warnings; `weir check` prints those of the file",
               plan->problems.size() - told);
  return diff.added.size() + diff.removed.size() + diff.changed.size();
}

/// Puts `text` in the place of the contracts file and has it taken into use; puts the old text
/// back if it is refused.
Result<void> ContractsImporter::take(const std::string& target, std::string_view text) {
  std::error_code ignored;
  std::optional<std::string> old;
  if (std::filesystem::exists(target, ignored)) {
    config::ProblemList problems(target);
    old = config::read_text_file(target, problems);
    if (!old) return failure(ErrorCode::Unavailable, config::to_string(problems.take().front()));
  }
  if (auto written = replace_file(target, text); !written) return written;
  const auto reloaded = reload_();
  if (reloaded) return {};
  Result<void> back;
  if (old)
    back = replace_file(target, *old);
  else
    std::filesystem::remove(target, ignored);
  return failure(reloaded.error().code,
                 fmt::format("the contracts are not taken into use: {}{}", reloaded.error().message,
                             back ? ""
                                  : fmt::format("; the old ones cannot be put back into {}: {}",
                                                target, back.error().message)));
}

void ContractsImporter::tell_failure(const std::string& why) {
  ++untold_failures_;
  const Moment now = std::chrono::steady_clock::now();
  if (now < next_line_) return;
  next_line_ = now + kBetweenLines;
  is_told_failing_ = true;
  const std::uint64_t failures = std::exchange(untold_failures_, 0);
  log_->error(
      "contracts_source: {}; nothing is changed{}", why,
      failures > 1 ? fmt::format(" ({} imports failed since the last line)", failures) : "");
}

/// One line at most for each of a failure.
void ContractsImporter::tell_success() {
  untold_failures_ = 0;
  if (std::exchange(is_told_failing_, false)) log_->info("contracts_source: imported again");
}

}  // namespace weir::app
