#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "collector/billing/month.h"
#include "collector/contracts/contract.h"
#include "collector/contracts/tier.h"
#include "collector/model/result.h"
#include "collector/model/time.h"
#include "collector/model/units.h"

namespace weir::billing {

/// Which services the company's figures are of. An empty list means every service.
struct CompanyServices {
  /// Those whose contracts over 1 Gbps are counted.
  std::vector<std::string> counted;
  /// Those whose contracted bandwidth is summed.
  std::vector<std::string> summed;
};

/// One service at one instant.
struct ServiceFigures {
  std::string service;
  std::uint64_t contracts = 0;
  std::array<std::uint64_t, contracts::kTiers> by_tier{};  ///< by contracts::Tier
  std::uint64_t at_least_1g = 0;
  BitsPerSecond contracted;  ///< saturates

  friend bool operator==(const ServiceFigures&, const ServiceFigures&) = default;
};

/// The company's figures at one instant, of the contract table alone: traffic has no part in
/// them. "Over 1 Gbps" is ambiguous at exactly 1 Gbps, so both counts are given.
struct CompanySnapshot {
  TrafficTime at;
  std::uint64_t over_1g = 0;             ///< committed above 1 Gbps
  std::uint64_t at_least_1g = 0;         ///< committed 1 Gbps or more
  BitsPerSecond contracted;              ///< of the services that are summed; saturates
  std::vector<ServiceFigures> services;  ///< all of them, by name

  friend bool operator==(const CompanySnapshot&, const CompanySnapshot&) = default;
};

/// The contracts that hold at `at`.
[[nodiscard]] CompanySnapshot company_snapshot(std::span<const contracts::Contract> contracts,
                                               TrafficTime at, const CompanyServices& services);

/// The last instant of a quarter where the company is: of its fiscal year from April, of
/// 30 June, 30 September, 31 December and 31 March. Errors as of BillingCalendar::make().
[[nodiscard]] Result<TrafficTime> end_of_quarter(FiscalQuarter quarter, FiscalCalendar fiscal,
                                                 const std::string& timezone);

/// How a figure has moved against an earlier one.
struct Growth {
  std::int64_t difference = 0;
  /// Tenths of a percent, rounded to the nearest, halves away from zero; none from zero.
  std::optional<std::int64_t> permille;

  friend bool operator==(const Growth&, const Growth&) = default;
};

[[nodiscard]] Growth growth(std::uint64_t now, std::uint64_t before) noexcept;
/// "+27.1 %", "-0.4 %", "0.0 %"; "n/a" from zero.
[[nodiscard]] std::string to_string(const Growth& growth);

}  // namespace weir::billing
