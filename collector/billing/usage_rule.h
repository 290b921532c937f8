#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "collector/billing/interval_state.h"
#include "collector/model/units.h"

namespace weir::billing {

/// The percentile of a day or a month, and how much of it was measured.
struct Usage {
  BitsPerSecond percentile;
  Share completeness;
};

/// Where a percentile stands against the commit.
enum class UsageLevel : std::uint8_t {
  Below,  ///< under `near_percent` of the commit
  Near,   ///< up to the commit
  Over,   ///< above it
};

/// When sales should speak with a customer (docs/billing.md, "Upgrade and under-use").
struct UsageRule {
  std::uint32_t near_percent = 80;    ///< of the commit: a day that counts for an upgrade
  std::size_t days_needed = 10;       ///< such days...
  std::size_t days_looked_at = 30;    ///< ...of the last complete ones
  std::uint32_t under_percent = 30;   ///< of the commit: a month that counts for under-use
  std::size_t months_needed = 3;      ///< such months in a row, the last complete ones
  Share completeness_limit{900'000};  ///< below it a day or month counts for neither
};

[[nodiscard]] UsageLevel usage_level(BitsPerSecond percentile, BitsPerSecond committed,
                                     const UsageRule& rule) noexcept;

/// True if enough of the last complete days were near the commit or over it. `days` in order
/// of time, the latest last.
[[nodiscard]] bool is_upgrade_candidate(std::span<const Usage> days, BitsPerSecond committed,
                                        const UsageRule& rule) noexcept;

/// True if the last complete months were all far below the commit. `months` as above.
[[nodiscard]] bool is_under_used(std::span<const Usage> months, BitsPerSecond committed,
                                 const UsageRule& rule) noexcept;

/// What follows from months over the commit where the first one is forgiven.
enum class OverCommitAction : std::uint8_t {
  None,      ///< the last month was within the commit
  Warning,   ///< it was the first over it
  NextTier,  ///< so was the month before
};

/// By the last two of `months`, in order of time: a month within the commit starts anew.
[[nodiscard]] OverCommitAction over_commit_action(std::span<const Usage> months,
                                                  BitsPerSecond committed) noexcept;

}  // namespace weir::billing
