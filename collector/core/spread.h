#pragma once

#include <cstdint>

#include "collector/core/amounts.h"
#include "collector/model/observation.h"
#include "collector/model/time.h"

namespace weir::core {

/// Shares of an amount by time, exact in integers: of B over a span of d, the first t have
/// floor(B t / d). What lies between two instants is the difference of their shares, so parts
/// always sum to the whole.
///
/// Divides once, to get the reciprocal of the span in 64 bits after the point; a share then
/// costs a few multiplications.
///
/// Threads: any; a value.
class SpanDivider {
 public:
  struct Share {
    std::uint64_t quotient = 0;
    std::uint64_t remainder = 0;  ///< of B t divided by d
  };

  /// `span_ms` > 0.
  explicit SpanDivider(std::uint64_t span_ms) noexcept
      : span_(span_ms), reciprocal_(~std::uint64_t{0} / span_ms) {}

  /// floor(amount * part_ms / span); part_ms < span.
  [[nodiscard, gnu::always_inline]] Share share(std::uint64_t amount,
                                                std::uint64_t part_ms) const noexcept {
    if (span_ > kLargestSpan) [[unlikely]]
      return share_slowly(amount, part_ms);
    // The reciprocal falls short by less than 2^-63 (one unit and the rounding), so the first
    // quotient by at most amount * part_ms / 2^63, which is below 2^32, and one. What is left
    // then fits 64 bits, and arithmetic modulo 2^64 has it exactly.
    std::uint64_t quotient = high(amount, part_ms * reciprocal_);
    std::uint64_t remainder = amount * part_ms - quotient * span_;
    if (remainder >= span_) {
      const std::uint64_t more = high(remainder, reciprocal_);
      quotient += more;
      remainder -= more * span_;
      if (remainder >= span_) {
        ++quotient;
        remainder -= span_;
      }
    }
    return {.quotient = quotient, .remainder = remainder};
  }

  [[nodiscard]] std::uint64_t span() const noexcept { return span_; }

 private:
  /// 2^31 ms, nearly 25 days.
  static constexpr std::uint64_t kLargestSpan = std::uint64_t{1} << 31;

  /// The upper half of a product.
  [[nodiscard]] static std::uint64_t high(std::uint64_t a, std::uint64_t b) noexcept {
    return static_cast<std::uint64_t>(Wide{a} * b >> 64);
  }

  [[nodiscard]] Share share_slowly(std::uint64_t amount, std::uint64_t part_ms) const noexcept;

  std::uint64_t span_;
  std::uint64_t reciprocal_;  ///< floor((2^64 - 1) / span)
};

/// The share of one amount at instants an even step apart: the first takes a division, each
/// further one an addition (the remainder is carried along, so it stays exact).
class ShareRamp {
 public:
  /// Stands at `first_ms`; both < the divider's span.
  ShareRamp(const SpanDivider& divider, std::uint64_t amount, std::uint64_t first_ms,
            std::uint64_t step_ms) noexcept
      : at_(divider.share(amount, first_ms)),
        step_(divider.share(amount, step_ms)),
        span_(divider.span()) {}

  [[nodiscard]] std::uint64_t value() const noexcept { return at_.quotient; }

  void step() noexcept {
    at_.quotient += step_.quotient;
    at_.remainder += step_.remainder;
    const std::uint64_t carry = at_.remainder >= span_ ? 1 : 0;
    at_.quotient += carry;
    at_.remainder -= span_ * carry;
  }

 private:
  SpanDivider::Share at_;
  SpanDivider::Share step_;
  std::uint64_t span_;
};

/// The part of `amount`, spread evenly over `range`, that falls before `time`. An instant
/// (start == end) lies wholly at its start.
[[nodiscard]] Amount share_until(const Amount& amount, const TimeRange& range,
                                 TrafficTime time) noexcept;

}  // namespace weir::core
