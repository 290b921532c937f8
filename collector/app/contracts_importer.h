#pragma once

#include <spdlog/logger.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "collector/config/config.h"
#include "collector/model/result.h"

namespace weir::app {

/// What the imports of a running collector came to.
struct ImporterFigures {
  std::chrono::seconds period{0};
  std::uint64_t failures = 0;
  std::optional<std::int64_t> last_success_ms;  ///< UTC; nullopt: none yet
  std::uint64_t last_changes = 0;               ///< contracts added, removed or changed by that one

  friend bool operator==(const ImporterFigures&, const ImporterFigures&) = default;
};

/// Imports the contracts of a running collector by itself: fetches the source of the configuration
/// at the start and then once a period, as `weir import` does, puts what changed in the place of
/// the contracts file, and has the collector reload. An import that fails, or whose contracts the
/// reload refuses, leaves the contracts file as it was.
///
/// Threads: one of its own fetches, writes and calls `reload`; the rest from any. stop() ends
/// a fetch at once, and waits for the check of contracts that have arrived already.
class ContractsImporter {
 public:
  /// Takes the configuration and its contracts into use as they are in the files now.
  using Reload = std::function<Result<void>()>;

  /// `path` is the configuration file, which is read anew for each import.
  ContractsImporter(std::string path, Reload reload, std::shared_ptr<spdlog::logger> log);
  ~ContractsImporter();
  ContractsImporter(const ContractsImporter&) = delete;
  ContractsImporter& operator=(const ContractsImporter&) = delete;

  /// From now on imports from `source`, at once if it is another than before; nullopt: from
  /// nowhere. May come before start() and from within `reload`.
  void adopt(const std::optional<config::ContractsSource>& source);

  void start();
  void stop();

  /// Nullopt where there is no source.
  [[nodiscard]] std::optional<ImporterFigures> figures() const;

 private:
  using Moment = std::chrono::steady_clock::time_point;

  void run(const std::stop_token& stop);
  /// How many contracts changed.
  [[nodiscard]] Result<std::size_t> import(const config::ContractsSource& source,
                                           const std::stop_token& stop);
  [[nodiscard]] Result<void> take(const std::string& target, std::string_view text);
  void tell_failure(const std::string& why);
  void tell_success();

  const std::string path_;
  const Reload reload_;
  const std::shared_ptr<spdlog::logger> log_;

  mutable std::mutex mutex_;  ///< guards the next four
  std::condition_variable_any changed_;
  std::optional<config::ContractsSource> source_;
  bool is_due_ = false;  ///< the source is new, and its first import has not begun
  ImporterFigures figures_;

  // The thread's own.
  bool is_told_failing_ = false;  ///< the log says so last
  std::uint64_t untold_failures_ = 0;
  Moment next_line_;

  std::jthread thread_;
};

}  // namespace weir::app
