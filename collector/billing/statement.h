#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "collector/billing/direction_rule.h"
#include "collector/billing/interval_grid.h"
#include "collector/billing/interval_state.h"
#include "collector/billing/percentile.h"
#include "collector/billing/period.h"
#include "collector/billing/terms.h"
#include "collector/model/fate.h"
#include "collector/model/time.h"
#include "collector/model/units.h"

namespace weir::billing {

/// What a missing interval is in the percentile.
enum class MissingRule : std::uint8_t {
  Excluded,  ///< left out: n is smaller
  AsZero,    ///< a measured zero, where a contract says so
};

/// How bills are made, for all contracts alike.
struct BillingMethod {
  PercentileMethod percentile = PercentileMethod::NearestRank;
  MissingRule missing = MissingRule::Excluded;
  Share completeness_limit{950'000};  ///< below it a bill is provisional
  std::string layer = "ethernet";     ///< at which bytes were counted
};

/// Whose bill it is.
struct Subject {
  std::string contract;
  std::string customer;
  std::string service;

  friend bool operator==(const Subject&, const Subject&) = default;
};

/// A percentile and how sure it is.
struct PercentileFigure {
  BitsPerSecond value;
  /// Half width at 95 % of the interval that is the percentile; of equal ones the widest.
  BitsPerSecond error;
  /// The lowest and the highest that the percentile can be if what each interval carried lies
  /// within its own 95 % bounds: percentile of the lower bounds, and of the upper ones.
  BitsPerSecond low;
  BitsPerSecond high;

  friend bool operator==(const PercentileFigure&, const PercentileFigure&) = default;
};

/// One direction of a period. All figures are of the intervals that count, the same ones.
struct DirectionFigures {
  PercentileFigure percentile;
  BitsPerSecond maximum;
  TrafficTime maximum_at;  ///< start of the first interval that reached it
  BitsPerSecond mean;
  std::uint64_t bytes = 0;  ///< saturates

  friend bool operator==(const DirectionFigures&, const DirectionFigures&) = default;
};

/// Both directions, and what the rule makes of them.
struct Figures {
  ByDirection<DirectionFigures> direction;
  PercentileFigure billed;
  /// Whose percentile that is; none where the rule joins the directions first.
  std::optional<Direction> billed_direction;

  friend bool operator==(const Figures&, const Figures&) = default;
};

/// What became of the intervals of a period. `expected` is the sum of measured, missing and
/// masked; `measured` holds zero and partial ones too.
struct IntervalCounts {
  std::uint64_t expected = 0;
  std::uint64_t measured = 0;
  std::uint64_t zero = 0;
  std::uint64_t partial = 0;
  std::uint64_t missing = 0;
  std::uint64_t masked = 0;

  friend bool operator==(const IntervalCounts&, const IntervalCounts&) = default;
};

/// The bill of one span of terms. Its own intervals alone decide it.
struct SpanStatement {
  TermSpan terms;
  IntervalCounts intervals;
  std::optional<Figures> figures;  ///< none if no interval counts
  BitsPerSecond billable;
  BitsPerSecond overage;

  friend bool operator==(const SpanStatement&, const SpanStatement&) = default;
};

/// One contract's bill of one period, with all that explains it (docs/billing.md).
struct Statement {
  Subject subject;
  Period period;
  Terms terms;  ///< at the end of the period
  PercentileMethod method = PercentileMethod::NearestRank;
  std::string layer;

  IntervalCounts intervals;
  /// Measured intervals of those expected and not masked.
  Share completeness;
  /// The same with partial intervals for the part that was measured: never above completeness.
  Share coverage;
  /// Coverage is below the limit: the figures may yet change, or are too low.
  bool is_provisional = true;
  /// Some figures come from sampled packets.
  bool is_estimated = false;

  /// Over the whole period, under `terms`; none if no interval counts.
  std::optional<Figures> figures;
  /// The billed percentile as it were without masks; none without masks.
  std::optional<PercentileFigure> percentile_without_masks;
  /// Of one span: as terms.h says. Of several: the mean over spans, each weighted with its
  /// expected intervals.
  BitsPerSecond billable;
  BitsPerSecond overage;

  std::vector<SpanStatement> spans;
  std::vector<Mask> masks;

  friend bool operator==(const Statement&, const Statement&) = default;
};

/// The bill of `subject` for the period of `grid`. `spans` are in order of time, without
/// overlap; an interval in none of them is not expected.
///
/// Threads: any; a pure function: equal input gives an equal bill, whenever it is asked.
[[nodiscard]] Statement statement_of(Subject subject, const IntervalGrid& grid,
                                     std::span<const TermSpan> spans, const BillingMethod& method);

}  // namespace weir::billing
