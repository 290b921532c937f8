#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "exporters/http/exporters_report.h"
#include "exporters/http/status_report.h"

namespace weir::app {

/// The steps of the way of a datagram, in their order, at which traffic goes missing.
enum class Step : std::uint8_t {
  NotReady,
  KernelDrops,
  NotAllowed,
  NeverHeard,
  Silent,
  Malformed,
  NoTemplate,
  NoSampling,
  Clock,
  UnknownInterface,
  NoContract,
  Loss,
  CountersApart,
  NotScraped,
};

/// "no template": for people.
[[nodiscard]] std::string_view step_name(Step step) noexcept;
/// "no_template": for programs.
[[nodiscard]] std::string_view step_word(Step step) noexcept;

/// Something that fails, and how to mend it.
struct Finding {
  Step step = Step::NotReady;
  std::string says;  ///< what is wrong, with the values
  std::string mend;
  std::string page;  ///< where the guide says more

  friend bool operator==(const Finding&, const Finding&) = default;
};

/// One exporter and what fails with it, the first step of the way first.
struct ExporterDiagnosis {
  std::string name;
  std::string address;
  std::string state;  ///< how it reports, in one line
  std::vector<Finding> findings;

  friend bool operator==(const ExporterDiagnosis&, const ExporterDiagnosis&) = default;
};

struct Diagnosis {
  std::string version;
  std::string state;  ///< of the collector, in one line
  std::uint64_t looked_at_seconds = 0;
  std::vector<Finding> collector;
  std::vector<ExporterDiagnosis> exporters;

  [[nodiscard]] std::size_t findings() const noexcept;
};

/// An exporter that was heard for the last time so long ago is silent. Busy routers report every
/// second, and sFlow agents read counters at least every minute.
inline constexpr std::int64_t kSilentSeconds = 120;
/// A clock that is off by more than this moves traffic between neighbouring buckets.
inline constexpr std::int64_t kClockOffSeconds = 5;
/// Prometheus has not come for so long: nobody sees the numbers.
inline constexpr std::int64_t kNotScrapedSeconds = 300;
/// Loss above this part shows in a bill.
inline constexpr double kLossRatio = 0.0001;

/// What is wrong with a running collector and with each of its exporters, by what it counted
/// lately. Pure.
[[nodiscard]] Diagnosis diagnose(const http::StatusReport& status,
                                 const http::ExportersReport& exporters);

/// "8 s", "5 min", "3 h", "2 d": the largest unit that leaves a number of two or more.
[[nodiscard]] std::string span_text(std::int64_t seconds);

}  // namespace weir::app
