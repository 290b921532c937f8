#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "collector/core/exporter_sums.h"
#include "collector/model/time.h"
#include "collector/pipeline/pipeline.h"

namespace weir::app {

/// The counters of a running collector at one moment.
struct CountedMoment {
  TrafficTime time;
  std::map<std::pair<std::uint32_t, Protocol>, core::ExporterCounts> exporters;
  std::map<std::string, std::uint64_t> dropped;  ///< by listener
  std::uint64_t unreadable_datagrams = 0;
};

[[nodiscard]] CountedMoment count_now(const pipeline::Pipeline& pipeline, TrafficTime now);

/// Remembers what the counters were some minutes ago, so that the API can tell what is going
/// wrong now from what went wrong once. Bounded: so many moments as kWindow and kSpacing allow.
///
/// Threads: any; a mutex guards the moments, which never change once noted.
class RecentCounts {
 public:
  static constexpr TrafficSpan kWindow = std::chrono::minutes{5};
  static constexpr TrafficSpan kSpacing = std::chrono::minutes{1};

  /// What happens before `start` is not looked at: all counters are zero there.
  explicit RecentCounts(TrafficTime start);

  /// True if the newest moment is old enough that another should be noted.
  [[nodiscard]] bool is_due(TrafficTime now) const;
  void note(CountedMoment moment);

  /// The newest moment at least kWindow before `now`; the start, where there is none.
  [[nodiscard]] std::shared_ptr<const CountedMoment> before(TrafficTime now) const;

 private:
  mutable std::mutex mutex_;                                  ///< guards moments_
  std::deque<std::shared_ptr<const CountedMoment>> moments_;  ///< oldest first, never empty
};

}  // namespace weir::app
