#pragma once

#include <cstdint>
#include <vector>

#include "collector/billing/interval_grid.h"
#include "collector/billing/terms.h"

namespace weir::billing {

/// 2012-09-01T00:00:00+09:00.
inline constexpr TrafficTime kSeptember = traffic_time_ms(1'346'425'200'000);

inline TrafficTime interval_at(std::size_t index) {
  return kSeptember + kLedgerInterval * static_cast<std::int64_t>(index);
}

inline Period intervals_from_september(std::size_t count) {
  return {.start = kSeptember, .end = interval_at(count)};
}

constexpr BitsPerSecond mbps(std::uint64_t value) { return BitsPerSecond{value * 1'000'000}; }

/// Bytes of an interval at this rate.
constexpr std::uint64_t bytes_of_mbps(std::uint64_t value) { return value * 37'500'000; }

/// A grid that reads as the list of what its intervals carried, in Mbps from the customer.
class GridBuilder {
 public:
  explicit GridBuilder(std::size_t intervals) : grid_(intervals_from_september(intervals)) {}
  explicit GridBuilder(const std::vector<std::uint64_t>& from_customer_mbps)
      : GridBuilder(from_customer_mbps.size()) {
    for (std::size_t i = 0; i < from_customer_mbps.size(); ++i)
      carried(i, from_customer_mbps[i], 0);
  }

  /// Measured whole, with these rates.
  GridBuilder& carried(std::size_t index, std::uint64_t from_mbps, std::uint64_t to_mbps) {
    grid_.cover(interval_at(index), kWhole);
    grid_.add(interval_at(index), {bytes_of_mbps(from_mbps), bytes_of_mbps(to_mbps)}, {});
    return *this;
  }
  GridBuilder& deviates(std::size_t index, std::uint64_t from_bytes, std::uint64_t to_bytes) {
    grid_.add(interval_at(index), {}, {from_bytes, to_bytes});
    return *this;
  }
  GridBuilder& covered(std::size_t index, std::uint32_t millionths) {
    grid_.cover(interval_at(index), Share{millionths});
    return *this;
  }
  GridBuilder& masked(std::size_t index) {
    grid_.mask({.span = {.start = interval_at(index), .end = interval_at(index + 1)},
                .author = "sato",
                .reason = "attack",
                .made_at = traffic_time_ms(1'349'100'000'000)});
    return *this;
  }

  [[nodiscard]] const IntervalGrid& grid() const { return grid_; }

 private:
  IntervalGrid grid_;
};

}  // namespace weir::billing
