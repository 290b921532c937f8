#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "collector/app/report.h"
#include "collector/app/rfc3339.h"

namespace weir::app {
namespace {

constexpr double kWidth = 860;
constexpr double kHeight = 160;
/// Points of a chart: each stands for the highest of several intervals.
constexpr std::size_t kPoints = 430;

constexpr std::string_view kStyle =
    "body{font:14px/1.4 system-ui,sans-serif;margin:2em;color:#1a1a1a;max-width:1100px}"
    "h1{font-size:1.5em;margin-bottom:.2em}h2{font-size:1.1em;margin:1.6em 0 .2em}"
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}"
    "th,td{padding:.25em .6em;border-bottom:1px solid #ddd;text-align:right}"
    "th:nth-child(-n+3),td:nth-child(-n+3){text-align:left}p{margin:.2em 0}"
    ".note{color:#555}svg{width:100%;height:auto;border:1px solid #ddd;background:#fff}"
    "section{break-inside:avoid}@media print{body{margin:0}}";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

double mbit(std::uint64_t rate) noexcept { return static_cast<double>(rate) / 1e6; }

/// What one point of a chart shows.
struct Point {
  std::uint64_t from_customer = 0;
  std::uint64_t to_customer = 0;
  bool is_gap = true;  ///< nothing of it was counted
};

std::vector<Point> points_of(std::span<const billing::Interval> intervals) {
  std::vector<Point> points(std::min(kPoints, intervals.size()));
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    Point& point = points[i * points.size() / intervals.size()];
    const auto& interval = intervals[i];
    if (!billing::is_counted(interval.state())) continue;
    point.is_gap = false;
    point.from_customer =
        std::max(point.from_customer, billing::rate_of(interval.bytes.from_customer).value());
    point.to_customer =
        std::max(point.to_customer, billing::rate_of(interval.bytes.to_customer).value());
  }
  return points;
}

/// Scales of one chart.
struct Scale {
  double per_point = 1;
  double top = 1;

  [[nodiscard]] double x(std::size_t point) const noexcept {
    return static_cast<double>(point) * per_point;
  }
  [[nodiscard]] double y(std::uint64_t rate) const noexcept {
    return kHeight - static_cast<double>(rate) / top * (kHeight - 10);
  }
};

std::string line_of(const std::vector<Point>& points, const Scale& scale,
                    std::uint64_t Point::*value, std::string_view colour) {
  std::string path;
  bool is_pen_down = false;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i].is_gap) {
      is_pen_down = false;
      continue;
    }
    path += fmt::format("{}{:.1f} {:.1f}", is_pen_down ? "L" : "M", scale.x(i),
                        scale.y(points[i].*value));
    // A lone point is a dot of a line.
    if (!is_pen_down) path += "h0.5";
    is_pen_down = true;
  }
  return fmt::format(R"(<path d="{}" fill="none" stroke="{}" stroke-width="1.2"/>)", path, colour);
}

std::string gaps_of(const std::vector<Point>& points, const Scale& scale) {
  std::string shapes;
  for (std::size_t i = 0; i < points.size(); ++i)
    if (points[i].is_gap)
      shapes += fmt::format(R"(<rect x="{:.1f}" y="0" width="{:.1f}" height="{}" fill="#eee"/>)",
                            scale.x(i), scale.per_point + 0.1, kHeight);
  return shapes;
}

std::string level_of(const Scale& scale, std::uint64_t rate, std::string_view colour,
                     std::string_view name) {
  const double y = scale.y(rate);
  return fmt::format(
      R"(<line x1="0" x2="{0}" y1="{1:.1f}" y2="{1:.1f}" stroke="{2}" stroke-dasharray="6 4"/>)"
      R"(<text x="4" y="{3:.1f}" font-size="11" fill="{2}">{4} {5:.3f} Mbit/s</text>)",
      kWidth, y, colour, y < 14 ? y + 12 : y - 3, name, mbit(rate));
}

std::string chart_of(const ReportedContract& one) {
  const auto points = points_of(one.grid.intervals());
  if (points.empty()) return "<p class=\"note\">No interval of this period is closed.</p>";
  const auto& s = one.statement;
  Scale scale{.per_point = kWidth / static_cast<double>(points.size())};
  std::uint64_t top = std::max<std::uint64_t>(s.terms.committed.value(), 1);
  for (const Point& point : points) top = std::max({top, point.from_customer, point.to_customer});
  scale.top = static_cast<double>(top);
  std::string svg = fmt::format(R"(<svg viewBox="0 0 {} {}" role="img">)", kWidth, kHeight);
  svg += gaps_of(points, scale);
  svg += line_of(points, scale, &Point::from_customer, "#c05000");
  svg += line_of(points, scale, &Point::to_customer, "#1060a0");
  svg += level_of(scale, s.terms.committed.value(), "#208040", "commit");
  if (s.figures) svg += level_of(scale, s.figures->billed.value.value(), "#a01040", "percentile");
  return svg + "</svg><p class=\"note\">from customer orange, to customer blue, gaps grey</p>";
}

std::string row_of(const billing::Statement& s) {
  const std::string percentile =
      s.figures ? fmt::format("{:.3f} &plusmn; {:.3f}", mbit(s.figures->billed.value.value()),
                              mbit(s.figures->billed.error.value()))
                : "no data";
  return fmt::format(
      "<tr><td>{}</td><td>{}</td><td>{}</td><td>{:.3f}</td><td>{}</td><td>{:.3f}</td>"
      "<td>{:.3f}</td><td>{:.2f} %{}</td></tr>\n",
      escaped(s.subject.contract), escaped(s.subject.customer), escaped(s.subject.service),
      mbit(s.terms.committed.value()), percentile, mbit(s.billable.value()),
      mbit(s.overage.value()), static_cast<double>(s.completeness.value()) / 10'000.0,
      s.is_provisional ? ", provisional" : "");
}

std::string section_of(const ReportedContract& one) {
  const auto& s = one.statement;
  std::string text = fmt::format(
      "<section><h2>{}</h2><p class=\"note\">{} to {}, {}, {}, {} bytes; {} of {} intervals "
      "measured, {} missing, {} masked{}</p>\n",
      escaped(s.subject.contract), rfc3339(s.period.start), rfc3339(s.period.end),
      billing::direction_rule_name(s.terms.rule), billing::method_name(s.method), s.layer,
      s.intervals.measured, s.intervals.expected, s.intervals.missing, s.intervals.masked,
      one.by_flow ? "; from the interface's counters"
                  : (s.is_estimated ? "; estimated from samples" : ""));
  if (one.by_flow && one.by_flow->figures)
    text += fmt::format(
        "<p class=\"note\">by flows, not billed: percentile {:.3f} Mbit/s of {} intervals</p>\n",
        mbit(one.by_flow->figures->billed.value.value()), one.by_flow->intervals.measured);
  for (const auto& mask : s.masks)
    text += fmt::format("<p class=\"note\">masked {} to {} by {} at {}: {}</p>\n",
                        rfc3339(mask.span.start), rfc3339(mask.span.end), escaped(mask.author),
                        rfc3339(mask.made_at), escaped(mask.reason));
  if (one.closed) {
    text += fmt::format("<p class=\"note\">{} {} by {}: {} (revision {})</p>\n",
                        one.closed->revision == 1 ? "closed" : "corrected",
                        rfc3339(one.closed->closed_at), escaped(one.closed->author),
                        escaped(one.closed->reason), one.closed->revision);
    if (one.closed->recomputed_billable)
      text += fmt::format(
          "<p class=\"note\">The ledger's rows and masks give {:.3f} Mbit/s billable now; the bill "
          "stands until it is corrected.</p>\n",
          mbit(one.closed->recomputed_billable->value()));
  }
  return text + chart_of(one) + "</section>\n";
}

std::string company_of(const Report& report) {
  const auto& now = *report.company;
  std::string text = fmt::format(
      "<p>{} contracts over 1 Gbps ({} with those of exactly 1 Gbps), {:.3f} Gbit/s contracted.",
      now.over_1g, now.at_least_1g, static_cast<double>(now.contracted.value()) / 1e9);
  if (report.company_year_before)
    text += fmt::format(
        " A year before: {} ({}).", report.company_year_before->over_1g,
        billing::to_string(billing::growth(now.over_1g, report.company_year_before->over_1g)));
  return text + "</p>\n";
}

}  // namespace

std::string report_html(const Report& report) {
  std::string page = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Weir: {0}</title>"
      "<style>{1}</style></head><body>\n<h1>Bandwidth, {0}</h1>\n",
      escaped(report.title), kStyle);
  if (report.company) page += company_of(report);
  page +=
      "<table><thead><tr><th>contract</th><th>customer</th><th>service</th><th>committed</th>"
      "<th>percentile</th><th>billable</th><th>overage</th><th>completeness</th></tr></thead>"
      "<tbody>\n";
  for (const auto& one : report.contracts) page += row_of(one.statement);
  page += "</tbody></table><p class=\"note\">Rates in Mbit/s.</p>\n";
  for (const auto& one : report.contracts) page += section_of(one);
  return page + "</body></html>\n";
}

}  // namespace weir::app
