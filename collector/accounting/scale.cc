#include "collector/accounting/scale.h"

namespace weir::accounting {
namespace {

constexpr std::uint64_t saturating_product(std::uint64_t a, std::uint64_t b) noexcept {
  std::uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

/// Sum of the squared lengths of the sampled packets, or what it is at most.
std::uint64_t squared_lengths(const Unscaled& counted) noexcept {
  if (counted.is_single_packet || counted.packets == 1)
    return saturating_product(counted.bytes, counted.bytes);
  std::uint64_t largest = counted.largest_packet_bytes;
  // Packets longer than the operator said, or bytes of a layer above IP: no sum is below that
  // of equal lengths.
  if (counted.packets != 0 && counted.bytes > saturating_product(counted.packets, largest))
      [[unlikely]]
    largest = (counted.bytes - 1) / counted.packets + 1;
  return saturating_product(largest, counted.bytes);
}

}  // namespace

std::optional<Amount> scale(const Unscaled& counted, SamplingInterval interval) noexcept {
  const std::uint64_t n = interval.value();
  if (n == 1) return Amount{.bytes = counted.bytes, .packets = counted.packets, .variance = 0};
  Amount amount;
  if (__builtin_mul_overflow(counted.bytes, n, &amount.bytes) ||
      __builtin_mul_overflow(counted.packets, n, &amount.packets))
    return std::nullopt;
  // n has 32 bits, so n (n-1) fits 64.
  amount.variance = saturating_product(n * (n - 1), squared_lengths(counted));
  return amount;
}

}  // namespace weir::accounting
