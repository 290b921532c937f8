#include "exporters/http/status_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "exporters/http/page_style.h"
#include "exporters/http/query.h"

namespace weir::http {
namespace {

struct Unit {
  double size;
  std::string_view name;
};

/// Three significant digits with the largest unit that leaves at least one before the point.
template <std::size_t N>
[[nodiscard]] std::string scaled_text(double amount, const std::array<Unit, N>& units) {
  if (!std::isfinite(amount)) return "?";
  for (const Unit& unit : units) {
    // 999.5 of a unit would be written as 1000 of it.
    if (std::abs(amount) < unit.size * 0.9995) continue;
    const double value = amount / unit.size;
    const int decimals = std::abs(value) >= 99.95 ? 0 : std::abs(value) >= 9.995 ? 1 : 2;
    return fmt::format("{:.{}f} {}", value, decimals, unit.name);
  }
  return fmt::format("{:.0f} {}", amount, units.back().name);
}

[[nodiscard]] std::string bytes_text(std::uint64_t bytes) {
  static constexpr std::array<Unit, 6> kUnits{
      {{1e15, "PB"}, {1e12, "TB"}, {1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}, {1.0, "B"}}};
  return scaled_text(static_cast<double>(bytes), kUnits);
}

[[nodiscard]] std::string count_text(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

[[nodiscard]] std::string age_text(double seconds) {
  if (!std::isfinite(seconds)) return "?";
  if (seconds < 1) return "now";
  if (seconds < 120) return fmt::format("{:.0f} s ago", seconds);
  if (seconds < 7'200) return fmt::format("{:.0f} min ago", seconds / 60);
  return fmt::format("{:.1f} h ago", seconds / 3'600);
}

/// Of the committed rate, in the larger direction; below zero where nothing is committed, so
/// that those stand last.
[[nodiscard]] double utilization(const ContractRow& row) noexcept {
  if (row.committed_bits_per_second == 0) return -1;
  return std::max(row.from_customer_bits_per_second, row.to_customer_bits_per_second) /
         static_cast<double>(row.committed_bits_per_second);
}

/// The standing of the percentile, in words.
[[nodiscard]] std::string_view standing_text(std::string_view standing) noexcept {
  if (standing == "over") return "over commit";
  if (standing == "near") return "near commit";
  if (standing == "below") return "below";
  if (standing == "no_commit") return "no commit";
  return "no data";
}

void write_billing(std::back_insert_iterator<std::string> out, const ContractBilling& billing) {
  if (billing.standing == "no_data") {
    fmt::format_to(
        out,
        R"(<td class="n">&#8211;</td><td class="n">&#8211;</td><td class="muted">no data</td>)");
    return;
  }
  const auto rate = [](const std::optional<std::uint64_t>& bits, std::string_view otherwise) {
    return bits ? rate_text(static_cast<double>(*bits)) : std::string(otherwise);
  };
  fmt::format_to(out,
                 R"(<td class="n"><span class="{}">{}</span><br><small>{} &#8211; {}</small></td>)",
                 escape_html(billing.standing), rate(billing.percentile, "&#8211;"),
                 rate(billing.low, "0"), rate(billing.high, "open"));
  if (billing.standing == "no_commit")
    fmt::format_to(out, R"(<td class="n">&#8211;</td>)");
  else
    fmt::format_to(out, R"(<td class="n{}">{} / {}</td>)",
                   billing.burst_used > billing.burst_allowed ? " over" : "",
                   count_text(billing.burst_used), count_text(billing.burst_allowed));
  fmt::format_to(out, R"(<td><span class="{}">{}</span>{}</td>)", escape_html(billing.standing),
                 standing_text(billing.standing),
                 billing.is_provisional ? R"(<span class="muted">, provisional</span>)" : "");
}

[[nodiscard]] std::vector<ContractRow> busiest(const std::vector<ContractRow>& all) {
  std::vector<ContractRow> rows = all;
  const auto is_before = [](const ContractRow& a, const ContractRow& b) {
    const double left = utilization(a);
    const double right = utilization(b);
    return left != right ? left > right : a.id < b.id;
  };
  const std::size_t shown = std::min(rows.size(), kContractsShown);
  std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(shown), rows.end(),
                    is_before);
  rows.resize(shown);
  return rows;
}

using Out = std::back_insert_iterator<std::string>;

void write_contract(Out out, const ContractRow& row) {
  const double used = utilization(row);
  fmt::format_to(out, R"(<tr><td><a href="/contract/{}">{}</a></td><td>{}</td><td>{}</td>)",
                 percent_encoded(row.id), escape_html(row.id), escape_html(row.service),
                 escape_html(row.pop));
  fmt::format_to(out, R"(<td class="n">{}</td><td class="n">{}</td><td class="n">&#177; {}</td>)",
                 rate_text(row.to_customer_bits_per_second),
                 rate_text(row.from_customer_bits_per_second),
                 rate_text(row.error_bits_per_second));
  if (used < 0) {
    fmt::format_to(out, R"(<td class="n">&#8211;</td><td class="n">&#8211;</td><td></td>)");
  } else {
    fmt::format_to(
        out,
        R"(<td class="n">{}</td><td class="n{}">{:.1f} %</td><td><meter min="0" max="1" high="0.8" value="{:.3f}"></meter></td>)",
        rate_text(static_cast<double>(row.committed_bits_per_second)), used > 1 ? " over" : "",
        used * 100, std::min(used, 1.0));
  }
  if (row.billing) write_billing(out, *row.billing);
  fmt::format_to(out, "</tr>\n");
}

void write_contracts(Out out, const StatusPage& page) {
  fmt::format_to(out, "<h2>Contracts</h2>\n");
  if (page.contracts.empty()) {
    fmt::format_to(out, "<p>The configuration names no contract.</p>\n");
    return;
  }
  if (page.minute.empty()) {
    fmt::format_to(out, "<p>{} contracts; no minute has closed yet.</p>\n",
                   count_text(page.contracts.size()));
    return;
  }
  const std::vector<ContractRow> rows = busiest(page.contracts);
  fmt::format_to(out, "<p>The minute from {}. ", escape_html(page.minute));
  if (rows.size() < page.contracts.size()) {
    fmt::format_to(out, "The {} of highest utilisation of {}.", count_text(rows.size()),
                   count_text(page.contracts.size()));
  } else {
    fmt::format_to(out, "By utilisation of the committed rate.");
  }
  fmt::format_to(
      out,
      "</p>\n<div class=\"wide\"><table>\n<thead><tr><th>contract</th><th>service</th><th>POP</th>"
      R"(<th class="n">to customer</th><th class="n">from customer</th><th class="n">error, 95 %</th>)"
      R"(<th class="n">committed</th><th class="n">used</th><th></th>)");
  if (std::any_of(rows.begin(), rows.end(), [](const auto& row) { return row.billing; }))
    fmt::format_to(out, R"(<th class="n">percentile so far, can end at</th>)"
                        R"(<th class="n">bursts</th><th>state</th>)");
  fmt::format_to(out, "</tr></thead>\n<tbody>\n");
  for (const ContractRow& row : rows) write_contract(out, row);
  fmt::format_to(out, "</tbody></table></div>\n");
}

void write_exporters(Out out, const StatusPage& page) {
  fmt::format_to(out, "<h2>Exporters</h2>\n");
  if (page.exporters.empty()) {
    fmt::format_to(out, "<p>No router has been heard yet.</p>\n");
    return;
  }
  fmt::format_to(
      out,
      "<div class=\"wide\"><table>\n<thead><tr><th>exporter</th><th>protocol</th>"
      R"(<th class="n">last seen</th><th class="n">records</th><th class="n">lost</th><th class="n">malformed</th></tr></thead>)"
      "\n<tbody>\n");
  for (const ExporterRow& row : page.exporters) {
    fmt::format_to(
        out,
        R"(<tr><td>{}</td><td>{}</td><td class="n">{}</td><td class="n">{}</td><td class="n{}">{} {}</td><td class="n{}">{}</td></tr>)"
        "\n",
        escape_html(row.name), escape_html(row.protocol), age_text(row.seconds_since_seen),
        count_text(row.records), row.lost > 0 ? " over" : "", count_text(row.lost),
        escape_html(row.lost_unit), row.malformed > 0 ? " over" : "", count_text(row.malformed));
  }
  fmt::format_to(out, "</tbody></table></div>\n");
}

void write_listeners(Out out, const StatusPage& page) {
  if (page.listeners.empty()) return;
  fmt::format_to(
      out,
      "<h2>Listeners</h2>\n<div class=\"wide\"><table>\n"
      R"(<thead><tr><th>listener</th><th class="n">received</th><th class="n">refused</th></tr></thead>)"
      "\n<tbody>\n");
  for (const ListenerRow& row : page.listeners) {
    fmt::format_to(out,
                   R"(<tr><td>{}</td><td class="n">{} {}</td><td class="n{}">{}</td></tr>)"
                   "\n",
                   escape_html(row.listen), count_text(row.received), escape_html(row.unit),
                   row.refused > 0 ? " over" : "", count_text(row.refused));
  }
  fmt::format_to(out, "</tbody></table></div>\n");
}

void write_fates(Out out, const StatusPage& page) {
  if (page.fates.empty()) return;
  std::uint64_t sum = 0;
  for (const FateRow& row : page.fates) sum += row.bytes;
  fmt::format_to(
      out,
      "<h2>Books</h2>\n<p>Every byte that a router reported has one fate.</p>\n"
      "<div class=\"wide\"><table>\n"
      R"(<thead><tr><th>fate</th><th class="n">bytes</th><th class="n">share</th></tr></thead>)"
      "\n<tbody>\n");
  for (const FateRow& row : page.fates) {
    const double share =
        sum == 0 ? 0 : 100 * static_cast<double>(row.bytes) / static_cast<double>(sum);
    fmt::format_to(out,
                   R"(<tr><td>{}</td><td class="n">{}</td><td class="n">{:.2f} %</td></tr>)"
                   "\n",
                   escape_html(row.fate), bytes_text(row.bytes), share);
  }
  fmt::format_to(out, "</tbody></table></div>\n");
}

}  // namespace

std::string render(const StatusPage& page) {
  std::string html;
  const Out out(html);
  fmt::format_to(out,
                 "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                 "<meta name=\"viewport\" content=\"width=device-width\">"
                 "<title>Weir</title><style>{}</style></head>\n<body>\n<h1>Weir {}</h1>\n",
                 kPageStyle, escape_html(page.version));
  if (page.ready) {
    fmt::format_to(out, "<p><span class=\"state\">Ready</span></p>\n");
  } else {
    fmt::format_to(out, "<p><span class=\"state wait\">Not ready</span></p>\n");
    for (const std::string& reason : page.not_ready_because) {
      fmt::format_to(out, "<p>{}</p>\n", escape_html(reason));
    }
  }
  fmt::format_to(out, "<nav>");
  for (const LinkRow& link : page.links) {
    fmt::format_to(out, R"(<a href="{}">{}</a>)", escape_html(link.path), escape_html(link.text));
  }
  fmt::format_to(out, "</nav>\n");
  write_contracts(out, page);
  write_exporters(out, page);
  write_listeners(out, page);
  write_fates(out, page);
  fmt::format_to(out, "</body></html>\n");
  return html;
}

std::string rate_text(double bits_per_second) {
  static constexpr std::array<Unit, 5> kUnits{
      {{1e12, "Tbit/s"}, {1e9, "Gbit/s"}, {1e6, "Mbit/s"}, {1e3, "kbit/s"}, {1.0, "bit/s"}}};
  return scaled_text(bits_per_second, kUnits);
}

std::string escape_html(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace weir::http
