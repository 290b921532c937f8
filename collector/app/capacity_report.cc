#include "collector/app/capacity_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <tuple>
#include <vector>

#include "collector/app/csv_text.h"
#include "collector/app/rfc3339.h"

namespace weir::app {
namespace {

namespace json = boost::json;

/// One limit of one thing.
struct Row {
  const char* kind = "";
  std::string name;
  const billing::CapacityTrend* trend = nullptr;
  const billing::LimitForecast* forecast = nullptr;
};

std::vector<Row> rows_of(const billing::CapacityView& view) {
  std::vector<Row> rows;
  const auto add = [&](const char* kind, const std::string& name,
                       const billing::CapacityTrend& trend) {
    for (const auto& forecast : trend.forecasts) rows.push_back({kind, name, &trend, &forecast});
  };
  for (const auto& one : view.contracts) add("contract", one.contract, one.trend);
  for (const auto& one : view.groups) add("group", one.group, one.trend);
  for (const auto& one : view.interfaces)
    add("link", fmt::format("{} {}", one.exporter, one.interface), one.trend);
  // What is over its limit comes first: its date has passed.
  const auto order = [](const Row& row) {
    const auto& forecast = *row.forecast;
    const bool is_over = forecast.reason == billing::NoForecast::AlreadyOver;
    return std::tuple(is_over ? TrafficTime::min() : forecast.central.value_or(TrafficTime::max()));
  };
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const Row& a, const Row& b) { return order(a) < order(b); });
  return rows;
}

std::string time_or(const std::optional<TrafficTime>& time, const char* otherwise) {
  return time ? rfc3339(*time) : otherwise;
}

/// "2027-03-14", or a dash.
std::string date_cell(const std::optional<TrafficTime>& time) {
  return time ? rfc3339(*time).substr(0, 10) : "-";
}

json::value json_of(const std::optional<TrafficTime>& time) {
  return time ? json::value(rfc3339(*time)) : json::value(nullptr);
}
json::value json_of(const std::optional<double>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}
json::value json_of(const std::optional<BitsPerSecond>& rate) {
  return rate ? json::value(rate->value()) : json::value(nullptr);
}

double mbit(double rate) noexcept { return rate / 1e6; }

std::string mbit_cell(const std::optional<BitsPerSecond>& rate) {
  return rate ? fmt::format("{:.3f}", mbit(static_cast<double>(rate->value()))) : "-";
}

std::string percent_cell(const std::optional<double>& ratio) {
  return ratio ? fmt::format("{:.1f} %", *ratio * 100) : "-";
}

std::string reason_of(const billing::LimitForecast& forecast) {
  return forecast.reason ? std::string(billing::no_forecast_name(*forecast.reason)) : std::string{};
}

json::object row_json(const Row& row) {
  const auto& [kind, name, trend, forecast] = row;
  return {{"kind", kind},
          {"name", name},
          {"limit", billing::capacity_limit_name(forecast->limit)},
          {"reached_at_bits_per_second", forecast->reached_at.value()},
          {"weekly_percentile_bits_per_second", json_of(trend->last)},
          {"growth_bits_per_second_per_week", json_of(trend->growth)},
          {"weeks", trend->weeks.size()},
          {"weeks_left_out", trend->weeks_left_out},
          {"early", json_of(forecast->early)},
          {"central", json_of(forecast->central)},
          {"late", json_of(forecast->late)},
          {"reason", forecast->reason ? json::value(billing::no_forecast_name(*forecast->reason))
                                      : json::value(nullptr)}};
}

json::object group_json(const billing::GroupCapacity& group) {
  const auto& headroom = group.headroom;
  return {{"name", group.group},
          {"links", group.links},
          {"speed_bits_per_second",
           group.speed.value() == 0 ? json::value(nullptr) : json::value(group.speed.value())},
          {"load", headroom ? json::value(headroom->load) : json::value(nullptr)},
          {"load_after_failure",
           headroom ? json_of(headroom->load_after_failure) : json::value(nullptr)},
          {"allowed_load", headroom ? json::value(headroom->allowed_load) : json::value(nullptr)}};
}

json::array diversity_json(const std::vector<billing::DiversityFigure>& figures) {
  json::array array;
  for (const auto& figure : figures)
    array.push_back(json::object{{"name", figure.name},
                                 {"from_customer", json_of(figure.from_customer)},
                                 {"to_customer", json_of(figure.to_customer)}});
  return array;
}

void add_diversity(std::string& text, const char* title,
                   const std::vector<billing::DiversityFigure>& figures) {
  if (figures.empty()) return;
  const auto cell = [](const std::optional<double>& factor) {
    return factor ? fmt::format("{:.2f}", *factor) : std::string("-");
  };
  text += fmt::format("\n{:<32} {:>13} {:>13}\n", title, "FROM CUSTOMER", "TO CUSTOMER");
  for (const auto& figure : figures)
    text += fmt::format("{:<32} {:>13} {:>13}\n", figure.name.empty() ? "(none)" : figure.name,
                        cell(figure.from_customer), cell(figure.to_customer));
}

}  // namespace

std::string capacity_json(const billing::CapacityView& view) {
  json::array forecasts;
  for (const Row& row : rows_of(view)) forecasts.push_back(row_json(row));
  json::array groups;
  for (const auto& group : view.groups) groups.push_back(group_json(group));
  return json::serialize(
             json::object{{"at", rfc3339(view.made_at)},
                          {"growth", billing::growth_model_name(view.model)},
                          {"forecasts", std::move(forecasts)},
                          {"groups", std::move(groups)},
                          {"diversity", json::object{{"services", diversity_json(view.services)},
                                                     {"pops", diversity_json(view.pops)}}}}) +
         "\n";
}

std::string capacity_csv(const billing::CapacityView& view) {
  std::string text =
      "kind,name,limit,reached_at_bits_per_second,weekly_percentile_bits_per_second,"
      "growth_bits_per_second_per_week,weeks,weeks_left_out,early,central,late,reason\r\n";
  for (const auto& [kind, name, trend, forecast] : rows_of(view))
    text += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}\r\n", kind, csv_text(name),
                        billing::capacity_limit_name(forecast->limit), forecast->reached_at.value(),
                        trend->last ? fmt::format("{}", trend->last->value()) : std::string{},
                        trend->growth ? fmt::format("{:.0f}", *trend->growth) : std::string{},
                        trend->weeks.size(), trend->weeks_left_out, time_or(forecast->early, ""),
                        time_or(forecast->central, ""), time_or(forecast->late, ""),
                        reason_of(*forecast));
  return text;
}

std::string capacity_text(const billing::CapacityView& view) {
  std::string text = fmt::format("as of {}, {} growth, rates in Mbit/s\n\n", rfc3339(view.made_at),
                                 billing::growth_model_name(view.model));
  text += fmt::format("{:<9} {:<32} {:<10} {:>12} {:>12} {:>10} {:>7} {:<10} {:<10} {:<10}\n",
                      "KIND", "NAME", "LIMIT", "REACHED AT", "WEEKLY P95", "A WEEK", "WEEKS",
                      "EARLY", "CENTRAL", "LATE");
  for (const auto& [kind, name, trend, forecast] : rows_of(view)) {
    text += fmt::format("{:<9} {:<32} {:<10} {:>12} {:>12} {:>10} {:>7} ", kind, name,
                        billing::capacity_limit_name(forecast->limit),
                        mbit_cell(forecast->reached_at), mbit_cell(trend->last),
                        trend->growth ? fmt::format("{:+.3f}", mbit(*trend->growth)) : "-",
                        trend->weeks.size() - trend->weeks_left_out);
    text += forecast->reason ? reason_of(*forecast) + "\n"
                             : fmt::format("{:<10} {:<10} {:<10}\n", date_cell(forecast->early),
                                           date_cell(forecast->central), date_cell(forecast->late));
  }
  if (!view.groups.empty()) {
    text += fmt::format("\n{:<32} {:>5} {:>10} {:>10} {:>10}\n", "GROUP", "LINKS", "LOAD",
                        "ONE DOWN", "ALLOWED");
    for (const auto& group : view.groups) {
      const auto& headroom = group.headroom;
      text += fmt::format("{:<32} {:>5} {:>10} {:>10} {:>10}\n", group.group, group.links,
                          headroom ? percent_cell(headroom->load) : "-",
                          headroom ? percent_cell(headroom->load_after_failure) : "-",
                          headroom ? percent_cell(headroom->allowed_load) : "-");
    }
  }
  add_diversity(text, "DIVERSITY OF SERVICE", view.services);
  add_diversity(text, "DIVERSITY OF POP", view.pops);
  return text;
}

}  // namespace weir::app
