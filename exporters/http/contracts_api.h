#pragma once

#include <atomic>
#include <boost/json/value.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/billing/baseline_view.h"
#include "collector/billing/billing_view.h"
#include "collector/billing/company.h"
#include "collector/billing/interval_grid.h"
#include "collector/billing/period.h"
#include "collector/contracts/contract_table.h"
#include "collector/core/totals.h"
#include "collector/model/result.h"
#include "exporters/http/contracts_json.h"
#include "exporters/http/routes.h"

namespace weir::http {

/// Where the contracts' figures come from. Functions are called from the server's threads, by
/// several at once; an empty one leaves its part out.
struct ContractSources {
  std::function<std::shared_ptr<const contracts::ContractTable>()> table;
  std::function<core::TotalsSnapshot()> totals;
  /// Null until it is known.
  std::function<std::shared_ptr<const billing::BillingView>()> billing;
  /// What contracts usually carry; null until it is known.
  std::function<std::shared_ptr<const billing::BaselineView>()> baselines;
  /// The intervals of a span of one contract, out of the ledger. May take its time: one request
  /// waits for it, others are refused meanwhile, so that a thread stays free for the scrape.
  std::function<Result<billing::IntervalGrid>(const contracts::Contract&, const billing::Period&)>
      intervals;
  std::function<TrafficTime()> now = traffic_now;
  /// The layer that bytes are counted at, as the configuration names it.
  std::function<std::string_view()> layer;
  billing::CompanyServices services;
  CustomerNames customer_names = CustomerNames::Hidden;
};

/// The longest span of intervals that one request may ask for.
inline constexpr TrafficSpan kLongestSpan = std::chrono::hours{24 * 40};

/// `/api/v1/contracts`, `/api/v1/contracts/{id}`, `/api/v1/contracts/{id}/intervals`,
/// `/api/v1/company` (docs/openapi.yaml) and the page `/contract/{id}`.
///
/// Threads: any. Outlives the routes that it is added to.
class ContractsApi {
 public:
  explicit ContractsApi(ContractSources sources) : sources_(std::move(sources)) {}

  void add_to(Routes& routes);

  [[nodiscard]] Response list(const Request& request) const;
  /// `path` is what follows "/api/v1/contracts/".
  [[nodiscard]] Response below(const Request& request, std::string_view path);
  [[nodiscard]] Response company() const;
  /// `id` is what follows "/contract/".
  [[nodiscard]] Response page(std::string_view id) const;

 private:
  /// All contracts of one moment, and what keeps alive what they point at.
  struct Moment {
    std::shared_ptr<const contracts::ContractTable> table;
    std::shared_ptr<const billing::BillingView> billing;
    std::shared_ptr<const billing::BaselineView> baselines;
    std::optional<TrafficTime> minute;
    std::vector<ListedContract> contracts;  ///< one an id, as the table has them
  };

  [[nodiscard]] Moment now() const;
  [[nodiscard]] boost::json::value layer() const;
  [[nodiscard]] Response one(std::string_view id) const;
  [[nodiscard]] Response intervals(const Request& request, std::string_view id);

  ContractSources sources_;
  std::atomic_flag is_reading_;  ///< set while one request waits for the ledger
};

/// "2026-04-01", "2026-04-01T00:00:00Z", or Unix time in milliseconds.
[[nodiscard]] std::optional<TrafficTime> parse_time(std::string_view text);

}  // namespace weir::http
