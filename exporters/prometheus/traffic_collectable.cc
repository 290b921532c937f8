#include "exporters/prometheus/traffic_collectable.h"

#include <algorithm>
#include <map>
#include <utility>

#include "collector/billing/percentile.h"
#include "exporters/prometheus/capacity_families.h"
#include "exporters/prometheus/contract_families.h"
#include "exporters/prometheus/exporter_families.h"
#include "exporters/prometheus/library_bridge.h"
#include "exporters/prometheus/process_use.h"
#include "exporters/prometheus/table_labels.h"

namespace weir::prometheus {
namespace {

void add_one(MetricSet& set, std::string name, std::string help, Kind kind, std::string unit,
             Value value) {
  set.add(std::move(name), std::move(help), kind, std::move(unit))
      .samples.push_back({.labels = {}, .value = value});
}

[[nodiscard]] double seconds(std::int64_t ms) noexcept { return static_cast<double>(ms) / 1'000; }

void add_socket_families(MetricSet& set, const std::vector<SocketFigures>& sockets) {
  // Workers share a listener, each with a socket of its own. Counts add up; of the buffers the
  // smallest is the one that overflows first.
  std::map<std::string, SocketFigures> by_listen;
  for (const SocketFigures& socket : sockets) {
    const auto [entry, is_new] = by_listen.try_emplace(socket.listen, socket);
    if (is_new) continue;
    SocketFigures& sum = entry->second;
    sum.datagrams += socket.datagrams;
    sum.dropped += socket.dropped;
    sum.truncated += socket.truncated;
    sum.requested_buffer_bytes =
        std::min(sum.requested_buffer_bytes, socket.requested_buffer_bytes);
    sum.granted_buffer_bytes = std::min(sum.granted_buffer_bytes, socket.granted_buffer_bytes);
  }
  MetricFamily& datagrams =
      set.add("weir_socket_datagrams_total", "Datagrams received by the listener.", Kind::Counter);
  MetricFamily& dropped = set.add(
      "weir_socket_dropped_total",
      "Datagrams that the kernel dropped, since the receive buffer was full.", Kind::Counter);
  MetricFamily& truncated =
      set.add("weir_socket_truncated_total", "Datagrams that were longer than the receiver takes.",
              Kind::Counter);
  MetricFamily& buffer =
      set.add("weir_socket_receive_buffer_bytes",
              "Receive buffer of one socket, as requested and as the kernel granted "
              "it (the smallest of the workers').",
              Kind::Gauge, "bytes");
  for (const auto& [listen, figures] : by_listen) {
    const Label label{.name = "listen", .value = listen};
    const std::string_view text = set.own(label_text({label}));
    datagrams.samples.push_back({.labels = text, .value = figures.datagrams});
    dropped.samples.push_back({.labels = text, .value = figures.dropped});
    truncated.samples.push_back({.labels = text, .value = figures.truncated});
    buffer.samples.push_back(
        {.labels = set.own(label_text({label, {.name = "kind", .value = "requested"}})),
         .value = figures.requested_buffer_bytes});
    buffer.samples.push_back(
        {.labels = set.own(label_text({label, {.name = "kind", .value = "granted"}})),
         .value = figures.granted_buffer_bytes});
  }
}

void add_stream_families(MetricSet& set, const std::vector<StreamFigures>& streams) {
  if (streams.empty()) return;
  MetricFamily& accepted =
      set.add("weir_stream_connections_total",
              "TCP connections that were accepted, TLS greeting included.", Kind::Counter);
  MetricFamily& open = set.add("weir_stream_open_connections",
                               "Accepted TCP connections that are open now.", Kind::Gauge);
  MetricFamily& refused =
      set.add("weir_stream_refused_connections_total",
              "TCP connections that were turned away, by the reason.", Kind::Counter);
  MetricFamily& ended =
      set.add("weir_stream_ended_connections_total",
              "Accepted TCP connections that have ended, by the reason.", Kind::Counter);
  MetricFamily& messages = set.add("weir_stream_messages_total",
                                   "Messages received over TCP by the listener.", Kind::Counter);
  MetricFamily& bytes =
      set.add("weir_stream_received_bytes_total",
              "Bytes received over TCP by the listener, behind TLS.", Kind::Counter, "bytes");
  for (const StreamFigures& figures : streams) {
    const Label label{.name = "listen", .value = figures.listen};
    const std::string_view text = set.own(label_text({label}));
    accepted.samples.push_back({.labels = text, .value = figures.accepted});
    open.samples.push_back({.labels = text, .value = figures.open});
    messages.samples.push_back({.labels = text, .value = figures.messages});
    bytes.samples.push_back({.labels = text, .value = figures.bytes});
    const auto add_reasons = [&](MetricFamily& family,
                                 const std::vector<StreamFigures::Reason>& reasons) {
      for (const auto& reason : reasons)
        family.samples.push_back(
            {.labels = set.own(label_text({label, {.name = "reason", .value = reason.name}})),
             .value = reason.connections});
    };
    add_reasons(refused, figures.refused);
    add_reasons(ended, figures.ended);
  }
}

void add_closing_families(MetricSet& set, const core::TotalsSnapshot& snapshot, TrafficTime now) {
  add_one(set, "weir_closed_buckets_total", "Buckets closed since the start.", Kind::Counter, {},
          snapshot.closed_buckets);
  // Before the first bucket closes there is no such time.
  const std::int64_t closed_until_ms = since_epoch_ms(snapshot.closed_until);
  if (closed_until_ms <= 0) return;
  add_one(set, "weir_closed_until_timestamp_seconds",
          "End of the newest closed bucket, as Unix time: what lies before is settled.",
          Kind::Gauge, "seconds", seconds(closed_until_ms));
  add_one(set, "weir_closing_lag_seconds",
          "How far the newest closed bucket is behind the present: about lateness plus a bucket.",
          Kind::Gauge, "seconds", seconds(since_epoch_ms(now) - closed_until_ms));
}

void add_kept_state_families(MetricSet& set, const StateFigures& state) {
  add_one(set, "weir_interface_names_awaited",
          "Interfaces configured by name alone whose router has not announced the name.",
          Kind::Gauge, {}, std::uint64_t{state.awaited_interface_names});
  if (!state.is_kept) return;
  MetricFamily& errors = set.add("weir_state_file_errors_total",
                                 "Failures to read or write the state file.", Kind::Counter);
  errors.samples.push_back({.labels = R"(operation="read")", .value = state.read_errors});
  errors.samples.push_back({.labels = R"(operation="write")", .value = state.write_errors});
  add_one(set, "weir_state_file_writes_total", "Times that the state file was written.",
          Kind::Counter, {}, state.writes);
  if (state.last_write_ms == 0) return;
  add_one(set, "weir_state_file_last_write_timestamp_seconds",
          "When the state file was last written, as Unix time.", Kind::Gauge, "seconds",
          seconds(state.last_write_ms));
}

void add_ledger_families(MetricSet& set, const LedgerFigures& ledger) {
  add_one(set, "weir_ledger_pending_intervals",
          "Intervals that wait in memory for the ledger, open ones included.", Kind::Gauge, {},
          ledger.pending_intervals);
  add_one(set, "weir_ledger_pending_rows", "Rows of the intervals that wait for the ledger.",
          Kind::Gauge, {}, ledger.pending_rows);
  add_one(set, "weir_ledger_intervals_total", "Final intervals written to the ledger.",
          Kind::Counter, {}, ledger.written_intervals);
  add_one(set, "weir_ledger_write_errors_total",
          "Writes that the ledger refused; they are tried again.", Kind::Counter, {},
          ledger.write_errors);
  add_one(set, "weir_ledger_dropped_rows_total",
          "Rows given up, since the ledger was away for longer than memory lasts.", Kind::Counter,
          {}, ledger.dropped_rows);
  add_one(set, "weir_late_amended_bytes_total",
          "Bytes of late records that were added to their intervals in the ledger, as contracts "
          "count them.",
          Kind::Counter, {}, ledger.amended_bytes);
  add_one(set, "weir_late_unamended_bytes_total",
          "Bytes of late records that are in no interval: too old, of a closed period, or given up "
          "for want of room.",
          Kind::Counter, {}, ledger.unamended_bytes);
  add_one(set, "weir_ledger_failing", "1 while the ledger refuses to be written.", Kind::Gauge, {},
          std::uint64_t{ledger.is_failing ? 1U : 0U});
  if (!ledger.last_final_start) return;
  add_one(set, "weir_ledger_last_interval_timestamp_seconds",
          "Start of the newest final interval in the ledger, as Unix time.", Kind::Gauge, "seconds",
          seconds(*ledger.last_final_start * 1'000));
}

void add_remote_write_families(MetricSet& set, const RemoteWriteFigures& remote) {
  add_one(set, "weir_remote_write_sent_samples_total",
          "Samples of closed buckets that the receiver of remote write has taken.", Kind::Counter,
          {}, remote.sent_samples);
  add_one(set, "weir_remote_write_rejected_samples_total",
          "Samples that the receiver of remote write refused for good.", Kind::Counter, {},
          remote.rejected_samples);
  add_one(set, "weir_remote_write_dropped_samples_total",
          "Samples given up unsent, since the receiver was away for longer than the queue lasts.",
          Kind::Counter, {}, remote.dropped_samples);
  add_one(set, "weir_remote_write_failed_requests_total",
          "Requests of remote write that failed; they are tried again.", Kind::Counter, {},
          remote.failed_requests);
  add_one(set, "weir_remote_write_pending_samples", "Samples that wait to be sent.", Kind::Gauge,
          {}, remote.pending_samples);
  add_one(set, "weir_remote_write_pending_bytes", "Memory of the samples that wait to be sent.",
          Kind::Gauge, "bytes", remote.pending_bytes);
  add_one(set, "weir_remote_write_failing", "1 while the receiver takes nothing.", Kind::Gauge, {},
          std::uint64_t{remote.is_failing ? 1U : 0U});
  if (remote.last_success_ms)
    add_one(set, "weir_remote_write_last_success_timestamp_seconds",
            "When the receiver last took samples, as Unix time.", Kind::Gauge, "seconds",
            seconds(*remote.last_success_ms));
  if (remote.sent_until_ms)
    add_one(set, "weir_remote_write_sent_until_timestamp_seconds",
            "End of the newest bucket that the receiver has, as Unix time.", Kind::Gauge, "seconds",
            seconds(*remote.sent_until_ms));
}

void add_contracts_import_families(MetricSet& set, const ContractsImportFigures& import) {
  add_one(set, "weir_contracts_import_period_seconds",
          "Time from one import of contracts to the next.", Kind::Gauge, "seconds",
          seconds(std::chrono::milliseconds(import.period).count()));
  add_one(set, "weir_contracts_import_failures_total",
          "Imports of contracts that failed or were refused, and changed nothing.", Kind::Counter,
          {}, import.failures);
  if (!import.last_success_ms) return;
  add_one(set, "weir_contracts_import_last_success_timestamp_seconds",
          "When contracts were last imported, changed or not, as Unix time.", Kind::Gauge,
          "seconds", seconds(*import.last_success_ms));
  add_one(set, "weir_contracts_import_last_changes",
          "Contracts that the last successful import added, removed or changed.", Kind::Gauge, {},
          import.last_changes);
}

void add_state_families(MetricSet& set, const ProcessFigures& process) {
  add_one(set, "weir_config_last_reload_successful",
          "1 if the last configuration offered was taken, 0 if it was refused.", Kind::Gauge, {},
          std::uint64_t{process.last_reload_ok ? 1U : 0U});
  add_one(set, "weir_config_last_reload_success_timestamp_seconds",
          "When a configuration was last taken, as Unix time; the start counts.", Kind::Gauge,
          "seconds", seconds(process.last_reload_success_ms));
  MetricFamily& reloads = set.add("weir_config_reloads_total",
                                  "Reloads of the configuration by their result.", Kind::Counter);
  reloads.samples.push_back({.labels = R"(result="taken")", .value = process.reloads});
  reloads.samples.push_back({.labels = R"(result="refused")", .value = process.refused_reloads});
  add_one(set, "weir_workers", "Worker threads.", Kind::Gauge, {}, std::uint64_t{process.workers});
  add_one(set, "weir_lateness_seconds",
          "How long after its end a bucket stays open for late records.", Kind::Gauge, "seconds",
          seconds(process.lateness_ms));
  MetricFamily& basis =
      set.add("weir_accounting_info",
              "What every figure of traffic rests on: the layer that bytes are counted at, and how "
              "percentiles are ranked.",
              Kind::Gauge);
  const std::string_view method = billing::method_name(billing::PercentileMethod::NearestRank);
  basis.samples.push_back({.labels = set.own(label_text({{.name = "layer", .value = process.layer},
                                                         {.name = "method", .value = method}})),
                           .value = std::uint64_t{1}});
}

void add_http_families(MetricSet& set, const HttpFigures& http) {
  add_one(set, "weir_http_requests_total", "HTTP requests answered.", Kind::Counter, {},
          http.requests);
  add_one(set, "weir_http_malformed_requests_total",
          "HTTP requests that could not be read or were over a limit.", Kind::Counter, {},
          http.malformed_requests);
  add_one(set, "weir_http_timeouts_total", "HTTP connections closed for being slow or idle.",
          Kind::Counter, {}, http.timeouts);
  add_one(set, "weir_http_refused_connections_total",
          "HTTP connections refused, since there were too many.", Kind::Counter, {},
          http.refused_connections);
  add_one(set, "weir_http_open_connections", "HTTP connections open now.", Kind::Gauge, {},
          http.open_connections);
}

void add_build_info(MetricSet& set, const std::string& version) {
#if defined(__clang__)
  constexpr std::string_view kCompiler = "clang " __clang_version__;
#else
  constexpr std::string_view kCompiler = "gcc " __VERSION__;
#endif
  MetricFamily& info =
      set.add("weir_build_info", "What this program was built from and with.", Kind::Gauge);
  info.samples.push_back({.labels = set.own(label_text({{.name = "version", .value = version},
                                                        {.name = "compiler", .value = kCompiler}})),
                          .value = std::uint64_t{1}});
}

}  // namespace

TrafficCollectable::TrafficCollectable(Sources sources) : sources_(std::move(sources)) {}

TrafficCollectable::~TrafficCollectable() = default;

std::shared_ptr<const TableLabels> TrafficCollectable::labels_of(
    std::shared_ptr<const contracts::ContractTable> table) const {
  const std::lock_guard lock(mutex_);
  if (!labels_ || labels_->table != table) {
    labels_ = std::make_shared<const TableLabels>(
        std::move(table), sources_.customer_names ? TableLabels::CustomerNames::Shown
                                                  : TableLabels::CustomerNames::Hidden);
  }
  return labels_;
}

std::shared_ptr<const CapacityFamilies> TrafficCollectable::capacity_of(
    std::shared_ptr<const billing::CapacityView> view,
    std::shared_ptr<const contracts::ContractTable> table) const {
  const std::lock_guard lock(mutex_);
  if (!capacity_ || capacity_->view != view || capacity_->table != table)
    capacity_ = std::make_shared<const CapacityFamilies>(std::move(view), std::move(table));
  return capacity_;
}

MetricSet TrafficCollectable::gather() const {
  MetricSet set;
  const TrafficTime now = sources_.now ? sources_.now() : traffic_now();
  // The table is read before the totals: the totals then know every slot that it names.
  const auto table = sources_.table ? sources_.table() : nullptr;
  const core::TotalsSnapshot snapshot =
      sources_.totals != nullptr ? sources_.totals->snapshot() : core::TotalsSnapshot{};

  if (table) {
    const std::shared_ptr<const TableLabels> labels = labels_of(table);
    set.keep(labels);
    add_contract_families(set, *labels, snapshot, now);
    if (const auto billing = sources_.billing ? sources_.billing() : nullptr)
      add_billing_families(set, *labels, *billing);
    if (const auto baselines = sources_.baselines ? sources_.baselines() : nullptr)
      add_baseline_families(set, *labels, *baselines);
    add_interface_families(
        set, *labels,
        sources_.interfaces ? sources_.interfaces(*table) : std::vector<InterfaceFigures>{});
    if (auto view = sources_.capacity ? sources_.capacity() : nullptr) {
      const std::shared_ptr<const CapacityFamilies> families = capacity_of(std::move(view), table);
      set.keep(families);
      add_capacity_families(set, *families);
    }
  }
  if (sources_.pops) add_pop_families(set, sources_.pops());
  if (sources_.exporters != nullptr) {
    add_exporter_families(
        set, *sources_.exporters, sources_.books,
        sources_.completeness ? sources_.completeness(now) : std::vector<CompletenessFigures>{},
        table.get());
  }
  if (sources_.sockets) add_socket_families(set, sources_.sockets());
  if (sources_.streams) add_stream_families(set, sources_.streams());
  if (sources_.totals != nullptr) add_closing_families(set, snapshot, now);
  if (sources_.process) add_state_families(set, sources_.process());
  if (sources_.state) add_kept_state_families(set, sources_.state());
  if (sources_.ledger) add_ledger_families(set, sources_.ledger());
  if (sources_.remote_write) add_remote_write_families(set, sources_.remote_write());
  if (sources_.contracts_import)
    if (const auto import = sources_.contracts_import())
      add_contracts_import_families(set, *import);
  if (sources_.http) add_http_families(set, sources_.http());
  add_build_info(set, sources_.version);
  add_process_families(set, read_process_use());
  add_one(set, "weir_metrics_series", "Series of this answer, this one included.", Kind::Gauge, {},
          std::uint64_t{set.series() + 1});
  return set;
}

std::vector<::prometheus::MetricFamily> TrafficCollectable::Collect() const {
  return to_library(gather());
}

}  // namespace weir::prometheus
