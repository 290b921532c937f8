#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collector/billing/forecast.h"
#include "collector/billing/headroom.h"
#include "collector/billing/interval_state.h"
#include "collector/billing/period.h"
#include "collector/model/time.h"
#include "collector/model/units.h"

namespace weir::billing {

/// How many weeks a forecast looks back.
inline constexpr std::size_t kWeeksLookedAt = 52;
/// A week that was measured less is left out: what is missing may have been its peak.
inline constexpr Share kFewestOfWeek{900'000};

/// The 95th percentile of one week, and how much of the week was measured.
struct WeekFigure {
  std::uint32_t number = 0;  ///< from 0, the first of kWeeksLookedAt
  Share completeness;
  BitsPerSecond percentile;

  [[nodiscard]] constexpr bool is_left_out() const noexcept { return completeness < kFewestOfWeek; }

  friend bool operator==(const WeekFigure&, const WeekFigure&) = default;
};

/// What is reached.
enum class CapacityLimit : std::uint8_t {
  Committed,  ///< what a customer pays for
  Ceiling,    ///< the most a contract allows
  Speed,      ///< of a link, or of all links of a group
  OneDown,    ///< the load of a group that one link's failure lifts to the target
};
/// "committed", "ceiling", "speed", "n1".
[[nodiscard]] std::string_view capacity_limit_name(CapacityLimit limit) noexcept;

/// When the trend of something reaches one of its limits.
struct LimitForecast {
  CapacityLimit limit = CapacityLimit::Committed;
  BitsPerSecond reached_at;          ///< the threshold's part of the limit
  std::optional<NoForecast> reason;  ///< why there is no date
  std::optional<TrafficTime> early;
  std::optional<TrafficTime> central;
  std::optional<TrafficTime> late;  ///< may be missing where there is a date

  friend bool operator==(const LimitForecast&, const LimitForecast&) = default;
};

/// A series of weeks, and what follows from it.
struct CapacityTrend {
  std::vector<WeekFigure> weeks;  ///< from the first of which anything was measured, all
  std::uint32_t weeks_left_out = 0;
  /// Of the last whole week; none if it was left out.
  std::optional<BitsPerSecond> last;
  std::optional<double> growth;  ///< bit/s a week; none with fewer than kFewestWeeks
  std::vector<LimitForecast> forecasts;
};

/// A limit in words, and the rate at which it counts as reached.
struct AskedLimit {
  CapacityLimit limit = CapacityLimit::Committed;
  BitsPerSecond reached_at;
};

/// The trend of `weeks`, in order of time, without those before the first that was measured at
/// all. Weeks are `calendar`'s, by their number; a point stands for the end of its week.
///
/// Threads: any; a pure function.
[[nodiscard]] CapacityTrend trend_of(std::vector<WeekFigure> weeks,
                                     std::span<const Period> calendar,
                                     std::span<const AskedLimit> limits, GrowthModel model);

struct ContractCapacity {
  std::string contract;
  std::string customer;
  std::string service;
  std::string pop;
  BitsPerSecond committed;
  BitsPerSecond ceiling;
  CapacityTrend trend;  ///< by the contract's direction rule and time zone
};

struct InterfaceCapacity {
  std::string exporter;
  std::string interface;  ///< its name as configured, else its ifIndex
  BitsPerSecond speed;
  CapacityTrend trend;  ///< of the direction that carries more; weeks of UTC
};

struct GroupCapacity {
  std::string group;
  std::size_t links = 0;
  BitsPerSecond speed;               ///< of all links; 0 where that of one is not known
  CapacityTrend trend;               ///< of the sum over links, of the direction that carries more
  std::optional<Headroom> headroom;  ///< of the last whole week
};

/// How far the peaks of contracts stand apart, in the last whole week.
struct DiversityFigure {
  std::string name;  ///< of the service or POP
  std::optional<double> from_customer;
  std::optional<double> to_customer;
};

/// Everything that planners ask, as of one instant. Immutable once published
/// (model/published.h).
struct CapacityView {
  TrafficTime made_at;
  GrowthModel model = GrowthModel::Linear;
  std::vector<ContractCapacity> contracts;  ///< in the order of the configuration
  std::vector<InterfaceCapacity> interfaces;
  std::vector<GroupCapacity> groups;
  std::vector<DiversityFigure> services;  ///< by name
  std::vector<DiversityFigure> pops;      ///< by name
};

}  // namespace weir::billing
