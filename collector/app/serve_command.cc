#include "collector/app/serve_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <vector>

#include "collector/app/contracts_importer.h"
#include "collector/app/ledger_reads.h"
#include "collector/app/ledger_rows.h"
#include "collector/app/ledger_service.h"
#include "collector/app/ledger_views.h"
#include "collector/app/log.h"
#include "collector/app/outputs.h"
#include "collector/app/remote_write_service.h"
#include "collector/app/state_reports.h"
#include "collector/app/version.h"
#include "collector/billing/billing_view.h"
#include "collector/config/config_file.h"
#include "collector/model/layer.h"
#include "collector/model/published.h"
#include "collector/pipeline/pipeline.h"
#include "exporters/http/contracts_api.h"
#include "exporters/http/negotiation.h"
#include "exporters/http/server.h"
#include "exporters/prometheus/exposition.h"

namespace weir::app {
namespace {

constexpr std::chrono::seconds kLookAtSockets{10};
constexpr std::chrono::seconds kLookAtEvents{1};
/// Lines about exporters a look, so a second, however many there are and whatever they send.
constexpr std::size_t kMostEventLines = 10;
/// How long a page waits for the ledger's thread.
constexpr std::chrono::seconds kLedgerPatience{10};
constexpr const char* kUsualStateDirectory = "/var/lib/weir";

std::string lines_of(const std::vector<config::Problem>& problems, config::Severity severity) {
  std::string lines;
  for (const auto& problem : problems)
    if (problem.severity == severity) lines += config::to_string(problem) + "\n";
  return lines;
}

/// What an exporter may do in its own time is not a warning.
spdlog::level::level_enum level_of(EventKind kind) noexcept {
  switch (kind) {
    case EventKind::TemplateRedefined:
    case EventKind::TemplateWithdrawn:
    case EventKind::TemplateMissing:
    case EventKind::ExporterRestarted:
      return spdlog::level::info;
    case EventKind::SamplingChanged:
    case EventKind::SamplingUnknown:
    case EventKind::TemplateRefused:
    case EventKind::TooManyTemplates:
    case EventKind::TooManyDomains:
    case EventKind::ClockOff:
      return spdlog::level::warn;
  }
  return spdlog::level::warn;
}

/// One running collector: pipeline, HTTP server, and what a signal does to them.
///
/// Threads: the main thread runs wait(); HTTP threads call the handlers. reload() may come
/// from either, or from the importer's, and is done one at a time.
class Collector {
 public:
  Collector(std::string path, std::shared_ptr<spdlog::logger> log)
      : path_(std::move(path)),
        log_(std::move(log)),
        hangup_(context_, SIGHUP),
        end_(context_, SIGTERM, SIGINT),
        look_(context_),
        look_at_events_(context_) {}

  [[nodiscard]] Result<void> open(const config::Config& config);
  void wait();
  void stop();

 private:
  struct ReloadAnswer {
    unsigned status = 200;
    std::string text;
  };

  [[nodiscard]] Result<void> open_pipeline(const config::Config& config);
  [[nodiscard]] std::vector<std::string> not_ready() const;
  [[nodiscard]] ReloadAnswer reload();
  [[nodiscard]] Result<void> reload_for_import();
  [[nodiscard]] http::Routes routes();
  [[nodiscard]] prometheus::Sources sources(const config::Config& config);
  [[nodiscard]] http::ContractSources contract_sources(const config::Config& config);
  void await_hangup();
  void await_look();
  void await_look_at_events();
  void log_events();
  void warn_of_drops();
  void warn_of_state();
  void log_awaited_names();
  void warn_of_troubles();
  void log_listeners();
  [[nodiscard]] std::string state_directory(const config::Config& config) const;

  std::string path_;
  std::shared_ptr<spdlog::logger> log_;
  boost::asio::io_context context_{1};
  // Caught from construction on, so that a signal during start-up is not missed.
  boost::asio::signal_set hangup_;
  boost::asio::signal_set end_;
  boost::asio::steady_timer look_;
  boost::asio::steady_timer look_at_events_;
  std::unique_ptr<LedgerService> ledger_;             ///< null: none is kept; outlives the pipeline
  std::unique_ptr<RemoteWriteService> remote_write_;  ///< null: nothing is pushed; as the ledger
  std::unique_ptr<pipeline::Pipeline> pipeline_;
  std::unique_ptr<prometheus::TrafficCollectable> metrics_;
  std::unique_ptr<LedgerViews> views_;  ///< null without a ledger
  std::unique_ptr<http::ContractsApi> contracts_;
  std::unique_ptr<ContractsImporter> importer_;
  std::unique_ptr<http::Server> server_;
  std::mutex reload_mutex_;  ///< one reload at a time; guards figures_
  prometheus::ProcessFigures figures_;
  std::map<std::string, std::uint64_t> dropped_;  ///< by listener, when last looked at
  std::uint64_t logged_event_ = 0;                ///< number of the last one
  std::string state_problem_;                     ///< as last logged
  std::vector<pipeline::AwaitedInterface> awaited_;
  std::map<std::string, std::uint64_t> troubles_;  ///< the same, of TCP listeners
  const TrafficTime started_ = traffic_now();
  RecentCounts recent_{started_};
  ScrapeNote scrape_;
};

Result<void> Collector::open(const config::Config& config) {
  auto ledger = LedgerService::open(config, path_, log_);
  if (!ledger) return tl::unexpected(ledger.error());
  ledger_ = std::move(*ledger);
  if (auto opened = open_pipeline(config); !opened) return opened;
  warn_of_state();
  log_awaited_names();
  figures_.workers = static_cast<std::uint32_t>(pipeline_->workers());
  figures_.last_reload_success_ms = since_epoch_ms(traffic_now());
  metrics_ = std::make_unique<prometheus::TrafficCollectable>(sources(config));
  contracts_ = std::make_unique<http::ContractsApi>(contract_sources(config));
  importer_ = std::make_unique<ContractsImporter>(
      path_, [this] { return reload_for_import(); }, log_);
  importer_->adopt(config.contracts_source);
  pipeline_->start();
  auto server = http::Server::listen(
      {.address = config.http.listen.address, .port = config.http.listen.port}, routes());
  if (!server) {
    // While all that the writers' threads ask is still there.
    stop();
    return tl::unexpected(server.error());
  }
  server_ = std::move(*server);
  log_listeners();
  log_->info("http: listening on {}:{}", config.http.listen.address.to_string(), server_->port());
  // Last: an import may reload.
  importer_->start();
  return {};
}

Result<void> Collector::open_pipeline(const config::Config& config) {
  auto remote_write = RemoteWriteService::open(
      config, [this] { return pipeline_->registries().slots.names(); }, log_);
  if (!remote_write) return tl::unexpected(remote_write.error());
  remote_write_ = std::move(*remote_write);
  pipeline::ClosedBucketSink sink =
      [this](const std::shared_ptr<const core::ClosedBucket>& bucket) {
        if (ledger_) ledger_->take(*bucket);
        if (remote_write_) remote_write_->take(*bucket);
      };
  pipeline::ClockTick tick = [this] {
    if (ledger_) ledger_->tick();
  };
  auto pipeline =
      pipeline::Pipeline::open(config, std::move(sink), state_directory(config), std::move(tick));
  if (!pipeline) return tl::unexpected(pipeline.error());
  pipeline_ = std::move(*pipeline);
  if (ledger_) {
    pipeline_->set_interface_sink(
        [this](const auto& intervals) { ledger_->take(interface_rows(intervals)); });
    views_ = std::make_unique<LedgerViews>(
        config, [this] { return pipeline_->policy()->table; },
        [this](auto job) { ledger_->post(std::move(job)); }, log_);
    ledger_->set_observer([this](ledger::Ledger& ledger, std::optional<std::int64_t> start) {
      views_->observe(ledger, start);
    });
    ledger_->set_on_amended([this](std::int64_t first) { views_->note_amendment(first); });
    ledger_->attach(*pipeline_);
    ledger_->start();
  }
  if (remote_write_) remote_write_->start();
  return {};
}

std::string Collector::state_directory(const config::Config& config) const {
  if (!config.state_directory.empty()) return config.state_directory;
  std::error_code ignored;
  if (std::filesystem::is_directory(kUsualStateDirectory, ignored)) return kUsualStateDirectory;
  log_->warn(
      "state: {} is not there and `state` is not configured: a restart forgets templates, sampling "
      "rates and interface names",
      kUsualStateDirectory);
  return {};
}

std::vector<std::string> Collector::not_ready() const {
  auto reasons = not_ready_because(*pipeline_);
  if (ledger_)
    if (auto reason = ledger_->not_ready_because()) reasons.push_back(std::move(*reason));
  return reasons;
}

prometheus::Sources Collector::sources(const config::Config& config) {
  auto sources = metric_sources(*pipeline_);
  sources.customer_names = config.customer_names_in_metrics;
  if (views_) {
    sources.billing = [this] { return views_->billing(); };
    sources.capacity = [this] { return views_->capacity(); };
    sources.baselines = [this] { return views_->baselines(); };
  }
  sources.process = [this] {
    const std::lock_guard lock(reload_mutex_);
    auto figures = figures_;
    figures.lateness_ms = pipeline_->lateness().count();
    figures.layer = layer_name(pipeline_->policy()->layer);
    return figures;
  };
  if (ledger_) {
    sources.ledger = [this] {
      const auto met = ledger_->figures();
      return prometheus::LedgerFigures{
          .pending_intervals = met.pending_intervals,
          .pending_rows = met.pending_rows,
          .written_intervals = met.written_intervals,
          .write_errors = met.write_errors,
          .dropped_rows = met.dropped_rows,
          .amended_bytes = met.amended_bytes,
          .unamended_bytes = met.unamended_bytes + pipeline_->late_bytes_lost(),
          .last_final_start = met.last_final_start,
          .is_failing = met.failing_since.has_value()};
    };
  }
  if (remote_write_) {
    sources.remote_write = [this] {
      const auto met = remote_write_->figures();
      return prometheus::RemoteWriteFigures{.sent_samples = met.sent_samples,
                                            .rejected_samples = met.rejected_samples,
                                            .dropped_samples = met.dropped_samples,
                                            .failed_requests = met.failed_requests,
                                            .pending_samples = met.pending_samples,
                                            .pending_bytes = met.pending_bytes,
                                            .last_success_ms = met.last_success_ms,
                                            .sent_until_ms = met.sent_until_ms,
                                            .is_failing = met.is_failing};
    };
  }
  sources.contracts_import = [this]() -> std::optional<prometheus::ContractsImportFigures> {
    const auto met = importer_->figures();
    if (!met) return std::nullopt;
    return prometheus::ContractsImportFigures{.period = met->period,
                                              .failures = met->failures,
                                              .last_success_ms = met->last_success_ms,
                                              .last_changes = met->last_changes};
  };
  sources.http = [this] {
    prometheus::HttpFigures figures;
    if (!server_) return figures;
    const auto met = server_->figures();
    figures.requests = met.requests;
    figures.malformed_requests = met.malformed_requests;
    figures.timeouts = met.timeouts;
    figures.refused_connections = met.refused_connections;
    figures.open_connections = met.open_connections;
    return figures;
  };
  return sources;
}

http::ContractSources Collector::contract_sources(const config::Config& config) {
  http::ContractSources sources;
  sources.table = [this] { return pipeline_->policy()->table; };
  sources.totals = [this] { return pipeline_->totals().snapshot(); };
  sources.billing = [this] { return views_ ? views_->billing() : nullptr; };
  sources.baselines = [this] { return views_ ? views_->baselines() : nullptr; };
  if (ledger_) {
    const LedgerReads reads([this](auto job) { ledger_->post(std::move(job)); }, kLedgerPatience);
    sources.intervals = [reads](const auto& contract, const auto& period) {
      return reads.intervals(contract, period);
    };
  }
  sources.layer = [this] { return layer_name(pipeline_->policy()->layer); };
  sources.customer_names =
      config.customer_names_in_metrics ? http::CustomerNames::Shown : http::CustomerNames::Hidden;
  return sources;
}

http::Routes Collector::routes() {
  http::Routes routes;
  routes.add(http::Method::Get, "/metrics", [this](const http::Request& request) {
    scrape_.note(traffic_now(), request.header("user-agent"));
    const auto format = http::prefers_openmetrics(request.header("accept"))
                            ? prometheus::Format::OpenMetrics
                            : prometheus::Format::Text;
    return http::Response{.content_type = std::string(prometheus::content_type(format)),
                          .body = prometheus::render(metrics_->gather(), format)};
  });
  routes.add(http::Method::Get, "/-/healthy",
             [](const http::Request&) { return http::Response{.body = "alive\n"}; });
  routes.add(http::Method::Get, "/-/ready", [this](const http::Request&) {
    const auto reasons = not_ready();
    if (reasons.empty()) return http::Response{.body = "ready\n"};
    return http::Response{.status = 503,
                          .body = fmt::format("not ready:\n{}\n", fmt::join(reasons, "\n"))};
  });
  routes.add(http::Method::Get, "/api/v1/exporters", [this](const http::Request&) {
    const TrafficTime now = traffic_now();
    return http::Response{
        .content_type = "application/json",
        .body = http::to_json(exporters_report(*pipeline_, *recent_.before(now), now))};
  });
  routes.add(http::Method::Get, "/api/v1/status", [this](const http::Request&) {
    const TrafficTime now = traffic_now();
    return http::Response{.content_type = "application/json",
                          .body = http::to_json(status_report(*pipeline_, *recent_.before(now),
                                                              {.started = started_,
                                                               .now = now,
                                                               .scrape = scrape_.last(),
                                                               .not_ready = not_ready()}))};
  });
  const auto reload_handler = [this](const http::Request&) {
    auto answer = reload();
    return http::Response{.status = answer.status, .body = std::move(answer.text)};
  };
  routes.add(http::Method::Post, "/-/reload", reload_handler);
  routes.add(http::Method::Put, "/-/reload", reload_handler);
  contracts_->add_to(routes);
  routes.add(http::Method::Get, "/", [this](const http::Request&) {
    const auto billing = views_ ? views_->billing() : nullptr;
    return http::Response{
        .content_type = "text/html; charset=utf-8",
        .body = http::render(status_page(*pipeline_, billing.get(), not_ready()))};
  });
  return routes;
}

Collector::ReloadAnswer Collector::reload() {
  const std::lock_guard lock(reload_mutex_);
  const auto loaded = config::load(path_);
  if (!loaded.config) {
    figures_.last_reload_ok = false;
    ++figures_.refused_reloads;
    auto errors = lines_of(loaded.problems, config::Severity::Error);
    log_->error("reload refused, the old configuration stays:\n{}", errors);
    return {400, std::move(errors)};
  }
  const auto waiting = pipeline_->reload(*loaded.config);
  if (!waiting) {
    figures_.last_reload_ok = false;
    ++figures_.refused_reloads;
    log_->error("reload refused, the old configuration stays: {}", waiting.error().message);
    return {400, waiting.error().message + "\n"};
  }
  if (views_) views_->adopt(*loaded.config);
  importer_->adopt(loaded.config->contracts_source);
  figures_.last_reload_ok = true;
  ++figures_.reloads;
  figures_.last_reload_success_ms = since_epoch_ms(traffic_now());
  std::string text =
      fmt::format("reloaded: {} contracts, {} routers\n", loaded.config->contracts.size(),
                  loaded.config->exporters.routers.size());
  if (!waiting->empty())
    text +=
        fmt::format("changed, but only in force after a restart: {}\n", fmt::join(*waiting, ", "));
  text += lines_of(loaded.problems, config::Severity::Warning);
  log_->info("{}", text.substr(0, text.size() - 1));
  return {200, std::move(text)};
}

Result<void> Collector::reload_for_import() {
  auto answer = reload();
  if (answer.status == 200) return {};
  // The first of the lines; all of them are in the log.
  answer.text.resize(std::min(answer.text.find('\n'), answer.text.size()));
  return failure(ErrorCode::Usage, std::move(answer.text));
}

void Collector::log_listeners() {
  for (const auto& listen : pipeline_->listeners()) {
    dropped_[listen.listen] = 0;
    if (listen.requested_buffer_bytes == 0) {
      log_->info("listen: capture on {}", listen.listen);
      continue;
    }
    log_->info("listen: {}, receive buffer {} of {} bytes asked for", listen.listen,
               listen.granted_buffer_bytes, listen.requested_buffer_bytes);
    if (listen.granted_buffer_bytes < listen.requested_buffer_bytes)
      log_->warn(
          "listen: {}: the kernel granted a smaller receive buffer than asked for, so that "
          "bursts may be lost; raise net.core.rmem_max or grant CAP_NET_ADMIN",
          listen.listen);
  }
  for (const auto& stream : pipeline_->streams()) {
    troubles_[stream.listen] = 0;
    log_->info("listen: {}", stream.listen);
  }
}

void Collector::warn_of_troubles() {
  for (const auto& stream : pipeline_->streams()) {
    auto& before = troubles_[stream.listen];
    if (stream.troubles > before)
      log_->warn("listen: {}: {} connections were refused or ended by a fault in {} s, at last {}",
                 stream.listen, stream.troubles - before, kLookAtSockets.count(),
                 stream.last_trouble);
    before = stream.troubles;
  }
}

void Collector::warn_of_drops() {
  for (const auto& listen : pipeline_->listeners()) {
    auto& before = dropped_[listen.listen];
    if (listen.dropped > before)
      log_->warn("listen: {}: the kernel dropped {} datagrams in {} s for want of buffer",
                 listen.listen, listen.dropped - before, kLookAtSockets.count());
    before = listen.dropped;
  }
}

void Collector::warn_of_state() {
  const auto keeping = pipeline_->keeping();
  if (!keeping || keeping->problem == state_problem_) return;
  state_problem_ = keeping->problem;
  if (state_problem_.empty())
    log_->info("state: written again");
  else
    log_->error("state: {}", state_problem_);
}

void Collector::log_awaited_names() {
  const auto& awaited = pipeline_->policy()->interfaces.awaited;
  for (const auto& one : awaited)
    if (std::ranges::find(awaited_, one) == awaited_.end())
      log_->warn(
          "{}: waiting for interface name {}: what is attached there counts nothing until the "
          "router announces the name in options data",
          one.exporter, one.interface);
  for (const auto& one : awaited_)
    if (std::ranges::find(awaited, one) == awaited.end())
      log_->info("{}: no longer waiting for interface name {}", one.exporter, one.interface);
  awaited_ = awaited;
}

void Collector::await_hangup() {
  hangup_.async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    static_cast<void>(reload());
    await_hangup();
  });
}

void Collector::await_look() {
  look_.expires_after(kLookAtSockets);
  look_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    warn_of_drops();
    warn_of_state();
    log_awaited_names();
    warn_of_troubles();
    const TrafficTime now = traffic_now();
    if (recent_.is_due(now)) recent_.note(count_now(*pipeline_, now));
    await_look();
  });
}

void Collector::log_events() {
  const auto events = pipeline_->events().since(logged_event_);
  if (events.empty()) return;
  const std::uint64_t newest = events.back().number;
  // Those that were pushed out before this look are unsaid, too.
  const std::uint64_t all = newest - logged_event_;
  const std::size_t lines =
      all <= kMostEventLines ? events.size() : std::min(events.size(), kMostEventLines - 1);
  for (std::size_t i = 0; i < lines; ++i) {
    log_->log(level_of(events[i].event.kind), "exporter {}", describe(events[i].event));
  }
  if (all > lines) log_->warn("exporters: {} more events in this second, not written", all - lines);
  logged_event_ = newest;
}

void Collector::await_look_at_events() {
  look_at_events_.expires_after(kLookAtEvents);
  look_at_events_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    log_events();
    await_look_at_events();
  });
}

void Collector::wait() {
  await_hangup();
  await_look();
  await_look_at_events();
  end_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    log_->info("{}: stopping", signal == SIGTERM ? "SIGTERM" : "SIGINT");
    context_.stop();
  });
  context_.run();
}

void Collector::stop() {
  // First, so that no reload comes between.
  if (importer_) importer_->stop();
  if (server_) server_->stop();
  if (pipeline_) {
    pipeline_->stop();
    // All that closed has been handed on, and nothing more comes.
    if (views_) views_->stop();
    if (ledger_) ledger_->stop();
    if (remote_write_) remote_write_->stop();
    log_events();
    warn_of_state();
  }
  log_->info("stopped");
}

}  // namespace

int run_serve(const ServeOptions& options, std::FILE* err) {
  const auto loaded = config::load(options.config);
  fmt::print(err, "{}", lines_of(loaded.problems, config::Severity::Error));
  if (!loaded.config) return 2;
  const auto log = make_log(options.log_format);
  for (const auto& problem : loaded.problems) log->warn("{}", config::to_string(problem));
  log->info("weir {}: {} contracts, {} routers", kVersion, loaded.config->contracts.size(),
            loaded.config->exporters.routers.size());
  Collector collector(options.config, log);
  if (auto opened = collector.open(*loaded.config); !opened) {
    log->error("{}", opened.error().message);
    return opened.error().code == ErrorCode::Usage ? 2 : 1;
  }
  collector.wait();
  collector.stop();
  return 0;
}

}  // namespace weir::app
