#include "collector/app/statement_text.h"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <stdexcept>

namespace weir::app {
namespace {

namespace json = boost::json;
using contracts::DirectionRule;

// What is made to JSON, and, below, what is read back. Readers throw for what is not there or of
// another kind; statement_from_text() catches.

json::value rate_json(BitsPerSecond rate) { return rate.value(); }

json::value time_json(TrafficTime time) { return since_epoch_ms(time); }

json::value period_json(const billing::Period& period) {
  return json::object{{"start", time_json(period.start)}, {"end", time_json(period.end)}};
}

json::value figure_json(const billing::PercentileFigure& figure) {
  return json::object{{"value", rate_json(figure.value)},
                      {"error", rate_json(figure.error)},
                      {"low", rate_json(figure.low)},
                      {"high", rate_json(figure.high)}};
}

json::value direction_json(const billing::DirectionFigures& of) {
  return json::object{{"percentile", figure_json(of.percentile)},
                      {"maximum", rate_json(of.maximum)},
                      {"maximum_at", time_json(of.maximum_at)},
                      {"mean", rate_json(of.mean)},
                      {"bytes", of.bytes}};
}

json::value figures_json(const std::optional<billing::Figures>& figures) {
  if (!figures) return nullptr;
  json::object object{{"from_customer", direction_json(figures->direction.from_customer)},
                      {"to_customer", direction_json(figures->direction.to_customer)},
                      {"billed", figure_json(figures->billed)},
                      {"billed_direction", nullptr}};
  if (figures->billed_direction)
    object["billed_direction"] = direction_name(*figures->billed_direction);
  return object;
}

json::value counts_json(const billing::IntervalCounts& counts) {
  return json::object{{"expected", counts.expected}, {"measured", counts.measured},
                      {"zero", counts.zero},         {"partial", counts.partial},
                      {"missing", counts.missing},   {"masked", counts.masked}};
}

json::value terms_json(const billing::Terms& terms) {
  json::array tiers;
  for (const BitsPerSecond tier : terms.tiers) tiers.push_back(rate_json(tier));
  return json::object{{"committed", rate_json(terms.committed)},
                      {"ceiling", rate_json(terms.ceiling)},
                      {"percentile_hundredths", terms.percentile.value()},
                      {"direction_rule", billing::direction_rule_name(terms.rule)},
                      {"tiers", std::move(tiers)}};
}

json::value span_json(const billing::SpanStatement& span) {
  return json::object{
      {"span", period_json(span.terms.span)},     {"terms", terms_json(span.terms.terms)},
      {"intervals", counts_json(span.intervals)}, {"figures", figures_json(span.figures)},
      {"billable", rate_json(span.billable)},     {"overage", rate_json(span.overage)}};
}

json::array masks_json(const billing::Statement& statement) {
  json::array masks;
  for (const auto& mask : statement.masks)
    masks.push_back(json::object{{"span", period_json(mask.span)},
                                 {"author", mask.author},
                                 {"reason", mask.reason},
                                 {"made_at", time_json(mask.made_at)}});
  return masks;
}

std::string text_of(const json::value& value) { return json::value_to<std::string>(value); }

BitsPerSecond rate_of(const json::value& value) {
  return BitsPerSecond{value.to_number<std::uint64_t>()};
}

TrafficTime time_of(const json::value& value) {
  return traffic_time_ms(value.to_number<std::int64_t>());
}

billing::Period period_of(const json::value& value) {
  return {.start = time_of(value.at("start")), .end = time_of(value.at("end"))};
}

billing::PercentileFigure figure_of(const json::value& value) {
  return {.value = rate_of(value.at("value")),
          .error = rate_of(value.at("error")),
          .low = rate_of(value.at("low")),
          .high = rate_of(value.at("high"))};
}

billing::DirectionFigures direction_of(const json::value& value) {
  return {.percentile = figure_of(value.at("percentile")),
          .maximum = rate_of(value.at("maximum")),
          .maximum_at = time_of(value.at("maximum_at")),
          .mean = rate_of(value.at("mean")),
          .bytes = value.at("bytes").to_number<std::uint64_t>()};
}

std::optional<billing::Figures> figures_of(const json::value& value) {
  if (value.is_null()) return std::nullopt;
  billing::Figures figures{.direction = {.from_customer = direction_of(value.at("from_customer")),
                                         .to_customer = direction_of(value.at("to_customer"))},
                           .billed = figure_of(value.at("billed")),
                           .billed_direction = std::nullopt};
  const json::value& direction = value.at("billed_direction");
  if (!direction.is_null())
    figures.billed_direction = text_of(direction) == direction_name(Direction::FromCustomer)
                                   ? Direction::FromCustomer
                                   : Direction::ToCustomer;
  return figures;
}

billing::IntervalCounts counts_of(const json::value& value) {
  const auto count = [&](const char* name) { return value.at(name).to_number<std::uint64_t>(); };
  return {.expected = count("expected"),
          .measured = count("measured"),
          .zero = count("zero"),
          .partial = count("partial"),
          .missing = count("missing"),
          .masked = count("masked")};
}

billing::Terms terms_of(const json::value& value) {
  const auto rule = parse_direction_rule(text_of(value.at("direction_rule")));
  if (!rule) throw std::runtime_error("a direction rule that is none");
  billing::Terms terms{
      .committed = rate_of(value.at("committed")),
      .ceiling = rate_of(value.at("ceiling")),
      .percentile =
          billing::Percentile{value.at("percentile_hundredths").to_number<std::uint32_t>()},
      .rule = *rule,
      .tiers = {}};
  for (const json::value& tier : value.at("tiers").as_array()) terms.tiers.push_back(rate_of(tier));
  return terms;
}

billing::SpanStatement span_of(const json::value& value) {
  return {.terms = {.span = period_of(value.at("span")), .terms = terms_of(value.at("terms"))},
          .intervals = counts_of(value.at("intervals")),
          .figures = figures_of(value.at("figures")),
          .billable = rate_of(value.at("billable")),
          .overage = rate_of(value.at("overage"))};
}

billing::Share share_of(const json::value& value) {
  return billing::Share{value.to_number<std::uint32_t>()};
}

}  // namespace

std::optional<DirectionRule> parse_direction_rule(std::string_view name) {
  constexpr std::array kRules{DirectionRule::MaxOfPercentiles, DirectionRule::PercentileOfMax,
                              DirectionRule::PercentileOfSum, DirectionRule::FromCustomer,
                              DirectionRule::ToCustomer};
  for (const DirectionRule rule : kRules)
    if (billing::direction_rule_name(rule) == name) return rule;
  return std::nullopt;
}

std::string masks_text(const billing::Statement& statement) {
  return json::serialize(masks_json(statement));
}

std::string statement_text(const billing::Statement& s) {
  json::array spans;
  for (const auto& span : s.spans) spans.push_back(span_json(span));
  return json::serialize(
      json::object{{"contract", s.subject.contract},
                   {"customer", s.subject.customer},
                   {"service", s.subject.service},
                   {"period", period_json(s.period)},
                   {"terms", terms_json(s.terms)},
                   {"method", billing::method_name(s.method)},
                   {"layer", s.layer},
                   {"intervals", counts_json(s.intervals)},
                   {"completeness", s.completeness.value()},
                   {"coverage", s.coverage.value()},
                   {"provisional", s.is_provisional},
                   {"estimated", s.is_estimated},
                   {"figures", figures_json(s.figures)},
                   {"percentile_without_masks", s.percentile_without_masks
                                                    ? figure_json(*s.percentile_without_masks)
                                                    : json::value(nullptr)},
                   {"billable", rate_json(s.billable)},
                   {"overage", rate_json(s.overage)},
                   {"spans", std::move(spans)},
                   {"masks", masks_json(s)}});
}

Result<billing::Statement> statement_from_text(std::string_view text) {
  try {
    const json::value value = json::parse(json::string_view(text.data(), text.size()));
    const auto method = billing::parse_method(text_of(value.at("method")));
    if (!method) throw std::runtime_error("a method that is none");
    billing::Statement s{.subject = {.contract = text_of(value.at("contract")),
                                     .customer = text_of(value.at("customer")),
                                     .service = text_of(value.at("service"))},
                         .period = period_of(value.at("period")),
                         .terms = terms_of(value.at("terms")),
                         .method = *method,
                         .layer = text_of(value.at("layer")),
                         .intervals = counts_of(value.at("intervals")),
                         .completeness = share_of(value.at("completeness")),
                         .coverage = share_of(value.at("coverage")),
                         .is_provisional = value.at("provisional").as_bool(),
                         .is_estimated = value.at("estimated").as_bool(),
                         .figures = figures_of(value.at("figures")),
                         .percentile_without_masks = std::nullopt,
                         .billable = rate_of(value.at("billable")),
                         .overage = rate_of(value.at("overage")),
                         .spans = {},
                         .masks = {}};
    if (const json::value& figure = value.at("percentile_without_masks"); !figure.is_null())
      s.percentile_without_masks = figure_of(figure);
    for (const json::value& span : value.at("spans").as_array()) s.spans.push_back(span_of(span));
    for (const json::value& mask : value.at("masks").as_array())
      s.masks.push_back({.span = period_of(mask.at("span")),
                         .author = text_of(mask.at("author")),
                         .reason = text_of(mask.at("reason")),
                         .made_at = time_of(mask.at("made_at"))});
    return s;
  } catch (const std::exception& error) {
    return failure(ErrorCode::Malformed,
                   fmt::format("a closed bill of the ledger is malformed: {}", error.what()));
  }
}

}  // namespace weir::app
