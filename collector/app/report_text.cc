#include <fmt/format.h>

#include <algorithm>

#include "collector/app/report.h"
#include "collector/app/rfc3339.h"

namespace weir::app {
namespace {

constexpr std::size_t kChartWidth = 60;

double mbit(BitsPerSecond rate) noexcept { return static_cast<double>(rate.value()) / 1e6; }

std::string percentile_cell(const billing::Statement& s) {
  return s.figures ? fmt::format("{:.3f}", mbit(s.figures->billed.value)) : "no data";
}

std::string marks_of(const ReportedContract& one) {
  const billing::Statement& s = one.statement;
  std::string marks;
  if (one.closed) marks += one.closed->revision == 1 ? " closed" : " corrected";
  if (one.closed && one.closed->recomputed_billable) marks += " recomputed-differs";
  if (one.by_flow) marks += " counter";
  if (s.is_provisional) marks += " provisional";
  if (s.is_estimated) marks += " estimated";
  if (s.intervals.masked != 0) marks += " masked";
  return marks;
}

/// The highest interval of each day of 24 hours, as bars, with the commit and the percentile
/// marked.
std::string chart_of(const ReportedContract& one) {
  constexpr std::size_t kDay = 288;
  const auto intervals = one.grid.intervals();
  const auto& s = one.statement;
  const BitsPerSecond billed = s.figures ? s.figures->billed.value : BitsPerSecond{};
  std::uint64_t top = std::max({s.terms.committed.value(), billed.value(), std::uint64_t{1}});
  std::vector<std::uint64_t> days;
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    if (i % kDay == 0) days.push_back(0);
    const auto& bytes = intervals[i].bytes;
    days.back() = std::max(
        days.back(), billing::rate_of(std::max(bytes.from_customer, bytes.to_customer)).value());
    top = std::max(top, days.back());
  }
  const auto column = [top](std::uint64_t rate) {
    return static_cast<std::size_t>(static_cast<long double>(rate) / static_cast<long double>(top) *
                                    static_cast<long double>(kChartWidth));
  };
  std::string text = "\nhighest five minutes of each day (C commit, P percentile)\n";
  TrafficTime day = one.grid.first_start(one.grid.period());
  for (const std::uint64_t rate : days) {
    std::string bar(kChartWidth + 1, ' ');
    std::fill_n(bar.begin(), column(rate), '#');
    bar[column(s.terms.committed.value())] = 'C';
    if (s.figures) bar[column(billed.value())] = 'P';
    text +=
        fmt::format("{:.10} |{} {:>12.3f}\n", rfc3339(day), bar, static_cast<double>(rate) / 1e6);
    day += std::chrono::hours{24};
  }
  return text;
}

std::string amended_text(std::uint32_t intervals) {
  if (intervals == 0) return {};
  return fmt::format("late records have added to {} interval{}\n", intervals,
                     intervals == 1 ? "" : "s");
}

std::string closed_text(const std::optional<ClosedBill>& closed) {
  if (!closed) return {};
  std::string text =
      fmt::format("{} {} by {}: {} (revision {})\n", closed->revision == 1 ? "closed" : "corrected",
                  rfc3339(closed->closed_at), closed->author, closed->reason, closed->revision);
  if (closed->recomputed_billable)
    text += fmt::format(
        "the ledger's rows and masks give {:.3f} Mbit/s billable now; the bill stands "
        "until `weir correct`\n",
        mbit(*closed->recomputed_billable));
  return text;
}

std::string details_of(const ReportedContract& one) {
  const billing::Statement& s = one.statement;
  std::string text = fmt::format(
      "\n{} ({}), {} to {}\nrule {}, method {}, layer {}, source {}\n"
      "intervals: {} expected, {} measured ({} zero, {} partial), {} missing, {} masked\n",
      s.subject.contract, s.subject.customer, rfc3339(s.period.start), rfc3339(s.period.end),
      billing::direction_rule_name(s.terms.rule), billing::method_name(s.method), s.layer,
      one.source(), s.intervals.expected, s.intervals.measured, s.intervals.zero,
      s.intervals.partial, s.intervals.missing, s.intervals.masked);
  if (s.figures) {
    for (const Direction direction : {Direction::FromCustomer, Direction::ToCustomer}) {
      const auto& of = s.figures->direction.of(direction);
      text += fmt::format(
          "{:<14} percentile {:.3f} +- {:.3f} Mbit/s ({:.3f} to {:.3f}), maximum {:.3f} at {}, "
          "mean {:.3f}, {} bytes\n",
          direction_name(direction), mbit(of.percentile.value), mbit(of.percentile.error),
          mbit(of.percentile.low), mbit(of.percentile.high), mbit(of.maximum),
          rfc3339(of.maximum_at), mbit(of.mean), of.bytes);
    }
  }
  if (one.by_flow)
    text += fmt::format("by flows (not billed): percentile {} Mbit/s, layer {}, {} intervals\n",
                        percentile_cell(*one.by_flow), one.by_flow->layer,
                        one.by_flow->intervals.measured);
  for (const auto& mask : s.masks)
    text += fmt::format("masked {} to {} by {} at {}: {}\n", rfc3339(mask.span.start),
                        rfc3339(mask.span.end), mask.author, rfc3339(mask.made_at), mask.reason);
  if (s.percentile_without_masks)
    text += fmt::format("without masks: {:.3f} Mbit/s\n", mbit(s.percentile_without_masks->value));
  return text + amended_text(one.amended_intervals) + closed_text(one.closed);
}

std::string company_text(const Report& report) {
  const auto& now = *report.company;
  std::string text = fmt::format(
      "\n{} contracts over 1 Gbps ({} with those of exactly 1 Gbps), {:.3f} Gbit/s contracted\n",
      now.over_1g, now.at_least_1g, static_cast<double>(now.contracted.value()) / 1e9);
  if (report.company_year_before) {
    const auto growth = billing::growth(now.over_1g, report.company_year_before->over_1g);
    text += fmt::format("a year before: {} over 1 Gbps, {}\n", report.company_year_before->over_1g,
                        billing::to_string(growth));
  }
  for (const auto& service : now.services)
    text += fmt::format("  {:<16} {:>6} contracts {:>12.3f} Gbit/s\n", service.service,
                        service.contracts, static_cast<double>(service.contracted.value()) / 1e9);
  return text;
}

}  // namespace

std::string report_text(const Report& report) {
  std::string text = fmt::format(
      "{}, Mbit/s\n\n{:<24} {:<14} {:>12} {:>12} {:>12} {:>12} {:>12}  {:<8} "
      "{}\n",
      report.title, "contract", "service", "committed", "percentile", "billable", "overage",
      "completeness", "layer", "method");
  for (const auto& one : report.contracts) {
    const auto& s = one.statement;
    text += fmt::format(
        "{:<24} {:<14} {:>12.3f} {:>12} {:>12.3f} {:>12.3f} {:>11.2f}%  {:<8} {}{}\n",
        s.subject.contract, s.subject.service, mbit(s.terms.committed), percentile_cell(s),
        mbit(s.billable), mbit(s.overage), static_cast<double>(s.completeness.value()) / 10'000.0,
        s.layer, billing::method_name(s.method), marks_of(one));
  }
  if (report.company) text += company_text(report);
  if (!report.company && report.contracts.size() == 1)
    text += details_of(report.contracts.front()) + chart_of(report.contracts.front());
  return text;
}

}  // namespace weir::app
