#pragma once

#include <cstdint>
#include <string_view>

#include "collector/billing/direction_rule.h"
#include "collector/billing/period.h"
#include "collector/billing/rate.h"
#include "collector/model/strong.h"
#include "collector/model/time.h"

namespace weir::billing {

/// A part of a whole in millionths, rounded down, so that only the whole itself is whole.
using Share = Strong<struct ShareTag, std::uint32_t>;
inline constexpr std::uint32_t kMillionths = 1'000'000;
inline constexpr Share kNone{0};
inline constexpr Share kWhole{kMillionths};

[[nodiscard]] constexpr Share share_of(std::uint64_t part, std::uint64_t whole) noexcept {
  if (whole == 0) return kNone;
  if (part >= whole) return kWhole;
  return Share{static_cast<std::uint32_t>(Wide{part} * kWhole.value() / whole)};
}

/// What is known of one contract's ledger interval. Missing is not zero: only an interval in
/// which the exporters were heard and sent nothing for the contract is zero.
enum class IntervalState : std::uint8_t {
  Measured,      ///< all of it, with traffic
  MeasuredZero,  ///< all of it, and there was none
  Partial,       ///< part of its time or of what the exporters sent: its value is too low
  Missing,       ///< not measured: left out of the percentile
  Masked,        ///< left out of the percentile by a person, with a reason
};

[[nodiscard]] constexpr std::string_view interval_state_name(IntervalState state) noexcept {
  switch (state) {
    case IntervalState::Measured:
      return "measured";
    case IntervalState::MeasuredZero:
      return "measured_zero";
    case IntervalState::Partial:
      return "partial";
    case IntervalState::Missing:
      return "missing";
    case IntervalState::Masked:
      return "masked";
  }
  return "unknown";
}

/// True if the state says how much there was: such intervals are in the percentile.
[[nodiscard]] constexpr bool is_counted(IntervalState state) noexcept {
  return state <= IntervalState::Partial;
}

/// How much of an interval was heard: the share of its time that was measured, times the
/// share of what the exporters sent that arrived, both of them known. `sent` counts in the
/// protocol's unit (flows, records, samples); 0 where the exporters say nothing of loss.
[[nodiscard]] constexpr Share interval_completeness(TrafficSpan measured, std::uint64_t received,
                                                    std::uint64_t sent) noexcept {
  const auto ms = measured.count() < 0 ? 0U : static_cast<std::uint64_t>(measured.count());
  const Share time = share_of(ms, static_cast<std::uint64_t>(kLedgerInterval.count()));
  const Share arrived = sent == 0 ? kWhole : share_of(received, sent);
  return Share{
      static_cast<std::uint32_t>(std::uint64_t{time.value()} * arrived.value() / kMillionths)};
}

/// One ledger interval of one contract, all its circuits and address families summed.
struct Interval {
  ByDirection<std::uint64_t> bytes;
  /// Variance of the bytes from sampling, in bytes squared; 0 where every packet was counted.
  ByDirection<Wide> variance;
  Share completeness = kNone;
  bool is_masked = false;

  [[nodiscard]] constexpr IntervalState state_unmasked() const noexcept {
    const bool has_bytes = bytes.from_customer != 0 || bytes.to_customer != 0;
    if (completeness >= kWhole) {
      return has_bytes ? IntervalState::Measured : IntervalState::MeasuredZero;
    }
    // Bytes that arrived were measured, whatever is known of the rest.
    return completeness == kNone && !has_bytes ? IntervalState::Missing : IntervalState::Partial;
  }
  [[nodiscard]] constexpr IntervalState state() const noexcept {
    return is_masked ? IntervalState::Masked : state_unmasked();
  }

  friend bool operator==(const Interval&, const Interval&) = default;
};

}  // namespace weir::billing
