#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/billing/baseline_view.h"
#include "collector/billing/billing_view.h"
#include "collector/billing/capacity.h"
#include "collector/contracts/contract_table.h"
#include "collector/core/books.h"
#include "collector/core/exporter_registry.h"
#include "collector/core/totals.h"
#include "collector/model/time.h"
#include "exporters/prometheus/metric_set.h"

namespace weir::prometheus {

struct CapacityFamilies;
struct TableLabels;

/// One UDP socket (or capture) of one worker; those of the same `listen` are summed.
struct SocketFigures {
  std::string listen;  ///< as configured: "0.0.0.0:2055"
  std::uint64_t datagrams = 0;
  std::uint64_t dropped = 0;    ///< by the kernel, receive buffer full
  std::uint64_t truncated = 0;  ///< longer than the receiver's buffer
  std::uint64_t requested_buffer_bytes = 0;
  std::uint64_t granted_buffer_bytes = 0;
};

/// One TCP listener.
struct StreamFigures {
  /// A reason and how many connections it took.
  struct Reason {
    std::string_view name;
    std::uint64_t connections = 0;
  };
  std::string listen;  ///< "tcp 0.0.0.0:4739"
  std::uint64_t accepted = 0;
  std::uint64_t open = 0;
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::vector<Reason> refused;
  std::vector<Reason> ended;
};

/// Bytes of one tracked interface, scaled, since start, summed over the workers.
struct InterfaceFigures {
  std::uint32_t number = 0;  ///< index into ContractTable::tracked_interfaces()
  std::uint64_t ingress_bytes = 0;
  std::uint64_t egress_bytes = 0;
  /// What the interface's own counters say, ingress and egress.
  struct Counter {
    std::optional<std::uint64_t> bytes;  ///< since the first reading; nullopt: never read
    std::optional<double> ratio;         ///< flow estimate / counter, of the last five minutes
    std::string_view alarm_cause{};      ///< empty: no alarm; a constant text
  };
  std::array<Counter, 2> counters{};
};

/// Bytes from one POP to another, scaled, since start, summed over the workers.
struct PopFigures {
  std::string ingress_pop;
  std::string egress_pop;
  std::uint64_t bytes = 0;
};

/// How much of what an exporter sent over one protocol came, in the last closed five minutes.
struct CompletenessFigures {
  ExporterId exporter{0};
  Protocol protocol = Protocol::Netflow5;
  double ratio = 0;  ///< 0 to 1
};

/// The process's own state.
struct ProcessFigures {
  bool last_reload_ok = true;
  std::int64_t last_reload_success_ms = 0;  ///< UTC; the start counts as the first reload
  std::uint64_t reloads = 0;                ///< accepted, the start not counted
  std::uint64_t refused_reloads = 0;
  std::uint32_t workers = 0;
  /// The lateness in force: how far behind now a bucket closes.
  std::int64_t lateness_ms = 0;
  std::string_view layer;  ///< that bytes are counted at; of static duration
};

/// The ledger's writer.
struct LedgerFigures {
  std::uint64_t pending_intervals = 0;
  std::uint64_t pending_rows = 0;
  std::uint64_t written_intervals = 0;
  std::uint64_t write_errors = 0;
  std::uint64_t dropped_rows = 0;
  std::uint64_t amended_bytes = 0;
  std::uint64_t unamended_bytes = 0;
  std::optional<std::int64_t> last_final_start;  ///< seconds since 1970 UTC
  bool is_failing = false;
};

/// The writer of remote write.
struct RemoteWriteFigures {
  std::uint64_t sent_samples = 0;
  std::uint64_t rejected_samples = 0;
  std::uint64_t dropped_samples = 0;
  std::uint64_t failed_requests = 0;
  std::uint64_t pending_samples = 0;
  std::uint64_t pending_bytes = 0;
  std::optional<std::int64_t> last_success_ms;  ///< UTC
  std::optional<std::int64_t> sent_until_ms;    ///< UTC
  bool is_failing = false;
};

/// The imports of contracts by the collector itself.
struct ContractsImportFigures {
  std::chrono::seconds period{0};
  std::uint64_t failures = 0;
  std::optional<std::int64_t> last_success_ms;  ///< UTC; nullopt: none yet
  std::uint64_t last_changes = 0;               ///< contracts that it added, removed or changed
};

/// What is kept over a restart, and what routers have yet to tell.
struct StateFigures {
  bool is_kept = false;  ///< false: there is no state directory
  std::uint64_t read_errors = 0;
  std::uint64_t write_errors = 0;
  std::uint64_t writes = 0;
  std::int64_t last_write_ms = 0;  ///< UTC; 0: none yet
  std::size_t awaited_interface_names = 0;
};

/// What the HTTP server has met.
struct HttpFigures {
  std::uint64_t requests = 0;
  std::uint64_t malformed_requests = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t refused_connections = 0;
  std::uint64_t open_connections = 0;
};

/// Where the numbers come from. Pointers outlive the collectable; functions are called from
/// the thread that collects, and an empty one leaves its families out.
struct Sources {
  const core::Totals* totals = nullptr;
  std::vector<const core::WorkerBooks*> books;
  const core::ExporterRegistry* exporters = nullptr;
  std::function<std::shared_ptr<const contracts::ContractTable>()> table;
  std::function<std::vector<SocketFigures>()> sockets;
  std::function<std::vector<StreamFigures>()> streams;
  /// For the interfaces of the table given, so that a reload cannot come between.
  std::function<std::vector<InterfaceFigures>(const contracts::ContractTable&)> interfaces;
  std::function<std::vector<PopFigures>()> pops;
  /// The newest view; null before the first.
  std::function<std::shared_ptr<const billing::CapacityView>()> capacity;
  /// What contracts owe by now; null until it is known.
  std::function<std::shared_ptr<const billing::BillingView>()> billing;
  /// What contracts usually carry; null until it is known.
  std::function<std::shared_ptr<const billing::BaselineView>()> baselines;
  /// Of the pairs whose completeness is known.
  std::function<std::vector<CompletenessFigures>(TrafficTime now)> completeness;
  std::function<ProcessFigures()> process;
  std::function<StateFigures()> state;
  std::function<LedgerFigures()> ledger;             ///< null: no ledger is kept
  std::function<RemoteWriteFigures()> remote_write;  ///< null: nothing is pushed
  /// Nullopt while no source of contracts is configured.
  std::function<std::optional<ContractsImportFigures>()> contracts_import;
  std::function<HttpFigures()> http;
  /// Decides which contracts hold (weir_contracts) and how far behind closing is.
  std::function<TrafficTime()> now = traffic_now;
  std::string version;          ///< of Weir
  bool customer_names = false;  ///< metrics.customer_names: names are confidential
};

/// Everything Weir counts, read at the moment of a scrape (docs/metrics.md lists all names).
///
/// Series are those of the contract table in force, of the exporters met so far and of the
/// configured listeners: nothing outside can make more of them, and a contract that leaves
/// the configuration takes its series with it.
///
/// Threads: any; a mutex guards the cache of label texts, which are made once per table.
class TrafficCollectable : public ::prometheus::Collectable {
 public:
  explicit TrafficCollectable(Sources sources);
  ~TrafficCollectable() override;

  /// All families, integers exact. What /metrics writes.
  [[nodiscard]] MetricSet gather() const;

  /// The same for prometheus-cpp, as doubles.
  [[nodiscard]] std::vector<::prometheus::MetricFamily> Collect() const override;

 private:
  [[nodiscard]] std::shared_ptr<const TableLabels> labels_of(
      std::shared_ptr<const contracts::ContractTable> table) const;

  [[nodiscard]] std::shared_ptr<const CapacityFamilies> capacity_of(
      std::shared_ptr<const billing::CapacityView> view,
      std::shared_ptr<const contracts::ContractTable> table) const;

  Sources sources_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const TableLabels> labels_;         // of the newest table seen
  mutable std::shared_ptr<const CapacityFamilies> capacity_;  // of the newest view and table
};

}  // namespace weir::prometheus
