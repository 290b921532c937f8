#include "collector/pipeline/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "collector/core/totals.h"
#include "collector/ingest/pcap_file.h"
#include "collector/pipeline/pipeline.h"
#include "collector/pipeline/worker.h"
#include "collector/wire/shared_decoder_state.h"

namespace weir::pipeline {
namespace {

/// Auto-lateness of a replay: what serve would settle on once it sees flow records. Flow
/// samples are never late, so a capture of sFlow alone comes to the same.
constexpr std::chrono::seconds kReplayLateness{120};

/// A capture file and the datagram it stands at.
struct Source {
  ingest::PcapFile file;
  std::optional<Datagram> next;
};

struct Lane {
  Lane(core::BucketGeometry geometry, std::uint32_t ring_buckets, Registries& registries,
       const Published<Policy>& policy, const std::shared_ptr<wire::SharedDecoderState>& shared)
      : state(geometry, ring_buckets), path(state, registries, policy, shared) {}

  WorkerState state;
  DatagramPath path;
};

/// Sources are spread by address: what one exporter sends stays in order.
std::size_t lane_of(const IpAddress& source, std::size_t lanes) noexcept {
  return static_cast<std::size_t>(hash_address(source, 0) % lanes);
}

ContractNames names_of(const contracts::ContractTable& table) {
  ContractNames names(table.slot_count());
  for (const auto& contract : table.contracts())
    names[contract.slot.value()] = contract.contract.id;
  return names;
}

Result<std::vector<Source>> open_all(const std::vector<std::string>& captures) {
  std::vector<Source> sources;
  for (const auto& path : captures) {
    auto file = ingest::PcapFile::open(path);
    if (!file) return tl::unexpected(file.error());
    sources.push_back({.file = std::move(*file), .next = std::nullopt});
  }
  for (auto& source : sources) {
    auto first = source.file.next_datagram();
    if (!first) return tl::unexpected(first.error());
    source.next = *first;
  }
  return sources;
}

Source* earliest(std::vector<Source>& sources) noexcept {
  Source* chosen = nullptr;
  for (auto& source : sources)
    if (source.next && (chosen == nullptr || source.next->arrival < chosen->next->arrival))
      chosen = &source;
  return chosen;
}

void add_books(const core::WorkerBooks& books, std::size_t exporters, ReplayOutcome& outcome) {
  outcome.refused_datagrams += books.refused_datagrams.read();
  outcome.unreadable_datagrams += books.unreadable_datagrams.read();
  for (std::uint32_t exporter = 0; exporter < exporters; ++exporter) {
    for (std::size_t protocol = 0; protocol < kProtocols; ++protocol) {
      const auto* counters = books.find(ExporterId{exporter}, static_cast<Protocol>(protocol));
      if (counters == nullptr) continue;
      outcome.datagrams += counters->datagrams.read();
      outcome.records += counters->records.read();
      outcome.reported_bytes += counters->reported_bytes.read();
      for (std::size_t fate = 0; fate < kFates; ++fate)
        outcome.fates[fate] += counters->fates[fate].read();
    }
  }
}

}  // namespace

Result<ReplayOutcome> replay(const config::Config& original,
                             const std::vector<std::string>& captures, const IntervalSink& sink,
                             const ReplayInterfaceSink& interface_sink,
                             const ReplayExportSink& export_sink) {
  config::Config config = original;
  if (!config.accounting.lateness) config.accounting.lateness = kReplayLateness;
  Registries registries;
  auto first_policy = make_policy(config, registries);
  if (!first_policy) return tl::unexpected(first_policy.error());
  Published<Policy> policy(*first_policy);
  const ContractNames names = names_of(*policy.current()->table);

  auto sources = open_all(captures);
  if (!sources) return tl::unexpected(sources.error());

  const core::BucketGeometry geometry{TrafficSpan{config.accounting.bucket}};
  const auto shared = wire::make_shared_decoder_state(registries.events);
  std::vector<std::unique_ptr<Lane>> lanes;
  std::vector<core::WorkerCells*> cells;
  for (std::uint32_t i = 0; i < std::max(config.workers, 1U); ++i) {
    lanes.push_back(
        std::make_unique<Lane>(geometry, ring_buckets_for(config), registries, policy, shared));
    cells.push_back(&lanes.back()->state.cells);
  }
  core::Totals totals(geometry, cells);
  totals.set_slot_count(policy.current()->table->slot_count());
  IntervalBuilder intervals;
  IntervalBuilder late;

  std::vector<const InterfaceCounters*> interfaces;
  std::vector<const core::WorkerBooks*> books;
  for (const auto& lane : lanes) {
    interfaces.push_back(&lane->state.interfaces);
    books.push_back(&lane->state.books);
  }
  InterfaceReconciler reconciler(registries.readings, std::move(interfaces), books);
  const auto hand_on = [&](const std::vector<InterfaceInterval>& finished) {
    if (interface_sink && !finished.empty()) interface_sink(finished);
  };

  ExportIntervals exports;
  TrafficTime exports_until = TrafficTime::min();
  const auto turn_to = [&](TrafficTime time) {
    if (exports.turn_to(time, books, registries.exporters) && export_sink)
      export_sink(exports.of(exports_until - kLedgerInterval, books, registries.exporters));
    exports_until = interval_start(time) + kLedgerInterval;
  };

  const auto close = [&](TrafficTime whole_until) {
    for (const auto& bucket : totals.close_due()) intervals.add(*bucket);
    if (const auto whole = intervals.take_until(whole_until); !whole.empty()) sink(names, whole);
  };

  // Between two buckets only, so that the number of workers changes nothing.
  std::uint64_t learned = 0;
  const auto adopt_names = [&] {
    const std::uint64_t generation = shared->interfaces().generation();
    if (generation == learned) return;
    learned = generation;
    if (policy.current()->interfaces == interfaces_of(config, shared->interfaces())) return;
    if (auto renewed = make_policy(config, registries, shared->interfaces()))
      policy.publish(std::move(*renewed));
  };

  // Captures merged from several places may step back; time here only goes on.
  TrafficTime now = TrafficTime::min();
  core::BucketNumber frontier = 0;
  const TrafficSpan lateness{*config.accounting.lateness};
  while (Source* source = earliest(*sources)) {
    Datagram datagram = *source->next;
    if (datagram.arrival > now) {
      now = datagram.arrival;
      if (now >= exports_until) turn_to(now);
      if (const auto reached = geometry.frontier(now, lateness); reached != frontier) {
        frontier = reached;
        for (auto& lane : lanes) lane->path.advance(now);
        close(geometry.start_of(frontier));
        hand_on(reconciler.take_finished(*policy.current(), now, lateness));
        adopt_names();
      }
    }
    datagram.arrival = now;
    Lane& lane = *lanes[lane_of(datagram.source, lanes.size())];
    lane.path.process(datagram);
    // At once, so that what finds no room is the same for any number of workers.
    if (lane.state.cells.late().has_any()) [[unlikely]]
      for (const auto& part : lane.state.cells.late().take()) late.add(part);
    auto next = source->file.next_datagram();
    if (!next) return tl::unexpected(next.error());
    source->next = *next;
  }
  for (auto& lane : lanes) {
    lane->path.finish();
    for (const auto& part : lane->state.cells.late().take()) late.add(part);
  }
  if (now != TrafficTime::min()) {
    // The capture is over: every bucket may close.
    const TrafficTime after_all = now + lateness + 2 * geometry.width();
    for (auto& lane : lanes) lane->path.advance(after_all);
    close(TrafficTime::max() - kLedgerInterval);
    turn_to(exports_until);
    hand_on(reconciler.take_rest(*policy.current(), now));
  }

  ReplayOutcome outcome;
  outcome.late = late.take_all();
  outcome.names = names;
  for (const auto& lane : lanes)
    outcome.late_bytes_lost += lane->state.cells.late().unamended_bytes();
  for (const auto& lane : lanes)
    add_books(lane->state.books, registries.exporters.entries().size(), outcome);
  for (const auto& source : *sources)
    if (auto warning = source.file.warning(); !warning.empty())
      outcome.warnings.push_back(std::move(warning));
  return outcome;
}

}  // namespace weir::pipeline
