#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "collector/core/domain_counters.h"
#include "collector/core/reception.h"
#include "collector/core/refused_sources.h"
#include "collector/model/decode_error.h"
#include "collector/model/exporter.h"
#include "collector/model/fate.h"
#include "collector/model/single_writer_counter.h"

namespace weir::core {

/// What one worker has met from one exporter over one protocol. The worker writes, any
/// thread reads.
struct ExporterCounters {
  SingleWriterCounter datagrams;
  SingleWriterCounter records;  ///< flow records and flow samples
  SingleWriterCounter counter_samples;
  SingleWriterCounter options_records;
  SingleWriterCounter templates;
  SingleWriterCounter new_templates;  ///< of these, with an id not met before
  SingleWriterCounter expired_templates;
  SingleWriterCounter sets_without_template;
  SingleWriterCounter held_bytes;  ///< that began to wait for a template or a sampling interval
  SingleWriterCounter rescued_bytes;
  SingleWriterCounter given_up_bytes;
  SingleWriterCounter unknown_held_records;  ///< that began to wait for a sampling interval
  SingleWriterCounter unknown_rescued_records;
  SingleWriterCounter unknown_given_up_records;
  SingleWriterCounter sampling_changes;  ///< announced intervals that became others
  SingleWriterCounter units;             ///< received, in the protocol's own unit
  SingleWriterCounter lost;              ///< the protocol's own unit, when the gap shows
  SingleWriterCounter recovered;         ///< of these, came late after all
  SingleWriterCounter sequence_unknown;  ///< datagrams before which the loss cannot be known
  SingleWriterCounter out_of_order;
  SingleWriterCounter duplicates;
  SingleWriterCounter restarts;
  SingleWriterCounter clamped_times;  ///< records whose times could not be true
  SingleWriterCounter long_flows;     ///< records of flows beyond the active timeout
  std::array<SingleWriterCounter, kDecodeErrors> malformed;
  SingleWriterCounter
      reported_bytes;  ///< scaled, at the configured layer: what the fates must sum to
  std::array<SingleWriterCounter, kFates> fates;
  /// Of bytes that no contract counts: the configuration knows neither interface.
  SingleWriterCounter unknown_interface_bytes;
  /// Of domains beyond kMaxCountedDomains.
  SingleWriterCounter uncounted_domain_datagrams;
  ReceptionRing reception;  ///< by interval of arrival
  // Gauges: the worker's latest.
  SingleWriterCounter first_seen_ms;           ///< traffic time of the first datagram
  SingleWriterCounter last_seen_ms;            ///< traffic time of the last datagram
  SingleWriterCounter sampling_interval;       ///< of the last record whose interval is known
  SingleWriterCounter sampling_source;         ///< SamplingSource of that record
  SingleWriterCounter last_template_ms;        ///< arrival of the last datagram with templates
  SingleWriterCounter template_gap_ms;         ///< longest time between two of them
  std::atomic<std::int64_t> clock_skew_ms{0};  ///< arrival minus export time, smallest of a window

  /// Newest first. Stored with release by WorkerBooks::domain_of(); load with acquire.
  std::atomic<DomainCounters*> domains{nullptr};
  std::uint32_t domain_count = 0;  ///< of the worker's own
};

/// One worker's counters by exporter and protocol, made when first met.
///
/// Threads: the owning worker calls of(); any thread calls find(). An entry, once made,
/// stays for the life of the books (release on making, acquire in find()).
class WorkerBooks {
 public:
  WorkerBooks();

  /// Owner only. Allocates when the pair is met for the first time.
  [[nodiscard]] ExporterCounters& of(ExporterId exporter, Protocol protocol);

  /// Owner only. The counters of one domain of `counters`, which are of these books; made when
  /// the domain is met for the first time. nullptr beyond kMaxCountedDomains.
  [[nodiscard]] DomainCounters* domain_of(ExporterCounters& counters, std::uint32_t domain);

  /// Any thread; nullptr if the worker has not met the pair.
  [[nodiscard]] const ExporterCounters* find(ExporterId exporter, Protocol protocol) const noexcept;

  /// Datagrams of sources outside the allow-list, or beyond kMaxExporters: counted here only.
  SingleWriterCounter refused_datagrams;
  RefusedSources refused_sources;
  /// Datagrams whose protocol could not be told.
  SingleWriterCounter unreadable_datagrams;
  /// Flows that count in running totals and were forgotten, since there were too many.
  SingleWriterCounter forgotten_totals;

 private:
  using PerProtocol = std::array<std::atomic<ExporterCounters*>, kProtocols>;

  std::vector<PerProtocol> entries_;
  std::vector<std::unique_ptr<ExporterCounters>> owned_;
  std::vector<std::unique_ptr<DomainCounters>> owned_domains_;
};

}  // namespace weir::core
