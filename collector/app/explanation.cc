#include "collector/app/explanation.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <variant>

#include "collector/accounting/layer.h"
#include "collector/app/ledger_coverage.h"
#include "collector/billing/rate.h"
#include "exporters/ledger/statement_store.h"

namespace weir::app {
namespace {

std::int64_t seconds_of(TrafficTime time) noexcept { return since_epoch_ms(time) / 1'000; }

const contracts::InterfaceTerms* configured(const config::Config& config,
                                            const contracts::InterfaceAttachment& at) {
  const auto& routers = config.exporters.routers;
  const auto router = std::ranges::find(routers, at.exporter, &config::Router::name);
  if (router == routers.end()) return nullptr;
  const auto* const index = std::get_if<std::uint32_t>(&at.interface);
  const auto found = std::ranges::find_if(router->interfaces, [&](const auto& terms) {
    return index != nullptr ? terms.index == *index
                            : terms.name == std::get<std::string>(at.interface);
  });
  return found == router->interfaces.end() ? nullptr : &*found;
}

Result<std::vector<ExplainedAttachment>> attachments_of(const config::Config& config,
                                                        const contracts::Contract& contract,
                                                        std::int64_t start,
                                                        ledger::Ledger& ledger) {
  std::vector<ExplainedAttachment> all;
  for (const auto& attachment : contract.attach) {
    ExplainedAttachment one{.attachment = attachment,
                            .interface = std::nullopt,
                            .interface_name = {},
                            .passed = std::nullopt};
    if (const auto* at = std::get_if<contracts::InterfaceAttachment>(&attachment.where)) {
      if (const auto* index = std::get_if<std::uint32_t>(&at->interface)) one.interface = *index;
      if (const auto* name = std::get_if<std::string>(&at->interface)) one.interface_name = *name;
      if (const auto* terms = configured(config, *at)) {
        if (terms->index != 0) one.interface = terms->index;
        one.interface_name = terms->name;
      }
      if (one.interface) {
        auto passed = ledger.interface_totals(at->exporter, *one.interface, start,
                                              start + ledger::kIntervalSeconds);
        if (!passed) return tl::unexpected(passed.error());
        if (!passed->empty()) one.passed = passed->front();
      }
    }
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<ExplainedDirection> directions_of(const std::vector<ledger::RunRow>& rows) {
  std::vector<ExplainedDirection> directions;
  for (const Direction direction : {Direction::FromCustomer, Direction::ToCustomer}) {
    ExplainedDirection one{.direction = direction, .amount = {}, .families = {}};
    for (const Family family : {Family::Ipv4, Family::Ipv6}) {
      ExplainedFamily of{.family = family, .amount = {}, .late = {}};
      bool is_there = false;
      for (const auto& [run, row] : rows) {
        if (row.direction != direction || row.family != family) continue;
        is_there = true;
        of.amount.add(row);
        of.amendments += row.revision;
        if (ledger::Ledger::is_amendment_run(run)) of.late.add(row);
        one.amount.add(row);
      }
      if (is_there) one.families.push_back(of);
    }
    directions.push_back(std::move(one));
  }
  return directions;
}

ExplainedExporter::State state_of(const ledger::ReceptionRow& row) noexcept {
  if (row.received == 0 && row.lost != 0) return ExplainedExporter::State::Silent;
  return row.lost == 0 ? ExplainedExporter::State::Whole : ExplainedExporter::State::Lossy;
}

/// Those that the contract hangs on by name; else all that the ledger knows of.
std::vector<ExplainedExporter> exporters_at(const contracts::Contract& contract,
                                            const std::vector<ledger::ReceptionRow>& reception,
                                            std::vector<ledger::ExportRow> exports) {
  const ExporterSet named = exporters_of(contract);
  std::map<std::string, ExplainedExporter> all;
  for (const auto& name : named) all[name].name = name;
  const auto concerns = [&](const std::string& name) {
    return named.empty() || named.contains(name);
  };
  for (auto& row : exports) {
    if (!concerns(row.exporter)) continue;
    auto& exporter = all[row.exporter];
    exporter.name = row.exporter;
    // Where no reception is kept (a replay), what was counted lost is what is known.
    if (exporter.state != ExplainedExporter::State::Lossy)
      exporter.state =
          row.lost == 0 ? ExplainedExporter::State::Whole : ExplainedExporter::State::Lossy;
    exporter.exports.push_back(std::move(row));
  }
  for (const auto& row : reception) {
    if (!concerns(row.exporter)) continue;
    auto& exporter = all[row.exporter];
    exporter.name = row.exporter;
    exporter.state = state_of(row);
  }
  std::vector<ExplainedExporter> exporters;
  exporters.reserve(all.size());
  for (auto& [name, exporter] : all) exporters.push_back(std::move(exporter));
  return exporters;
}

}  // namespace

void ExplainedAmount::add(const ledger::IntervalRow& row) noexcept {
  bytes += row.bytes;
  packets += row.packets;
  records += row.records;
  variance += row.variance;
}

std::uint64_t ExplainedAmount::bits_per_second() const noexcept {
  return billing::rate_of(bytes).value();
}

std::uint64_t ExplainedAmount::standard_deviation() const noexcept {
  return static_cast<std::uint64_t>(std::llround(std::sqrt(std::max(variance, 0.0))));
}

std::uint64_t ExplainedAmount::error_bits_per_second() const noexcept {
  return billing::half_width_rate(standard_deviation()).value();
}

std::string_view exporter_state_name(ExplainedExporter::State state) noexcept {
  switch (state) {
    case ExplainedExporter::State::Whole:
      return "whole";
    case ExplainedExporter::State::Lossy:
      return "lossy";
    case ExplainedExporter::State::Silent:
      return "silent";
    case ExplainedExporter::State::Unknown:
      break;
  }
  return "unknown";
}

LayerRule layer_rule(Layer layer, Protocol protocol) noexcept {
  constexpr int kFrame = accounting::kFrameOverhead;
  constexpr int kWire = accounting::kWireOverhead;
  constexpr int kTag = accounting::kTagBytes;
  constexpr std::uint32_t kShortest = accounting::kShortestFrame;
  const bool reports_frames = protocol == Protocol::Sflow5 || protocol == Protocol::Packets;
  LayerRule rule{.reports_frames = reports_frames};
  switch (layer) {
    case Layer::Ip:
      if (reports_frames) {
        rule.bytes_per_packet = -kFrame;
        rule.bytes_per_tag = -kTag;
      }
      return rule;
    case Layer::Ethernet:
    case Layer::Wire:
      if (!reports_frames) {
        rule.bytes_per_packet = kFrame;
        rule.bytes_per_tag = kTag;
        rule.shortest = kShortest;
      }
      if (layer == Layer::Wire) {
        rule.bytes_per_packet += kWire;
        if (rule.shortest != 0) rule.shortest += kWire;
      }
      return rule;
  }
  return rule;
}

Result<Explanation> make_explanation(const config::Config& config,
                                     const contracts::Contract& contract, TrafficTime start,
                                     ledger::Ledger& ledger) {
  const std::int64_t from = seconds_of(start);
  const std::int64_t until = from + ledger::kIntervalSeconds;
  auto attachments = attachments_of(config, contract, from, ledger);
  if (!attachments) return tl::unexpected(attachments.error());
  const auto rows = ledger.rows_of(contract.id, from);
  if (!rows) return tl::unexpected(rows.error());
  auto coverage = ledger.coverage_by_run(from);
  if (!coverage) return tl::unexpected(coverage.error());
  const auto reception = ledger.reception(from, until);
  if (!reception) return tl::unexpected(reception.error());
  auto exports = ledger.exports(from);
  if (!exports) return tl::unexpected(exports.error());
  auto masks = ledger.masks(contract.id, from, until);
  if (!masks) return tl::unexpected(masks.error());
  // An interval belongs to the period that holds its start.
  const auto closed = ledger::StatementStore(ledger).closed_periods(contract.id, from, from + 1);
  if (!closed) return tl::unexpected(closed.error());
  const std::vector<ExporterSet> sets{exporters_of(contract)};
  const auto shares =
      LedgerCoverage::read(ledger, {.start = start, .end = start + billing::kLedgerInterval}, sets);
  if (!shares) return tl::unexpected(shares.error());

  Explanation made{.contract = contract.id,
                   .customer = contract.customer,
                   .start = start,
                   .layer = config.accounting.layer,
                   .interval = {},
                   .attachments = std::move(*attachments),
                   .directions = directions_of(*rows),
                   .coverage = std::move(*coverage),
                   .exporters = exporters_at(contract, *reception, std::move(*exports)),
                   .masks = std::move(*masks),
                   .closed_month = std::nullopt};
  made.interval.bytes = {.from_customer = made.directions[0].amount.bytes,
                         .to_customer = made.directions[1].amount.bytes};
  made.interval.completeness = shares->share(0, start);
  made.interval.is_masked = !made.masks.empty();
  if (!closed->empty()) made.closed_month = closed->front().month;
  return made;
}

}  // namespace weir::app
