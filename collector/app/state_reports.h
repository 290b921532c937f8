#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "collector/app/recent_counts.h"
#include "collector/pipeline/pipeline.h"
#include "exporters/http/exporters_report.h"
#include "exporters/http/status_report.h"

namespace weir::app {

/// Who asked for /metrics last. Threads: any; a mutex guards it.
class ScrapeNote {
 public:
  struct Scrape {
    std::int64_t time_ms = 0;  ///< Unix time; 0: none yet
    std::string user_agent;
  };

  /// Keeps the printable part of `user_agent`, within a bound.
  void note(TrafficTime time, std::string_view user_agent);
  [[nodiscard]] Scrape last() const;

 private:
  mutable std::mutex mutex_;
  Scrape last_;
};

/// What `GET /api/v1/exporters` answers at `now`; `before` is what recent counts are since.
[[nodiscard]] http::ExportersReport exporters_report(const pipeline::Pipeline& pipeline,
                                                     const CountedMoment& before, TrafficTime now);

/// What `GET /api/v1/status` answers at `now`.
struct StatusMoment {
  TrafficTime started;
  TrafficTime now;
  ScrapeNote::Scrape scrape;
  std::vector<std::string> not_ready;  ///< reasons
};
[[nodiscard]] http::StatusReport status_report(const pipeline::Pipeline& pipeline,
                                               const CountedMoment& before,
                                               const StatusMoment& moment);

}  // namespace weir::app
