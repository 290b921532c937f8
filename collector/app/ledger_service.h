#pragma once

#include <spdlog/logger.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "collector/app/ledger_feed.h"
#include "collector/config/config.h"
#include "collector/model/result.h"
#include "collector/pipeline/export_intervals.h"
#include "collector/pipeline/pipeline.h"
#include "exporters/ledger/ledger_writer.h"

namespace weir::app {

/// The ledger of a running collector: what closes goes in, on a thread that holds up nobody.
///
/// Threads: take() and tick() on the clock's thread; the rest from any, open() and attach() first.
class LedgerService {
 public:
  /// Called on the ledger's thread after it was opened and after each final interval.
  using Observer = std::function<void(ledger::Ledger&, std::optional<std::int64_t> start)>;

  /// Nothing where the configuration wants no ledger (`ledger: {url: none}`). A database that is
  /// away is tried again later; the error is Usage, for what no waiting mends: a URL that is none,
  /// a ledger of a newer version, a file that is damaged or no ledger.
  [[nodiscard]] static Result<std::unique_ptr<LedgerService>> open(
      const config::Config& config, const std::string& config_path,
      std::shared_ptr<spdlog::logger> log);

  /// Before the pipeline starts, which outlives the service's stop().
  void attach(pipeline::Pipeline& pipeline);
  void set_observer(Observer observer) { observer_ = std::move(observer); }
  /// Called on the ledger's thread when late records have changed final intervals. Before start().
  void set_on_amended(std::function<void(std::int64_t first)> on_amended) {
    on_amended_ = std::move(on_amended);
  }
  void start() { writer_->start(); }

  void take(const core::ClosedBucket& bucket) { feed_->take(bucket); }
  void tick();

  /// After the pipeline's stop: saves what is open, and waits for the database for a while.
  void stop();

  /// What interfaces carried, each row once. On any thread.
  void take(std::span<const ledger::InterfaceRow> rows);

  /// Runs `job` on the ledger's thread.
  void post(ledger::LedgerWriter::Job job) { writer_->post(std::move(job)); }
  [[nodiscard]] ledger::WriterFigures figures() const { return writer_->figures(); }
  /// Why the collector should not be called ready, if the ledger is the reason.
  [[nodiscard]] std::optional<std::string> not_ready_because() const;

 private:
  LedgerService(ledger::LedgerUrl url, std::uint32_t retention_days,
                std::shared_ptr<spdlog::logger> log);

  void keep_house(ledger::Ledger& ledger);
  /// Lets the counters' interval end, if its time is over.
  void turn_to(TrafficTime now);

  const ledger::LedgerUrl url_;
  const std::uint32_t retention_days_;
  const std::shared_ptr<spdlog::logger> log_;
  Observer observer_;
  std::function<void(std::int64_t first)> on_amended_;
  const pipeline::Pipeline* pipeline_ = nullptr;  ///< from attach() on
  pipeline::ExportIntervals exports_;             ///< the feed's thread's own
  std::unique_ptr<LedgerFeed> feed_;
  std::optional<ledger::Ledger> first_;  ///< opened by open(), for the writer's first turn
  std::unique_ptr<ledger::LedgerWriter> writer_;
};

}  // namespace weir::app
