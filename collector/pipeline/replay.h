#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "collector/config/config.h"
#include "collector/model/fate.h"
#include "collector/model/result.h"
#include "collector/pipeline/export_intervals.h"
#include "collector/pipeline/interface_reconciler.h"
#include "collector/pipeline/interval_builder.h"

namespace weir::pipeline {

/// Contract ids by slot, for whoever prints intervals.
using ContractNames = std::vector<std::string>;

/// What a replay left behind besides its intervals.
struct ReplayOutcome {
  std::array<std::uint64_t, kFates> fates{};  ///< bytes, over all exporters
  std::uint64_t reported_bytes = 0;           ///< what the fates must sum to
  std::uint64_t datagrams = 0;
  std::uint64_t refused_datagrams = 0;
  std::uint64_t unreadable_datagrams = 0;
  std::uint64_t records = 0;
  /// What came too late for the intervals that were handed on, by start and slot, and its bytes
  /// that belong to no interval (core::LateParts).
  std::vector<SlotInterval> late;
  ContractNames names;
  std::uint64_t late_bytes_lost = 0;
  std::vector<std::string> warnings;  ///< of the capture files, for people
};

/// Takes whole intervals as time passes them, by start and slot.
using IntervalSink =
    std::function<void(const ContractNames& names, const std::vector<SlotInterval>& intervals)>;

/// Takes intervals of interfaces whose counters were read, as they are finished.
using ReplayInterfaceSink = std::function<void(const std::vector<InterfaceInterval>&)>;

/// Takes what arrived from exporters in one interval, when it is over.
using ReplayExportSink = std::function<void(const std::vector<ExportInterval>&)>;

/// Runs the workers of `config` over capture files at the captures' own time, as fast as
/// possible, on the calling thread.
///
/// Datagrams of all files are taken in the order of their time stamps; an exporter always
/// goes to the same worker. What is late depends on a datagram's own time alone, so any
/// number of workers, and any order inside the lateness, gives the same intervals.
[[nodiscard]] Result<ReplayOutcome> replay(const config::Config& config,
                                           const std::vector<std::string>& captures,
                                           const IntervalSink& sink,
                                           const ReplayInterfaceSink& interface_sink = {},
                                           const ReplayExportSink& export_sink = {});

}  // namespace weir::pipeline
