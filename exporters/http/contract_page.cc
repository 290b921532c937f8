#include "exporters/http/contract_page.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "exporters/http/page_style.h"
#include "exporters/http/query.h"
#include "exporters/http/status_page.h"

namespace weir::http {
namespace {

constexpr std::string_view kChartStyle = R"css(
svg{width:100%;height:auto;display:block;background:var(--bg)}
svg text{fill:var(--muted);font:12px system-ui,sans-serif;font-variant-numeric:tabular-nums}
.grid{stroke:var(--line)}.to{stroke:var(--bar);fill:none}.toarea{fill:var(--bar);opacity:.18}
.from{stroke:#3d9970;fill:none;stroke-width:1.2}
.commit{stroke:var(--fg);stroke-dasharray:6 4}.pct{stroke:var(--over);stroke-width:1.6}
.missing{fill:var(--over);opacity:.28}.masked{fill:#8e6bbf;opacity:.28}.partial{fill:#c9932c}
.cursor{stroke:var(--muted);stroke-dasharray:2 3}
.key{display:inline-block;width:1.1rem;height:.2rem;vertical-align:middle;margin:0 .35rem 0 1rem}
.key.block{height:.8rem;opacity:.35}
.k-to{background:var(--bar)}.k-from{background:#3d9970}.k-pct,.k-missing{background:var(--over)}
.k-masked{background:#8e6bbf}.k-partial{background:#c9932c}
#said{min-height:1.5em}button{font:inherit;margin-right:.5rem}
button[aria-pressed=true]{font-weight:600}table.plain{width:auto}
)css";

/// Draws what `/api/v1/contracts/{id}/intervals` says. A column of the chart is several intervals:
/// their largest is drawn, since the largest decide the percentile.
constexpr std::string_view kScript = R"js('use strict';
(() => {
  const box = document.getElementById('chart');
  const said = document.getElementById('said');
  const W = 1200, H = 380, L = 78, R = 130, T = 14, B = 54;
  const NS = 'http://www.w3.org/2000/svg';
  const zone = box.dataset.timezone;
  const day = new Intl.DateTimeFormat('en-GB', {timeZone: zone, day: 'numeric', month: 'short'});
  const minute = new Intl.DateTimeFormat('en-GB', {timeZone: zone, day: 'numeric', month: 'short',
    hour: '2-digit', minute: '2-digit'});
  const rate = (bits) => {
    if (bits === null) return 'not measured';
    for (const [size, unit] of [[1e12, 'Tbit/s'], [1e9, 'Gbit/s'], [1e6, 'Mbit/s'], [1e3, 'kbit/s']])
      if (bits >= size * 0.9995) return `${(bits / size).toPrecision(3)} ${unit}`;
    return `${Math.round(bits)} bit/s`;
  };
  const el = (name, attributes, text) => {
    const made = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const step = (most) => {
    const power = 10 ** Math.floor(Math.log10(most / 4));
    return [1, 2, 5, 10].map((f) => f * power).find((s) => most / s <= 5);
  };

  const draw = (period, data) => {
    const committed = Number(box.dataset.committed);
    const all = data.intervals;
    const span = period.until - period.from;
    const x = (ms) => L + (W - L - R) * (ms - period.from) / span;
    let most = Math.max(committed, period.percentile || 0, 1);
    for (const one of all)
      most = Math.max(most, one.to_customer_bits_per_second, one.from_customer_bits_per_second);
    most *= 1.06;
    const y = (bits) => T + (H - T - B) * (1 - bits / most);
    const svg = el('svg', {viewBox: `0 0 ${W} ${H}`, role: 'img', 'aria-label':
      'Traffic of each five minutes of the billing period in both directions'});
    const each = step(most);
    for (let value = 0; value <= most; value += each) {
      svg.append(el('line', {class: 'grid', x1: L, x2: W - R, y1: y(value), y2: y(value)}));
      svg.append(el('text', {x: L - 8, y: y(value) + 4, 'text-anchor': 'end'},
        value === 0 ? '0' : rate(value)));
    }
    const days = Math.round(span / 864e5);
    const every = days > 16 ? 3 : 1;
    for (let i = 0; i < days; i += every) {
      const at = period.from + i * 864e5;
      svg.append(el('line', {class: 'grid', x1: x(at), x2: x(at), y1: H - B, y2: H - B + 5}));
      svg.append(el('text', {x: x(at), y: H - B + 34, 'text-anchor': 'middle'}, day.format(at)));
    }

    // Bands of what was not measured or is masked, and a strip of what was measured in part.
    const width = Math.max(1, (W - L - R) * 3e5 / span);
    const band = (state, top, height) => {
      for (let i = 0; i < all.length; ++i) {
        if (all[i].state !== state) continue;
        const begin = i;
        while (i + 1 < all.length && all[i + 1].state === state &&
               all[i + 1].start_ms === all[i].start_ms + 3e5) ++i;
        svg.append(el('rect', {class: state, x: x(all[begin].start_ms), y: top, height,
          width: Math.max(width, x(all[i].start_ms + 3e5) - x(all[begin].start_ms))}));
      }
    };
    band('missing', T, H - T - B);
    band('masked', T, H - T - B);
    band('partial', H - B + 7, 6);

    // One path a direction, broken where an interval is missing.
    const columns = (name) => {
      const made = [];
      for (const one of all) {
        const bits = one[name];
        const column = Math.round(x(one.start_ms));
        const last = made[made.length - 1];
        if (bits === null) made.push(null);
        else if (last && last.column === column) last.bits = Math.max(last.bits, bits);
        else made.push({column, bits});
      }
      return made;
    };
    const paths = (made, close) => {
      let path = '', run = [];
      const flush = () => {
        if (run.length === 0) return;
        path += 'M' + run.map((p) => `${p.column},${y(p.bits).toFixed(1)}`).join('L');
        if (run.length === 1) path += 'h1';
        if (close) path += `L${run[run.length - 1].column},${y(0)}L${run[0].column},${y(0)}Z`;
        run = [];
      };
      for (const one of made) if (one === null) flush(); else run.push(one);
      flush();
      return path;
    };
    const to = columns('to_customer_bits_per_second');
    svg.append(el('path', {class: 'toarea', d: paths(to, true)}));
    svg.append(el('path', {class: 'to', d: paths(to, false)}));
    svg.append(el('path', {class: 'from', d: paths(columns('from_customer_bits_per_second'), false)}));

    // Labels of the two lines stand apart even where the lines do not.
    const lines = [];
    if (committed > 0) lines.push({kind: 'commit', bits: committed, text: 'committed'});
    if (period.percentile !== null)
      lines.push({kind: 'pct', bits: period.percentile, text: box.dataset.percentile});
    lines.sort((a, b) => b.bits - a.bits);
    let free = T;
    for (const line of lines) {
      const at = y(line.bits);
      svg.append(el('line', {class: line.kind, x1: L, x2: W - R, y1: at, y2: at}));
      const label = Math.max(at, free);
      svg.append(el('text', {x: W - R + 8, y: label + 1}, line.text));
      svg.append(el('text', {x: W - R + 8, y: label + 16}, rate(line.bits)));
      free = label + 36;
    }

    const cursor = el('line', {class: 'cursor', y1: T, y2: H - B, x1: -9, x2: -9});
    svg.append(cursor);
    svg.addEventListener('pointermove', (event) => {
      const place = svg.getBoundingClientRect();
      const ms = period.from + ((event.clientX - place.left) * W / place.width - L) * span / (W - L - R);
      const one = all[Math.floor((ms - data.from_ms) / 3e5)];
      if (!one) return;
      for (const side of ['x1', 'x2']) cursor.setAttribute(side, x(one.start_ms));
      said.textContent = `${minute.format(one.start_ms)}: ` + (one.to_customer_bits_per_second === null
        ? 'not measured'
        : `to customer ${rate(one.to_customer_bits_per_second)} \u00b1 ${rate(one.to_customer_error_bits_per_second)}, ` +
          `from customer ${rate(one.from_customer_bits_per_second)} \u00b1 ${rate(one.from_customer_error_bits_per_second)}` +
          (one.state === 'partial' ? `; measured in part (${(100 * one.completeness).toFixed(1)} %)`
            : one.state === 'masked' ? '; masked' : ''));
    });
    box.replaceChildren(svg);
    said.textContent = all.length === 0 ? 'No interval of this period has closed yet.'
      : `Times of ${zone}. Point at the chart to read an interval.`;
  };

  const show = async (button) => {
    for (const other of document.querySelectorAll('button[data-from]'))
      other.setAttribute('aria-pressed', other === button);
    const period = {from: Number(button.dataset.from), until: Number(button.dataset.until),
      percentile: button.dataset.rate === '' ? null : Number(button.dataset.rate)};
    said.textContent = 'Reading the ledger\u2026';
    try {
      const answer = await fetch(`/api/v1/contracts/${box.dataset.path}/intervals` +
        `?from=${period.from}&to=${period.until}`);
      const data = await answer.json();
      if (!answer.ok) throw new Error(data.error);
      draw(period, data);
    } catch (problem) {
      box.replaceChildren();
      said.textContent = `The chart cannot be drawn: ${problem.message}`;
    }
  };
  for (const button of document.querySelectorAll('button[data-from]'))
    button.addEventListener('click', () => show(button));
  const first = document.querySelector('button[data-from]');
  if (first) show(first);
})();
)js";

using Out = std::back_insert_iterator<std::string>;

std::string time_text(TrafficTime time) {
  const auto seconds = static_cast<std::time_t>(since_epoch_ms(time) / 1'000);
  return fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(seconds));
}

/// "1,261.020 Mbit/s", rounded down: bounds that are close must not look equal.
std::string rate_or_dash(const std::optional<BitsPerSecond>& rate) {
  if (!rate) return "&#8211;";
  const std::uint64_t kbit = rate->value() / 1'000;
  std::string whole = std::to_string(kbit / 1'000);
  for (std::size_t i = whole.size(); i > 3; i -= 3) whole.insert(i - 3, 1, ',');
  return fmt::format("{}.{:03} Mbit/s", whole, kbit % 1'000);
}

std::string bits_or_nothing(const std::optional<BitsPerSecond>& rate) {
  return rate ? std::to_string(rate->value()) : std::string{};
}

std::string percent(billing::Share share) {
  // Rounded down: 100 % is the whole.
  return fmt::format("{}.{} %", share.value() / 10'000, share.value() / 1'000 % 10);
}

/// "p95", "p99.9".
std::string percentile_text(std::uint32_t hundredths) {
  return fmt::format("p{}", static_cast<double>(hundredths) / 100);
}

struct Column {
  std::string_view title;
  const billing::PeriodView* period;
};

void write_row(Out out, std::string_view title, const std::vector<Column>& columns,
               std::string (*text)(const billing::PeriodView&)) {
  fmt::format_to(out, "<tr><td>{}</td>", title);
  for (const Column& column : columns)
    fmt::format_to(out, R"(<td class="n">{}</td>)", text(*column.period));
  fmt::format_to(out, "</tr>\n");
}

std::string direction_rate(const billing::PeriodView& period, Direction direction) {
  return period.directions ? rate_or_dash(period.directions->of(direction)) : "&#8211;";
}

void write_periods(Out out, const std::vector<Column>& columns, std::string_view percentile) {
  using billing::PeriodView;
  fmt::format_to(out, "<div class=\"wide\"><table class=\"plain\"><thead><tr><th></th>");
  for (const Column& column : columns)
    fmt::format_to(out, R"(<th class="n">{}</th>)", column.title);
  fmt::format_to(out, "</tr></thead><tbody>\n");
  write_row(out, "from", columns, [](const PeriodView& p) { return time_text(p.period.start); });
  write_row(out, "until", columns, [](const PeriodView& p) { return time_text(p.period.end); });
  write_row(out, fmt::format("<b>{}, by the rule</b>", percentile), columns,
            [](const PeriodView& p) { return rate_or_dash(p.so_far.percentile); });
  write_row(out, "can be", columns, [](const PeriodView& p) {
    return fmt::format("{} &#8211; {}", rate_or_dash(p.low),
                       p.high ? rate_or_dash(p.high) : "open");
  });
  write_row(out, fmt::format("{} to customer", percentile), columns,
            [](const PeriodView& p) { return direction_rate(p, Direction::ToCustomer); });
  write_row(out, fmt::format("{} from customer", percentile), columns,
            [](const PeriodView& p) { return direction_rate(p, Direction::FromCustomer); });
  write_row(out, "billable", columns, [](const PeriodView& p) { return rate_or_dash(p.billable); });
  write_row(out, "over the commit", columns,
            [](const PeriodView& p) { return rate_or_dash(p.overage); });
  write_row(out, "bursts, of those allowed", columns, [](const PeriodView& p) {
    return fmt::format("{} of {}", p.so_far.burst_intervals_used, p.so_far.burst_intervals_allowed);
  });
  write_row(out, "intervals measured, of those closed", columns, [](const PeriodView& p) {
    return fmt::format("{} of {}", p.intervals.measured, p.intervals.expected);
  });
  write_row(out, "missing, in part, masked", columns, [](const PeriodView& p) {
    return fmt::format("{}, {}, {}", p.intervals.missing, p.intervals.partial, p.intervals.masked);
  });
  write_row(out, "measured", columns, [](const PeriodView& p) {
    return percent(p.coverage) + (p.is_provisional ? ", provisional" : "");
  });
  fmt::format_to(out, "</tbody></table></div>\n");
}

void write_button(Out out, const Column& column) {
  fmt::format_to(
      out, R"(<button type="button" data-from="{}" data-until="{}" data-rate="{}">{}</button>)",
      since_epoch_ms(column.period->period.start), since_epoch_ms(column.period->period.end),
      bits_or_nothing(column.period->so_far.percentile), column.title);
}

void write_chart(Out out, const contracts::Contract& contract, const std::vector<Column>& columns,
                 std::string_view percentile) {
  fmt::format_to(out, "<h2>Five-minute intervals</h2>\n<p>");
  for (const Column& column : columns) write_button(out, column);
  fmt::format_to(out,
                 R"(<span class="key k-to"></span>to customer)"
                 R"(<span class="key k-from"></span>from customer)"
                 R"(<span class="key k-pct"></span>{})"
                 R"(<span class="key block k-missing"></span>missing)"
                 R"(<span class="key block k-masked"></span>masked)"
                 R"(<span class="key k-partial"></span>measured in part</p>)"
                 "\n",
                 percentile);
  fmt::format_to(
      out,
      R"(<div id="chart" data-path="{}" data-committed="{}" data-percentile="{}" data-timezone="{}"></div>)"
      "\n<p id=\"said\">The chart needs the page's script.</p>\n",
      percent_encoded(contract.id), contract.committed.value(), percentile,
      escape_html(contract.billing.timezone));
}

void write_facts(Out out, const ListedContract& listed, CustomerNames names) {
  const contracts::Contract& contract = *listed.contract;
  const auto fact = [&](std::string_view name, std::string_view value) {
    fmt::format_to(out, "<span>{} <b>{}</b></span>", name, value);
  };
  fmt::format_to(out, "<p class=\"facts\">");
  if (names == CustomerNames::Shown) fact("customer", escape_html(contract.customer));
  fact("service", escape_html(contract.service));
  if (!contract.pop.empty()) fact("POP", escape_html(contract.pop));
  fact("committed", rate_text(static_cast<double>(contract.committed.value())));
  if (contract.ceiling.value() != 0)
    fact("ceiling", rate_text(static_cast<double>(contract.ceiling.value())));
  fact("rule", fmt::format("{}, {}", percentile_text(contract.billing.percentile_hundredths),
                           billing::direction_rule_name(contract.billing.direction)));
  fact("period", fmt::format("from day {}, {}", contract.billing.day,
                             escape_html(contract.billing.timezone)));
  fmt::format_to(out, "</p>\n");
  if (!listed.rate) return;
  fmt::format_to(out, "<p class=\"facts\">");
  fact("last minute, to customer", rate_text(listed.rate->to_customer));
  fact("from customer", rate_text(listed.rate->from_customer));
  fact("error, 95 %", "&#177; " + rate_text(listed.rate->error));
  if (const auto used = listed.utilization()) fact("used", fmt::format("{:.1f} %", *used * 100));
  fmt::format_to(out, "</p>\n");
}

}  // namespace

Response contract_page(const ListedContract& listed, CustomerNames names,
                       std::optional<TrafficTime> as_of) {
  const contracts::Contract& contract = *listed.contract;
  const std::string id = escape_html(contract.id);
  std::string html;
  const Out out(html);
  fmt::format_to(out,
                 "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                 "<meta name=\"viewport\" content=\"width=device-width\">"
                 "<title>{} - Weir</title><style>{}{}</style></head>\n<body>\n"
                 "<p><a href=\"/\">Weir</a></p>\n<h1>{}</h1>\n",
                 id, kPageStyle, kChartStyle, id);
  write_facts(out, listed, names);
  if (listed.billed == nullptr) {
    fmt::format_to(out, "<p>No five minutes of this contract have closed into a ledger yet.</p>\n");
  } else {
    const std::string percentile = percentile_text(contract.billing.percentile_hundredths);
    std::vector<Column> columns{{"this period", &listed.billed->current}};
    if (listed.billed->previous) columns.push_back({"previous period", &*listed.billed->previous});
    write_chart(out, contract, columns, percentile);
    fmt::format_to(out, "<h2>Billing</h2>\n");
    if (as_of) fmt::format_to(out, "<p>As of {}.</p>\n", time_text(*as_of));
    write_periods(out, columns, percentile);
    fmt::format_to(out,
                   "<p>What the percentile can be: of this period, what it ends at if nothing "
                   "more comes, and if the rest comes at the ceiling; of the previous one, by the "
                   "error of sampling.</p>\n<script src=\"/contract.js\"></script>\n");
  }
  fmt::format_to(out, "</body></html>\n");
  return {.content_type = "text/html; charset=utf-8",
          .body = std::move(html),
          .headers = {{.name = "Content-Security-Policy",
                       .value = "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; "
                                "connect-src 'self'; base-uri 'none'; form-action 'none'; "
                                "frame-ancestors 'none'"}}};
}

std::string_view contract_page_script() noexcept { return kScript; }

}  // namespace weir::http
