#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace weir::billing {

/// The largest of many values: all that a nearest rank near the top needs. Zeros take no room.
///
/// Threads: one at a time. Owns 8 bytes a value that is kept.
class TopValues {
 public:
  explicit TopValues(std::size_t most) : most_(most) {}

  void add(std::uint64_t value) {
    if (value == 0) return;
    if (values_.size() == most_) {
      if (most_ == 0 || value <= values_.back()) return;
      values_.pop_back();
    } else if (values_.size() == values_.capacity()) {
      // Small steps: doubling would hold up to twice what is kept.
      values_.reserve(std::min(most_, values_.size() + kStep));
    }
    values_.insert(std::upper_bound(values_.begin(), values_.end(), value, std::greater<>{}),
                   value);
  }

  /// The value that `above` others stand before, from the largest. Below `most`.
  [[nodiscard]] std::uint64_t at(std::uint64_t above) const noexcept {
    return above < values_.size() ? values_[above] : 0;
  }
  /// The same if `copies` of `value` were added.
  [[nodiscard]] std::uint64_t at_with(std::uint64_t above, std::uint64_t copies,
                                      std::uint64_t value) const noexcept {
    const auto larger = static_cast<std::uint64_t>(
        std::upper_bound(values_.begin(), values_.end(), value, std::greater_equal<>{}) -
        values_.begin());
    if (above < larger) return values_[above];
    return above - larger < copies ? value : at(above - copies);
  }
  [[nodiscard]] std::uint64_t largest() const noexcept { return at(0); }

 private:
  static constexpr std::size_t kStep = 64;

  std::size_t most_;
  std::vector<std::uint64_t> values_;  ///< falling
};

}  // namespace weir::billing
