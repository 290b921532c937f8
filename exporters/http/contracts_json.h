#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "collector/billing/baseline_view.h"
#include "collector/billing/billing_view.h"
#include "collector/billing/company.h"
#include "collector/billing/interval_grid.h"
#include "collector/billing/usage_rule.h"
#include "collector/contracts/contract.h"
#include "collector/model/time.h"

namespace weir::http {

/// One contract as the API and the pages show it. Points into the table and the view that it was
/// made of.
struct ListedContract {
  /// The last closed minute.
  struct Rate {
    double from_customer = 0;  ///< bits per second
    double to_customer = 0;
    double error = 0;  ///< half width, 95 %, of the larger direction
  };
  const contracts::Contract* contract = nullptr;
  std::optional<Rate> rate;
  const billing::ContractView* billed = nullptr;        ///< null until it is known
  const billing::ContractBaseline* baseline = nullptr;  ///< null where there is none

  /// Of the committed rate, in the larger direction; none where nothing is committed.
  [[nodiscard]] std::optional<double> utilization() const noexcept;
  [[nodiscard]] std::optional<BitsPerSecond> percentile() const noexcept;
  [[nodiscard]] bool is_provisional() const noexcept;
};

/// Where a percentile stands against the commit: "below", "near" (from 80 %), "over"; "no_data"
/// without a percentile, "no_commit" where nothing is committed.
[[nodiscard]] std::string_view standing_of(BitsPerSecond committed,
                                           const std::optional<BitsPerSecond>& percentile) noexcept;

/// Whether customers are named: names are confidential.
enum class CustomerNames : std::uint8_t { Hidden, Shown };

/// What the list says of a contract.
[[nodiscard]] boost::json::object summary_json(const ListedContract& listed, CustomerNames names);
/// That and its terms, both directions, the previous period, and what it usually carries.
[[nodiscard]] boost::json::object contract_json(const ListedContract& listed, CustomerNames names);

/// The intervals of `span`, and the masks that touch it.
[[nodiscard]] boost::json::object intervals_json(std::string_view contract,
                                                 const billing::IntervalGrid& grid);

[[nodiscard]] boost::json::object company_json(const billing::CompanySnapshot& now,
                                               const billing::CompanySnapshot& year_before);

}  // namespace weir::http
