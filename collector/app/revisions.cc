#include "collector/app/revisions.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "collector/app/rfc3339.h"
#include "collector/app/stored_bill.h"

namespace weir::app {
namespace {

namespace json = boost::json;

double mbit(std::uint64_t rate) noexcept { return static_cast<double>(rate) / 1e6; }

std::string time_text(std::int64_t seconds) { return rfc3339(traffic_time_ms(seconds * 1'000)); }

json::value or_null(const std::optional<std::uint64_t>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

}  // namespace

std::string revisions_text(const std::vector<ledger::ClosedStatement>& rows) {
  if (rows.empty()) return "no period of that month is closed\n";
  std::string text;
  for (const auto& row : rows) {
    text += fmt::format("{} {} revision {}, {} by {}: {}\n  billable {:.3f} Mbit/s", row.contract,
                        billing::to_string(month_of(row.month)), row.revision,
                        time_text(row.closed_at), row.author, row.reason, mbit(row.billable));
    if (row.previous_billable)
      text += fmt::format(" instead of {:.3f}", mbit(*row.previous_billable));
    text += fmt::format(
        ", overage {:.3f}, {} of {} intervals measured, {} missing, {} masked\n  rows {}\n",
        mbit(row.overage), row.measured, row.expected, row.missing, row.masked, row.digest);
  }
  return text;
}

std::string revisions_json(const std::vector<ledger::ClosedStatement>& rows) {
  json::array revisions;
  for (const auto& row : rows) {
    json::object one{{"contract", row.contract},
                     {"month", billing::to_string(month_of(row.month))},
                     {"revision", row.revision},
                     {"closed_at", time_text(row.closed_at)},
                     {"author", row.author},
                     {"reason", row.reason},
                     {"from", time_text(row.period_start)},
                     {"until", time_text(row.period_end)},
                     {"method", row.method},
                     {"direction_rule", row.direction_rule},
                     {"layer", row.layer},
                     {"committed_bits_per_second", row.committed},
                     {"percentile_bits_per_second", or_null(row.percentile)},
                     {"error_bits_per_second", or_null(row.error)},
                     {"billable_bits_per_second", row.billable},
                     {"overage_bits_per_second", row.overage},
                     {"previous_billable_bits_per_second", or_null(row.previous_billable)},
                     {"intervals_expected", row.expected},
                     {"intervals_measured", row.measured},
                     {"intervals_missing", row.missing},
                     {"intervals_masked", row.masked},
                     {"provisional", row.provisional != 0},
                     {"digest", row.digest}};
    revisions.push_back(std::move(one));
  }
  return json::serialize(json::object{{"revisions", std::move(revisions)}}) + "\n";
}

}  // namespace weir::app
