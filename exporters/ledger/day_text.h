#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "exporters/ledger/rows.h"

namespace weir::ledger {

inline constexpr std::int64_t kDaySeconds = 86'400;
inline constexpr std::size_t kIntervalsPerDay = kDaySeconds / kIntervalSeconds;

/// One number for each interval of a UTC day, as text that a person can read: decimal numbers
/// apart by single blanks, "-" where the contract has no row, nothing after the last row.
/// A day of a contract that is read a thousand times stands in one row this way.
///
/// Threads: a value.
class DayNumbers {
 public:
  void set(std::size_t interval, std::uint64_t value) noexcept {
    values_[interval] = value;
    present_.set(interval);
  }
  [[nodiscard]] bool has(std::size_t interval) const noexcept { return present_.test(interval); }
  /// 0 where there is none.
  [[nodiscard]] std::uint64_t value(std::size_t interval) const noexcept {
    return values_[interval];
  }

  [[nodiscard]] std::string to_text() const;
  /// nullopt if it is no such text: it has a word that is no number, or too many.
  [[nodiscard]] static std::optional<DayNumbers> from_text(std::string_view text);

  friend bool operator==(const DayNumbers&, const DayNumbers&) = default;

 private:
  std::array<std::uint64_t, kIntervalsPerDay> values_{};
  std::bitset<kIntervalsPerDay> present_;
};

}  // namespace weir::ledger
