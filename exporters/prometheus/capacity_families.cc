#include "exporters/prometheus/capacity_families.h"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace weir::prometheus {
namespace {

[[nodiscard]] Value bytes_per_second(BitsPerSecond rate) noexcept {
  if (rate.value() % 8 == 0) return rate.value() / 8;
  return static_cast<double>(rate.value()) / 8;
}

/// Adds to the families of one kind of thing: its dates, or why there are none.
class ForecastFamilies {
 public:
  ForecastFamilies(MetricSet& set, const std::string& kind, const std::string& thing)
      : set_(set),
        timestamp_(set.add("weir_" + kind + "_forecast_timestamp_seconds",
                           "When the trend of the " + thing +
                               " reaches the threshold of its limit, as Unix time: early, central "
                               "and late.",
                           Kind::Gauge, "seconds")),
        available_(set.add("weir_" + kind + "_forecast_available",
                           "1 if there is a forecast for the limit, 0 if not; the reason says why.",
                           Kind::Gauge)) {}

  /// `who` is label_text() of what is forecast.
  void add(std::string_view who, const std::vector<billing::LimitForecast>& forecasts) {
    for (const billing::LimitForecast& forecast : forecasts) {
      const Label limit{.name = "limit", .value = billing::capacity_limit_name(forecast.limit)};
      const auto add_time = [&](std::string_view estimate, const std::optional<TrafficTime>& time) {
        if (!time) return;
        timestamp_.samples.push_back(
            {.labels = text(who, label_text({limit, {.name = "estimate", .value = estimate}})),
             .value = since_epoch_ms(*time) / 1'000});
      };
      add_time("early", forecast.early);
      add_time("central", forecast.central);
      add_time("late", forecast.late);
      const std::string_view reason =
          forecast.reason ? billing::no_forecast_name(*forecast.reason) : "none";
      available_.samples.push_back(
          {.labels = text(who, label_text({limit, {.name = "reason", .value = reason}})),
           .value = std::uint64_t{forecast.reason ? 0U : 1U}});
    }
  }

 private:
  [[nodiscard]] std::string_view text(std::string_view who, const std::string& more) {
    return set_.own(std::string(who) + ',' + more);
  }

  MetricSet& set_;
  MetricFamily& timestamp_;
  MetricFamily& available_;
};

void add_contracts(MetricSet& set, const billing::CapacityView& view,
                   const contracts::ContractTable& table) {
  std::set<std::string_view> in_force;
  for (const auto& slotted : table.contracts()) in_force.insert(slotted.contract.id);
  MetricFamily& percentile =
      set.add("weir_contract_weekly_percentile_bytes_per_second",
              "95th percentile of the contract in the last whole week; absent where less than 90 % "
              "of the week was measured.",
              Kind::Gauge, "bytes_per_second");
  MetricFamily& growth =
      set.add("weir_contract_weekly_growth_bytes_per_second",
              "How much the weekly percentile of the contract grows from week to week, by its "
              "trend; absent with fewer than 8 weeks.",
              Kind::Gauge, "bytes_per_second");
  ForecastFamilies forecasts(set, "contract", "contract");
  for (const billing::ContractCapacity& one : view.contracts) {
    if (!in_force.contains(one.contract)) continue;
    const std::string_view who = set.own(label_text({{.name = "contract", .value = one.contract}}));
    if (one.trend.last)
      percentile.samples.push_back({.labels = who, .value = bytes_per_second(*one.trend.last)});
    if (one.trend.growth) growth.samples.push_back({.labels = who, .value = *one.trend.growth / 8});
    forecasts.add(who, one.trend.forecasts);
  }
}

void add_interfaces(MetricSet& set, const billing::CapacityView& view,
                    const contracts::ContractTable& table) {
  std::set<std::pair<std::string, std::string>> in_force;
  for (const auto& tracked : table.tracked_interfaces())
    in_force.emplace(tracked.exporter_name, std::to_string(tracked.terms.index));
  MetricFamily& percentile =
      set.add("weir_interface_weekly_percentile_bytes_per_second",
              "95th percentile of the interface in the last whole week, of the direction that "
              "carries more; absent where less than 90 % of the week was measured.",
              Kind::Gauge, "bytes_per_second");
  ForecastFamilies forecasts(set, "interface", "interface");
  for (const billing::InterfaceCapacity& one : view.interfaces) {
    if (!in_force.contains({one.exporter, one.interface})) continue;
    const std::string_view who =
        set.own(label_text({{.name = "exporter", .value = one.exporter},
                            {.name = "interface", .value = one.interface}}));
    if (one.trend.last)
      percentile.samples.push_back({.labels = who, .value = bytes_per_second(*one.trend.last)});
    forecasts.add(who, one.trend.forecasts);
  }
}

void add_groups(MetricSet& set, const billing::CapacityView& view) {
  MetricFamily& load =
      set.add("weir_group_load_ratio",
              "95th percentile of the links together in the last whole week, as a part of their "
              "speed.",
              Kind::Gauge, "ratio");
  MetricFamily& n1 = set.add("weir_group_n1_load_ratio",
                             "The same traffic as a part of what is left with the fastest link "
                             "down; absent where nothing is left.",
                             Kind::Gauge, "ratio");
  MetricFamily& allowed =
      set.add("weir_group_allowed_load_ratio",
              "Load in normal times that the failure of one link lifts to the target.", Kind::Gauge,
              "ratio");
  ForecastFamilies forecasts(set, "group", "links together");
  for (const billing::GroupCapacity& one : view.groups) {
    const std::string_view who = set.own(label_text({{.name = "group", .value = one.group}}));
    if (one.headroom) {
      load.samples.push_back({.labels = who, .value = one.headroom->load});
      if (one.headroom->load_after_failure)
        n1.samples.push_back({.labels = who, .value = *one.headroom->load_after_failure});
      allowed.samples.push_back({.labels = who, .value = one.headroom->allowed_load});
    }
    forecasts.add(who, one.trend.forecasts);
  }
}

void add_diversity(MetricSet& set, const char* kind,
                   const std::vector<billing::DiversityFigure>& figures) {
  const std::string name(kind);
  MetricFamily& family =
      set.add("weir_" + name + "_diversity_ratio",
              "Sum of the peaks of the contracts over the peak of their sum, in the last whole "
              "week; absent without traffic.",
              Kind::Gauge, "ratio");
  const auto add = [&](const std::string& of, std::string_view direction,
                       const std::optional<double>& ratio) {
    if (!ratio) return;
    family.samples.push_back(
        {.labels = set.own(
             label_text({{.name = name, .value = of}, {.name = "direction", .value = direction}})),
         .value = *ratio});
  };
  for (const billing::DiversityFigure& figure : figures) {
    add(figure.name, "from_customer", figure.from_customer);
    add(figure.name, "to_customer", figure.to_customer);
  }
}

}  // namespace

CapacityFamilies::CapacityFamilies(std::shared_ptr<const billing::CapacityView> from,
                                   std::shared_ptr<const contracts::ContractTable> in_force)
    : view(std::move(from)), table(std::move(in_force)) {
  set.add("weir_capacity_updated_timestamp_seconds",
          "The instant as of which the forecasts and weekly figures are, as Unix time.",
          Kind::Gauge, "seconds")
      .samples.push_back({.labels = {}, .value = since_epoch_ms(view->made_at) / 1'000});
  add_contracts(set, *view, *table);
  add_interfaces(set, *view, *table);
  add_groups(set, *view);
  add_diversity(set, "service", view->services);
  add_diversity(set, "pop", view->pops);
}

void add_capacity_families(MetricSet& set, const CapacityFamilies& families) {
  for (const MetricFamily& family : families.set.families())
    set.add(family.name, family.help, family.kind, family.unit).samples = family.samples;
}

void add_pop_families(MetricSet& set, const std::vector<PopFigures>& figures) {
  if (figures.empty()) return;
  MetricFamily& bytes =
      set.add("weir_pop_bytes_total",
              "Bytes that entered the backbone at one POP and leave it at another, scaled by "
              "sampling; unknown where no router or contract says.",
              Kind::Counter, "bytes");
  for (const PopFigures& figure : figures)
    bytes.samples.push_back(
        {.labels = set.own(label_text({{.name = "ingress_pop", .value = figure.ingress_pop},
                                       {.name = "egress_pop", .value = figure.egress_pop}})),
         .value = figure.bytes});
}

}  // namespace weir::prometheus
