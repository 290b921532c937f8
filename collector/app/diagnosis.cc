#include "collector/app/diagnosis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "collector/model/decode_error.h"

namespace weir::app {
namespace {

using http::ExporterReport;
using http::ExportersReport;
using http::ProtocolReport;
using http::StatusReport;

/// Below this part of the bytes, a few records that stray are nobody's fault.
constexpr double kStrayRatio = 0.01;
constexpr double kMostBytes = 0.5;
/// Too few datagrams say nothing about loss that cannot be known: the first never can.
constexpr std::uint64_t kFewDatagrams = 10;
constexpr std::size_t kSourcesNamed = 5;
constexpr std::size_t kReasonsNamed = 3;

double part_of(std::uint64_t part, std::uint64_t whole) noexcept {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string percent(double ratio) {
  const double value = ratio * 100;
  return value >= 1 ? fmt::format("{:.1f} %", value) : fmt::format("{:.2g} %", value);
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array kUnits{"bytes", "kB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1'000 && unit + 1 < kUnits.size()) {
    value /= 1'000;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} bytes", bytes)
                   : fmt::format("{:.3g} {}", value, kUnits.at(unit));
}

std::string page_of(Step step) {
  std::string anchor(step_word(step));
  std::ranges::replace(anchor, '_', '-');
  return "docs/troubleshooting.md#" + anchor;
}

Finding found(Step step, std::string says, std::string mend) {
  return {.step = step, .says = std::move(says), .mend = std::move(mend), .page = page_of(step)};
}

std::int64_t seconds_ago(std::int64_t now_ms, std::int64_t then_ms) noexcept {
  return std::max<std::int64_t>(0, now_ms - then_ms) / 1'000;
}

std::string lately(std::uint64_t recent_seconds) {
  return "the last " + span_text(static_cast<std::int64_t>(recent_seconds));
}

bool has_clock(Protocol protocol) noexcept {
  return protocol != Protocol::Sflow5 && protocol != Protocol::Packets;
}

bool has_templates(Protocol protocol) noexcept {
  return protocol == Protocol::Netflow9 || protocol == Protocol::Ipfix;
}

/// "198.51.100.1 (12 datagrams, the last 3 s ago), ..." of the sources refused lately.
std::string refused_lately(const StatusReport& status) {
  std::string list;
  std::size_t named = 0;
  std::size_t more = 0;
  for (const auto& source : status.refused_sources) {
    const std::int64_t age = seconds_ago(status.now_ms, source.last_ms);
    if (age > kNotScrapedSeconds) continue;
    if (named == kSourcesNamed) {
      ++more;
      continue;
    }
    list += fmt::format("{}{} ({} datagrams, the last {} ago)", named++ == 0 ? "" : ", ",
                        source.address, source.datagrams, span_text(age));
  }
  if (more != 0) list += fmt::format(" and {} more", more);
  return list;
}

std::vector<Finding> diagnose_collector(const StatusReport& status) {
  std::vector<Finding> findings;
  for (const std::string& reason : status.not_ready_because)
    findings.push_back(found(Step::NotReady, reason,
                             "look into the collector's log; restart it if it does not come back"));
  for (const auto& listener : status.listeners) {
    if (listener.recent_dropped == 0) continue;
    findings.push_back(found(
        Step::KernelDrops,
        fmt::format("{}: the kernel dropped {} datagrams in {} for want of buffer ({} granted "
                    "of {} asked for)",
                    listener.listen, listener.recent_dropped, lately(status.recent_seconds),
                    bytes_text(listener.granted_buffer_bytes),
                    bytes_text(listener.requested_buffer_bytes)),
        listener.granted_buffer_bytes < listener.requested_buffer_bytes
            ? "raise net.core.rmem_max or grant CAP_NET_ADMIN, then restart (docs/sizing.md)"
            : "raise receive_buffer or the number of workers (docs/sizing.md)"));
  }
  if (const std::string sources = refused_lately(status); !sources.empty())
    findings.push_back(found(
        Step::NotAllowed, fmt::format("refused: {}", sources),
        "add them to exporters.allow, or give the router the source interface that is allowed; "
        "if they are no routers of yours, keep them off with a firewall"));
  if (status.recent_unreadable_datagrams != 0)
    findings.push_back(
        found(Step::Malformed,
              fmt::format("{} datagrams in {} are no NetFlow, IPFIX or sFlow v5",
                          status.recent_unreadable_datagrams, lately(status.recent_seconds)),
              "something else sends to the port: tcpdump shows who; sFlow must be version 5"));
  const std::int64_t up = seconds_ago(status.now_ms, status.started_ms);
  if (status.last_scrape_ms == 0 && up > kNotScrapedSeconds)
    findings.push_back(found(
        Step::NotScraped,
        fmt::format("nobody has asked for /metrics since the start {} ago", span_text(up)),
        "add this collector to scrape_configs of Prometheus; its target page says what fails"));
  else if (const std::int64_t age = seconds_ago(status.now_ms, status.last_scrape_ms);
           status.last_scrape_ms != 0 && age > kNotScrapedSeconds)
    findings.push_back(
        found(Step::NotScraped,
              fmt::format("nobody has asked for /metrics for {}; the last was {}", span_text(age),
                          status.scraper.empty() ? "a client without a name" : status.scraper),
              "see that Prometheus runs and that its target page shows this collector as up"));
  return findings;
}

std::optional<Finding> malformed(const ProtocolReport& report, const std::string& when) {
  std::vector<std::pair<std::uint64_t, std::string_view>> reasons;
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < kDecodeErrors; ++i) {
    if (report.recent.malformed[i] == 0) continue;
    all += report.recent.malformed[i];
    reasons.emplace_back(report.recent.malformed[i],
                         decode_error_name(static_cast<DecodeError>(i)));
  }
  if (all == 0) return std::nullopt;
  std::ranges::stable_sort(reasons, std::greater{}, &decltype(reasons)::value_type::first);
  reasons.resize(std::min(reasons.size(), kReasonsNamed));
  std::string list;
  for (const auto& [count, name] : reasons)
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ", name, count);
  return found(Step::Malformed,
               fmt::format("{}: {} parts were refused in {}: {}", protocol_name(report.protocol),
                           all, when, list),
               "capture its export and let `weir decode` show where it breaks; an update of the "
               "router's software often mends it");
}

std::string template_history(const ProtocolReport& report, std::int64_t now_ms) {
  if (report.sums.last_template_ms == 0) return "no template has come yet";
  const auto last_ms = static_cast<std::int64_t>(report.sums.last_template_ms);
  std::string text =
      fmt::format("the last template came {} ago", span_text(seconds_ago(now_ms, last_ms)));
  if (report.sums.template_gap_ms != 0)
    text += fmt::format(", expected every {}",
                        span_text(static_cast<std::int64_t>(report.sums.template_gap_ms / 1'000)));
  return text;
}

std::optional<Finding> no_template(const ProtocolReport& report, std::int64_t now_ms,
                                   const std::string& when) {
  // Without such sets, what is held waits for something else.
  if (!has_templates(report.protocol) || report.sums.counts.sets_without_template == 0)
    return std::nullopt;
  const std::uint64_t waiting = report.held_bytes_now();
  const std::uint64_t given_up = report.recent.given_up_bytes;
  if (waiting == 0 && given_up == 0) return std::nullopt;
  std::string says = fmt::format("{}: ", protocol_name(report.protocol));
  if (waiting != 0) says += fmt::format("{} of data wait for their template", bytes_text(waiting));
  if (given_up != 0)
    says += fmt::format("{}{} were given up in {}", waiting != 0 ? ", " : "", bytes_text(given_up),
                        when);
  return found(Step::NoTemplate, fmt::format("{}; {}", says, template_history(report, now_ms)),
               "let the router repeat its templates every 60 s; a path that drops long "
               "datagrams drops templates first");
}

std::string missing_sampling(const ProtocolReport& report) {
  switch (report.protocol) {
    case Protocol::Netflow1:
      return "NetFlow v1 cannot carry it";
    case Protocol::Netflow5:
      return "the sampling field of the v5 header is 0";
    case Protocol::Netflow7:
      return "NetFlow v7 cannot carry it";
    case Protocol::Sflow5:
      return "sampling_rate of the flow samples is 0";
    case Protocol::Netflow9:
    case Protocol::Ipfix:
      break;
    case Protocol::Packets:
      return "the capture has no `sample`";
  }
  const std::string elements =
      "element 34 (samplingInterval), 50 (samplerRandomInterval), 305/306 or 309/310 "
      "(packets of a selector)";
  return report.sums.counts.options_records == 0
             ? fmt::format("no options record has come, and data records lack {}", elements)
             : fmt::format(
                   "{} options records came, but neither they nor the data records give {} "
                   "for the sampler in use",
                   report.sums.counts.options_records, elements);
}

std::optional<Finding> no_sampling(const ProtocolReport& report, const std::string& when) {
  const std::uint64_t unscaled = report.recent.fate(Fate::Unscaled);
  const std::uint64_t waiting =
      report.sums.counts.sets_without_template == 0 ? report.held_bytes_now() : 0;
  if (unscaled == 0 && waiting == 0) return std::nullopt;
  const std::string what =
      unscaled != 0
          ? fmt::format("{} of what it reported in {} cannot be scaled",
                        percent(part_of(unscaled, report.recent.reported_bytes)), when)
          : fmt::format("{} of records wait for their sampling rate", bytes_text(waiting));
  return found(
      Step::NoSampling,
      fmt::format("{}: {}: {}", protocol_name(report.protocol), what, missing_sampling(report)),
      "export the sampler as options data (docs/routers.md), or write `sampling: N` for "
      "this router");
}

std::optional<Finding> clock(const ProtocolReport& report, const StatusReport& status) {
  const std::int64_t skew_ms = report.sums.clock_skew_ms;
  const std::int64_t off_ms = std::abs(skew_ms);
  if (!has_clock(report.protocol) || report.recent.datagrams == 0 ||
      off_ms <= kClockOffSeconds * 1'000)
    return std::nullopt;
  const bool is_rebased = status.clock_skew_limit_ms != 0 && off_ms > status.clock_skew_limit_ms;
  return found(Step::Clock,
               fmt::format("{}: its clock is {} {} ours; {}", protocol_name(report.protocol),
                           span_text(off_ms / 1'000), skew_ms > 0 ? "behind" : "ahead of",
                           is_rebased ? "its records are dated by their arrival"
                                      : "its records are dated wrongly by as much"),
               "set the router's clock by NTP, and this machine's too");
}

std::optional<Finding> unknown_interface(const ExporterReport& exporter,
                                         const ProtocolReport& report, const std::string& when) {
  const double part = part_of(report.recent.unknown_interface_bytes, report.recent.reported_bytes);
  if (exporter.configured_interfaces == 0 || part <= kStrayRatio) return std::nullopt;
  return found(
      Step::UnknownInterface,
      fmt::format("{}: {} of its bytes in {} are on interfaces that the configuration does "
                  "not know, and count for no contract",
                  protocol_name(report.protocol), percent(part), when),
      "`weir decode --summary` shows the interfaces in its records: name them under "
      "routers, and keep ifIndex persistent on the router");
}

std::optional<Finding> no_contract(const ProtocolReport& report, const std::string& when) {
  const double part = part_of(report.recent.fate(Fate::NoContract), report.recent.reported_bytes);
  if (part <= kMostBytes) return std::nullopt;
  return found(Step::NoContract,
               fmt::format("{}: {} of its bytes in {} match no contract",
                           protocol_name(report.protocol), percent(part), when),
               "compare `attach` of the contracts with the interfaces and addresses that `weir "
               "decode --summary` shows");
}

/// The domain that lost the most since the start; nullptr where there is but one.
const core::DomainCounts* worst_domain(const ProtocolReport& report) noexcept {
  if (report.sums.domains.size() < 2) return nullptr;
  const auto net = [](const core::DomainCounts& domain) {
    return domain.lost > domain.recovered ? domain.lost - domain.recovered : 0;
  };
  const auto worst = std::ranges::max_element(report.sums.domains, {}, net);
  return net(*worst) == 0 ? nullptr : &*worst;
}

std::optional<Finding> loss(const ProtocolReport& report, const std::string& when) {
  const std::string_view unit = http::sequence_unit(report.protocol);
  if (unit.empty()) return std::nullopt;
  const core::ExporterCounts& recent = report.recent;
  if (recent.datagrams >= kFewDatagrams && recent.sequence_unknown > recent.datagrams / 2)
    return found(
        Step::Loss,
        fmt::format("{}: what it lost cannot be known: {} of {} datagrams in {} stand behind "
                    "a gap that nothing measures ({} restarts)",
                    protocol_name(report.protocol), recent.sequence_unknown, recent.datagrams, when,
                    recent.restarts),
        "mend the templates first; an exporter whose sequence numbers do not count needs "
        "an update of its software");
  const std::uint64_t lost = recent.net_lost();
  const double part = part_of(lost, recent.units + lost);
  if (part <= kLossRatio) return std::nullopt;
  const core::DomainCounts* const domain = worst_domain(report);
  return found(
      Step::Loss,
      fmt::format("{}: {} of its export is missing: {} {} of {} in {}{}",
                  protocol_name(report.protocol), percent(part), lost, unit, recent.units + lost,
                  when,
                  domain == nullptr ? "" : fmt::format(", the most in domain {}", domain->domain)),
      "if the kernel drops datagrams, mend that first; else look at the path and its policers, and "
      "at export rate limits of the router");
}

/// What a cause means, and its mend (docs/troubleshooting.md).
struct CauseText {
  std::string_view cause;
  std::string_view says;
  std::string_view mend;
};
constexpr std::array kCauseTexts{
    CauseText{"sampling", "its sampling interval is not announced, or applied twice",
              "export the sampler as options data (docs/routers.md), or write `sampling: {force: "
              "N}` for this router"},
    CauseText{"double_count", "packets are counted twice",
              "end one of two exports of the same packets (sFlow and IPFIX, ingress and egress)"},
    CauseText{"loss", "as much of its export is lost on the way",
              "look at the path, its policers, and export rate limits of the router"},
    CauseText{"discards", "the interface drops as many packets",
              "nothing to mend in the export: the interface is overloaded"},
    CauseText{"layer", "one of the two leaves out link layer headers",
              "see what the router counts; `tagged: true` adds a VLAN tag to each packet"},
};

std::optional<Finding> counters_apart(const ExporterReport& exporter) {
  if (exporter.interface_alarms.empty()) return std::nullopt;
  const auto& first = exporter.interface_alarms.front();
  const auto text = std::ranges::find(kCauseTexts, first.cause, &CauseText::cause);
  const bool is_known = text != kCauseTexts.end();
  const std::size_t others = exporter.interface_alarms.size() - 1;
  return found(
      Step::CountersApart,
      fmt::format("interface {} {}: the flow estimate is {:.3g} of the counter for {} min: {}{}",
                  first.interface, first.direction, first.ratio, first.minutes,
                  is_known ? text->says : "no cause is likely",
                  others == 0 ? "" : fmt::format("; {} more of its interfaces are apart", others)),
      std::string(is_known ? text->mend
                           : "compare `weir decode --summary` with the interface's counters"));
}

std::string ratio_text(const std::optional<double>& ratio) {
  // Loss must not round to nothing.
  return ratio ? fmt::format("complete {:.2f} %", std::floor(*ratio * 10'000) / 100)
               : "completeness unknown";
}

std::string state_of(const ExporterReport& exporter, std::int64_t now_ms) {
  if (exporter.protocols.empty()) return "never heard";
  std::string text;
  for (const ProtocolReport& report : exporter.protocols) {
    const std::string sampling =
        report.sums.sampling_interval == 0
            ? "sampling unknown"
            : fmt::format("1 in {} ({})", report.sums.sampling_interval, report.sampling_source);
    text += fmt::format(
        "{}{}, {}, heard {} ago, {}", text.empty() ? "" : "; ", protocol_name(report.protocol),
        sampling,
        span_text(seconds_ago(now_ms, static_cast<std::int64_t>(report.sums.last_seen_ms))),
        ratio_text(report.completeness));
  }
  return text;
}

Finding never_heard(const ExporterReport& exporter, const StatusReport& status) {
  std::string mend = fmt::format(
      "`tcpdump -ni any udp and host {}` shows whether it sends: mind its export destination, VRF, "
      "source interface and access lists",
      exporter.address);
  if (const std::string refused = refused_lately(status); !refused.empty())
    mend += fmt::format("; it may be the one that is refused: {}", refused);
  return found(
      Step::NeverHeard,
      fmt::format("configured, but nothing has come from {} since the start {} ago",
                  exporter.address, span_text(seconds_ago(status.now_ms, status.started_ms))),
      std::move(mend));
}

std::vector<Finding> diagnose_exporter(const ExporterReport& exporter,
                                       const ExportersReport& exporters,
                                       const StatusReport& status) {
  std::vector<Finding> findings;
  const auto add = [&findings](std::optional<Finding> finding) {
    if (finding) findings.push_back(*std::move(finding));
  };
  if (exporter.protocols.empty()) {
    if (exporter.is_configured) findings.push_back(never_heard(exporter, status));
    return findings;
  }
  std::uint64_t last_ms = 0;
  for (const ProtocolReport& report : exporter.protocols)
    last_ms = std::max(last_ms, report.sums.last_seen_ms);
  if (const std::int64_t age = seconds_ago(exporters.now_ms, static_cast<std::int64_t>(last_ms));
      age > kSilentSeconds)
    findings.push_back(
        found(Step::Silent, fmt::format("nothing has come from it for {}", span_text(age)),
              fmt::format("see that the router is up and that its export still runs; `tcpdump -ni "
                          "any udp and host {}` shows whether it arrives here",
                          exporter.address)));
  const std::string when = lately(exporters.recent_seconds);
  for (const ProtocolReport& report : exporter.protocols) {
    add(malformed(report, when));
    add(no_template(report, exporters.now_ms, when));
    add(no_sampling(report, when));
    add(clock(report, status));
    add(unknown_interface(exporter, report, when));
    add(no_contract(report, when));
    add(loss(report, when));
  }
  add(counters_apart(exporter));
  std::ranges::stable_sort(findings, {}, &Finding::step);
  return findings;
}

}  // namespace

std::string_view step_name(Step step) noexcept {
  switch (step) {
    case Step::NotReady:
      return "not ready";
    case Step::KernelDrops:
      return "kernel drops";
    case Step::NotAllowed:
      return "not allowed";
    case Step::NeverHeard:
      return "never heard";
    case Step::Silent:
      return "silent";
    case Step::Malformed:
      return "malformed";
    case Step::NoTemplate:
      return "no template";
    case Step::NoSampling:
      return "no sampling rate";
    case Step::Clock:
      return "clock off";
    case Step::UnknownInterface:
      return "unknown interface";
    case Step::NoContract:
      return "no contract";
    case Step::Loss:
      return "loss";
    case Step::CountersApart:
      return "counters apart";
    case Step::NotScraped:
      return "not scraped";
  }
  return "unknown";
}

std::string_view step_word(Step step) noexcept {
  switch (step) {
    case Step::NotReady:
      return "not_ready";
    case Step::KernelDrops:
      return "kernel_drops";
    case Step::NotAllowed:
      return "not_allowed";
    case Step::NeverHeard:
      return "never_heard";
    case Step::Silent:
      return "silent";
    case Step::Malformed:
      return "malformed";
    case Step::NoTemplate:
      return "no_template";
    case Step::NoSampling:
      return "no_sampling_rate";
    case Step::Clock:
      return "clock_off";
    case Step::UnknownInterface:
      return "unknown_interface";
    case Step::NoContract:
      return "no_contract";
    case Step::Loss:
      return "loss";
    case Step::CountersApart:
      return "counters_apart";
    case Step::NotScraped:
      return "not_scraped";
  }
  return "unknown";
}

std::size_t Diagnosis::findings() const noexcept {
  std::size_t count = collector.size();
  for (const ExporterDiagnosis& exporter : exporters) count += exporter.findings.size();
  return count;
}

std::string span_text(std::int64_t seconds) {
  if (seconds >= 2 * 86'400) return fmt::format("{} d", seconds / 86'400);
  if (seconds >= 2 * 3'600) return fmt::format("{} h", seconds / 3'600);
  if (seconds >= 2 * 60) return fmt::format("{} min", seconds / 60);
  return fmt::format("{} s", seconds);
}

Diagnosis diagnose(const StatusReport& status, const ExportersReport& exporters) {
  Diagnosis diagnosis{.version = status.version,
                      .looked_at_seconds = exporters.recent_seconds,
                      .collector = diagnose_collector(status)};
  diagnosis.state =
      fmt::format("up {}, {}, {}", span_text(seconds_ago(status.now_ms, status.started_ms)),
                  status.not_ready_because.empty() ? "ready" : "not ready",
                  status.last_scrape_ms == 0
                      ? std::string("not scraped yet")
                      : fmt::format("scraped {} ago",
                                    span_text(seconds_ago(status.now_ms, status.last_scrape_ms))));
  for (const ExporterReport& exporter : exporters.exporters)
    diagnosis.exporters.push_back({.name = exporter.name,
                                   .address = exporter.address,
                                   .state = state_of(exporter, exporters.now_ms),
                                   .findings = diagnose_exporter(exporter, exporters, status)});
  return diagnosis;
}

}  // namespace weir::app
