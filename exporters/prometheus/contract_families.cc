#include "exporters/prometheus/contract_families.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>

#include "exporters/prometheus/traffic_collectable.h"

namespace weir::prometheus {
namespace {

/// Half width of the interval that holds the true value in 95 of 100 cases (DESIGN, 11).
constexpr double kDeviationsShown = 1.96;

/// Rates leave in bytes; most divide evenly and stay integers.
[[nodiscard]] Value bytes_per_second(std::uint64_t bits_per_second) noexcept {
  if (bits_per_second % 8 == 0) return bits_per_second / 8;
  return static_cast<double>(bits_per_second) / 8;
}

void add_live(MetricSet& set, const TableLabels& labels, const core::TotalsSnapshot& snapshot) {
  MetricFamily& bytes =
      set.add("weir_contract_bytes_total",
              "Bytes of the contract, scaled by sampling, at the configured layer.", Kind::Counter,
              "bytes");
  MetricFamily& packets = set.add("weir_contract_packets_total",
                                  "Packets of the contract, scaled by sampling.", Kind::Counter);
  bytes.samples.reserve(labels.contracts.size() * core::kCellsPerSlot);
  packets.samples.reserve(labels.contracts.size() * core::kCellsPerSlot);
  for (const ContractLabels& contract : labels.contracts) {
    // Series begin at zero before the first byte, or rate() would miss the first increase.
    const std::size_t slot = contract.slot.value();
    const core::SlotTotals totals =
        slot < snapshot.live.size() ? snapshot.live[slot] : core::SlotTotals{};
    for (std::size_t position = 0; position < core::kCellsPerSlot; ++position) {
      bytes.samples.push_back(
          {.labels = contract.cells[position], .value = totals[position].bytes});
      packets.samples.push_back(
          {.labels = contract.cells[position], .value = totals[position].packets});
    }
  }
}

void add_minute(MetricSet& set, const TableLabels& labels, const core::TotalsSnapshot& snapshot) {
  MetricFamily& bandwidth = set.add("weir_contract_bandwidth_bytes_per_second",
                                    "Mean rate of the contract in the last closed minute.",
                                    Kind::Gauge, "bytes_per_second");
  MetricFamily& error = set.add("weir_contract_bandwidth_error_bytes_per_second",
                                "Half width of the 95 % confidence interval of the bandwidth.",
                                Kind::Gauge, "bytes_per_second");
  MetricFamily& utilization = set.add(
      "weir_contract_utilization_ratio",
      "Bandwidth of the last closed minute as a part of the committed rate.", Kind::Gauge, "ratio");
  if (!snapshot.has_minute) return;
  const double minute_seconds = static_cast<double>(snapshot.minute_span.count()) / 1'000;
  for (const ContractLabels& contract : labels.contracts) {
    // A slot younger than the minute has no minute; that is not a rate of zero.
    const std::size_t slot = contract.slot.value();
    if (slot >= snapshot.minute.size()) continue;
    const core::ClosedMinute& minute = snapshot.minute[slot];
    for (std::size_t side = 0; side < contract.directions.size(); ++side) {
      const double rate = static_cast<double>(minute.bytes[side]) / minute_seconds;
      const double deviation = std::sqrt(static_cast<double>(minute.variance[side]));
      const std::string_view text = contract.directions[side];
      bandwidth.samples.push_back({.labels = text, .value = rate});
      error.samples.push_back(
          {.labels = text, .value = kDeviationsShown * deviation / minute_seconds});
      if (contract.committed.value() == 0) continue;
      utilization.samples.push_back(
          {.labels = text, .value = 8 * rate / static_cast<double>(contract.committed.value())});
    }
  }
}

void add_terms(MetricSet& set, const TableLabels& labels) {
  MetricFamily& committed = set.add("weir_contract_committed_bytes_per_second",
                                    "Rate that the customer pays for regardless of use.",
                                    Kind::Gauge, "bytes_per_second");
  MetricFamily& ceiling =
      set.add("weir_contract_ceiling_bytes_per_second",
              "Highest rate that the contract allows; absent where none is said.", Kind::Gauge,
              "bytes_per_second");
  MetricFamily& info =
      set.add("weir_contract_info", "Facts about the contract, to be joined on the label contract.",
              Kind::Gauge);
  for (const ContractLabels& contract : labels.contracts) {
    committed.samples.push_back(
        {.labels = contract.contract, .value = bytes_per_second(contract.committed.value())});
    if (contract.ceiling.value() > 0) {
      ceiling.samples.push_back(
          {.labels = contract.contract, .value = bytes_per_second(contract.ceiling.value())});
    }
    info.samples.push_back({.labels = contract.info, .value = std::uint64_t{1}});
  }
}

void add_portfolio(MetricSet& set, const TableLabels& labels, TrafficTime now) {
  struct Sold {
    std::uint64_t contracts = 0;
    std::uint64_t bits_per_second = 0;
  };
  std::vector<std::array<Sold, contracts::kTiers>> sold(labels.services.size());
  for (const ContractLabels& contract : labels.contracts) {
    if (now < contract.valid_from || now >= contract.valid_until) continue;
    Sold& entry = sold[contract.service][static_cast<std::size_t>(contract.tier)];
    entry.contracts += 1;
    entry.bits_per_second += contract.committed.value();
  }
  MetricFamily& count =
      set.add("weir_contracts",
              "Contracts in force now, by service and size of the committed rate; "
              "gt_1g is strictly above 1 Gbit/s.",
              Kind::Gauge);
  MetricFamily& rate = set.add("weir_contracted_bytes_per_second",
                               "Sum of the committed rates of the contracts in force now.",
                               Kind::Gauge, "bytes_per_second");
  for (std::size_t service = 0; service < sold.size(); ++service) {
    for (std::size_t tier = 0; tier < contracts::kTiers; ++tier) {
      const Sold& entry = sold[service][tier];
      const std::string_view text = labels.services[service][tier];
      count.samples.push_back({.labels = text, .value = entry.contracts});
      rate.samples.push_back({.labels = text, .value = bytes_per_second(entry.bits_per_second)});
    }
  }
}

}  // namespace

void add_contract_families(MetricSet& set, const TableLabels& labels,
                           const core::TotalsSnapshot& snapshot, TrafficTime now) {
  add_live(set, labels, snapshot);
  add_minute(set, labels, snapshot);
  add_terms(set, labels);
  add_portfolio(set, labels, now);
}

void add_billing_families(MetricSet& set, const TableLabels& labels,
                          const billing::BillingView& view) {
  set.add("weir_billing_as_of_timestamp_seconds",
          "End of the last closed five minutes that the figures of billing hold, as Unix time.",
          Kind::Gauge, "seconds")
      .samples.push_back(
          {.labels = {}, .value = static_cast<double>(since_epoch_ms(view.as_of)) / 1'000});
  MetricFamily& percentile =
      set.add("weir_contract_percentile_bytes_per_second",
              "Billed percentile of the period that runs and of the one before, by the "
              "contract's direction rule, of the intervals that are measured.",
              Kind::Gauge, "bytes_per_second");
  MetricFamily& low = set.add(
      "weir_contract_percentile_low_bytes_per_second",
      "Lowest value that the percentile can have: at the end of the period that runs if nothing "
      "more came; of the one before by the sampling error, 95 %.",
      Kind::Gauge, "bytes_per_second");
  MetricFamily& high =
      set.add("weir_contract_percentile_high_bytes_per_second",
              "Highest value that the percentile can have: at the end of the period that runs if "
              "the rest came at the ceiling; of the one before by the sampling error, 95 %.",
              Kind::Gauge, "bytes_per_second");
  MetricFamily& used =
      set.add("weir_contract_burst_intervals_used",
              "Intervals of the period that runs above the committed rate.", Kind::Gauge);
  MetricFamily& allowed = set.add(
      "weir_contract_burst_intervals_allowed",
      "Intervals that may be above the committed rate before the percentile is.", Kind::Gauge);
  MetricFamily& completeness = set.add(
      "weir_contract_completeness_ratio",
      "Measured part of the contract's last closed five minutes: of the time, times that of "
      "what its exporters sent.",
      Kind::Gauge, "ratio");
  MetricFamily& provisional = set.add(
      "weir_contract_month_provisional",
      "1 if too little of the period was measured for its figures to be relied on.", Kind::Gauge);
  MetricFamily& estimated =
      set.add("weir_contract_month_estimated",
              "1 if some of the period is scaled from samples, 0 if all was counted.", Kind::Gauge);
  const auto add_rate = [](MetricFamily& family, std::string_view text,
                           const std::optional<BitsPerSecond>& rate) {
    if (rate) family.samples.push_back({.labels = text, .value = bytes_per_second(rate->value())});
  };
  for (const ContractLabels& contract : labels.contracts) {
    // A contract of a reload since has no figures yet.
    const billing::ContractView* const one = view.find(contract.id);
    if (one == nullptr) continue;
    const std::array<const billing::PeriodView*, 2> periods{
        &one->current, one->previous ? &*one->previous : nullptr};
    for (std::size_t i = 0; i < periods.size(); ++i) {
      if (periods[i] == nullptr) continue;
      const std::string_view text = contract.periods[i];
      add_rate(percentile, text, periods[i]->so_far.percentile);
      add_rate(low, text, periods[i]->low);
      add_rate(high, text, periods[i]->high);
      provisional.samples.push_back(
          {.labels = text, .value = std::uint64_t{periods[i]->is_provisional ? 1U : 0U}});
      estimated.samples.push_back(
          {.labels = text, .value = std::uint64_t{periods[i]->is_estimated ? 1U : 0U}});
    }
    const billing::SoFar& so_far = one->current.so_far;
    used.samples.push_back({.labels = contract.contract, .value = so_far.burst_intervals_used});
    allowed.samples.push_back(
        {.labels = contract.contract, .value = so_far.burst_intervals_allowed});
    completeness.samples.push_back(
        {.labels = contract.contract,
         .value = static_cast<double>(one->completeness.value()) / billing::kWhole.value()});
  }
}

void add_baseline_families(MetricSet& set, const TableLabels& labels,
                           const billing::BaselineView& view) {
  MetricFamily& baseline =
      set.add("weir_contract_baseline_bytes_per_second",
              "What the contract carried in this hour of the week in the weeks before: the median, "
              "and the rate above which it is more than usual; absent with too little history.",
              Kind::Gauge, "bytes_per_second");
  MetricFamily& above =
      set.add("weir_contract_above_baseline",
              "1 while the contract carries more than usual in this hour of the week; absent with "
              "too little history.",
              Kind::Gauge);
  for (const ContractLabels& contract : labels.contracts) {
    const billing::ContractBaseline* const one = view.find(contract.id);
    if (one == nullptr) continue;
    for (const Direction direction : {Direction::FromCustomer, Direction::ToCustomer}) {
      const billing::DirectionBaseline& of = one->directions.of(direction);
      const auto side = static_cast<std::size_t>(direction);
      const auto& bounds = contract.baselines[side];
      baseline.samples.push_back({.labels = bounds[0], .value = of.levels.median / 8});
      baseline.samples.push_back({.labels = bounds[1], .value = of.levels.high / 8});
      above.samples.push_back(
          {.labels = contract.directions[side], .value = std::uint64_t{of.is_above ? 1U : 0U}});
    }
  }
}

namespace {

/// What the interfaces' own counters say, and how far flow estimates are from them.
void add_counters(MetricSet& set, const TableLabels& labels,
                  const std::vector<InterfaceFigures>& figures) {
  MetricFamily& bytes =
      set.add("weir_interface_reading_bytes_total",
              "Bytes by the interface's own counters (sFlow counter samples), since the first "
              "reading; absent where none came.",
              Kind::Counter, "bytes");
  MetricFamily& ratio = set.add("weir_interface_estimate_ratio",
                                "Flow estimate divided by counter, of the last five minutes that "
                                "have both; absent before.",
                                Kind::Gauge, "ratio");
  MetricFamily& alarm =
      set.add("weir_interface_estimate_alarm",
              "1 while the ratio was outside 0.95 to 1.05 for twelve intervals in a row, with the "
              "likeliest cause; absent otherwise.",
              Kind::Gauge);
  for (const InterfaceFigures& figure : figures) {
    if (figure.number >= labels.interfaces.size()) continue;
    for (std::size_t side = 0; side < figure.counters.size(); ++side) {
      const InterfaceFigures::Counter& counter = figure.counters[side];
      const std::string& text = labels.interfaces[figure.number].directions[side];
      if (counter.bytes) bytes.samples.push_back({.labels = text, .value = *counter.bytes});
      if (counter.ratio) ratio.samples.push_back({.labels = text, .value = *counter.ratio});
      if (!counter.alarm_cause.empty())
        alarm.samples.push_back(
            {.labels = set.own(text + "," +
                               label_text({{.name = "cause", .value = counter.alarm_cause}})),
             .value = std::uint64_t{1}});
    }
  }
}

}  // namespace

void add_interface_families(MetricSet& set, const TableLabels& labels,
                            const std::vector<InterfaceFigures>& figures) {
  MetricFamily& bytes = set.add("weir_interface_bytes_total",
                                "Bytes that entered (ingress) or left (egress) the router at the "
                                "interface, estimated from flow export.",
                                Kind::Counter, "bytes");
  for (const InterfaceFigures& figure : figures) {
    if (figure.number >= labels.interfaces.size()) continue;
    const InterfaceLabels& interface = labels.interfaces[figure.number];
    bytes.samples.push_back({.labels = interface.directions[0], .value = figure.ingress_bytes});
    bytes.samples.push_back({.labels = interface.directions[1], .value = figure.egress_bytes});
  }
  add_counters(set, labels, figures);
  MetricFamily& speed =
      set.add("weir_interface_speed_bytes_per_second",
              "Speed of the interface, as configured, else as the router told it; "
              "absent where nobody says.",
              Kind::Gauge, "bytes_per_second");
  MetricFamily& info = set.add(
      "weir_interface_info",
      "Facts about the interface, to be joined on the labels exporter and interface.", Kind::Gauge);
  for (const InterfaceLabels& interface : labels.interfaces) {
    if (interface.speed.value() > 0) {
      speed.samples.push_back(
          {.labels = interface.interface, .value = bytes_per_second(interface.speed.value())});
    }
    info.samples.push_back({.labels = interface.info, .value = std::uint64_t{1}});
  }
}

}  // namespace weir::prometheus
