#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "collector/core/books.h"
#include "collector/model/decode_error.h"
#include "collector/model/exporter.h"
#include "collector/model/fate.h"
#include "collector/model/flow_record.h"

namespace weir::core {

/// What has been counted of one exporter over one protocol: all of it, or what was added
/// between two moments (since()).
struct ExporterCounts {
  std::uint64_t datagrams = 0;
  std::uint64_t records = 0;
  std::uint64_t counter_samples = 0;
  std::uint64_t options_records = 0;
  std::uint64_t templates = 0;
  std::uint64_t new_templates = 0;
  std::uint64_t expired_templates = 0;
  std::uint64_t sets_without_template = 0;
  std::uint64_t held_bytes = 0;
  std::uint64_t rescued_bytes = 0;
  std::uint64_t given_up_bytes = 0;
  std::uint64_t unknown_held_records = 0;
  std::uint64_t unknown_rescued_records = 0;
  std::uint64_t unknown_given_up_records = 0;
  std::uint64_t sampling_changes = 0;
  std::uint64_t units = 0;
  std::uint64_t lost = 0;
  std::uint64_t recovered = 0;
  std::uint64_t sequence_unknown = 0;
  std::uint64_t out_of_order = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t restarts = 0;
  std::uint64_t clamped_times = 0;
  std::uint64_t long_flows = 0;
  std::uint64_t unknown_interface_bytes = 0;
  std::uint64_t uncounted_domain_datagrams = 0;
  std::uint64_t reported_bytes = 0;
  std::array<std::uint64_t, kDecodeErrors> malformed{};
  std::array<std::uint64_t, kFates> fates{};

  [[nodiscard]] std::uint64_t net_lost() const noexcept {
    return lost > recovered ? lost - recovered : 0;
  }
  [[nodiscard]] std::uint64_t fate(Fate which) const noexcept {
    return fates[static_cast<std::size_t>(which)];
  }
  /// What was added after `earlier`, which is of the same pair.
  [[nodiscard]] ExporterCounts since(const ExporterCounts& earlier) const noexcept;
  ExporterCounts& operator+=(const ExporterCounts& more) noexcept;

  friend bool operator==(const ExporterCounts&, const ExporterCounts&) noexcept = default;
};

/// One counter by its name in the API, in the sums, and in a worker's books.
struct CountField {
  std::string_view name;
  std::uint64_t ExporterCounts::*sum;
  SingleWriterCounter ExporterCounters::*counter;
};
inline constexpr std::array kCountFields{
    CountField{"datagrams", &ExporterCounts::datagrams, &ExporterCounters::datagrams},
    CountField{"records", &ExporterCounts::records, &ExporterCounters::records},
    CountField{"counter_samples", &ExporterCounts::counter_samples,
               &ExporterCounters::counter_samples},
    CountField{"options_records", &ExporterCounts::options_records,
               &ExporterCounters::options_records},
    CountField{"templates", &ExporterCounts::templates, &ExporterCounters::templates},
    CountField{"new_templates", &ExporterCounts::new_templates, &ExporterCounters::new_templates},
    CountField{"expired_templates", &ExporterCounts::expired_templates,
               &ExporterCounters::expired_templates},
    CountField{"sets_without_template", &ExporterCounts::sets_without_template,
               &ExporterCounters::sets_without_template},
    CountField{"held_bytes", &ExporterCounts::held_bytes, &ExporterCounters::held_bytes},
    CountField{"rescued_bytes", &ExporterCounts::rescued_bytes, &ExporterCounters::rescued_bytes},
    CountField{"given_up_bytes", &ExporterCounts::given_up_bytes,
               &ExporterCounters::given_up_bytes},
    CountField{"unknown_held_records", &ExporterCounts::unknown_held_records,
               &ExporterCounters::unknown_held_records},
    CountField{"unknown_rescued_records", &ExporterCounts::unknown_rescued_records,
               &ExporterCounters::unknown_rescued_records},
    CountField{"unknown_given_up_records", &ExporterCounts::unknown_given_up_records,
               &ExporterCounters::unknown_given_up_records},
    CountField{"sampling_changes", &ExporterCounts::sampling_changes,
               &ExporterCounters::sampling_changes},
    CountField{"units", &ExporterCounts::units, &ExporterCounters::units},
    CountField{"lost", &ExporterCounts::lost, &ExporterCounters::lost},
    CountField{"recovered", &ExporterCounts::recovered, &ExporterCounters::recovered},
    CountField{"sequence_unknown", &ExporterCounts::sequence_unknown,
               &ExporterCounters::sequence_unknown},
    CountField{"out_of_order", &ExporterCounts::out_of_order, &ExporterCounters::out_of_order},
    CountField{"duplicates", &ExporterCounts::duplicates, &ExporterCounters::duplicates},
    CountField{"restarts", &ExporterCounts::restarts, &ExporterCounters::restarts},
    CountField{"clamped_times", &ExporterCounts::clamped_times, &ExporterCounters::clamped_times},
    CountField{"long_flows", &ExporterCounts::long_flows, &ExporterCounters::long_flows},
    CountField{"unknown_interface_bytes", &ExporterCounts::unknown_interface_bytes,
               &ExporterCounters::unknown_interface_bytes},
    CountField{"uncounted_domain_datagrams", &ExporterCounts::uncounted_domain_datagrams,
               &ExporterCounters::uncounted_domain_datagrams},
    CountField{"reported_bytes", &ExporterCounts::reported_bytes,
               &ExporterCounters::reported_bytes},
};

/// What has been counted of one observation domain.
struct DomainCounts {
  std::uint32_t domain = 0;
  std::uint64_t datagrams = 0;
  std::uint64_t records = 0;
  std::uint64_t units = 0;
  std::uint64_t lost = 0;
  std::uint64_t recovered = 0;
  std::uint64_t sequence_unknown = 0;
  std::uint64_t out_of_order = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t restarts = 0;
  std::uint64_t last_seen_ms = 0;

  friend bool operator==(const DomainCounts&, const DomainCounts&) noexcept = default;
};

/// As CountField, for domains.
struct DomainField {
  std::string_view name;
  std::uint64_t DomainCounts::*sum;
  SingleWriterCounter DomainCounters::*counter;
};
inline constexpr std::array kDomainFields{
    DomainField{"datagrams", &DomainCounts::datagrams, &DomainCounters::datagrams},
    DomainField{"records", &DomainCounts::records, &DomainCounters::records},
    DomainField{"units", &DomainCounts::units, &DomainCounters::units},
    DomainField{"lost", &DomainCounts::lost, &DomainCounters::lost},
    DomainField{"recovered", &DomainCounts::recovered, &DomainCounters::recovered},
    DomainField{"sequence_unknown", &DomainCounts::sequence_unknown,
                &DomainCounters::sequence_unknown},
    DomainField{"out_of_order", &DomainCounts::out_of_order, &DomainCounters::out_of_order},
    DomainField{"duplicates", &DomainCounts::duplicates, &DomainCounters::duplicates},
    DomainField{"restarts", &DomainCounts::restarts, &DomainCounters::restarts},
};

/// One exporter over one protocol, summed over the workers.
struct ExporterSums {
  ExporterCounts counts;
  // Gauges are those of the worker that heard the exporter last.
  std::uint64_t last_seen_ms = 0;
  std::int64_t clock_skew_ms = 0;
  std::uint64_t sampling_interval = 0;  ///< 0: unknown
  SamplingSource sampling_source = SamplingSource::Unknown;
  std::uint64_t last_template_ms = 0;  ///< 0: none came
  std::uint64_t template_gap_ms = 0;   ///< 0: fewer than two came
  std::vector<DomainCounts> domains;   ///< by number

  friend bool operator==(const ExporterSums&, const ExporterSums&) noexcept = default;
};

/// nullopt if no worker has met the pair. Any thread.
[[nodiscard]] std::optional<ExporterSums> sums_of(std::span<const WorkerBooks* const> books,
                                                  ExporterId exporter, Protocol protocol);

}  // namespace weir::core
