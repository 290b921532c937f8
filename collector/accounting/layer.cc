#include "collector/accounting/layer.h"

#include <algorithm>

namespace weir::accounting {
namespace {

constexpr std::uint64_t saturating_product(std::uint64_t a, std::uint64_t b) noexcept {
  std::uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

constexpr std::uint64_t saturating_sum(std::uint64_t a, std::uint64_t b) noexcept {
  std::uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

constexpr std::uint64_t overhead_per_packet(std::uint32_t tags) noexcept {
  return kFrameOverhead + kTagBytes * tags;
}

/// Some exporters send element 352 as zero beside a true element 1.
bool has_layer2_count(const FlowRecord& record) noexcept {
  return record.has(Has::Layer2Octets) &&
         (record.layer2_octets != 0 || !record.has(Has::Octets) || record.octets == 0);
}

std::uint64_t ethernet_bytes(const FlowRecord& record, std::uint32_t tags) noexcept {
  if (has_layer2_count(record)) return record.layer2_octets;
  const std::uint64_t frames =
      saturating_sum(record.octets, saturating_product(record.packets, overhead_per_packet(tags)));
  return std::max(frames, saturating_product(record.packets, kShortestFrame));
}

std::uint64_t ip_bytes(const FlowRecord& record, std::uint32_t tags) noexcept {
  if (record.has(Has::Octets) || !record.has(Has::Layer2Octets)) return record.octets;
  const std::uint64_t overhead = saturating_product(record.packets, overhead_per_packet(tags));
  return record.layer2_octets > overhead ? record.layer2_octets - overhead : 0;
}

}  // namespace

std::uint64_t layer_bytes(const FlowRecord& record, Layer layer, std::uint32_t tags) noexcept {
  switch (layer) {
    case Layer::Ip:
      return ip_bytes(record, tags);
    case Layer::Ethernet:
      return ethernet_bytes(record, tags);
    case Layer::Wire:
      return saturating_sum(ethernet_bytes(record, tags),
                            saturating_product(record.packets, kWireOverhead));
  }
  return 0;
}

}  // namespace weir::accounting
