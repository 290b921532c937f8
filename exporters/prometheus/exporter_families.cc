#include "exporters/prometheus/exporter_families.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "collector/core/exporter_sums.h"
#include "collector/model/decode_error.h"
#include "collector/model/exporter.h"
#include "collector/model/fate.h"

namespace weir::prometheus {
namespace {

/// What a protocol's sequence numbers count, so what is lost; empty where it has none (NetFlow
/// v1, captured packets).
[[nodiscard]] std::string_view lost_unit(Protocol protocol) noexcept {
  switch (protocol) {
    case Protocol::Netflow5:
    case Protocol::Netflow7:
      return "flows";
    case Protocol::Netflow9:
      return "packets";
    case Protocol::Ipfix:
      return "records";
    case Protocol::Sflow5:
      return "datagrams";
    case Protocol::Netflow1:
    case Protocol::Packets:
      break;
  }
  return {};
}

/// Whether messages carry the exporter's own clock.
[[nodiscard]] bool has_clock(Protocol protocol) noexcept {
  return protocol != Protocol::Sflow5 && protocol != Protocol::Packets;
}

[[nodiscard]] double seconds(std::int64_t ms) noexcept { return static_cast<double>(ms) / 1'000; }

/// The families of add(), made together so that each exporter's samples go to all of them.
struct ExporterFamilies {
  explicit ExporterFamilies(MetricSet& target) : set(target) {}

  MetricSet& set;
  MetricFamily& datagrams =
      set.add("weir_exporter_datagrams_total", "Datagrams received.", Kind::Counter);
  MetricFamily& records = set.add("weir_exporter_records_total",
                                  "Flow records and flow samples decoded.", Kind::Counter);
  MetricFamily& counter_samples =
      set.add("weir_exporter_interface_readings_total",
              "Readings of interface counters (sFlow counter samples) decoded.", Kind::Counter);
  MetricFamily& options_records =
      set.add("weir_exporter_options_records_total",
              "Options records decoded, such as those that announce samplers.", Kind::Counter);
  MetricFamily& templates =
      set.add("weir_exporter_templates_total",
              "Templates and options templates received, repetitions included.", Kind::Counter);
  MetricFamily& expired_templates = set.add(
      "weir_exporter_expired_templates_total",
      "Templates given up, since they were neither sent again nor used for long.", Kind::Counter);
  MetricFamily& sets_without_template =
      set.add("weir_exporter_sets_without_template_total",
              "Data sets that came before their template.", Kind::Counter);
  MetricFamily& lost =
      set.add("weir_exporter_lost_total",
              "Export that never arrived, by gaps in the sequence numbers; the unit is "
              "what the protocol numbers.",
              Kind::Counter);
  MetricFamily& recovered =
      set.add("weir_exporter_recovered_total",
              "Of what was counted as lost, what arrived late after all.", Kind::Counter);
  MetricFamily& sequence_unknown =
      set.add("weir_exporter_sequence_unknown_total",
              "Datagrams before which the loss cannot be known: the first, those after a restart, "
              "and those behind a message whose template is missing.",
              Kind::Counter);
  MetricFamily& out_of_order = set.add("weir_exporter_out_of_order_total",
                                       "Datagrams that arrived after a later one.", Kind::Counter);
  MetricFamily& duplicates =
      set.add("weir_exporter_duplicates_total", "Datagrams that arrived twice.", Kind::Counter);
  MetricFamily& restarts =
      set.add("weir_exporter_restarts_total",
              "Restarts of the exporting process, by its sequence and clock.", Kind::Counter);
  MetricFamily& malformed =
      set.add("weir_exporter_malformed_total",
              "Datagrams, sets, records and samples refused; only reasons that "
              "occurred.",
              Kind::Counter);
  MetricFamily& held_bytes =
      set.add("weir_exporter_held_bytes_total",
              "Export that began to wait for its template or its sampling interval (held), found "
              "it (rescued) or went on without it (given_up).",
              Kind::Counter, "bytes");
  MetricFamily& held_records = set.add(
      "weir_exporter_held_records_total",
      "Records that began to wait for their sampling interval (held), found it (rescued) or "
      "are counted as unscaled (given_up).",
      Kind::Counter);
  MetricFamily& sampling_changes =
      set.add("weir_exporter_sampling_changes_total",
              "Announced sampling intervals that became others.", Kind::Counter);
  MetricFamily& clamped_times =
      set.add("weir_exporter_clamped_times_total",
              "Records whose times could not be true and were moved.", Kind::Counter);
  MetricFamily& long_flows =
      set.add("weir_exporter_long_flows_total",
              "Records of flows that are more than a minute longer than the active timeout.",
              Kind::Counter);
  MetricFamily& clock_skew = set.add("weir_exporter_clock_skew_seconds",
                                     "Arrival minus export time, smallest of a window: how far the "
                                     "exporter's clock is behind ours.",
                                     Kind::Gauge, "seconds");
  MetricFamily& sampling =
      set.add("weir_exporter_sampling_interval",
              "N of 1 packet in N, of the last record; absent while unknown.", Kind::Gauge);
  MetricFamily& last_seen =
      set.add("weir_exporter_last_seen_timestamp_seconds",
              "Arrival of the last datagram, as Unix time.", Kind::Gauge, "seconds");

  void add(std::string_view name, Protocol protocol, const core::ExporterSums& sums) {
    const core::ExporterCounts& counts = sums.counts;
    const Label exporter{.name = "exporter", .value = name};
    const Label over{.name = "protocol", .value = protocol_name(protocol)};
    const std::string_view pair = set.own(label_text({exporter, over}));
    const auto put = [pair](MetricFamily& family, Value value) {
      family.samples.push_back({.labels = pair, .value = value});
    };
    const auto put_with = [&](MetricFamily& family, Label label, Value value) {
      family.samples.push_back(
          {.labels = set.own(label_text({exporter, over, label})), .value = value});
    };

    put(datagrams, counts.datagrams);
    put(records, counts.records);
    put(counter_samples, counts.counter_samples);
    put(options_records, counts.options_records);
    put(templates, counts.templates);
    put(expired_templates, counts.expired_templates);
    put(sets_without_template, counts.sets_without_template);
    if (const std::string_view unit = lost_unit(protocol); !unit.empty()) {
      put_with(lost, {.name = "unit", .value = unit}, counts.lost);
      put_with(recovered, {.name = "unit", .value = unit}, counts.recovered);
      put(sequence_unknown, counts.sequence_unknown);
    }
    put(out_of_order, counts.out_of_order);
    put(duplicates, counts.duplicates);
    put(restarts, counts.restarts);
    for (std::size_t i = 0; i < kDecodeErrors; ++i) {
      if (counts.malformed[i] == 0) continue;
      put_with(malformed,
               {.name = "reason", .value = decode_error_name(static_cast<DecodeError>(i))},
               counts.malformed[i]);
    }
    put_with(held_bytes, {.name = "state", .value = "held"}, counts.held_bytes);
    put_with(held_bytes, {.name = "state", .value = "rescued"}, counts.rescued_bytes);
    put_with(held_bytes, {.name = "state", .value = "given_up"}, counts.given_up_bytes);
    put_with(held_records, {.name = "state", .value = "held"}, counts.unknown_held_records);
    put_with(held_records, {.name = "state", .value = "rescued"}, counts.unknown_rescued_records);
    put_with(held_records, {.name = "state", .value = "given_up"}, counts.unknown_given_up_records);
    put(sampling_changes, counts.sampling_changes);
    put(clamped_times, counts.clamped_times);
    put(long_flows, counts.long_flows);
    if (has_clock(protocol)) put(clock_skew, seconds(sums.clock_skew_ms));
    if (sums.sampling_interval > 0) put(sampling, sums.sampling_interval);
    if (sums.last_seen_ms > 0) {
      put(last_seen, seconds(static_cast<std::int64_t>(sums.last_seen_ms)));
    }
  }
};

struct BookFamilies {
  explicit BookFamilies(MetricSet& target) : set(target) {}

  MetricSet& set;
  MetricFamily& bytes =
      set.add("weir_bytes_total",
              "Bytes reported by the exporter by what became of them; each byte has "
              "one fate.",
              Kind::Counter, "bytes");
  MetricFamily& reported = set.add("weir_reported_bytes_total",
                                   "Bytes reported by the exporter, scaled by sampling, at the "
                                   "configured layer.",
                                   Kind::Counter, "bytes");
  MetricFamily& imbalance =
      set.add("weir_books_imbalance_bytes",
              "Reported bytes minus the sum over all fates. Zero, but for a record "
              "that is being counted at the moment of the scrape.",
              Kind::Gauge, "bytes");

  void add(std::string_view name, const core::ExporterCounts& books) {
    std::uint64_t sum = 0;
    for (const std::uint64_t fate : books.fates) sum += fate;
    const Label exporter{.name = "exporter", .value = name};
    const std::string_view alone = set.own(label_text({exporter}));
    for (std::size_t fate = 0; fate < kFates; ++fate) {
      const Label label{.name = "fate", .value = fate_name(static_cast<Fate>(fate))};
      bytes.samples.push_back(
          {.labels = set.own(label_text({exporter, label})), .value = books.fates[fate]});
    }
    reported.samples.push_back({.labels = alone, .value = books.reported_bytes});
    // Wraps to the negative difference where the fates are ahead.
    imbalance.samples.push_back(
        {.labels = alone, .value = static_cast<std::int64_t>(books.reported_bytes - sum)});
  }
};

/// The label of each exporter: its name, with its address where an earlier one has the name.
/// Two series of the same labels would make Prometheus drop one.
[[nodiscard]] std::vector<std::string> unique_names(
    const std::vector<core::ExporterRegistry::Entry>& entries) {
  std::unordered_set<std::string> taken;
  std::vector<std::string> names;
  names.reserve(entries.size());
  for (const auto& entry : entries) {
    std::string name = entry.name;
    if (!taken.insert(name).second) {
      name += " (" + entry.address.to_string() + ")";
      taken.insert(name);
    }
    names.push_back(std::move(name));
  }
  return names;
}

void add_info(MetricSet& set, const std::vector<core::ExporterRegistry::Entry>& entries,
              const std::vector<std::string>& names, const contracts::ContractTable* table) {
  std::unordered_map<std::uint32_t, std::string_view> pops;
  if (table != nullptr) {
    for (const contracts::RouterTerms& router : table->routers()) {
      pops.emplace(router.exporter.value(), router.pop);
    }
  }
  MetricFamily& info = set.add("weir_exporter_info",
                               "Facts about the exporter, heard or not, to be joined on the label "
                               "exporter.",
                               Kind::Gauge);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto pop = pops.find(static_cast<std::uint32_t>(i));
    info.samples.push_back(
        {.labels = set.own(label_text(
             {{.name = "exporter", .value = names[i]},
              {.name = "address", .value = entries[i].address.to_string()},
              {.name = "pop", .value = pop == pops.end() ? std::string_view{} : pop->second}})),
         .value = std::uint64_t{1}});
  }
}

void add_completeness(MetricSet& set, const std::vector<std::string>& names,
                      std::span<const CompletenessFigures> completeness) {
  MetricFamily& ratio =
      set.add("weir_exporter_completeness_ratio",
              "Of the export sent in the last closed five minutes, the part that came, by its "
              "sequence numbers; 0 if the exporter was silent, absent while unknown.",
              Kind::Gauge, "ratio");
  for (const CompletenessFigures& figures : completeness) {
    // An exporter that was met while this answer is made has no name yet.
    if (figures.exporter.value() >= names.size()) continue;
    ratio.samples.push_back({.labels = set.own(label_text(
                                 {{.name = "exporter", .value = names[figures.exporter.value()]},
                                  {.name = "protocol", .value = protocol_name(figures.protocol)}})),
                             .value = figures.ratio});
  }
}

}  // namespace

void add_exporter_families(MetricSet& set, const core::ExporterRegistry& exporters,
                           std::span<const core::WorkerBooks* const> books,
                           std::span<const CompletenessFigures> completeness,
                           const contracts::ContractTable* table) {
  const auto entries = exporters.entries();
  const std::vector<std::string> names = unique_names(entries);
  add_info(set, entries, names, table);

  ExporterFamilies families(set);
  BookFamilies book_families(set);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const ExporterId exporter(static_cast<std::uint32_t>(i));
    std::optional<core::ExporterCounts> balance;
    for (std::size_t p = 0; p < kProtocols; ++p) {
      const auto protocol = static_cast<Protocol>(p);
      const auto sums = core::sums_of(books, exporter, protocol);
      if (!sums) continue;
      if (!balance) balance.emplace();
      *balance += sums->counts;
      families.add(names[i], protocol, *sums);
    }
    if (balance) book_families.add(names[i], *balance);
  }

  add_completeness(set, names, completeness);

  std::uint64_t refused = 0;
  std::uint64_t unreadable = 0;
  std::uint64_t forgotten = 0;
  for (const core::WorkerBooks* worker : books) {
    refused += worker->refused_datagrams.read();
    unreadable += worker->unreadable_datagrams.read();
    forgotten += worker->forgotten_totals.read();
  }
  set.add("weir_refused_datagrams_total",
          "Datagrams dropped unread, since their source is not allowed or there are too many "
          "sources.",
          Kind::Counter)
      .samples.push_back({.labels = R"(reason="not_allowed")", .value = refused});
  set.add("weir_unreadable_datagrams_total", "Datagrams whose protocol could not be told.",
          Kind::Counter)
      .samples.push_back({.labels = {}, .value = unreadable});
  set.add("weir_forgotten_running_totals_total",
          "Flows counted in running totals that were forgotten, since there were too many.",
          Kind::Counter)
      .samples.push_back({.labels = {}, .value = forgotten});
}

}  // namespace weir::prometheus
