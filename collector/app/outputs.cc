#include "collector/app/outputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <numeric>

#include "collector/app/rfc3339.h"
#include "collector/app/version.h"
#include "collector/pipeline/completeness.h"
#include "exporters/http/contracts_api.h"

namespace weir::app {
namespace {

/// A worker turns every few milliseconds; one that has not for so long hangs.
constexpr std::chrono::seconds kLongestSilence{10};

constexpr std::string_view lost_unit(Protocol protocol) noexcept {
  switch (protocol) {
    case Protocol::Netflow9:
      return "packets";
    case Protocol::Ipfix:
      return "records";
    case Protocol::Sflow5:
      return "datagrams";
    case Protocol::Packets:
      return "packets";
    default:
      return "flows";
  }
}

void add_contracts(http::StatusPage& page, const core::TotalsSnapshot& totals,
                   const contracts::ContractTable& table, const billing::BillingView* billing) {
  for (const auto& entry : table.contracts()) {
    http::ContractRow row{
        .id = entry.contract.id,
        .service = entry.contract.service,
        .pop = entry.contract.pop,
        .committed_bits_per_second = entry.contract.committed.value(),
    };
    if (billing != nullptr) row.billing = contract_billing(billing->find(entry.contract.id));
    if (totals.has_minute && entry.slot.value() < totals.minute.size()) {
      const auto& minute = totals.minute[entry.slot.value()];
      const double seconds = static_cast<double>(totals.minute_span.count()) / 1e3;
      const auto rate = [&](Direction direction) {
        return static_cast<double>(minute.bytes[static_cast<std::size_t>(direction)]) * 8 / seconds;
      };
      const auto error = [&](Direction direction) {
        const auto variance = minute.variance[static_cast<std::size_t>(direction)];
        return 1.96 * std::sqrt(static_cast<double>(variance)) * 8 / seconds;
      };
      row.from_customer_bits_per_second = rate(Direction::FromCustomer);
      row.to_customer_bits_per_second = rate(Direction::ToCustomer);
      row.error_bits_per_second =
          row.from_customer_bits_per_second > row.to_customer_bits_per_second
              ? error(Direction::FromCustomer)
              : error(Direction::ToCustomer);
    }
    page.contracts.push_back(std::move(row));
  }
}

void add_exporters(http::StatusPage& page, const pipeline::Pipeline& pipeline) {
  const auto entries = pipeline.registries().exporters.entries();
  const auto books = pipeline.books();
  const std::int64_t now_ms = since_epoch_ms(traffic_now());
  std::array<std::uint64_t, kFates> fates{};
  for (std::uint32_t number = 0; number < entries.size(); ++number) {
    for (std::size_t index = 0; index < kProtocols; ++index) {
      const auto protocol = static_cast<Protocol>(index);
      http::ExporterRow row{.name = entries[number].name,
                            .protocol = std::string(protocol_name(protocol)),
                            .lost_unit = std::string(lost_unit(protocol))};
      std::uint64_t last_seen_ms = 0;
      bool is_met = false;
      for (const auto* book : books) {
        const auto* counters = book->find(ExporterId{number}, protocol);
        if (counters == nullptr) continue;
        is_met = true;
        row.records += counters->records.read();
        row.lost +=
            counters->lost.read() - std::min(counters->lost.read(), counters->recovered.read());
        for (const auto& reason : counters->malformed) row.malformed += reason.read();
        last_seen_ms = std::max(last_seen_ms, counters->last_seen_ms.read());
        for (std::size_t fate = 0; fate < kFates; ++fate)
          fates[fate] += counters->fates[fate].read();
      }
      if (!is_met) continue;
      row.seconds_since_seen =
          static_cast<double>(now_ms - static_cast<std::int64_t>(last_seen_ms)) / 1e3;
      page.exporters.push_back(std::move(row));
    }
  }
  for (std::size_t fate = 0; fate < kFates; ++fate)
    page.fates.push_back(
        {.fate = std::string(fate_name(static_cast<Fate>(fate))), .bytes = fates[fate]});
}

void add_listeners(http::StatusPage& page, const pipeline::Pipeline& pipeline) {
  for (auto& listen : pipeline.listeners())
    page.listeners.push_back({.listen = std::move(listen.listen),
                              .received = listen.datagrams,
                              .unit = "datagrams",
                              .refused = listen.dropped + listen.truncated});
  for (auto& stream : pipeline.streams()) {
    const auto& refused = stream.refused;
    page.listeners.push_back(
        {.listen = std::move(stream.listen),
         .received = stream.messages,
         .unit = fmt::format("messages, {} connections", stream.open),
         .refused = std::accumulate(refused.begin(), refused.end(), std::uint64_t{0})});
  }
}

template <class Reason, std::size_t N>
std::vector<prometheus::StreamFigures::Reason> reasons_of(
    const std::array<std::uint64_t, N>& counts, std::string_view (*name_of)(Reason)) {
  std::vector<prometheus::StreamFigures::Reason> reasons;
  for (std::size_t i = 0; i < N; ++i)
    reasons.push_back({.name = name_of(static_cast<Reason>(i)), .connections = counts[i]});
  return reasons;
}

}  // namespace

std::vector<std::string> not_ready_because(const pipeline::Pipeline& pipeline) {
  std::vector<std::string> reasons;
  if (const auto silence = pipeline.longest_silence(); silence > kLongestSilence)
    reasons.push_back(
        fmt::format("a worker has not turned for {} s",
                    std::chrono::duration_cast<std::chrono::seconds>(silence).count()));
  for (const auto& listen : pipeline.listeners())
    if (listen.is_failing)
      reasons.push_back(fmt::format("{}: the mirror port is down or gone", listen.listen));
  return reasons;
}

prometheus::Sources metric_sources(const pipeline::Pipeline& pipeline) {
  prometheus::Sources sources;
  sources.totals = &pipeline.totals();
  sources.books = pipeline.books();
  sources.exporters = &pipeline.registries().exporters;
  sources.table = [&pipeline] { return pipeline.policy()->table; };
  sources.sockets = [&pipeline] {
    std::vector<prometheus::SocketFigures> sockets;
    for (auto& listen : pipeline.listeners())
      sockets.push_back({.listen = std::move(listen.listen),
                         .datagrams = listen.datagrams,
                         .dropped = listen.dropped,
                         .truncated = listen.truncated,
                         .requested_buffer_bytes = listen.requested_buffer_bytes,
                         .granted_buffer_bytes = listen.granted_buffer_bytes});
    return sockets;
  };
  sources.streams = [&pipeline] {
    std::vector<prometheus::StreamFigures> streams;
    for (auto& stream : pipeline.streams())
      streams.push_back({.listen = std::move(stream.listen),
                         .accepted = stream.accepted,
                         .open = stream.open,
                         .messages = stream.messages,
                         .bytes = stream.bytes,
                         .refused = reasons_of(stream.refused, ingest::stream_refusal_name),
                         .ended = reasons_of(stream.ended, ingest::stream_end_name)});
    return streams;
  };
  sources.interfaces = [&pipeline](const contracts::ContractTable& table) {
    std::vector<prometheus::InterfaceFigures> figures;
    std::uint32_t number = 0;
    const auto standing = pipeline.interface_standing(table);
    for (const auto& bytes : pipeline.interface_bytes(table)) {
      auto& figure = figures.emplace_back(prometheus::InterfaceFigures{
          .number = number, .ingress_bytes = bytes.ingress, .egress_bytes = bytes.egress});
      for (std::size_t side = 0; side < figure.counters.size(); ++side) {
        const auto& from = standing[number][side];
        if (!from.has_counter) continue;
        figure.counters[side] = {
            .bytes = from.counter_bytes,
            .ratio = from.ratio,
            .alarm_cause = from.alarm ? accounting::cause_name(*from.alarm) : std::string_view{}};
      }
      ++number;
    }
    return figures;
  };
  sources.pops = [&pipeline] {
    std::vector<prometheus::PopFigures> figures;
    for (auto& pair : pipeline.pop_bytes())
      figures.push_back({.ingress_pop = std::move(pair.ingress),
                         .egress_pop = std::move(pair.egress),
                         .bytes = pair.bytes});
    return figures;
  };
  sources.state = [&pipeline] {
    prometheus::StateFigures figures;
    figures.awaited_interface_names = pipeline.policy()->interfaces.awaited.size();
    const auto keeping = pipeline.keeping();
    if (!keeping) return figures;
    figures.is_kept = true;
    figures.read_errors = keeping->read_errors;
    figures.write_errors = keeping->write_errors;
    figures.writes = keeping->writes;
    figures.last_write_ms = keeping->last_write_ms;
    return figures;
  };
  sources.completeness = [&pipeline](TrafficTime now) {
    std::vector<prometheus::CompletenessFigures> figures;
    const auto books = pipeline.books();
    const auto start = pipeline::last_closed_interval(now);
    const auto exporters =
        static_cast<std::uint32_t>(pipeline.registries().exporters.entries().size());
    for (std::uint32_t number = 0; number < exporters; ++number)
      for (const auto& one : pipeline::completeness_by_protocol(books, ExporterId{number}, start))
        if (const auto ratio = one.completeness.ratio())
          figures.push_back(
              {.exporter = ExporterId{number}, .protocol = one.protocol, .ratio = *ratio});
    return figures;
  };
  sources.version = kVersion;
  return sources;
}

http::ContractBilling contract_billing(const billing::ContractView* one) {
  if (one == nullptr) return {.standing = "no_data"};
  const billing::SoFar& so_far = one->current.so_far;
  const auto bits = [](const std::optional<BitsPerSecond>& rate) {
    return rate ? std::optional(rate->value()) : std::nullopt;
  };
  return {.standing = std::string(http::standing_of(one->terms.committed, so_far.percentile)),
          .percentile = bits(so_far.percentile),
          .low = bits(one->current.low),
          .high = bits(one->current.high),
          .burst_used = so_far.burst_intervals_used,
          .burst_allowed = so_far.burst_intervals_allowed,
          .is_provisional = one->current.is_provisional};
}

http::StatusPage status_page(const pipeline::Pipeline& pipeline,
                             const billing::BillingView* billing,
                             std::vector<std::string> not_ready) {
  http::StatusPage page;
  page.version = kVersion;
  page.not_ready_because = std::move(not_ready);
  page.ready = page.not_ready_because.empty();
  const auto totals = pipeline.totals().snapshot();
  if (totals.has_minute) page.minute = rfc3339(totals.minute_start);
  add_contracts(page, totals, *pipeline.policy()->table, billing);
  add_exporters(page, pipeline);
  add_listeners(page, pipeline);
  page.links = {{"/metrics", "Metrics"},
                {"/-/healthy", "Alive"},
                {"/-/ready", "Ready"},
                {"/api/v1/contracts", "Contracts (JSON)"},
                {"/api/v1/company", "Company (JSON)"},
                {"/api/v1/exporters", "Exporters (JSON)"},
                {"/api/v1/status", "Status (JSON)"}};
  return page;
}

}  // namespace weir::app
