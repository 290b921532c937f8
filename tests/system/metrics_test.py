#!/usr/bin/env python3
"""Holds a running collector to docs/metrics.md, as promtool and a real Prometheus read it.

    metrics_test.py WEIR

Scrapes `weir serve` on the example backbone and compares names, types and labels with the page, both
ways. Reloads from 10 to 25,000 contracts and back: series follow the page's formula and go with
their contracts. Sends names that break formats where they are not escaped, from the CRM and on the
wire: no series more, and Prometheus reads back what was meant. Exit status 0 when all holds.
Standard library only; traffic stays on 127.0.0.0/8.
"""

import collections
import functools
import json
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.parse

import running
from running import Wrong, free_port, need

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/metrics.md").read_text()
DEADLINE_S = 150

# What a collector without a ledger's history, of a minute's age, or on whose network all is well has
# not. The page tells the reason of each; tests/prometheus has them all.
NOT_YET = re.compile(
    # Behind five minutes that have closed, and behind weeks.
    r"weir_contract_(percentile|burst|completeness|month|weekly|forecast|baseline|above_baseline)\w*|weir_billing_\w+|weir_capacity_\w+"
    r"|weir_interface_(weekly|forecast)\w*|weir_(group|service|pop)_(?!bytes_total)\w+"
    r"|weir_interface_estimate_(ratio|alarm)|weir_exporter_completeness_ratio"
    r"|weir_ledger_last_interval_timestamp_seconds|weir_state_file_last_write_timestamp_seconds"
    # Nothing is refused; there is no receiver that takes anything, and no source of contracts.
    r"|weir_exporter_malformed_total|weir_contracts_import_\w+|weir_remote_write_(last_success|sent_until)_timestamp_seconds")


# 25,000 contracts are much to load, and to write.
get = functools.partial(running.get_bytes, timeout_s=60)


def until(condition, what, *children):
    return running.until(condition, what, DEADLINE_S, children=children, pause_s=0.2)


class Running:
    """A program that is ended by its own pid."""

    def __init__(self, folder, *command):
        self.log = folder / f"{pathlib.Path(command[0]).name}.log"
        self.command = command

    def __enter__(self):
        self.process = running.start(self.log, *self.command)
        return self.process

    def __exit__(self, *_):
        running.end([self.process], 20)


# ---- the page

Promise = collections.namedtuple("Promise", "type labels optional")


def promises():
    found = {}
    for line in PAGE.splitlines():
        if not (match := re.match(r"\| `(\w+)` \| (\w+) \|([^|]*)\|", line)):
            continue
        name, kind, cell = match.groups()
        words = re.sub(r"\([^)]*\)", "", cell)
        optional = set(re.findall(r"\(and (\w+)", cell))
        found[name] = Promise(kind, {word.strip() for word in words.split(",") if word.strip()}, optional)
    need(len(found) > 100, f"the page lists {len(found)} metrics")
    return found


def most_series(contracts, services, interfaces, pairs, exporters, udp, tcp, pops, groups):
    """The page's formula; with a ledger."""
    def number(words):
        match = re.search(r"(\d+) " + words, PAGE)
        need(match, f"the page's formula has no '{words}'")
        return int(match.group(1))
    base = re.search(r"a TCP listener \+ (\d+)", PAGE)
    need(base, "the page's formula has no constant")
    remote = re.search(r"with remote write: (\d+)", PAGE)
    need(remote, "the page's formula has no remote write")
    with_ledger = ((number("a contract \\+ 6 a contract") + number("a contract with a baseline")) * contracts
                   + number("an interface with a speed") * interfaces
                   + number("a group") * groups + number("a service \\+ 2") * services + number("a POP") * pops + 1)
    return (number("a contract \\+ 6") * contracts + number("a service \\+ 10") * services
            + number("a tracked interface") * interfaces + (number(r"\+ reasons") + 15) * pairs
            + number("an exporter") * exporters + number("a UDP") * udp + number("a TCP") * tcp
            + int(base.group(1)) + with_ledger + int(remote.group(1)) + (pops + 2) ** 2)


# ---- a scrape

Sample = collections.namedtuple("Sample", "name labels value")
LABELS = re.compile(r'(\w+)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)')
LINE = re.compile(r'(\w+)(?:\{((?:\w+="(?:[^"\\\n]|\\[\\"n])*",?)+)\})? (\S+)')


def samples_of(text):
    """All samples, and type by name; a line that is none is an error."""
    samples, types = [], {}
    for line in text.split("\n"):
        if line.startswith("# TYPE "):
            name, kind = line.split(" ")[2:]
            need(name not in types, f"{name} stands twice")
            types[name] = kind
        elif line and not line.startswith("# HELP "):
            match = LINE.fullmatch(line)
            need(match, f"no sample: {line!r}")
            samples.append(Sample(match.group(1), dict(LABELS.findall(match.group(2) or "")), match.group(3)))
    return samples, types


def checked_scrape(url):
    """A scrape that promtool has read, whose own count of its series is right, and has none twice."""
    status, body = get(url + "/metrics")
    need(status == 200, f"/metrics answers {status}")
    promtool = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, check=False)
    need(promtool.returncode == 0 and not promtool.stdout + promtool.stderr,
         f"promtool: {promtool.stdout[:500]} {promtool.stderr[:500]}")
    samples, types = samples_of(body.decode())
    told = next(int(each.value) for each in samples if each.name == "weir_metrics_series")
    need(told == len(samples), f"weir_metrics_series says {told} of {len(samples)}")
    need(len({(each.name, *sorted(each.labels.items())) for each in samples}) == told, "a series stands twice")
    return samples, types


def count_by_name(samples):
    return collections.Counter(each.name for each in samples)


# ---- the example backbone

def backbone(folder, udp, tcp, http):
    copy = folder / "backbone"
    shutil.copytree(ROOT / "examples/backbone", copy)
    text = (copy / "weir.yaml").read_text()
    for key, value in (("ledger", f'{{url: "sqlite:{folder}/weir.db"}}'), ("state", f"{folder}/state"),
                       ("http", f'{{listen: "127.0.0.1:{http}"}}')):
        text = re.sub(rf"^{key}:.*$", f"{key}: {value}", text, flags=re.MULTILINE)
    listen = f'listen: [{{udp: "127.0.0.1:{udp}"}}, {{tcp: "127.0.0.1:{tcp}"}}]\n'
    text = re.sub(r"^listen:\n(?:  - .*\n)+", listen, text, flags=re.MULTILINE)
    text = text.replace("lateness: auto", "lateness: 1s")
    # Nothing listens there.
    text += f'remote_write: {{url: "http://127.0.0.1:{free_port()}/api/v1/write"}}\n'
    (copy / "weir.yaml").write_text(text)
    return copy


def the_page_is_what_is_exported(weir, folder):
    udp, tcp, http = free_port(socket.SOCK_DGRAM), free_port(), free_port()
    copy = backbone(folder, udp, tcp, http)
    url = f"http://127.0.0.1:{http}"
    with Running(folder, weir, "serve", "--config", copy / "weir.yaml") as serve:
        until(lambda: get(url + "/-/ready")[0] == 200, "ready", serve)
        with Running(folder, weir, "generate", copy / "scenario.yaml", "--to", f"127.0.0.1:{udp}", "--duration", "0"):
            until(lambda: b"\nweir_contract_bandwidth_bytes_per_second{" in get(url + "/metrics")[1],
                  "a minute has closed", serve)
            samples, types = checked_scrape(url)
    promised = promises()
    exported = count_by_name(samples)
    need(set(exported) <= set(promised), f"not on the page: {sorted(set(exported) - set(promised))}")
    missing = {name for name in set(promised) - set(exported) if not NOT_YET.fullmatch(name)}
    need(not missing, f"on the page, and not exported: {sorted(missing)}")
    for each in samples:
        promise = promised[each.name]
        need(types[each.name] == promise.type, f"{each.name} is a {types[each.name]}")
        need(promise.labels <= set(each.labels) <= promise.labels | promise.optional,
             f"{each.name} has the labels {sorted(each.labels)}")
    facts = collections.Counter(each.name for each in samples if each.name.endswith("_info"))
    labels = lambda name, label: len({each.labels[label] for each in samples if each.name == name})
    most = most_series(facts["weir_contract_info"], labels("weir_contracts", "service"), facts["weir_interface_info"],
                       exported["weir_exporter_datagrams_total"], facts["weir_exporter_info"], 1, 1,
                       labels("weir_exporter_info", "pop"), 0)
    need(len(samples) <= most, f"{len(samples)} series, at most {most} by the formula")
    print(f"the page is what is exported: {len(exported)} of {len(promised)} names, {len(samples)} series (at most {most})")


# ---- sizes, and names

ROUTER = "127.1.0.31"
INTERFACES = 16
OF_A_CONTRACT = {"weir_contract_bytes_total": 4, "weir_contract_packets_total": 4,
                 "weir_contract_committed_bytes_per_second": 1, "weir_contract_ceiling_bytes_per_second": 1,
                 "weir_contract_info": 1}


def write_contracts(path, count):
    path.write_text("".join(
        f"- {{id: IP-{i:05}, customer: c{i}, service: s{i % 3}, pop: p{i % 5}, committed: 1G, ceiling: 10G, "
        f"attach: [{{prefix: 10.{i >> 12}.{i >> 4 & 255}.{(i & 15) * 16}/28}}]}}\n" for i in range(count)))


def config_text(udp, http, contracts):
    interfaces = ", ".join(f"{{index: {i + 1}, speed: 10G, role: customer}}" for i in range(INTERFACES))
    return (f'listen: [{{udp: "127.0.0.1:{udp}"}}]\nworkers: 2\nledger: {{url: none}}\n'
            f'http: {{listen: "127.0.0.1:{http}"}}\nmetrics: {{customer_names: true}}\n'
            f"exporters:\n  allow: [127.0.0.0/8]\n  routers:\n"
            f"    - {{address: {ROUTER}, name: r1, pop: Tokyo, interfaces: [{interfaces}]}}\n"
            f"contracts: {contracts}\n")


def reload(url, status=200):
    got, body = get(url + "/-/reload", "POST")
    need(got == status, f"a reload answers {got}, not {status}: {body[:300]}")


def series_follow_the_contracts(url, folder):
    seen = {}
    for count in (10, 1_000, 10_000, 25_000, 10):
        write_contracts(folder / "contracts.yaml", count)
        reload(url)
        begun = time.monotonic()
        samples, _ = checked_scrape(url)
        exported = count_by_name(samples)
        for name, each in OF_A_CONTRACT.items():
            need(exported[name] == each * count, f"{exported[name]} of {name} for {count} contracts")
        contracts = {each.labels["contract"] for each in samples if "contract" in each.labels}
        need(contracts == {f"IP-{i:05}" for i in range(count)}, f"{len(contracts)} contracts have series, not {count}")
        most = most_series(count, 3, INTERFACES, 1, 1, 1, 0, 5, 0)
        need(len(samples) <= most, f"{count} contracts: {len(samples)} series, at most {most} by the formula")
        seen.setdefault(count, len(samples))
        print(f"{count} contracts: {len(samples)} series, scraped and checked in {time.monotonic() - begun:.1f} s")
    need(abs(len(samples) - seen[10]) <= 60, f"{len(samples)} series of 10 contracts at the end, {seen[10]} before")


# As the CRM writes them, in YAML's quotes; what Prometheus is to read.
CRM = (('"say \\"hello\\""', 'say "hello"'), ("'C:\\temp\\new'", "C:\\temp\\new"), ("'ends so\\'", "ends so\\"),
       ('"{}=,\\" 1"', '{}=," 1'), ('"a\\u2028b\\u2029c"', "a\u2028b\u2029c"), ('"東京 🗼"', "東京 🗼"),
       ("'\",forged=\"1\"} 5'", '",forged="1"} 5'), ("'# TYPE weir_forged counter'", "# TYPE weir_forged counter"))

# On the wire; what Prometheus is to read (docs/metrics.md: control characters escaped).
WIRE = ((b'et-0/0/0 "core"', 'et-0/0/0 "core"'), (b"C:\\new\\", "C:\\new\\"), (b"two\nlines", "two\\x0alines"),
        (b"\n# TYPE weir_forged counter\nweir_forged 1\n", "\\x0a# TYPE weir_forged counter\\x0aweir_forged 1\\x0a"),
        (b'",forged="1"} 5\nweir_forged{x="', '",forged="1"} 5\\x0aweir_forged{x="'),
        (b"\xff\xfe no UTF-8", "\\xff\\xfe no UTF-8"), (b"overlong \xc0\x80", "overlong \\xc0\\x80"),
        (b"cut \xe6\x9d", "cut \\xe6\\x9d"), (b"cr\rtab\tbell\x07", "cr\\x0dtab\\x09bell\\x07"),
        ("東京 🗼".encode(), "東京 🗼"), (b"{}=,", "{}=,"), (b"x" * 60, "x" * 60))


def contracts_of_the_crm(path):
    path.write_text("".join(
        f"- {{id: {name}, customer: {name}, service: {name}, pop: {name}, committed: 1G, "
        f"attach: [{{exporter: r1, interface: {i + 1}}}]}}\n" for i, (name, _) in enumerate(CRM)))


def netflow9(sequence, *sets):
    body = b"".join(struct.pack(">HH", number, len(content) + 4) + content for number, content in sets)
    return struct.pack(">HHIIII", 9, len(sets), 1_000, int(time.time()), sequence, 7) + body


def announcements(sequence, names):
    """An interface table: options template 401 by interface scope with element 82, and its records."""
    template = struct.pack(">HHH2H2H", 401, 4, 4, 2, 4, 82, 64) + bytes(2)
    records = b"".join(struct.pack(">I64s", index, name) for index, name in names)
    return netflow9(sequence, (1, template), (401, records))


def announce(router, udp, first, names):
    for i in range(0, len(names), 12):
        router.sendto(announcements(first + i // 12, names[i:i + 12]), ("127.0.0.1", udp))


def interface_names(url):
    return {int(each.labels["interface"]): each.labels["name"] for each in checked_scrape(url)[0]
            if each.name == "weir_interface_info"}


def escaped(text):
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def names_add_no_series(url, folder, udp, serve):
    # One port, so one worker: what is announced later arrives later.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as router:
        router.bind((ROUTER, 0))
        names_from_a_router_add_none(url, folder, udp, serve, router)


def names_from_a_router_add_none(url, folder, udp, serve, router):
    contracts = folder / "contracts.yaml"
    tame = "".join(f"- {{id: A{i}, customer: A{i}, service: A{i}, pop: A{i}, committed: 1G, "
                   f"attach: [{{exporter: r1, interface: {i + 1}}}]}}\n" for i in range(len(CRM)))
    contracts.write_text(tame)
    reload(url)
    announce(router, udp, 0, [(1, b"quiet")])
    until(lambda: interface_names(url)[1] == "quiet", "the name is learnt", serve)
    before = count_by_name(checked_scrape(url)[0])
    # What cannot be a name is refused, and changes nothing.
    for bad in ('"two\\nlines"', '"a\\0b"', '"\\x1b[31m"'):
        contracts.write_text(f"- {{id: {bad}, committed: 1G, attach: [{{exporter: r1, interface: 1}}]}}\n")
        reload(url, 400)
    # Bytes that are no UTF-8: refused or taken, as one contract.
    contracts.write_bytes(tame.encode().replace(b"customer: A0", b"customer: \"A\xff\xfe0\""))
    get(url + "/-/reload", "POST")
    checked_scrape(url)
    contracts_of_the_crm(contracts)
    reload(url)
    # Those of 12 interfaces that have series, each twice over, and of 300 that have none.
    announce(router, udp, 1, [(i + 1, f"first name of {i}".encode()) for i in range(len(WIRE))])
    announce(router, udp, 2, [(i + 1, name) for i, (name, _) in enumerate(WIRE)])
    announce(router, udp, 3, [(1_000 + i, b"nobody's \"" + bytes([i % 256])) for i in range(300)])
    want = {i + 1: escaped(name) for i, (_, name) in enumerate(WIRE)}
    until(lambda: {i: name for i, name in interface_names(url).items() if i in want} == want,
          "the interfaces have the names that were announced last", serve)
    after = count_by_name(checked_scrape(url)[0])
    # A minute may have closed meanwhile.
    moving = re.compile(r"weir_contract_(bandwidth|utilization)\w*|weir_clos\w+|weir_metrics_series|weir_exporter_\w*"
                        r"(clock_skew|completeness)\w*")
    differ = {name for name in before.keys() | after.keys() if before[name] != after[name] and not moving.fullmatch(name)}
    need(not differ, f"names have changed the number of series: {[(each, before[each], after[each]) for each in differ]}")
    print("names of the CRM and of routers add no series and break no format")


def prometheus_reads_them(url, folder):
    port = free_port()
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s}\nscrape_configs:\n- job_name: weir\n  static_configs:\n"
        f"  - targets: ['{url.removeprefix('http://')}']\n")
    web = f"http://127.0.0.1:{port}"

    def ask(expr):
        status, body = get(f"{web}/api/v1/query?{urllib.parse.urlencode({'query': expr})}")
        return json.loads(body)["data"]["result"] if status == 200 else []

    def value(expr):
        found = ask(expr)
        return float(found[0]["value"][1]) if found else None

    with Running(folder, "prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
                 f"--web.listen-address=127.0.0.1:{port}", "--log.level=error") as prometheus:
        until(lambda: value("up") == 1, "Prometheus has scraped", prometheus)
        until(lambda: value("scrape_samples_scraped") == value("weir_metrics_series"), "Prometheus has read every series",
              prometheus)
        names = {int(each["metric"]["interface"]): each["metric"].get("name") for each in ask("weir_interface_info")}
        for i, (_, name) in enumerate(WIRE):
            need(names[i + 1] == name, f"interface {i + 1} reads {names[i + 1]!r}, not {name!r}")
        facts = {each["metric"]["contract"]: each["metric"] for each in ask("weir_contract_info")}
        need(set(facts) == {name for _, name in CRM}, f"contracts read {sorted(facts)}")
        for name, labels in facts.items():
            need(labels["customer"] == labels["service"] == labels["pop"] == name, f"{name!r} reads {labels}")
        need(not ask("weir_forged"), "a name has made a series")
    print("Prometheus reads every name as it was meant")


def main():
    weir = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="weir-metrics-") as name:
        folder = pathlib.Path(name)
        udp, http = free_port(socket.SOCK_DGRAM), free_port()
        url = f"http://127.0.0.1:{http}"
        write_contracts(folder / "contracts.yaml", 10)
        (folder / "weir.yaml").write_text(config_text(udp, http, "contracts.yaml"))
        try:
            with Running(folder, weir, "serve", "--config", folder / "weir.yaml") as serve:
                until(lambda: get(url + "/-/ready")[0] == 200, "ready", serve)
                series_follow_the_contracts(url, folder)
                names_add_no_series(url, folder, udp, serve)
                if shutil.which("prometheus"):
                    prometheus_reads_them(url, folder)
            the_page_is_what_is_exported(weir, folder)
        except Wrong as wrong:
            print(f"WRONG: {wrong}\n{(folder / 'weir.log').read_text()[-2000:]}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
