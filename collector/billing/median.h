#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

namespace weir::billing {

/// The middle one, or the mean of the two in the middle. Not of nothing. Reorders them.
[[nodiscard]] inline double median_of(std::span<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

}  // namespace weir::billing
