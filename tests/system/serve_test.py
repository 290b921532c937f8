#!/usr/bin/env python3
"""Runs the real collector and reads the answer where users do.

    serve_test.py WEIR

Feeds `weir serve` over loopback with `weir generate` and compares its metrics with the truth and
with `weir replay` of the same packets; walks the endpoints; reloads good and bad configurations
by HTTP and by SIGHUP; provokes the mistakes that operators make. Exit status 0 when all holds.
Standard library only; traffic stays on 127.0.0.0/8.
"""

import collections
import csv
import gzip
import itertools
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import running
from running import Wrong, free_port, need

CONTRACTS = """
- {id: NF-1, customer: One, service: ip, committed: 1G, attach: [{exporter: r-v9, interface: 1}]}
- {id: NF-2, customer: Two, service: ip, committed: 2G, attach: [{exporter: r-v9, interface: 2}]}
- {id: V5-1, customer: Three, service: fiber, committed: 100M, attach: [{exporter: r-v5, interface: 1}]}
- {id: IX-1, customer: Four, service: datacenter, committed: 3G, attach: [{exporter: r-ipfix, interface: 1}]}
- {id: SF-1, customer: Five, service: ip, committed: 5G, attach: [{exporter: r-sflow, interface: 1}]}
"""
ROUTERS = (("r-v9", "127.1.0.11", "netflow9"), ("r-v5", "127.1.0.12", "netflow5"),
           ("r-ipfix", "127.1.0.13", "ipfix"), ("r-sflow", "127.1.0.14", "sflow5"))


def config_text(folder, udp, http, contracts="contracts.yaml"):
    routers = "".join(f"    - {{address: {address}, name: {name}}}\n" for name, address, _ in ROUTERS)
    return (f'listen: [{{udp: "127.0.0.1:{udp}"}}]\nworkers: 2\nexporters:\n  allow: [127.0.0.0/8]\n  routers:\n{routers}'
            f'contracts: {contracts}\nstate: {folder}/state\nhttp: {{listen: "127.0.0.1:{http}"}}\n')


def scenario_text():
    exporters = "".join(
        f"  - name: {name}\n    address: {address}\n    protocol: {protocol}\n    sampling: 100\n    active_timeout: 5s\n"
        f"    inactive_timeout: 2s\n    interfaces:\n      - {{index: 1, name: c1, speed: 10G, role: customer}}\n"
        f"      - {{index: 2, name: c2, speed: 10G, role: customer}}\n      - {{index: 9, name: up, speed: 100G, role: backbone}}\n"
        for name, address, protocol in ROUTERS)
    return (f"seed: 3\nstart: now\ncontracts: contracts.yaml\nexporters:\n{exporters}"
            "traffic:\n  - {profile: constant, peak: 50%, from_share: 40%}\n")


def get(url, method="GET", headers=None):
    request = urllib.request.Request(url, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers


class Collector:
    """`weir serve` on free ports, ended by its own pid."""

    def __init__(self, weir, folder):
        self.weir, self.folder = weir, folder
        self.udp, self.http = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM)
        self.url = f"http://127.0.0.1:{self.http}"
        self.config, self.log = folder / "weir.yaml", folder / "serve.log"
        self.config.write_text(config_text(folder, self.udp, self.http))

    def __enter__(self):
        self.process = running.start(self.log, self.weir, "serve", "--config", self.config)
        self.until(lambda: self.status("/-/ready") == 200, "ready")
        return self

    def __exit__(self, *_):
        running.kill(self.process)

    def status(self, path):
        try:
            return get(self.url + path)[0]
        except OSError:
            return None

    def until(self, condition, what):
        running.until(condition, what, 60, children=[self.process], report=lambda: f"; log: {self.log.read_text()[-500:]}")

    def metrics(self):
        """name -> list of (labels, integer or float)"""
        found = collections.defaultdict(list)
        for line in get(self.url + "/metrics")[1].decode().splitlines():
            if match := re.match(r"^(\w+)(?:\{(.*)\})? (\S+)$", line):
                labels = dict(re.findall(r'(\w+)="([^"]*)"', match.group(2) or ""))
                found[match.group(1)].append((labels, float(match.group(3))))
        return found


def totals_of(metrics):
    sums = collections.defaultdict(int)
    for labels, value in metrics["weir_contract_bytes_total"]:
        sums[labels["contract"], labels["direction"]] += int(value)
    return {key: value for key, value in sums.items() if value}


def truth_of(path):
    sums = collections.defaultdict(int)
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            sums[row["contract"], row["direction"]] += int(row["ethernet_bytes"])
    return {key: value for key, value in sums.items() if value}


def counts_what_was_exported(collector, folder):
    truth = folder / "truth.csv"
    done = subprocess.run([collector.weir, "generate", folder / "scenario.yaml", "--to", f"127.0.0.1:{collector.udp}",
                           "--truth", truth, "--duration", "20s"], capture_output=True, text=True, timeout=120)
    need(done.returncode == 0, f"generate: {done.stderr[-300:]}")
    want = truth_of(truth)
    need(len(want) == 10, f"truth of {len(want)} contract directions, 10 expected")
    collector.until(lambda: totals_of(collector.metrics()) == want,
                    f"weir_contract_bytes_total equals the truth: {totals_of(collector.metrics())} and {want}")
    metrics = collector.metrics()
    fates = collections.Counter()
    for labels, value in metrics["weir_bytes_total"]:
        fates[labels["exporter"]] += int(value)
    reported = {labels["exporter"]: int(value) for labels, value in metrics["weir_reported_bytes_total"]}
    need(fates == reported and len(reported) >= 4, f"books: fates {dict(fates)}, reported {reported}")
    lost = [one for one in metrics["weir_exporter_lost_total"] if one[1]]
    need(not lost, f"lost: {lost}")
    print("serve counts what was exported, to the byte; the books balance")


def endpoints(collector):
    for path, status in (("/-/healthy", 200), ("/-/ready", 200), ("/metrics", 200), ("/", 200), ("/nothing", 404)):
        got = collector.status(path)
        need(got == status, f"{path} answers {got}, not {status}")
    status, body, headers = get(collector.url + "/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    need("openmetrics" in headers["Content-Type"] and body.decode().endswith("# EOF\n"), "OpenMetrics on request")
    status, body, headers = get(collector.url + "/metrics", headers={"Accept-Encoding": "gzip"})
    need(headers["Content-Encoding"] == "gzip" and b"weir_build_info" in gzip.decompress(body), "gzip on request")
    need(get(collector.url + "/-/reload")[0] == 405, "a reload by GET is refused")
    promtool = subprocess.run(["promtool", "check", "metrics"], input=get(collector.url + "/metrics")[1], capture_output=True)
    need(promtool.returncode == 0, f"promtool: {promtool.stdout} {promtool.stderr}")
    print("endpoints answer; promtool has no objection")


def reloads(collector):
    good = collector.config.read_text()
    collector.config.write_text(good + "nonsense: 1\n")
    status, body, _ = get(collector.url + "/-/reload", "POST")
    need(status == 400 and b"weir.yaml:" in body and b"nonsense" in body, f"bad reload: {status} {body[:200]}")
    gauge = collector.metrics()["weir_config_last_reload_successful"]
    need(gauge[0][1] == 0, "a failed reload shows in the metrics")
    contracts = collector.folder / "contracts.yaml"
    before = totals_of(collector.metrics())
    contracts.write_text(CONTRACTS.replace("- {id: NF-2", "- {id: NF-3").replace("interface: 2}]}", "interface: 3}]}"))
    collector.config.write_text(good)
    collector.process.send_signal(signal.SIGHUP)
    names = lambda: {labels["contract"] for labels, _ in collector.metrics()["weir_contract_info"]}
    collector.until(lambda: "NF-3" in names(), "SIGHUP takes up the new contract")
    need("NF-2" not in names(), "the removed contract's series are gone")
    after = totals_of(collector.metrics())
    need(after["NF-1", "to_customer"] == before["NF-1", "to_customer"], "counters go on over a reload")
    contracts.write_text(CONTRACTS)
    need(get(collector.url + "/-/reload", "POST")[0] == 200, "good reload")
    need(collector.metrics()["weir_config_last_reload_successful"][0][1] == 1, "a good reload shows in the metrics")
    need(totals_of(collector.metrics()) == before, "a contract that comes back goes on from where it stood")
    print("reload by HTTP and SIGHUP; a bad one changes nothing")


def netflow9(sequence, *sets):
    body = b"".join(struct.pack(">HH", number, len(content) + 4) + content for number, content in sets)
    return struct.pack(">HHIIII", 9, len(sets), 1_000, int(time.time()), sequence, 7) + body


def tells_of_routers(collector):
    def send(address, *datagrams):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as router:
            router.bind((address, 0))
            for datagram in datagrams:
                router.sendto(datagram, ("127.0.0.1", collector.udp))

    def held_records(state):
        return sum(value for labels, value in collector.metrics()["weir_exporter_held_records_total"]
                   if (labels["exporter"], labels["state"]) == ("127.1.0.21", state))

    # One record of sampler 3, which nobody has described.
    template = struct.pack(">6H", 300, 2, 1, 4, 48, 1)
    send("127.1.0.21", netflow9(0, (0, template), (300, struct.pack(">IB", 1_000, 3))))
    collector.until(lambda: held_records("held") == 1, "the record waits")
    collector.until(lambda: "no options record for sampler 3" in collector.log.read_text(), "the log says what is missing")
    samplers = struct.pack(">HHH4H2H", 400, 4, 8, 1, 4, 48, 1, 50, 4)
    send("127.1.0.21", netflow9(1, (1, samplers), (400, struct.pack(">IBI", 0, 3, 512))))
    # Each comes from a new port, and so to any worker: the one that holds the record gets one in time.
    sequences = itertools.count(2)
    collector.until(lambda: send("127.1.0.21", netflow9(next(sequences))) or held_records("rescued") == 1, "the record is scaled")
    # However many routers are broken, the log is readable.
    before = len(collector.log.read_text().splitlines())
    begun = time.monotonic()
    for router in range(60):
        send(f"127.1.2.{router + 1}", *(netflow9(i, (500 + i, bytes(8))) for i in range(20)))
    collector.until(lambda: "more events in this second" in collector.log.read_text(), "the log leaves out what is too much")
    lines = len(collector.log.read_text().splitlines()) - before
    need(lines <= 10 * (time.monotonic() - begun + 2), f"{lines} lines in {time.monotonic() - begun:.1f} s")
    print("the log says of routers what is missing, and no more than can be read")


def mistakes(collector, folder):
    def serve(text):
        path = folder / "mistake.yaml"
        path.write_text(text)
        return subprocess.run([collector.weir, "serve", "--config", path], capture_output=True, text=True, timeout=30)
    done = serve(config_text(folder, collector.udp, 0))
    need(done.returncode == 1 and str(collector.udp) in done.stderr and "another program listens" in done.stderr, f"UDP port in use: {done}")
    done = serve(config_text(folder, 0, collector.http))
    need(done.returncode == 1 and str(collector.http) in done.stderr and "in use" in done.stderr, f"HTTP port in use: {done}")
    done = serve(config_text(folder, 0, 0, "nowhere.yaml"))
    need(done.returncode == 2 and "nowhere.yaml" in done.stderr, f"missing contracts: {done}")
    done = serve(config_text(folder, 0, 0).replace('"127.0.0.1:0"}\n', '"0.0.0.0:0"}\n'))
    need(done.returncode == 2 and "insecure" in done.stderr, f"open to the world: {done}")
    for words in (["serve"], ["replay", "--config", folder / "weir.yaml"], ["nonsense"], ["decode", "--json", "--summary", "x"]):
        done = subprocess.run([collector.weir, *words], capture_output=True, text=True, timeout=30)
        need(done.returncode == 2 and done.stderr, f"{words}: exit {done.returncode}")
    done = subprocess.run([collector.weir, "replay", "--config", folder / "weir.yaml", "/nonexistent.pcap"],
                          capture_output=True, text=True, timeout=30)
    need(done.returncode == 1 and "/nonexistent.pcap" in done.stderr, f"missing capture: {done}")
    for command in ("", "serve", "check", "replay", "decode", "generate"):
        done = subprocess.run([collector.weir, *command.split(), "--help"], capture_output=True, text=True, timeout=30)
        need(done.returncode == 0 and "Usage" in done.stdout, f"{command} --help: {done}")
    print("mistakes are answered with a sentence and the right exit code")


def check_finds_everything(weir, folder):
    """All mistakes of a configuration and its contracts at once, each with file, line and mend."""
    (folder / "checked.yaml").write_text(
        'listen: [{udp: "127.0.0.1:2055"}]\nworker: 2\naccounting: {layer: tin}\nexporters:\n  routers:\n'
        "    - {address: 192.0.2.1, name: r1}\ncontracts: checked-contracts.yaml\n")
    (folder / "checked-contracts.yaml").write_text(
        "- {id: A, committed: 1G, attach: [{exporter: r2, interface: 1}]}\n"
        "- {id: B, committed: 1G, attach: [{exporter: r1, interface: 1}]}\n"
        "- {id: C, committed: 1G, attach: [{exporter: r1, interface: 1}]}\n")
    done = subprocess.run([weir, "check", folder / "checked.yaml"], capture_output=True, text=True, timeout=30)
    need(done.returncode == 2, f"check of a bad file: exit {done.returncode}")
    for place, word in ((r"checked\.yaml:2:", "workers"), (r"checked\.yaml:3:", "layer"), (r"checked-contracts\.yaml:1:", "r1")):
        lines = [line for line in done.stderr.splitlines() if re.search(place, line) and word in line]
        need(lines, f"no problem at {place} that leads to {word}: {done.stderr}")
    good = (folder / "checked.yaml").read_text().replace("worker:", "workers:").replace("layer: tin", "layer: ip")
    (folder / "checked.yaml").write_text(good)
    contracts = (folder / "checked-contracts.yaml").read_text().replace("r2", "r1").replace("interface: 1}]}\n- {id: B", "interface: 2}]}\n- {id: B")
    (folder / "checked-contracts.yaml").write_text(contracts)
    done = subprocess.run([weir, "check", folder / "checked.yaml"], capture_output=True, text=True, timeout=30)
    need(done.returncode == 0, f"check of an overlap: exit {done.returncode}: {done.stderr}")
    need("warning" in done.stderr and "B" in done.stderr and "C" in done.stderr, f"the overlap is not told: {done.stderr}")
    need("3 Gbps" in done.stdout, f"check prints what it understood: {done.stdout}")
    print("check reports every problem at once, and overlaps as warnings")


def main():
    weir = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="weir-serve-") as name:
        folder = pathlib.Path(name)
        (folder / "contracts.yaml").write_text(CONTRACTS)
        (folder / "scenario.yaml").write_text(scenario_text())
        try:
            check_finds_everything(weir, folder)
            with Collector(weir, folder) as collector:
                endpoints(collector)
                counts_what_was_exported(collector, folder)
                reloads(collector)
                mistakes(collector, folder)
                tells_of_routers(collector)
                collector.process.send_signal(signal.SIGTERM)
                need(collector.process.wait(20) == 0, f"SIGTERM: exit {collector.process.returncode}")
                print("SIGTERM ends it with 0")
        except Wrong as wrong:
            print(f"WRONG: {wrong}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
