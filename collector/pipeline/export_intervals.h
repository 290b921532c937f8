#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "collector/core/books.h"
#include "collector/core/exporter_registry.h"
#include "collector/core/exporter_sums.h"
#include "collector/core/reception.h"
#include "collector/model/exporter.h"
#include "collector/model/time.h"

namespace weir::pipeline {

/// What came of one exporter over one protocol in one interval of arrival, and what became of it.
struct ExportInterval {
  std::string exporter;
  Protocol protocol = Protocol::Netflow5;
  TrafficTime start;
  core::ExporterCounts counts;
  core::SamplingRange sampling;

  friend bool operator==(const ExportInterval&, const ExportInterval&) = default;
};

/// The counters of all exporters by ledger interval of arrival: what each interval added, as the
/// difference of what the books read when it began and when it ended. Nothing is counted
/// for this per record.
///
/// An interval ends at the first turn_to() beyond it, so that what is counted between its end and
/// that call is its own. What was held for want of a template counts when it is set free.
///
/// Threads: one. Owns the counters at the start of the interval under way, and the differences
/// of the last kKept intervals.
class ExportIntervals {
 public:
  static constexpr std::size_t kKept = core::ReceptionRing::kIntervals;

  using Books = std::span<const core::WorkerBooks* const>;

  /// Time has come to `now`. True if an interval has ended with it. A clock that was set back
  /// changes nothing.
  bool turn_to(TrafficTime now, Books books, const core::ExporterRegistry& exporters);

  /// What came in the interval that starts at `start`: what has come so far where it is under way,
  /// nothing where it is no longer kept. By exporter and protocol, and without those of which
  /// nothing came.
  [[nodiscard]] std::vector<ExportInterval> of(TrafficTime start, Books books,
                                               const core::ExporterRegistry& exporters) const;

 private:
  using Key = std::pair<std::uint32_t, Protocol>;
  using Counts = std::map<Key, core::ExporterCounts>;
  struct Added {
    core::ExporterCounts counts;
    core::SamplingRange sampling;
  };
  using Interval = std::map<Key, Added>;

  [[nodiscard]] static Counts counts_now(Books books, std::size_t exporters);
  /// What was added to at_start_, without what nothing was added to.
  [[nodiscard]] Interval added_until(const Counts& now, Books books) const;

  std::optional<TrafficTime> under_way_;  ///< start of the interval
  Counts at_start_;                       ///< at first nothing: no counter has risen yet
  std::deque<std::pair<TrafficTime, Interval>> ended_;  ///< oldest first
};

}  // namespace weir::pipeline
