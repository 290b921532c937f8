#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collector/billing/baseline_view.h"
#include "collector/billing/billing_view.h"
#include "collector/contracts/contract_table.h"
#include "collector/core/books.h"
#include "collector/core/exporter_registry.h"
#include "collector/core/totals.h"
#include "collector/core/worker_cells.h"
#include "exporters/prometheus/metric_set.h"
#include "exporters/prometheus/traffic_collectable.h"

namespace weir::test {

/// 2024-05-01T00:00:00Z, the start of a minute.
inline constexpr TrafficTime kStart = traffic_time_ms(1'714'521'600'000);

/// A small collector whose numbers a test sets: two workers, one router "edge1.tyo"
/// (192.0.2.1) with interface 512, and contracts that the test names.
class World {
 public:
  explicit World(std::vector<contracts::Contract> list);

  /// Swaps in a table of these contracts; slots go on.
  void set_contracts(std::vector<contracts::Contract> list);

  /// Adds a record at `time` to the slot of the n-th contract ever named, as worker `worker`.
  void count(std::size_t worker, std::uint32_t slot, Direction direction, Family family,
             Amount amount, TrafficTime time);
  /// Moves all workers to `now` and closes what is due.
  void close_until(TrafficTime now);

  [[nodiscard]] prometheus::Sources sources();

  core::ExporterRegistry exporters;
  std::vector<std::unique_ptr<core::WorkerBooks>> books;
  std::vector<prometheus::CompletenessFigures> completeness;
  std::vector<prometheus::PopFigures> pops;
  std::shared_ptr<const billing::CapacityView> capacity;
  std::shared_ptr<const billing::BillingView> billing;
  std::shared_ptr<const billing::BaselineView> baselines;

 private:
  std::vector<std::unique_ptr<core::WorkerCells>> cells_;
  std::unique_ptr<core::Totals> totals_;
  std::vector<std::string> ids_;  // by slot
  std::shared_ptr<const contracts::ContractTable> table_;
};

/// A contract of service "ip" at POP Tokyo.
[[nodiscard]] contracts::Contract contract(std::string id, std::uint64_t committed,
                                           std::uint64_t ceiling = 0);

/// What contracts of these ids owe by kStart plus a minute: 1 Gbit/s now, 2 Gbit/s before.
[[nodiscard]] std::shared_ptr<const billing::BillingView> billing_of(
    const std::vector<std::string>& ids);

/// What contracts of these ids usually carry: 400 Mbit/s up, 800 down, up to twice that; above it
/// down.
[[nodiscard]] std::shared_ptr<const billing::BaselineView> baselines_of(
    std::vector<std::string> ids);

/// `name{labels} value` lines of one family, as text 0.0.4 has them.
[[nodiscard]] std::vector<std::string> lines_of(const prometheus::MetricSet& set,
                                                std::string_view name);

/// Feeds `text` to `promtool check metrics`: what it printed and its exit status.
struct Verdict {
  std::string output;
  int status = 0;
};
[[nodiscard]] Verdict promtool_check(std::string_view text);

/// Lets Prometheus' own OpenMetrics parser read `text` (`promtool tsdb create-blocks-from`).
[[nodiscard]] Verdict promtool_read_openmetrics(std::string_view text);

/// A view with one of each: contract "A", interface 512 of edge1.tyo, group "tyo-osa", service "ip"
/// and POP Tokyo, all with every figure.
[[nodiscard]] billing::CapacityView full_view();

/// A World in which every family has a sample, so that all names are seen.
[[nodiscard]] std::unique_ptr<World> busy_world();

}  // namespace weir::test
