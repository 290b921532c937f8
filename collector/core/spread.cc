#include "collector/core/spread.h"

#include "collector/core/amounts.h"

namespace weir::core {

SpanDivider::Share SpanDivider::share_slowly(std::uint64_t amount,
                                             std::uint64_t part_ms) const noexcept {
  const Wide product = Wide{amount} * part_ms;
  return {.quotient = static_cast<std::uint64_t>(product / span_),
          .remainder = static_cast<std::uint64_t>(product % span_)};
}

Amount share_until(const Amount& amount, const TimeRange& range, TrafficTime time) noexcept {
  if (time <= range.start) return {};
  if (time >= range.end) return amount;
  const SpanDivider divider(static_cast<std::uint64_t>((range.end - range.start).count()));
  const auto part_ms = static_cast<std::uint64_t>((time - range.start).count());
  return {.bytes = divider.share(amount.bytes, part_ms).quotient,
          .packets = divider.share(amount.packets, part_ms).quotient,
          .variance = divider.share(amount.variance, part_ms).quotient};
}

}  // namespace weir::core
