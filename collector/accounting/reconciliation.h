#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::accounting {

/// Flow export and interface counters agree while flow / counter is within these bounds: what
/// layers and framing of counters differ by fits in.
inline constexpr double kLowestGoodRatio = 0.95;
inline constexpr double kHighestGoodRatio = 1.05;
/// Intervals in a row that raise an alarm, and that end it.
inline constexpr std::uint32_t kStreak = 12;

/// Why a flow estimate and a counter are apart.
enum class RatioCause : std::uint8_t {
  Sampling,     ///< the sampling interval is not applied, or applied twice
  DoubleCount,  ///< packets are counted twice
  Loss,         ///< export is lost on the way
  Discards,     ///< packets that the interface dropped are in one and not in the other
  Layer,        ///< one of the two leaves out link layer headers
  Unknown,
};
inline constexpr std::size_t kRatioCauses = 6;

/// As in labels and JSON: "sampling", "double_count", ...
[[nodiscard]] std::string_view cause_name(RatioCause cause) noexcept;

/// One direction of an interface in one ledger interval, by flows and by counters.
struct RatioEvidence {
  std::uint64_t flow_bytes = 0;  ///< at the Ethernet layer
  std::uint64_t flow_packets = 0;
  double flow_variance = 0;  ///< of flow_bytes
  std::uint64_t counter_bytes = 0;
  std::uint64_t discarded_packets = 0;
  double completeness = 1;      ///< share of the exporter's export that arrived
  bool has_unscaled = false;    ///< some of its bytes are of unknown sampling
  bool has_duplicates = false;  ///< some of its records were dropped as duplicates
};

/// flow / counter; nullopt if the counter did not move.
[[nodiscard]] std::optional<double> ratio_of(const RatioEvidence& evidence) noexcept;

/// Whether the two are apart by more than the bounds and more than chance: what sampling may
/// do to so few packets (1.96 standard deviations) is no fault.
[[nodiscard]] bool is_apart(const RatioEvidence& evidence) noexcept;

/// The likeliest cause, for evidence that is apart (docs/troubleshooting.md has the order).
[[nodiscard]] RatioCause likeliest_cause(const RatioEvidence& evidence) noexcept;

/// Watches one direction of an interface, interval by interval: kStreak intervals apart in a
/// row raise its alarm, kStreak good ones in a row end it. An interval without a ratio says
/// nothing and changes nothing.
///
/// Threads: a value.
class RatioWatch {
 public:
  void take(const RatioEvidence& evidence) noexcept;

  /// Of the last interval that had one.
  [[nodiscard]] std::optional<double> ratio() const noexcept { return ratio_; }
  /// The commonest cause of the intervals that raised or keep up the alarm; nullopt: no alarm.
  [[nodiscard]] std::optional<RatioCause> alarm() const noexcept;
  /// Intervals in a row that are apart; 0 after a good one.
  [[nodiscard]] std::uint32_t apart_in_a_row() const noexcept { return apart_; }

 private:
  std::optional<double> ratio_;
  std::uint32_t apart_ = 0;
  std::uint32_t good_ = 0;
  bool is_alarmed_ = false;
  std::array<std::uint32_t, kRatioCauses> causes_{};  ///< of the intervals apart
};

}  // namespace weir::accounting
