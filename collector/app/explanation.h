#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "collector/billing/interval_state.h"
#include "collector/config/config.h"
#include "collector/contracts/contract.h"
#include "collector/model/fate.h"
#include "collector/model/layer.h"
#include "collector/model/result.h"
#include "collector/model/time.h"
#include "exporters/ledger/ledger.h"

namespace weir::app {

/// What a contract carried of one family in one direction, over the runs that measured it; or all
/// families together.
struct ExplainedAmount {
  std::uint64_t bytes = 0;
  std::uint64_t packets = 0;
  std::uint64_t records = 0;
  double variance = 0;  ///< of bytes

  void add(const ledger::IntervalRow& row) noexcept;
  [[nodiscard]] std::uint64_t bits_per_second() const noexcept;
  [[nodiscard]] std::uint64_t standard_deviation() const noexcept;  ///< bytes
  /// Half width at 95 %, as a bill has it.
  [[nodiscard]] std::uint64_t error_bits_per_second() const noexcept;

  friend bool operator==(const ExplainedAmount&, const ExplainedAmount&) = default;
};

struct ExplainedFamily {
  Family family = Family::Ipv4;
  ExplainedAmount amount;
  ExplainedAmount late;  ///< of it, what late records added after the close
  /// How often late records changed it.
  std::uint32_t amendments = 0;

  friend bool operator==(const ExplainedFamily&, const ExplainedFamily&) = default;
};

struct ExplainedDirection {
  Direction direction = Direction::FromCustomer;
  ExplainedAmount amount;
  std::vector<ExplainedFamily> families;  ///< those that carried something

  friend bool operator==(const ExplainedDirection&, const ExplainedDirection&) = default;
};

/// Where the contract touches the backbone.
struct ExplainedAttachment {
  contracts::Attachment attachment;
  /// Of an interface: what of name and ifIndex the configuration knows.
  std::optional<std::uint32_t> interface;
  std::string interface_name;
  /// All that passed it, where the ledger has it.
  std::optional<ledger::InterfaceTotal> passed;
};

/// One router that the contract may be met at.
struct ExplainedExporter {
  enum class State : std::uint8_t {
    Whole,    ///< all of its export came
    Lossy,    ///< part of it was lost
    Silent,   ///< nothing came
    Unknown,  ///< the ledger does not say
  };

  std::string name;
  State state = State::Unknown;
  std::vector<ledger::ExportRow> exports;  ///< by protocol, over all runs
};

[[nodiscard]] std::string_view exporter_state_name(ExplainedExporter::State state) noexcept;

/// What the configured layer makes of what a protocol reports.
struct LayerRule {
  bool reports_frames = false;  ///< lengths of sampled frames; else bytes of IP packets
  int bytes_per_packet = 0;     ///< added to each; below zero: taken off
  int bytes_per_tag = 0;        ///< the same for each 802.1Q tag
  std::uint32_t shortest = 0;   ///< bytes a packet counts at least

  friend bool operator==(const LayerRule&, const LayerRule&) = default;
};
[[nodiscard]] LayerRule layer_rule(Layer layer, Protocol protocol) noexcept;

/// How the number of one contract's ledger interval came to be: all that the ledger knows of it.
struct Explanation {
  std::string contract;
  std::string customer;
  TrafficTime start;
  Layer layer = Layer::Ethernet;
  billing::Interval interval;  ///< as a bill sees it
  std::vector<ExplainedAttachment> attachments;
  std::vector<ExplainedDirection> directions;  ///< both
  std::vector<ledger::RunCoverage> coverage;
  std::vector<ExplainedExporter> exporters;
  std::vector<ledger::Mask> masks;
  std::optional<std::uint32_t> closed_month;  ///< as 202604: its bill changes by correction alone

  /// Whether any run was measuring.
  [[nodiscard]] bool is_measured() const noexcept { return !coverage.empty(); }
};

/// Errors: the ledger's. `contract` is of `config`, `start` an interval's.
[[nodiscard]] Result<Explanation> make_explanation(const config::Config& config,
                                                   const contracts::Contract& contract,
                                                   TrafficTime start, ledger::Ledger& ledger);

/// In sentences.
void print_text(std::FILE* out, const Explanation& explanation);
/// One JSON object and the end of its line.
void print_json(std::FILE* out, const Explanation& explanation);

}  // namespace weir::app
