#include "collector/app/state_reports.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>

#include "collector/app/outputs.h"
#include "collector/app/version.h"
#include "collector/pipeline/completeness.h"

namespace weir::app {
namespace {

constexpr std::size_t kUserAgentBytes = 128;

std::uint64_t seconds_between(TrafficTime start, TrafficTime end) noexcept {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(
      0, std::chrono::duration_cast<std::chrono::seconds>(end - start).count()));
}

std::string_view state_name(pipeline::Completeness::State state) noexcept {
  switch (state) {
    case pipeline::Completeness::State::Measured:
      return "measured";
    case pipeline::Completeness::State::Silent:
      return "silent";
    case pipeline::Completeness::State::Unknown:
      break;
  }
  return "unknown";
}

/// What the interval in use rests on (accounting/scale.h has the order of precedence).
std::string_view sampling_source(const accounting::SamplingTerms& terms,
                                 const core::ExporterSums& sums) noexcept {
  if (sums.sampling_interval == 0) return "unknown";
  if (terms.force_interval != 0) return "forced";
  switch (sums.sampling_source) {
    case SamplingSource::Record:
      return "record";
    case SamplingSource::Sampler:
      return "sampler";
    case SamplingSource::Domain:
      return "domain";
    case SamplingSource::Header:
      return "header";
    case SamplingSource::Unknown:
      break;
  }
  return "default";
}

/// What the configuration says of one exporter.
struct Configured {
  bool is_router = false;
  std::string pop;
  std::uint64_t interfaces = 0;
};

std::unordered_map<std::uint32_t, Configured> configured_exporters(
    const contracts::ContractTable& table) {
  std::unordered_map<std::uint32_t, Configured> all;
  for (const auto& router : table.routers()) {
    Configured& configured = all[router.exporter.value()];
    configured.is_router = true;
    configured.pop = router.pop;
  }
  for (const auto& interface : table.tracked_interfaces())
    ++all[interface.exporter.value()].interfaces;
  return all;
}

std::vector<http::ProtocolReport> protocol_reports(const pipeline::Pipeline& pipeline,
                                                   ExporterId exporter,
                                                   const accounting::SamplingTerms& terms,
                                                   const CountedMoment& before, TrafficTime now) {
  const auto books = pipeline.books();
  std::map<Protocol, pipeline::Completeness> completeness;
  for (const auto& one :
       pipeline::completeness_by_protocol(books, exporter, pipeline::last_closed_interval(now)))
    completeness.emplace(one.protocol, one.completeness);
  std::vector<http::ProtocolReport> reports;
  for (std::size_t i = 0; i < kProtocols; ++i) {
    const auto protocol = static_cast<Protocol>(i);
    auto sums = core::sums_of(books, exporter, protocol);
    if (!sums) continue;
    http::ProtocolReport report{.protocol = protocol,
                                .recent = sums->counts,
                                .sampling_source = std::string(sampling_source(terms, *sums))};
    if (const auto earlier = before.exporters.find({exporter.value(), protocol});
        earlier != before.exporters.end())
      report.recent = sums->counts.since(earlier->second);
    if (const auto found = completeness.find(protocol); found != completeness.end()) {
      report.completeness = found->second.ratio();
      report.completeness_state = state_name(found->second.state);
    }
    report.sums = *std::move(sums);
    reports.push_back(std::move(report));
  }
  return reports;
}

/// The alarms of all interfaces, by exporter.
std::unordered_map<std::uint32_t, std::vector<http::InterfaceAlarm>> interface_alarms(
    const pipeline::Pipeline& pipeline, const contracts::ContractTable& table) {
  constexpr std::uint64_t kIntervalMinutes = 5;
  std::unordered_map<std::uint32_t, std::vector<http::InterfaceAlarm>> all;
  const auto standing = pipeline.interface_standing(table);
  const auto interfaces = table.tracked_interfaces();
  for (std::size_t i = 0; i < interfaces.size(); ++i)
    for (const InterfaceSide side : {InterfaceSide::Ingress, InterfaceSide::Egress}) {
      const auto& one = standing[i][static_cast<std::size_t>(side)];
      if (!one.alarm) continue;
      all[interfaces[i].exporter.value()].push_back(
          {.interface = interfaces[i].terms.index,
           .direction = std::string(side_name(side)),
           .ratio = one.ratio.value_or(0),
           .minutes = one.apart_in_a_row * kIntervalMinutes,
           .cause = std::string(accounting::cause_name(*one.alarm))});
    }
  return all;
}

/// The last refused sources of all workers, newest first, as many as one worker keeps.
std::vector<http::RefusedSourceReport> refused_sources(const pipeline::Pipeline& pipeline) {
  std::map<IpAddress, core::RefusedSource> by_address;
  for (const auto* worker : pipeline.books())
    for (const core::RefusedSource& source : worker->refused_sources.entries()) {
      core::RefusedSource& sum = by_address[source.address];
      sum.address = source.address;
      sum.datagrams += source.datagrams;
      sum.last = std::max(sum.last, source.last);
    }
  std::vector<core::RefusedSource> sources;
  sources.reserve(by_address.size());
  for (const auto& [address, source] : by_address) sources.push_back(source);
  std::ranges::sort(sources, std::greater{}, &core::RefusedSource::last);
  sources.resize(std::min(sources.size(), core::RefusedSources::kKept));
  std::vector<http::RefusedSourceReport> reports;
  reports.reserve(sources.size());
  for (const core::RefusedSource& source : sources)
    reports.push_back({.address = source.address.to_string(),
                       .datagrams = source.datagrams,
                       .last_ms = since_epoch_ms(source.last)});
  return reports;
}

}  // namespace

void ScrapeNote::note(TrafficTime time, std::string_view user_agent) {
  std::string kept(user_agent.substr(0, kUserAgentBytes));
  // A header may hold any byte; JSON may not.
  std::ranges::replace_if(
      kept, [](char c) { return c < ' ' || c > '~'; }, '?');
  const std::lock_guard lock(mutex_);
  last_ = {.time_ms = since_epoch_ms(time), .user_agent = std::move(kept)};
}

ScrapeNote::Scrape ScrapeNote::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

http::ExportersReport exporters_report(const pipeline::Pipeline& pipeline,
                                       const CountedMoment& before, TrafficTime now) {
  http::ExportersReport report{
      .now_ms = since_epoch_ms(now),
      .recent_seconds = seconds_between(before.time, now),
      .completeness_start_ms = since_epoch_ms(pipeline::last_closed_interval(now))};
  const auto policy = pipeline.policy();
  const auto configured = configured_exporters(*policy->table);
  auto alarms = interface_alarms(pipeline, *policy->table);
  const auto entries = pipeline.registries().exporters.entries();
  for (std::uint32_t number = 0; number < entries.size(); ++number) {
    http::ExporterReport exporter{.address = entries[number].address.to_string(),
                                  .name = entries[number].name};
    if (const auto found = configured.find(number); found != configured.end()) {
      exporter.is_configured = found->second.is_router;
      exporter.pop = found->second.pop;
      exporter.configured_interfaces = found->second.interfaces;
    }
    exporter.protocols = protocol_reports(
        pipeline, ExporterId{number}, policy->sampling_of(entries[number].address), before, now);
    exporter.interface_alarms = std::move(alarms[number]);
    report.exporters.push_back(std::move(exporter));
  }
  return report;
}

http::StatusReport status_report(const pipeline::Pipeline& pipeline, const CountedMoment& before,
                                 const StatusMoment& moment) {
  http::StatusReport report{.version = kVersion,
                            .now_ms = since_epoch_ms(moment.now),
                            .started_ms = since_epoch_ms(moment.started),
                            .recent_seconds = seconds_between(before.time, moment.now),
                            .not_ready_because = moment.not_ready,
                            .refused_sources = refused_sources(pipeline),
                            .last_scrape_ms = moment.scrape.time_ms,
                            .scraper = moment.scrape.user_agent,
                            .clock_skew_limit_ms = pipeline.policy()->clock_skew_limit.count()};
  for (const auto& listen : pipeline.listeners()) {
    const auto earlier = before.dropped.find(listen.listen);
    const std::uint64_t dropped_before = earlier == before.dropped.end() ? 0 : earlier->second;
    report.listeners.push_back({.listen = listen.listen,
                                .datagrams = listen.datagrams,
                                .dropped = listen.dropped,
                                .recent_dropped = listen.dropped - dropped_before,
                                .truncated = listen.truncated,
                                .requested_buffer_bytes = listen.requested_buffer_bytes,
                                .granted_buffer_bytes = listen.granted_buffer_bytes,
                                .is_failing = listen.is_failing});
  }
  for (const auto* worker : pipeline.books()) {
    report.refused_datagrams += worker->refused_datagrams.read();
    report.unreadable_datagrams += worker->unreadable_datagrams.read();
  }
  report.recent_unreadable_datagrams = report.unreadable_datagrams - before.unreadable_datagrams;
  return report;
}

}  // namespace weir::app
