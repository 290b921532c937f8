#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "collector/accounting/metering_registry.h"
#include "collector/accounting/scale.h"
#include "collector/config/config.h"
#include "collector/contracts/contract_table.h"
#include "collector/contracts/slot_registry.h"
#include "collector/core/exporter_registry.h"
#include "collector/model/event_log.h"
#include "collector/model/layer.h"
#include "collector/model/result.h"
#include "collector/pipeline/interface_readings.h"
#include "collector/pipeline/interface_registry.h"
#include "collector/pipeline/learned_names.h"
#include "collector/pipeline/pop_matrix.h"

namespace weir::pipeline {

/// Everything of a configuration that workers consult per datagram: what a reload swaps
/// whole. Immutable once published (model/published.h).
struct Policy {
  std::shared_ptr<const contracts::ContractTable> table;
  /// Lasting numbers of table->tracked_interfaces() (interface_registry.h).
  std::vector<std::uint32_t> interface_numbers;
  RouterInterfaces interfaces;  ///< that the table was made of

  /// Where routers (by ExporterId) and contracts (by slot) are; no routers where none has a
  /// POP, and then nothing is counted between POPs.
  std::vector<PopPlace> router_pops;
  std::vector<PopPlace> contract_pops;

  std::vector<IpPrefix> allow;  ///< empty: every source
  std::unordered_set<IpAddress> relays;
  std::unordered_map<IpAddress, accounting::SamplingTerms> router_sampling;
  accounting::SamplingTerms sampling;

  Layer layer = Layer::Ethernet;
  std::uint32_t largest_packet_bytes = 1'500;
  TrafficSpan clock_skew_limit{};
  TrafficSpan longest_flow{};           ///< longer ones are counted: the active timeout is not kept
  std::optional<TrafficSpan> lateness;  ///< nullopt: by what the exporters send

  [[nodiscard]] bool allows(const IpAddress& source) const noexcept;
  [[nodiscard]] accounting::SamplingTerms sampling_of(const IpAddress& exporter) const;

  /// Who reports: the source, or for sFlow the agent that the datagram names, where that is
  /// a configured router or the source is a relay. An address from the payload is never
  /// trusted alone: the source has passed allows().
  [[nodiscard]] IpAddress exporter_address(const IpAddress& source, const IpAddress& agent) const;
};

/// What lasts as long as the process: numbers of exporters, contracts and interfaces, where each
/// exporter meters, and what happened to it.
struct Registries {
  core::ExporterRegistry exporters;
  contracts::SlotRegistry slots;
  InterfaceRegistry interfaces;
  PopRegistry pops;
  InterfaceReadings readings;  ///< of those interfaces' counters
  accounting::MeteringRegistry metering;
  std::shared_ptr<EventLog> events = std::make_shared<EventLog>();
};

/// Builds the policy of a valid configuration, with what routers told of their interfaces. Fails
/// only when a bound is met (too many contracts or exporters for one process).
[[nodiscard]] Result<std::shared_ptr<const Policy>> make_policy(
    const config::Config& config, Registries& registries,
    const wire::InterfaceTable& learned = wire::InterfaceTable{});

}  // namespace weir::pipeline
