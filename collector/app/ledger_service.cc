#include "collector/app/ledger_service.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <string_view>
#include <utility>

#include "collector/app/ledger_rows.h"
#include "collector/app/rfc3339.h"
#include "collector/pipeline/completeness.h"

namespace weir::app {
namespace {

constexpr std::chrono::seconds kFailingTooLong{60};
constexpr std::int64_t kDaySeconds = 86'400;

/// Names a process for good: two that start in one second differ.
std::string run_of_process(TrafficTime started) {
  std::random_device random;
  return fmt::format("serve-{}-{:08x}", rfc3339(started), random());
}

/// What came from each exporter in an interval of arrival. One from which nothing came has a row
/// that says so, or its contracts would seem to have carried nothing.
std::vector<ledger::ReceptionRow> reception_at(const pipeline::Pipeline& pipeline,
                                               std::int64_t start) {
  std::vector<ledger::ReceptionRow> rows;
  // A long lateness makes an interval final after the books have let go of it: what was saved
  // while it was open stands.
  const TrafficTime interval = traffic_time_ms(start * 1'000);
  if (!pipeline::is_reception_kept(interval, traffic_now())) return rows;
  const auto books = pipeline.books();
  const auto exporters = pipeline.registries().exporters.entries();
  for (std::uint32_t number = 0; number < exporters.size(); ++number) {
    const auto completeness = pipeline::completeness_of(books, ExporterId{number}, interval);
    const bool is_silent = completeness.state == pipeline::Completeness::State::Silent;
    const bool is_known = completeness.state == pipeline::Completeness::State::Measured;
    rows.push_back({.exporter = exporters[number].name,
                    .start = start,
                    .received = completeness.received,
                    .lost = is_silent ? 1 : (is_known ? completeness.lost : 0)});
  }
  return rows;
}

std::size_t contracts_in(const ledger::IntervalSave& interval) {
  std::set<std::string_view> contracts;
  for (const auto& row : interval.batch.intervals) contracts.insert(row.contract);
  return contracts.size();
}

}  // namespace

LedgerService::LedgerService(ledger::LedgerUrl url, std::uint32_t retention_days,
                             std::shared_ptr<spdlog::logger> log)
    : url_(std::move(url)), retention_days_(retention_days), log_(std::move(log)) {
  ledger::LedgerWriter::Listeners listeners;
  listeners.on_final = [this](const ledger::IntervalSave& interval) {
    log_->info("ledger: interval {} closed, {} contracts",
               rfc3339(traffic_time_ms(interval.start * 1'000)), contracts_in(interval));
  };
  listeners.on_failing = [this](const std::string& error) {
    log_->error("{}; intervals wait in memory until it is written", error);
  };
  listeners.on_amended = [this](std::int64_t first) {
    if (on_amended_) on_amended_(first);
  };
  listeners.on_recovered = [this] { log_->info("ledger: written again"); };
  listeners.observer = [this](ledger::Ledger& ledger, std::optional<std::int64_t> start) {
    if (observer_) observer_(ledger, start);
  };
  listeners.daily = [this](ledger::Ledger& ledger) { keep_house(ledger); };
  const auto open = [this]() -> Result<ledger::Ledger> {
    if (auto first = std::exchange(first_, std::nullopt)) return std::move(*first);
    return ledger::Ledger::open(url_);
  };
  writer_ = std::make_unique<ledger::LedgerWriter>(run_of_process(traffic_now()), open,
                                                   std::move(listeners));
}

Result<std::unique_ptr<LedgerService>> LedgerService::open(const config::Config& config,
                                                           const std::string& config_path,
                                                           std::shared_ptr<spdlog::logger> log) {
  if (config.ledger_url == config::kNoLedger) return nullptr;
  auto url = ledger::parse_ledger_url(config.ledger_url,
                                      std::filesystem::path(config_path).parent_path().string());
  if (!url) return tl::unexpected(url.error());
  auto first = ledger::Ledger::open(*url);
  const bool is_hopeless = !first && (first.error().code == ErrorCode::Usage ||
                                      first.error().code == ErrorCode::Malformed);
  // All of them are for who configures to mend.
  if (is_hopeless) return failure(ErrorCode::Usage, first.error().message);
  std::unique_ptr<LedgerService> service(
      new LedgerService(std::move(*url), config.ledger_retention_days, std::move(log)));
  if (first) service->first_.emplace(std::move(*first));
  service->log_->info("ledger: {}", service->url_.shown());
  return service;
}

void LedgerService::attach(pipeline::Pipeline& pipeline) {
  pipeline_ = &pipeline;
  feed_ = std::make_unique<LedgerFeed>(LedgerFeed::Parts{
      .totals = pipeline.totals(),
      .names = [&pipeline] { return pipeline.registries().slots.names(); },
      .reception = [&pipeline](std::int64_t start) { return reception_at(pipeline, start); },
      .save = [this](ledger::IntervalSave save) { writer_->save(std::move(save)); },
      .late = [&pipeline] { return pipeline.take_late(); },
      .amend = [this](auto rows) { writer_->amend(std::move(rows)); },
      .exports =
          [this](std::int64_t start) {
            return export_rows(exports_.of(traffic_time_ms(start * 1'000), pipeline_->books(),
                                           pipeline_->registries().exporters));
          }});
}

void LedgerService::turn_to(TrafficTime now) {
  exports_.turn_to(now, pipeline_->books(), pipeline_->registries().exporters);
}

void LedgerService::tick() {
  const TrafficTime now = traffic_now();
  turn_to(now);
  feed_->tick(now, std::chrono::steady_clock::now());
}

void LedgerService::take(std::span<const ledger::InterfaceRow> rows) {
  std::map<std::int64_t, std::vector<ledger::InterfaceRow>> by_start;
  for (const auto& row : rows) by_start[row.start].push_back(row);
  for (auto& [start, some] : by_start) writer_->add(start, std::move(some));
}

void LedgerService::stop() {
  const TrafficTime now = traffic_now();
  turn_to(now);
  feed_->finish(now, std::chrono::steady_clock::now());
  if (const std::uint64_t lost = writer_->stop(); lost != 0)
    log_->error("ledger: {} rows could not be written before the stop, and are lost: {}", lost,
                writer_->figures().last_error);
}

std::optional<std::string> LedgerService::not_ready_because() const {
  const auto figures = writer_->figures();
  if (!figures.failing_since) return std::nullopt;
  const auto failing = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::steady_clock::now() - *figures.failing_since);
  if (failing < kFailingTooLong) return std::nullopt;
  return fmt::format("the ledger has not been written for {} s: {}", failing.count(),
                     figures.last_error);
}

void LedgerService::keep_house(ledger::Ledger& ledger) {
  const std::int64_t now = since_epoch_ms(traffic_now()) / 1'000;
  const auto warn = [this](const Error& error) {
    log_->warn("ledger: its daily care failed: {}", error.message);
  };
  // Whole days, so that a report's day is there or not.
  const std::int64_t oldest = (now / kDaySeconds - retention_days_) * kDaySeconds;
  if (const auto gone = ledger.forget_before(oldest); !gone)
    warn(gone.error());
  else if (*gone != 0)
    log_->info("ledger: {} rows older than {} days deleted", *gone, retention_days_);
  // A day is left alone while late records may still amend it often.
  if (const auto made = ledger.digest_before(now - kDaySeconds); !made) warn(made.error());
}

}  // namespace weir::app
