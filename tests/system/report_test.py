#!/usr/bin/env python3
"""Bills of generated traffic, against its truth.

    report_test.py WEIR SOURCE_FOLDER

`weir generate` plays the example backbone into a capture and writes the truth beside it; `weir
replay --ledger` keeps its intervals; `weir report` must give the nearest-rank percentile of the truth
for every contract, to the bit per second, in every format. Replaying again changes no byte of
the ledger, and a shell of the database itself finds the same sums. Standard library and sqlite3.
"""

import collections
import csv
import html.parser
import io
import json
import pathlib
import re
import subprocess
import sys
import tempfile

START = "2024-06-05T03:00:00Z"
MONTH = "2024-06"


def run(*command, code=0):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=240)
    if done.returncode != code:
        raise SystemExit(f"{' '.join(map(str, command))}: exit {done.returncode} instead of {code}: {done.stderr[-500:]}")
    return done.stdout if code == 0 else done.stderr


def need(holds, what):
    if not holds:
        raise SystemExit(f"WRONG: {what}")


def truth_of(path):
    """(contract, direction) -> {start: bytes}, and all starts."""
    rows, starts = collections.defaultdict(collections.Counter), set()
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            rows[row["contract"], row["direction"]][row["start"]] += int(row["ethernet_bytes"])
            if int(row["ethernet_bytes"]):
                starts.add(row["start"])
    return rows, sorted(starts)


def nearest_rank(values):
    """What is left highest when the top twentieth, rounded down, is dropped."""
    values = sorted(values)
    return values[len(values) - 1 - len(values) * 5 // 100]


def check_json(weir, config, truth, starts):
    contracts = json.loads(run(weir, "report", "--config", config, "--month", MONTH, "--format", "json"))["contracts"]
    need(len(contracts) > 100, f"{len(contracts)} contracts in the report")
    for contract in contracts:
        name, both = contract["contract"], []
        for direction in ("from_customer", "to_customer"):
            rates = [truth[name, direction][start] * 8 // 300 for start in starts]
            both.append(nearest_rank(rates))
            got = contract[direction]
            need(got["percentile_bits_per_second"] == both[-1],
                 f"{name} {direction}: {got['percentile_bits_per_second']}, truth {both[-1]}")
            need(got["bytes"] == sum(truth[name, direction][start] for start in starts), f"{name} {direction}: bytes")
            need(got["maximum_bits_per_second"] == max(rates), f"{name} {direction}: maximum")
        need(contract["percentile_bits_per_second"] == max(both), f"{name}: percentile {contract}")
        committed = contract["committed_bits_per_second"]
        need(contract["billable_bits_per_second"] == max(committed, max(both)), f"{name}: billable")
        need(contract["overage_bits_per_second"] == max(0, max(both) - committed), f"{name}: overage")
        need(contract["intervals_measured"] == len(starts) and contract["provisional"], f"{name}: {contract}")
    return contracts


class Words(html.parser.HTMLParser):
    """Counts elements and keeps text."""

    def __init__(self):
        super().__init__()
        self.tags, self.text = collections.Counter(), ""

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1

    def handle_data(self, data):
        self.text += data


def check_formats(weir, config, contracts):
    rows = list(csv.DictReader(io.StringIO(run(weir, "report", "--config", config, "--month", MONTH, "--format", "csv"))))
    need([row["contract"] for row in rows] == [one["contract"] for one in contracts], "CSV: contracts")
    need(all(int(row["percentile_bits_per_second"]) == one["percentile_bits_per_second"]
             for row, one in zip(rows, contracts)), "CSV: percentiles")
    text = run(weir, "report", "--config", config, "--month", MONTH)
    need(all(one["contract"] in text for one in contracts) and "over 1 Gbps" in text, "text: contracts and company")
    page = Words()
    page.feed(run(weir, "report", "--config", config, "--month", MONTH, "--format", "html"))
    need(page.tags["svg"] == len(contracts) and page.tags["script"] == 0, f"HTML: {page.tags}")
    one = contracts[0]["contract"]
    chart = run(weir, "report", "--config", config, "--month", MONTH, "--contract", one)
    need("2024-06-05" in chart and "#" in chart, "text of one contract: chart")


def check_basis(weir, config, contracts):
    """Every bandwidth says at which layer, by which method, how complete, and whether from samples."""
    report = ["report", "--config", config, "--month", MONTH]
    for one in contracts:
        need(one["layer"] == "ethernet" and one["method"] == "nearest_rank" and one["estimated"] is True
             and 0 < one["completeness"] < 1, f"JSON: the basis of {one}")
    for row in csv.DictReader(io.StringIO(run(weir, *report, "--format", "csv"))):
        need((row["layer"], row["method"], row["estimated"]) == ("ethernet", "nearest_rank", "true")
             and 0 < float(row["completeness"]) < 1, f"CSV: the basis of {row}")
    lines = {line.split(" ", 1)[0]: line for line in run(weir, *report).splitlines() if line}
    sections = run(weir, *report, "--format", "html").split("<section>")
    for one, section in zip(contracts, sections[1:]):
        share = f"{one['completeness'] * 100:.2f}"
        line = lines[one["contract"]]
        need(all(word in line for word in (f"{share}%", "ethernet", "nearest_rank", "estimated")), f"text: {line}")
        need(all(word in section for word in (one["contract"], "ethernet", "nearest_rank", "estimated from samples")),
             f"HTML: the basis of {one['contract']}")
        need(f"{share} %, provisional" in sections[0], f"HTML: the completeness of {one['contract']}")


def check_errors(weir, config):
    for arguments in (("--month", "2024-13"), ("--month", MONTH, "--contract", "nobody"), (),
                      ("--month", MONTH, "--quarter", "2024Q1")):
        run(weir, "report", "--config", config, *arguments, code=2 if "--quarter" not in arguments else 2)
    for time in ("yesterday", "2024-06-05"):
        need("is not a time" in run(weir, "explain", "--config", config, "any", time, code=2), "explain: bad time")


def check_explain_and_mask(weir, config, contracts, starts):
    name = max(contracts, key=lambda one: one["from_customer"]["bytes"])["contract"]
    text = run(weir, "explain", "--config", config, name, starts[0])
    need("measured by capture-" in text and "95 %" in text, f"explain: {text}")
    run(weir, "explain", "--config", config, name, "2024-06-04T00:00:00Z", code=1)
    run(weir, "mask", "--config", config, "--contract", name, "--from", starts[0], "--until", starts[1],
        "--author", "noc", "--reason", "<b>tests</b> of the line")
    after = json.loads(run(weir, "report", "--config", config, "--month", MONTH, "--format", "json",
                           "--contract", name))["contracts"][0]
    need(after["intervals_masked"] == 1 and after["masks"][0]["author"] == "noc", f"mask: {after}")
    need(after["intervals_measured"] == len(starts) - 1, f"mask: {after}")
    page = run(weir, "report", "--config", config, "--month", MONTH, "--format", "html", "--contract", name)
    need("&lt;b&gt;tests&lt;/b&gt;" in page and "<b>" not in page, "HTML: the reason is escaped")


def main():
    weir, source = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    example = source / "examples/backbone"
    with tempfile.TemporaryDirectory(prefix="weir-report-") as name:
        folder = pathlib.Path(name)
        capture, truth_file = folder / "backbone.pcap", folder / "truth.csv"
        run(weir, "generate", example / "scenario.yaml", "--pcap", capture, "--truth", truth_file, "--duration", "21m",
            "--start", START)
        ledger, config = folder / "weir.db", folder / "weir.yaml"
        text = re.sub(r"(?m)^(ledger|contracts):.*\n", "", (example / "weir.yaml").read_text())
        config.write_text(f"{text}\ncontracts: {example / 'contracts.yaml'}\nledger: {{url: \"sqlite:{ledger}\"}}\n")
        need("is not there" in run(weir, "report", "--config", config, "--month", MONTH, code=1), "report without a ledger")
        run(weir, "replay", "--config", config, "--ledger", ledger, capture)
        before = ledger.read_bytes()
        run(weir, "replay", "--config", config, "--ledger", ledger, capture)
        need(ledger.read_bytes() == before, "replaying again changed the ledger")
        truth, starts = truth_of(truth_file)
        shell = run("sqlite3", ledger, "PRAGMA integrity_check; SELECT sum(bytes) FROM contract_interval;").split()
        need(shell == ["ok", str(sum(sum(row.values()) for row in truth.values()))], f"sqlite3 says {shell}")
        contracts = check_json(weir, config, truth, starts)
        check_formats(weir, config, contracts)
        check_basis(weir, config, contracts)
        check_errors(weir, config)
        check_explain_and_mask(weir, config, contracts, starts)
        print(f"{len(contracts)} bills of {len(starts)} intervals agree with the truth, in four formats")


if __name__ == "__main__":
    main()
