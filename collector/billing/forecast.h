#pragma once

#include <tl/expected.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "collector/billing/trend.h"

namespace weir::billing {

/// How traffic is taken to grow.
enum class GrowthModel : std::uint8_t {
  Linear,       ///< by the same rate each week
  Exponential,  ///< by the same part each week: a line through the logarithms
};
/// "linear", "exponential".
[[nodiscard]] std::string_view growth_model_name(GrowthModel model) noexcept;

/// Why there is no forecast: no date is better than one that means nothing.
enum class NoForecast : std::uint8_t {
  TooFewWeeks,    ///< fewer than kFewestWeeks that were measured well enough
  AlreadyOver,    ///< the trend is at the limit or above it now
  NoGrowth,       ///< the trend is level or falls
  BeyondHorizon,  ///< later than kHorizonWeeks: nobody knows that far
  ZeroWeek,       ///< a week without traffic has no logarithm
};
inline constexpr std::array kNoForecasts{NoForecast::TooFewWeeks, NoForecast::AlreadyOver,
                                         NoForecast::NoGrowth, NoForecast::BeyondHorizon,
                                         NoForecast::ZeroWeek};
/// "too_few_weeks", "already_over", "no_growth", "beyond_horizon", "zero_week".
[[nodiscard]] std::string_view no_forecast_name(NoForecast reason) noexcept;

inline constexpr std::size_t kFewestWeeks = 8;
/// Five years.
inline constexpr double kHorizonWeeks = 261;

/// When a limit is reached, in weeks after the last point. early <= central <= late.
struct WeeksAhead {
  double early = 0;            ///< the upper bound of the prediction interval
  double central = 0;          ///< the robust trend
  std::optional<double> late;  ///< the lower bound; none if not within the horizon
};

/// When a series, in order of time, reaches `limit`, a value above zero (docs/capacity.md, "The
/// forecast"). The bounds are those of least squares, widened to hold the robust trend, which
/// an odd week moves less.
///
/// Threads: any; a pure function: equal input gives an equal date, whenever it is asked.
[[nodiscard]] tl::expected<WeeksAhead, NoForecast> forecast(std::span<const TrendPoint> points,
                                                            double limit, GrowthModel model);

/// How much a series grows a week, by the robust trend; nullopt where forecast() has too few
/// weeks for any limit. Linear: in the unit of the values. Exponential: as at the last point.
[[nodiscard]] std::optional<double> weekly_growth(std::span<const TrendPoint> points,
                                                  GrowthModel model);

}  // namespace weir::billing
