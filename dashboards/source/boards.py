"""The boards: what each asks, in which order. How a panel looks is in parts.py."""

from parts import (AROUND_ONE, BAD_ABOVE_ZERO, COMPLETE, LINK_LOAD, LOAD, PLAIN, bars, board,
                   note, portfolio, series, stat, table, variable)

RATE = "[$__rate_interval]"
UTILIZATION = "max by (job, instance, contract) (weir_contract_utilization_ratio{@}) &facts"
PERCENTILE = ('max by (job, instance, contract) '
              '(weir_contract_percentile_bytes_per_second{@, period="current"})')
COMMITTED = "weir_contract_committed_bytes_per_second{@}"
SILENT = ("count((time() - max by (job, instance, exporter) "
          "(weir_exporter_last_seen_timestamp_seconds{@}) > 300) or "
          "(weir_exporter_info{@} unless on (job, instance, exporter) "
          "weir_exporter_last_seen_timestamp_seconds{@})) or vector(0)")
LEDGER = "max(weir_ledger_failing{@})"
DROPS = f"sum(rate(weir_socket_dropped_total{{@}}{RATE}))"
IMBALANCE = "sum(abs(weir_books_imbalance_bytes{@}))"
RESTARTS = note("Restarts of the collector", "changes(process_start_time_seconds{@}[2m]) > 0",
                "Weir restarted", "purple")
WORKS = {0: "works", 1: "FAILS"}
AFTER_FIVE_MINUTES = "after 5 min"
A_WEEK = "No data before a whole week, Monday to Sunday UTC, is over"
EIGHT_WEEKS = "No data: a trend needs eight whole weeks, and a weekly percentile one"
DIRECTIONS = {"to_customer": "to customer", "from_customer": "from customer"}
TO_CUSTOMER = '{@, direction="to_customer"}'
FROM_CUSTOMER = '{@, direction="from_customer"}'
INTERFACE = "on (job, instance, exporter, interface)"
NAMED = f"* {INTERFACE} group_left (name) weir_interface_info{{@}}"
ESTIMATE = f"(weir_interface_estimate_ratio{{@}} {NAMED})"


def noc():
    return board("noc", "Weir / NOC", "Is all well? Who is full? Which router does not report?", [
        ("Now: everything green is well", [
            stat("Critical alerts", "Alerts of Weir's rules that want somebody now. Not zero: the table below says which; follow the runbook.",
                 'count(ALERTS{@, alertstate="firing", severity="critical"}) or vector(0)', steps=BAD_ABOVE_ZERO, width=3),
            stat("NOC warnings", "Alerts for the NOC that want somebody today. Those for billing, sales and planning are in the table below only.",
                 'count(ALERTS{@, alertstate="firing", severity="warning", audience="noc"}) or vector(0)', steps=[("green", None), ("yellow", 1)], width=3),
            stat("Routers silent", "Configured or once heard, and no export for 5 minutes. Not zero: see Routers below for which, then check its export and the path to here.",
                 SILENT, steps=BAD_ABOVE_ZERO, width=3),
            stat("Over commit", "Contracts whose last closed minute was above the committed rate. They are billed as burst; see the table for which.",
                 f"count(({UTILIZATION}) > 1) or vector(0)", steps=[("green", None), ("yellow", 1)], width=3),
            stat("Books off by", "Bytes that routers reported and that have no fate. Zero but for an instant; if it stays, figures are wrong: report a bug.",
                 IMBALANCE, unit="decbytes", steps=[("green", None), ("red", 1_000_000)], width=3),
            stat("Ledger", "Whether billing intervals reach the database. FAILS: they wait in memory; mend the database before memory is full.",
                 LEDGER, steps=BAD_ABOVE_ZERO, words=WORKS, width=3),
            stat("Kernel drops", "Datagrams a second that came faster than Weir read them. Not zero: more workers or a larger receive buffer.",
                 DROPS, unit="pps", steps=[("green", None), ("red", 0.001)], width=3),
            stat("Estimates off", "Interfaces whose flow estimate has been off their own counter by over 5 % for an hour. Not zero: `weir doctor` names the likeliest cause.",
                 "count(count by (job, instance, exporter, interface) (weir_interface_estimate_alarm{@})) or vector(0)", steps=[("green", None), ("yellow", 1)], width=3),
        ]),
        ("Contracts", [
            bars("Fullest contracts", "The 12 contracts with the highest use of their committed rate, of the direction used more. A full bar is the committed rate, red is above it.",
                 f"topk(12, {UTILIZATION})", "{{contract}}", unit="percentunit", width=10, height=12),
            table("All contracts by utilisation", "Last closed minute. Utilisation is of the committed rate, of the direction used more.",
                  [("Utilisation", UTILIZATION, "percentunit", LOAD),
                   ("To customer", f"8 * sum by (job, instance, contract) (weir_contract_bandwidth_bytes_per_second{TO_CUSTOMER}) &facts", "bps", None),
                   ("From customer", f"8 * sum by (job, instance, contract) (weir_contract_bandwidth_bytes_per_second{FROM_CUSTOMER}) &facts", "bps", None),
                   ("Committed", f"8 * {COMMITTED} &facts", "bps", None)],
                  ("contract",), facts=("service", "pop"), width=14),
            series("Traffic by POP", "Customer traffic of each POP, both directions together. A POP that falls to nothing has lost a router or its export.",
                   [(f"8 * sum by (pop) (sum by (job, instance, contract) (rate(weir_contract_bytes_total{{@}}{RATE})) &facts)", "{{pop}}")],
                   unit="bps", stacked=True, every="1m", renamed=DIRECTIONS),
            bars("Heat by POP", "Traffic of all contracts of a POP to customers as a part of what they committed to together.",
                 f"8 * sum by (pop) (sum by (job, instance, contract) (weir_contract_bandwidth_bytes_per_second{{@, direction=\"to_customer\"}}) &facts) / (8 * sum by (pop) ({COMMITTED} &facts) > 0)",
                 "{{pop}}", unit="percentunit", height=8),
        ]),
        ("Routers and links", [
            table("Routers", "Health of export. Last seen over 300 s: silent. Completeness under 99.99 %: export is lost on the way, and figures are too low.",
                  [("Last seen", "time() - max by (exporter) (weir_exporter_last_seen_timestamp_seconds{@})", "s", [("green", None), ("yellow", 120), ("red", 300)]),
                   ("Completeness", "min by (exporter) (weir_exporter_completeness_ratio{@})", "percentunit", COMPLETE),
                   ("Records", f"sum by (exporter) (rate(weir_exporter_records_total{{@}}{RATE}))", "rps", None),
                   ("Sampling 1 in", "max by (exporter) (weir_exporter_sampling_interval{@})", "none", None),
                   ("Clock skew", "max by (exporter) (abs(weir_exporter_clock_skew_seconds{@}))", "s", [("green", None), ("yellow", 5), ("red", 60)]),
                   ("Unscaled", f'sum by (exporter) (rate(weir_bytes_total{{@, fate="unscaled"}}{RATE}))', "Bps", [("green", None), ("red", 1)])],
                  ("exporter",), width=14, height=8),
            table("Which alerts", "What fires now, of all audiences. Each has a section of its own name in the runbooks.",
                  [("Firing", 'count by (alertname, severity) (ALERTS{@, alertstate="firing"})', "none", None)],
                  ("severity", "alertname"), width=10, height=8, empty="No data: no alert fires"),
            table("Fullest links", "Load of their speed over five minutes, of the direction used more. Over 50 % a pair of links no longer carries the loss of one.",
                  [("Load", f"max by (job, instance, exporter, interface) (rate(weir_interface_bytes_total{{@}}{RATE})) "
                            f"/ {INTERFACE} (weir_interface_speed_bytes_per_second{{@}} > 0) {NAMED}", "percentunit", LINK_LOAD),
                   ("Speed", f"8 * weir_interface_speed_bytes_per_second{{@}} {NAMED}", "bps", None)],
                  ("exporter", "name"), width=12, gauge="Load", every="5m"),
            table("Flow estimate against interface counter", "Bytes by flow export over bytes by the interface's own counter, of the last five minutes that have both (sFlow). "
                  "Outside 95 to 105 % for long: sampling, loss or double counting; `weir doctor` names the likeliest cause.",
                  [("Off by", f"abs({ESTIMATE} - 1)", "percentunit", [("green", None), ("yellow", 0.05), ("red", 0.2)]),
                   ("Estimate / counter", ESTIMATE, "percentunit", AROUND_ONE)],
                  ("exporter", "name", "direction"), width=12, empty="No data before five minutes with flow and counter samples of one interface"),
        ]),
    ], variables=portfolio(), notes=[RESTARTS])


def contract():
    one = '@, contract=~"$contract"'

    def lines(metric, factor=8):
        return f"{factor} * max by (direction) ({metric}{{{one}}})"

    def figure(metric, extra=""):
        return f"max({metric}{{{one}{extra}}})"

    rate, error = "weir_contract_bandwidth_bytes_per_second", "weir_contract_bandwidth_error_bytes_per_second"
    limits = [("8 * " + figure("weir_contract_committed_bytes_per_second"), "Committed"),
              ("8 * " + figure("weir_contract_ceiling_bytes_per_second"), "Ceiling")]
    current = ', period="current"'
    return board("contract", "Weir / Contract", "One contract: what it uses, what it pays for, how sure that is.", [
        ("The bill so far", [
            stat("Use now", "Last closed minute as a part of the committed rate, of the direction used more.", figure("weir_contract_utilization_ratio"), unit="percentunit", steps=LOAD, width=3),
            stat("Committed", "Paid for whatever is used.", "8 * " + figure("weir_contract_committed_bytes_per_second"), unit="bps", width=3),
            stat("Percentile so far", "Billed percentile of the period that runs, of what was measured until now.", "8 * " + figure("weir_contract_percentile_bytes_per_second", current), unit="bps", width=3, empty=AFTER_FIVE_MINUTES),
            stat("Ends at least at", "Where the percentile ends if nothing more comes.", "8 * " + figure("weir_contract_percentile_low_bytes_per_second", current), unit="bps", width=3, empty=AFTER_FIVE_MINUTES),
            stat("Ends at most at", "Where it ends if all that remains comes at the ceiling. No bound: there is no ceiling.", "8 * " + figure("weir_contract_percentile_high_bytes_per_second", current), unit="bps", width=3, empty="no bound"),
            stat("Free burst used", "Intervals above the committed rate, as a part of those that stay free. Above 100 % burst is billed.",
                 f"{figure('weir_contract_burst_intervals_used')} / ({figure('weir_contract_burst_intervals_allowed')} > 0)", unit="percentunit", steps=LOAD, width=3, empty=AFTER_FIVE_MINUTES),
            stat("Measured", "Measured part of the last closed 5 minutes. Below 100 %: look at the routers of this contract on the NOC board.", figure("weir_contract_completeness_ratio"), unit="percentunit", steps=COMPLETE, width=3, empty=AFTER_FIVE_MINUTES),
            stat("This month is", "Provisional: too little of the period was measured for its figures to be relied on.", figure("weir_contract_month_provisional", current), steps=[("green", None), ("yellow", 1)], words={0: "reliable", 1: "provisional"}, width=3, empty=AFTER_FIVE_MINUTES),
        ]),
        ("Traffic", [
            series("Bandwidth", "Closed minutes, both directions, against the committed rate and the ceiling.",
                   [(lines(rate), "{{direction}}"), *limits,
                    ("8 * " + figure("weir_contract_percentile_bytes_per_second", current), "Percentile so far")],
                   unit="bps", width=24, height=10, limits={"Committed": "blue", "Ceiling": "red", "Percentile": "purple"}, renamed=DIRECTIONS),
            series("Against the usual", "Five minutes' traffic is compared with the same hour of the week in the weeks before. Above the upper line for 15 minutes the alert comes. No lines: fewer than three weeks of that hour are in the ledger.",
                   [(lines(rate), "{{direction}}"),
                    (f'8 * max by (direction) (weir_contract_baseline_bytes_per_second{{{one}, bound="median"}})', "Usual, {{direction}}"),
                    (f'8 * max by (direction) (weir_contract_baseline_bytes_per_second{{{one}, bound="high"}})', "Above usual, {{direction}}")],
                   unit="bps", limits={"Usual": "blue", "Above": "red"}, renamed=DIRECTIONS),
            series("Sampling error", "The rate lies inside the band with 95 % confidence. A wide band: sample more often, or read the interface's counters.",
                   [(f"8 * (max by (direction) ({rate}{{{one}}}) + max by (direction) ({error}{{{one}}}))", "{{direction}} high"),
                    (f"clamp_min(8 * (max by (direction) ({rate}{{{one}}}) - max by (direction) ({error}{{{one}}})), 0)", "{{direction}} low")], unit="bps",
                   bands=("to customer", "from customer"), renamed=DIRECTIONS),
            series("By address family", "IPv4 and IPv6, by direction.",
                   [(f"8 * sum by (direction, family) (rate(weir_contract_bytes_total{{{one}}}{RATE}))", "{{direction}} {{family}}")], unit="bps", stacked=True, every="1m", renamed=DIRECTIONS),
            series("Percentile over the period", "How the billed percentile has moved, and where it can end.",
                   [("8 * " + figure(f"weir_contract_percentile{part}_bytes_per_second", current), name)
                    for part, name in (("", "So far"), ("_low", "At least"), ("_high", "At most"))], unit="bps", limits={"At least": "green", "At most": "red"}, empty=AFTER_FIVE_MINUTES),
            series("Utilisation", "Part of the committed rate, by direction.", [(lines("weir_contract_utilization_ratio", 1), "{{direction}}")], unit="percentunit", renamed=DIRECTIONS),
        ]),
    ], variables=[*portfolio(), variable("contract", "Contract", 'label_values(weir_contract_info{@, pop=~"$pop", service=~"$service"}, contract)', several=False)],
        notes=[RESTARTS, note("Rate changes", f"changes(weir_contract_committed_bytes_per_second{{{one}}}[2m]) > 0", "Committed rate changed", "blue")],
        since="now-24h", refresh="1m")


def capacity():
    until = "- time()"
    far = [("red", None), ("yellow", 90 * 86400), ("green", 180 * 86400)]

    reasons = {"too_few_weeks": "fewer than eight weeks measured", "already_over": "over it already", "no_growth": "does not grow",
               "beyond_horizon": "not within five years", "zero_week": "a week without traffic"}
    limits = {"committed": "committed rate", "ceiling": "ceiling", "speed": "speed", "n1": "one link down"}
    tiers = {"gt_1g": "over 1 Gbit/s", "le_1g": "to 1 Gbit/s", "le_100m": "to 100 Mbit/s"}

    def contracts(limit, estimate):
        return (f'min by (job, instance, contract) (weir_contract_forecast_timestamp_seconds{{@, limit="{limit}", estimate="{estimate}"}} {until}) &facts')

    def links(estimate):
        return (f'min by (job, instance, exporter, interface) (weir_interface_forecast_timestamp_seconds{{@, limit="speed", estimate="{estimate}"}} {until}) {NAMED}')

    def groups(limit, estimate):
        return f'min by (group) (weir_group_forecast_timestamp_seconds{{@, limit="{limit}", estimate="{estimate}"}} {until})'

    def without(kind):
        return f"count by (limit, reason) (weir_{kind}_forecast_available{{@}} == 0)"
    return board("capacity", "Weir / Capacity", "What grows, and when is which link or contract full?", [
        ("Contracted", [
            stat("Contracts over 1 Gbit/s", "Contracts in force with a committed rate strictly above 1 Gbit/s.", 'sum(weir_contracts{@, tier="gt_1g", service=~"$service"})', width=5, height=8),
            stat("Bandwidth contracted", "Sum of committed rates.", '8 * sum(weir_contracted_bytes_per_second{@, service=~"$service"})', unit="bps", width=5, height=8),
            series("Contracts over 1 Gbit/s by service", "Their growth; choose a long range.", [('sum by (service) (weir_contracts{@, tier="gt_1g", service=~"$service"})', "{{service}}")], unit="short", width=14),
            series("Contracted bandwidth by service and size of contract", "Sum of committed rates.", [('8 * sum by (service, tier) (weir_contracted_bytes_per_second{@, service=~"$service"} > 0)', "{{service}}, {{tier}}")], unit="bps", stacked=True, width=24, renamed=tiers),
        ]),
        ("When is it full? Time until 80 % is reached, by the trend of weekly percentiles", [
            table("Contracts", "Until 80 % of the committed rate, early, central and late estimate; last, of the ceiling. No row, or an empty cell: see why below.",
                  [("Early", contracts("committed", "early"), "s", far), ("Central", contracts("committed", "central"), "s", far),
                   ("Late", contracts("committed", "late"), "s", far), ("Central, ceiling", contracts("ceiling", "central"), "s", far)],
                  ("contract",), facts=("service", "pop"), soonest="Central", width=15, height=9, empty=EIGHT_WEEKS),
            table("Largest contracts and their growth", "95th percentile of the last whole week, and what a week adds to it by the trend.",
                  [("Percentile", "8 * weir_contract_weekly_percentile_bytes_per_second{@} &facts", "bps", None),
                   ("Growth a week", "8 * weir_contract_weekly_growth_bytes_per_second{@} &facts", "bps", None)],
                  ("contract",), facts=("pop",), width=9, height=9, empty=A_WEEK),
            table("Links", "Until 80 % of a link's speed, of the direction that carries more.",
                  [("Early", links("early"), "s", far), ("Central", links("central"), "s", far), ("Late", links("late"), "s", far),
                   ("Percentile", f"8 * weir_interface_weekly_percentile_bytes_per_second{{@}} {NAMED}", "bps", None)],
                  ("exporter", "name"), soonest="Central", width=12, height=8, empty=EIGHT_WEEKS),
            table("Why there is no forecast", "How many contracts, links and link groups have none, by the reason.",
                  [("Contracts", without("contract"), "none", None), ("Links", without("interface"), "none", None), ("Groups", without("group"), "none", None)],
                  ("limit", "reason"), width=12, height=8, words={"reason": reasons, "limit": limits}),
        ]),
        ("Link groups", [
            table("One link lost", "Busy-hour load of the last whole week, and the same traffic with the fastest link down. Above 100 %: traffic is lost when it fails; add a link.",
                  [("With one link down", "max by (group) (weir_group_n1_load_ratio{@})", "percentunit", LOAD), ("Load", "max by (group) (weir_group_load_ratio{@})", "percentunit", None),
                   ("Allowed load", "max by (group) (weir_group_allowed_load_ratio{@})", "percentunit", None)], ("group",), width=12, height=8, gauge="With one link down",
                  empty="No data: `groups:` in the configuration, and a whole week"),
            table("Time until a lost link matters", "Until the load is reached that the loss of one link lifts to the target; last, until 80 % of all links together.",
                  [("Early", groups("n1", "early"), "s", far), ("Central", groups("n1", "central"), "s", far), ("Late", groups("n1", "late"), "s", far),
                   ("All links", groups("speed", "central"), "s", far)], ("group",), soonest="Central", width=12, height=8,
                  empty="No data: `groups:` in the configuration, and eight whole weeks"),
        ]),
        ("Between POPs, and how peaks spread", [
            table("Traffic between POPs", "Where traffic enters the backbone and where it leaves. Unknown: the other end is not told by the export.",
                  [("Rate", f"8 * sum by (ingress_pop, egress_pop) (rate(weir_pop_bytes_total{{@}}{RATE})) > 0", "bps", None)], ("ingress_pop", "egress_pop"), width=8, height=10, every="5m"),
            series("Diversity by service", "Sum of the contracts' peaks over the peak of their sum. The higher, the more can be sold on one link.", [("max by (service, direction) (weir_service_diversity_ratio{@, service=~\"$service\"})", "{{service}} {{direction}}")], unit="short", width=8, height=10, empty=A_WEEK, renamed=DIRECTIONS),
            series("Diversity by POP", "The same of the contracts of a POP: how far its uplinks may be sold over.", [("max by (pop, direction) (weir_pop_diversity_ratio{@, pop=~\"$pop\"})", "{{pop}} {{direction}}")], unit="short", width=8, height=10, empty=A_WEEK, renamed=DIRECTIONS),
        ]),
    ], variables=portfolio(), since="now-30d", refresh="5m")


def sales():
    percentile = f"{PERCENTILE} / on (job, instance, contract) ({COMMITTED} > 0)"
    burst = "clamp_min(weir_contract_burst_intervals_allowed{@} - on (job, instance, contract) weir_contract_burst_intervals_used{@}, 0)"
    return board("sales", "Weir / Sales", "Who needs more, and who pays for more than they use?", [
        ("This period", [
            stat("Near or over commit", "Contracts whose percentile so far is above 80 % of the committed rate: offer an upgrade.", f"count(({percentile}) &facts > 0.8) or vector(0)", width=8),
            stat("Far below commit", "Contracts whose percentile so far is below 20 % of the committed rate: they may leave or shrink.", f"count(({percentile}) &facts < 0.2) or vector(0)", width=8),
            stat("Free burst used up", "Contracts with no free interval left: from now on burst is billed.", f"count(({burst}) &facts == 0) or vector(0)", width=8),
            bars("Nearest to their commit", "Percentile so far as a part of the committed rate, the highest 9. A full bar is the committed rate.", f"topk(9, ({percentile}) &facts)", "{{contract}}", unit="percentunit", empty=AFTER_FIVE_MINUTES),
            bars("Farthest from their commit", "The same, the lowest 9.", f"bottomk(9, ({percentile}) &facts)", "{{contract}}", unit="percentunit", steps=[("blue", None)], empty=AFTER_FIVE_MINUTES),
            table("Utilisation league", "All contracts. Free burst left is time above the committed rate that is not billed yet.",
                  [("Percentile of commit", f"({percentile}) &facts", "percentunit", LOAD), ("Percentile so far", f"8 * {PERCENTILE} &facts", "bps", None),
                   ("Committed", f"8 * {COMMITTED} &facts", "bps", None), ("Free burst left", f"300 * ({burst}) &facts", "s", [("red", None), ("yellow", 3600), ("green", 14400)])],
                  ("contract",), facts=("service", "pop")),
        ]),
    ], variables=portfolio(), since="now-7d", refresh="5m")


def collector():
    def per(metric, label, title, text, unit="cps", **how):
        return series(title, text, [(f"sum by ({label}) (rate({metric}{{@}}{RATE}))",
                                     " ".join("{{%s}}" % each for each in label.split(", ")))], unit=unit, **how)
    return board("collector", "Weir / Collector", "Does Weir itself keep up?", [
        ("Receiving", [
            per("weir_exporter_datagrams_total", "exporter, protocol", "Datagrams received", "By router and protocol. One that falls to nothing is silent."),
            per("weir_exporter_records_total", "exporter, protocol", "Records decoded", "Flow records and samples. Datagrams without records: a template is missing."),
            per("weir_exporter_lost_total", "exporter, unit", "Export lost", "Gaps in sequence numbers. Check the path from the router, then the receive buffer.", empty="No data: no gap yet"),
            per("weir_exporter_malformed_total", "exporter, reason", "Malformed", "What was refused, by reason. Capture some with `weir decode`.", empty="No data: nothing was refused"),
            per("weir_exporter_held_records_total", "exporter, state", "Held for want of a sampling interval", "given_up counts as unscaled: say the interval in the configuration.", empty="No data: nothing had to wait"),
            per("weir_socket_dropped_total", "listen", "Dropped by the kernel", "Not zero: more workers or a larger receive buffer.", unit="pps"),
        ]),
        ("Closing and the ledger", [
            series("Closing lag", "Age of the newest closed bucket. About the lateness plus one bucket; rising: nothing closes.", [("max by (instance) (weir_closing_lag_seconds{@})", "{{instance}} lag"), ("max by (instance) (weir_lateness_seconds{@})", "{{instance}} lateness")], unit="s", limits={"lateness": "blue"}),
            per("weir_bytes_total", "fate", "What became of the bytes", "Each byte has one fate. unscaled, overrun or implausible rising: see troubleshooting.", unit="Bps", every="1m"),
            series("Ledger rows waiting", "Falls to 0 every minute while all is well.", [("sum by (instance) (weir_ledger_pending_rows{@})", "{{instance}}")], unit="short"),
            series("Ledger failures", "Writes refused are tried again; rows dropped are missing in bills.", [(f"sum(rate(weir_ledger_write_errors_total{{@}}{RATE}))", "Writes refused"), (f"sum(rate(weir_ledger_dropped_rows_total{{@}}{RATE}))", "Rows dropped")], unit="cps"),
        ]),
        ("Process", [
            series("CPU", "Cores in use.", [(f"sum by (instance) (rate(process_cpu_seconds_total{{@}}{RATE}))", "{{instance}}")], unit="short"),
            series("Memory", "Resident.", [("sum by (instance) (process_resident_memory_bytes{@})", "{{instance}}")], unit="decbytes"),
            series("Scrape duration", "Time that Prometheus waits for an answer.", [("max by (instance) (scrape_duration_seconds{@})", "{{instance}}")], unit="s"),
            series("Series exported", "Rises with contracts, interfaces and routers only.", [("sum by (instance) (weir_metrics_series{@})", "{{instance}}")], unit="short"),
        ]),
    ], variables=[], notes=[RESTARTS])


def every_board():
    return {"noc": noc(), "contract": contract(), "capacity": capacity(), "sales": sales(), "collector": collector()}
