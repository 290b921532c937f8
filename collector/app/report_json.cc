#include <boost/json.hpp>

#include "collector/app/report.h"
#include "collector/app/rfc3339.h"

namespace weir::app {
namespace {

namespace json = boost::json;

double ratio_of(billing::Share share) noexcept {
  return static_cast<double>(share.value()) / billing::kWhole.value();
}

json::value bits_or_null(const std::optional<billing::Figures>& figures) {
  return figures ? json::value(figures->billed.value.value()) : json::value(nullptr);
}

json::value direction_json(const std::optional<billing::Figures>& figures, Direction direction) {
  if (!figures) return nullptr;
  const auto& of = figures->direction.of(direction);
  return json::object{{"percentile_bits_per_second", of.percentile.value.value()},
                      {"maximum_bits_per_second", of.maximum.value()},
                      {"maximum_at", rfc3339(of.maximum_at)},
                      {"mean_bits_per_second", of.mean.value()},
                      {"bytes", of.bytes},
                      {"error_bits_per_second", of.percentile.error.value()},
                      {"percentile_low_bits_per_second", of.percentile.low.value()},
                      {"percentile_high_bits_per_second", of.percentile.high.value()}};
}

json::array masks_json(const billing::Statement& statement) {
  json::array masks;
  for (const auto& mask : statement.masks)
    masks.push_back(json::object{{"from", rfc3339(mask.span.start)},
                                 {"until", rfc3339(mask.span.end)},
                                 {"author", mask.author},
                                 {"reason", mask.reason},
                                 {"made_at", rfc3339(mask.made_at)}});
  return masks;
}

/// A bill that is closed says so, by whom, and what the rows give now if that is another figure.
void add_closed(json::object& object, const std::optional<ClosedBill>& closed) {
  object["closed"] = closed.has_value();
  if (!closed) return;
  object["closed_at"] = rfc3339(closed->closed_at);
  object["revision"] = closed->revision;
  object["author"] = closed->author;
  object["reason"] = closed->reason;
  if (closed->recomputed_billable)
    object["recomputed_billable_bits_per_second"] = closed->recomputed_billable->value();
}

json::object contract_json(const ReportedContract& one) {
  const billing::Statement& statement = one.statement;
  json::object object{{"contract", statement.subject.contract},
                      {"customer", statement.subject.customer},
                      {"service", statement.subject.service},
                      {"from", rfc3339(statement.period.start)},
                      {"until", rfc3339(statement.period.end)},
                      {"committed_bits_per_second", statement.terms.committed.value()},
                      {"direction_rule", billing::direction_rule_name(statement.terms.rule)},
                      {"method", billing::method_name(statement.method)},
                      {"layer", statement.layer},
                      {"source", one.source()},
                      {"percentile_bits_per_second", bits_or_null(statement.figures)},
                      {"billable_bits_per_second", statement.billable.value()},
                      {"overage_bits_per_second", statement.overage.value()},
                      {"intervals_expected", statement.intervals.expected},
                      {"intervals_measured", statement.intervals.measured},
                      {"intervals_partial", statement.intervals.partial},
                      {"intervals_missing", statement.intervals.missing},
                      {"intervals_masked", statement.intervals.masked},
                      {"completeness", ratio_of(statement.completeness)},
                      {"provisional", statement.is_provisional},
                      {"estimated", statement.is_estimated},
                      {"from_customer", direction_json(statement.figures, Direction::FromCustomer)},
                      {"to_customer", direction_json(statement.figures, Direction::ToCustomer)}};
  if (one.amended_intervals != 0) object["amended_intervals"] = one.amended_intervals;
  if (one.by_flow)
    object["by_flow"] = json::object{
        {"layer", one.by_flow->layer},
        {"percentile_bits_per_second", bits_or_null(one.by_flow->figures)},
        {"intervals_measured", one.by_flow->intervals.measured},
        {"estimated", one.by_flow->is_estimated},
        {"from_customer", direction_json(one.by_flow->figures, Direction::FromCustomer)},
        {"to_customer", direction_json(one.by_flow->figures, Direction::ToCustomer)}};
  add_closed(object, one.closed);
  if (!statement.masks.empty()) {
    object["masks"] = masks_json(statement);
    if (statement.percentile_without_masks)
      object["percentile_without_masks_bits_per_second"] =
          statement.percentile_without_masks->value.value();
  }
  return object;
}

json::object company_json(const billing::CompanySnapshot& snapshot) {
  json::array services;
  for (const auto& service : snapshot.services)
    services.push_back(json::object{{"service", service.service},
                                    {"contracts", service.contracts},
                                    {"over_1g", service.by_tier.back()},
                                    {"at_least_1g", service.at_least_1g},
                                    {"contracted_bits_per_second", service.contracted.value()}});
  return {{"at", rfc3339(snapshot.at)},
          {"over_1g", snapshot.over_1g},
          {"at_least_1g", snapshot.at_least_1g},
          {"contracted_bits_per_second", snapshot.contracted.value()},
          {"services", std::move(services)}};
}

}  // namespace

std::string report_json(const Report& report) {
  json::array contracts;
  for (const auto& one : report.contracts) contracts.push_back(contract_json(one));
  json::object object{{"month", report.title}, {"contracts", std::move(contracts)}};
  if (report.company) object["company"] = company_json(*report.company);
  if (report.company && report.company_year_before)
    object["over_1g_growth"] = billing::to_string(
        billing::growth(report.company->over_1g, report.company_year_before->over_1g));
  return json::serialize(object) + "\n";
}

}  // namespace weir::app
