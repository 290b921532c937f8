#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "collector/model/units.h"

namespace weir::billing {

/// What values of the same hour of the week usually are (docs/monitoring.md, "Above the usual").
struct Baseline {
  double median = 0;
  /// Median absolute deviation times 1.4826: the standard deviation, if the values were normal.
  double deviation = 0;

  friend bool operator==(const Baseline&, const Baseline&) = default;
};

/// Nothing for no values. Reorders them. A pure function, as baseline_levels().
[[nodiscard]] std::optional<Baseline> baseline_of(std::span<double> values);

/// How far above the usual is remarkable.
struct BaselineRule {
  double k = 6;  ///< deviations above the median
  /// Rates up to it are never remarkable.
  BitsPerSecond floor;
};

/// Bits per second, all three.
struct BaselineLevels {
  double median = 0;
  double high = 0;  ///< above it is above the usual
  double low = 0;   ///< at or below it is the usual again; between the two nothing changes

  friend bool operator==(const BaselineLevels&, const BaselineLevels&) = default;
};

/// The median plus k deviations, a fifth above the median at least (where weeks agree closely the
/// deviation says nothing), and the floor at least. The lower level is halfway down to the median.
[[nodiscard]] BaselineLevels baseline_levels(const Baseline& baseline, const BaselineRule& rule);

/// How much of an interval was measured, as far as it matters here.
enum class Heard : std::uint8_t {
  Whole,  ///< its rate is the rate
  Part,   ///< the rate was at least that
};

/// Whether a contract's direction carries more than usual: raised by so many intervals in a row
/// above the high level, cleared by one that was wholly measured at or below the low level.
///
/// An interval that was not measured is not taken, so that it neither raises nor clears, nor
/// breaks a row. One that was measured in part can only raise.
///
/// Threads: one at a time.
class AboveBaseline {
 public:
  void take(double rate, Heard heard, const BaselineLevels& levels,
            std::uint32_t intervals_to_raise) noexcept;

  [[nodiscard]] bool is_above() const noexcept { return is_above_; }

 private:
  std::uint32_t row_ = 0;  ///< intervals above the high level; counted up to the raise
  bool is_above_ = false;
};

}  // namespace weir::billing
