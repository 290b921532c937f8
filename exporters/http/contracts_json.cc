#include "exporters/http/contracts_json.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <cmath>

#include "collector/billing/percentile.h"
#include "collector/billing/rate.h"

namespace weir::http {
namespace {

namespace json = boost::json;

json::string_view view(std::string_view text) noexcept { return {text.data(), text.size()}; }

json::value rate_or_null(const std::optional<BitsPerSecond>& rate) {
  return rate ? json::value(rate->value()) : json::value(nullptr);
}

double ratio_of(billing::Share share) noexcept {
  return static_cast<double>(share.value()) / billing::kWhole.value();
}

json::value time_or_null(TrafficTime time) {
  if (time == TrafficTime::min() || time == TrafficTime::max()) return nullptr;
  return since_epoch_ms(time);
}

json::object period_json(const billing::PeriodView& period) {
  const billing::SoFar& so_far = period.so_far;
  json::object all{{"from_ms", since_epoch_ms(period.period.start)},
                   {"until_ms", since_epoch_ms(period.period.end)},
                   {"percentile_bits_per_second", rate_or_null(so_far.percentile)},
                   {"percentile_low_bits_per_second", rate_or_null(period.low)},
                   {"percentile_high_bits_per_second", rate_or_null(period.high)},
                   {"completeness", ratio_of(period.completeness)},
                   {"provisional", period.is_provisional},
                   {"estimated", period.is_estimated},
                   {"over_commit_for_certain", so_far.is_over_commit},
                   {"burst_intervals_used", so_far.burst_intervals_used},
                   {"burst_intervals_allowed", so_far.burst_intervals_allowed},
                   {"intervals_expected", period.intervals.expected},
                   {"intervals_measured", period.intervals.measured},
                   {"intervals_remaining", so_far.intervals_remaining}};
  return all;
}

json::object baseline_json(const billing::DirectionBaseline& of) {
  const auto rounded = [](double rate) { return static_cast<std::uint64_t>(std::round(rate)); };
  return {{"median_bits_per_second", rounded(of.levels.median)},
          {"high_bits_per_second", rounded(of.levels.high)},
          {"low_bits_per_second", rounded(of.levels.low)},
          {"is_above", of.is_above}};
}

json::object whole_period_json(const billing::PeriodView& period) {
  json::object all = period_json(period);
  all["coverage"] = ratio_of(period.coverage);
  all["intervals_zero"] = period.intervals.zero;
  all["intervals_partial"] = period.intervals.partial;
  all["intervals_missing"] = period.intervals.missing;
  all["intervals_masked"] = period.intervals.masked;
  all["billable_bits_per_second"] = period.billable.value();
  all["overage_bits_per_second"] = period.overage.value();
  all["billed_direction"] = period.billed_direction
                                ? json::value(view(direction_name(*period.billed_direction)))
                                : json::value(nullptr);
  for (const Direction direction : {Direction::FromCustomer, Direction::ToCustomer})
    all[view(direction_name(direction))] =
        json::object{{"percentile_bits_per_second",
                      period.directions ? json::value(period.directions->of(direction).value())
                                        : json::value(nullptr)}};
  return all;
}

}  // namespace

std::optional<double> ListedContract::utilization() const noexcept {
  if (!rate || contract->committed.value() == 0) return std::nullopt;
  return std::max(rate->from_customer, rate->to_customer) /
         static_cast<double>(contract->committed.value());
}

std::optional<BitsPerSecond> ListedContract::percentile() const noexcept {
  return billed == nullptr ? std::nullopt : billed->current.so_far.percentile;
}

bool ListedContract::is_provisional() const noexcept {
  return billed == nullptr || billed->current.is_provisional;
}

std::string_view standing_of(BitsPerSecond committed,
                             const std::optional<BitsPerSecond>& percentile) noexcept {
  if (!percentile) return "no_data";
  if (committed.value() == 0) return "no_commit";
  switch (billing::usage_level(*percentile, committed, {})) {
    case billing::UsageLevel::Below:
      return "below";
    case billing::UsageLevel::Near:
      return "near";
    case billing::UsageLevel::Over:
      return "over";
  }
  return "no_data";
}

json::object summary_json(const ListedContract& listed, CustomerNames names) {
  const contracts::Contract& contract = *listed.contract;
  json::object all{
      {"id", view(contract.id)}, {"service", view(contract.service)}, {"pop", view(contract.pop)}};
  if (names == CustomerNames::Shown) all["customer"] = view(contract.customer);
  all["committed_bits_per_second"] = contract.committed.value();
  all["ceiling_bits_per_second"] =
      contract.ceiling.value() == 0 ? json::value(nullptr) : json::value(contract.ceiling.value());
  const auto utilization = listed.utilization();
  all["utilization"] = utilization ? json::value(*utilization) : json::value(nullptr);
  all["rate"] = listed.rate
                    ? json::value{{"from_customer_bits_per_second", listed.rate->from_customer},
                                  {"to_customer_bits_per_second", listed.rate->to_customer},
                                  {"error_bits_per_second", listed.rate->error}}
                    : json::value(nullptr);
  all["standing"] = view(standing_of(contract.committed, listed.percentile()));
  if (listed.billed == nullptr) {
    all["last_interval"] = all["current"] = nullptr;
    return all;
  }
  all["last_interval"] = {{"state", view(billing::interval_state_name(listed.billed->state))},
                          {"completeness", ratio_of(listed.billed->completeness)}};
  all["current"] = period_json(listed.billed->current);
  return all;
}

json::object contract_json(const ListedContract& listed, CustomerNames names) {
  const contracts::Contract& contract = *listed.contract;
  json::object all = summary_json(listed, names);
  all["terms"] = {
      {"percentile_hundredths", contract.billing.percentile_hundredths},
      {"direction_rule", view(billing::direction_rule_name(contract.billing.direction))},
      {"method", view(billing::method_name(billing::PercentileMethod::NearestRank))},
      {"timezone", view(contract.billing.timezone)},
      {"day", contract.billing.day},
      {"from_ms", time_or_null(contract.valid_from)},
      {"until_ms", time_or_null(contract.valid_until)}};
  all["baseline"] = nullptr;
  if (listed.baseline != nullptr)
    all["baseline"] = {{"from_customer", baseline_json(listed.baseline->directions.from_customer)},
                       {"to_customer", baseline_json(listed.baseline->directions.to_customer)}};
  all["previous"] = nullptr;
  if (listed.billed == nullptr) return all;
  all["current"] = whole_period_json(listed.billed->current);
  if (listed.billed->previous) all["previous"] = whole_period_json(*listed.billed->previous);
  return all;
}

json::object intervals_json(std::string_view contract, const billing::IntervalGrid& grid) {
  json::object all{{"contract", view(contract)},
                   {"from_ms", since_epoch_ms(grid.period().start)},
                   {"to_ms", since_epoch_ms(grid.period().end)},
                   {"interval_seconds", billing::kLedgerIntervalSeconds}};
  json::array& masks = all["masks"].emplace_array();
  for (const billing::Mask& mask : grid.masks())
    masks.push_back({{"from_ms", since_epoch_ms(mask.span.start)},
                     {"until_ms", since_epoch_ms(mask.span.end)},
                     {"author", view(mask.author)},
                     {"reason", view(mask.reason)},
                     {"made_at_ms", since_epoch_ms(mask.made_at)}});
  json::array& list = all["intervals"].emplace_array();
  list.reserve(grid.intervals().size());
  TrafficTime start = grid.period().first_interval();
  for (const billing::Interval& interval : grid.intervals()) {
    json::object one{{"start_ms", since_epoch_ms(start)},
                     {"state", view(billing::interval_state_name(interval.state()))},
                     {"completeness", ratio_of(interval.completeness)}};
    start += billing::kLedgerInterval;
    // Missing is not zero; what is masked was measured, or was not.
    const bool is_missing = interval.state_unmasked() == billing::IntervalState::Missing;
    const auto add = [&](std::string_view rate, std::string_view error, std::uint64_t bytes,
                         billing::Wide variance) {
      if (is_missing) {
        one[view(rate)] = one[view(error)] = nullptr;
        return;
      }
      one[view(rate)] = billing::rate_of(bytes).value();
      one[view(error)] =
          variance == 0 ? 0 : billing::half_width_rate(billing::deviation_of(variance)).value();
    };
    add("from_customer_bits_per_second", "from_customer_error_bits_per_second",
        interval.bytes.from_customer, interval.variance.from_customer);
    add("to_customer_bits_per_second", "to_customer_error_bits_per_second",
        interval.bytes.to_customer, interval.variance.to_customer);
    list.push_back(std::move(one));
  }
  return all;
}

namespace {

json::object snapshot_json(const billing::CompanySnapshot& snapshot) {
  json::object all{{"at_ms", since_epoch_ms(snapshot.at)},
                   {"over_1g", snapshot.over_1g},
                   {"at_least_1g", snapshot.at_least_1g},
                   {"contracted_bits_per_second", snapshot.contracted.value()}};
  json::array& services = all["services"].emplace_array();
  for (const billing::ServiceFigures& service : snapshot.services)
    services.push_back({{"service", view(service.service)},
                        {"contracts", service.contracts},
                        {"over_1g", service.by_tier.back()},
                        {"at_least_1g", service.at_least_1g},
                        {"contracted_bits_per_second", service.contracted.value()}});
  return all;
}

json::object growth_json(const billing::Growth& growth) {
  return {{"difference", growth.difference},
          {"ratio", growth.permille ? json::value(static_cast<double>(*growth.permille) / 1'000)
                                    : json::value(nullptr)},
          {"text", billing::to_string(growth)}};
}

}  // namespace

json::object company_json(const billing::CompanySnapshot& now,
                          const billing::CompanySnapshot& year_before) {
  return {{"now", snapshot_json(now)},
          {"year_before", snapshot_json(year_before)},
          {"over_1g_growth", growth_json(billing::growth(now.over_1g, year_before.over_1g))},
          {"contracted_growth",
           growth_json(billing::growth(now.contracted.value(), year_before.contracted.value()))}};
}

}  // namespace weir::http
