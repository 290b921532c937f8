#!/usr/bin/env python3
"""Runs the real collector and asks `weir doctor` how it is.

    doctor_test.py WEIR

First all is well; then a router is configured that never sends, a source sends that is not allowed, and
an exporter does not say how it samples. Reads the API beside. Exit status 0 when all holds. Standard
library only; traffic stays on 127.0.0.0/8.
"""

import json
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROUTERS = (("r-v9", "127.1.0.11", "netflow9"), ("r-sflow", "127.1.0.14", "sflow5"))
NEVER = ("r-off", "127.1.0.99")
NOT_ALLOWED = "127.2.0.1"
UNSAMPLED = "127.1.0.50"


class Wrong(Exception):
    pass


def need(condition, text):
    if not condition:
        raise Wrong(text)


def config_text(folder, udp, http, routers):
    lines = "".join(f"    - {{address: {address}, name: {name}}}\n" for name, address in routers)
    return (f'listen: [{{udp: "127.0.0.1:{udp}"}}]\nworkers: 2\nexporters:\n  allow: [127.1.0.0/24]\n  routers:\n{lines}'
            f'contracts: contracts.yaml\nstate: {folder}/state\nhttp: {{listen: "127.0.0.1:{http}"}}\n')


def contracts_text():
    return "".join(f"- {{id: {name}-{index}, customer: One, service: ip, committed: 1G, attach: "
                   f"[{{exporter: {name}, interface: {index}}}]}}\n" for name, _, _ in ROUTERS for index in (1, 2))


def scenario_text():
    exporters = "".join(
        f"  - name: {name}\n    address: {address}\n    protocol: {protocol}\n    sampling: 100\n    active_timeout: 5s\n"
        f"    inactive_timeout: 2s\n    interfaces:\n      - {{index: 1, name: c1, speed: 10G, role: customer}}\n"
        f"      - {{index: 2, name: c2, speed: 10G, role: customer}}\n      - {{index: 9, name: up, speed: 100G, role: backbone}}\n"
        for name, address, protocol in ROUTERS)
    return (f"seed: 3\nstart: now\ncontracts: contracts.yaml\nexporters:\n{exporters}"
            "traffic:\n  - {profile: constant, peak: 50%, from_share: 40%}\n")


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def netflow5(sequence):
    """One flow of 1,000 bytes; the header says nothing of sampling."""
    now = int(time.time())
    header = struct.pack(">HHIIIIBBH", 5, 1, 100_000, now, 0, sequence, 0, 0, 0)
    return header + struct.pack(">4s4s4sHHIIIIHHBBBBHHBBH", bytes(4), bytes(4), bytes(4), 1, 2, 1, 1_000, 99_000, 99_500,
                                80, 90, 0, 0, 6, 0, 0, 0, 0, 0, 0)


def send_from(address, port, payload):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((address, 0))
        sender.sendto(payload, ("127.0.0.1", port))


def get_json(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        need(answer.headers["Content-Type"] == "application/json", f"{url}: {answer.headers['Content-Type']}")
        return json.loads(answer.read())


def doctor(weir, *words):
    return subprocess.run([weir, "doctor", *words], capture_output=True, text=True, timeout=60)


class Collector:
    """`weir serve` on free ports, ended by its own pid."""

    def __init__(self, weir, folder):
        self.weir, self.folder = weir, folder
        self.udp, self.http = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM)
        self.url = f"http://127.0.0.1:{self.http}"
        self.config = folder / "weir.yaml"
        self.configure([router[:2] for router in ROUTERS])

    def configure(self, routers):
        self.config.write_text(config_text(self.folder, self.udp, self.http, routers))

    def __enter__(self):
        self.log = open(self.folder / "serve.log", "w+")
        self.process = subprocess.Popen([self.weir, "serve", "--config", self.config], stdout=self.log, stderr=self.log)
        self.until(self.is_ready, "ready")
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(20)
        self.log.close()

    def is_ready(self):
        try:
            urllib.request.urlopen(self.url + "/-/ready", timeout=10).close()
            return True
        except OSError:
            return False

    def exporters(self):
        return {one["name"]: one for one in get_json(self.url + "/api/v1/exporters")["exporters"]}

    def until(self, condition, what, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            need(self.process.poll() is None, f"serve ended: {(self.folder / 'serve.log').read_text()[-500:]}")
            if condition():
                return
            time.sleep(0.1)
        raise Wrong(f"not in {seconds} s: {what}; log: {(self.folder / 'serve.log').read_text()[-500:]}")


def without_a_collector(weir):
    done = doctor(weir, "--url", f"http://127.0.0.1:{free_port(socket.SOCK_STREAM)}")
    need(done.returncode == 1 and "is `weir serve` running" in done.stderr and not done.stdout, f"nobody there: {done}")
    done = doctor(weir, "--url", "127.0.0.1")
    need(done.returncode == 2 and "write http://HOST:PORT" in done.stderr, f"no URL: {done}")
    done = doctor(weir, "--help")
    need(done.returncode == 0 and "--url" in done.stdout, f"help: {done}")
    print("a collector that is not reached, and a URL that is none, are told")


def all_is_well(collector):
    done = subprocess.run([collector.weir, "generate", collector.folder / "scenario.yaml", "--to", f"127.0.0.1:{collector.udp}",
                           "--duration", "8s"], capture_output=True, text=True, timeout=120)
    need(done.returncode == 0, f"generate: {done.stderr[-300:]}")
    heard = lambda: all(one["protocols"] and one["protocols"][0]["totals"]["records"] for one in collector.exporters().values())
    collector.until(heard, "records of both routers")
    done = doctor(collector.weir, "--url", collector.url)
    need(done.returncode == 0 and done.stdout.count("\nok ") == 2, f"all is well: {done.returncode} {done.stdout} {done.stderr}")
    need("2 of 2 exporters well, nothing fails" in done.stdout, done.stdout)
    print("doctor is content with a collector that is well")


def api_agrees_with_itself(collector):
    for name, one in collector.exporters().items():
        protocol = one["protocols"][0]
        totals = protocol["totals"]
        need(one["configured"] and one["configured_interfaces"] == 2, f"{name}: {one}")
        need(sum(totals["fates"].values()) == totals["reported_bytes"] > 0, f"{name}: books: {totals}")
        need(protocol["sampling_interval"] == 100 and protocol["sampling_source"] in ("sampler", "record", "domain"), f"{name}: {protocol}")
        for field in ("datagrams", "records", "units", "lost"):
            need(sum(domain[field] for domain in protocol["domains"]) == totals[field], f"{name}: domains do not sum to {field}")
        need(protocol["recent"] == totals, f"{name}: what is recent is all, so soon after the start")
    status = get_json(collector.url + "/api/v1/status")
    need(status["scrape"]["last_ms"] is None, f"not scraped yet: {status['scrape']}")
    urllib.request.urlopen(urllib.request.Request(collector.url + "/metrics", headers={"User-Agent": "Prometheus/9"}), timeout=10).close()
    status = get_json(collector.url + "/api/v1/status")
    need(status["scrape"]["user_agent"] == "Prometheus/9" and status["scrape"]["last_ms"] >= status["started_ms"], f"{status['scrape']}")
    need(status["ready"] and status["listeners"][0]["datagrams"] > 0, f"{status}")
    print("the API agrees with itself, and knows who scraped")


def everything_that_is_wrong(collector):
    collector.configure([router[:2] for router in ROUTERS] + [NEVER])
    urllib.request.urlopen(urllib.request.Request(collector.url + "/-/reload", method="POST"), timeout=10).close()
    for sequence in range(3):
        send_from(NOT_ALLOWED, collector.udp, netflow5(sequence))
        send_from(UNSAMPLED, collector.udp, netflow5(sequence))
    refused = lambda: get_json(collector.url + "/api/v1/status")["refused"]
    collector.until(lambda: refused()["datagrams"] == 3, f"3 refused datagrams: {refused()}")
    need([one["address"] for one in refused()["last_sources"]] == [NOT_ALLOWED], f"{refused()}")
    collector.until(lambda: UNSAMPLED in collector.exporters(), "the exporter without sampling")
    done = doctor(collector.weir, "--url", collector.url, "--json")
    need(done.returncode == 1, f"exit {done.returncode}: {done.stdout} {done.stderr}")
    diagnosis = json.loads(done.stdout)
    steps = {(one["exporter"], one["step"]) for one in diagnosis["findings"]}
    want = {(None, "not_allowed"), (NEVER[0], "never_heard"), (UNSAMPLED, "no_sampling_rate")}
    need(steps == want and not diagnosis["well"], f"{steps}, expected {want}")
    fails_at = {one["name"]: one["fails_at"] for one in diagnosis["exporters"]}
    need(fails_at == {"r-v9": None, "r-sflow": None, NEVER[0]: "never_heard", UNSAMPLED: "no_sampling_rate"}, f"{fails_at}")
    for one in diagnosis["findings"]:
        page, _, anchor = one["page"].partition("#")
        headings = (pathlib.Path(__file__).resolve().parents[2] / page).read_text()
        need(one["mend"] and f"### {anchor.replace('-', ' ')}\n" in headings.lower(), f"no mend, or no section for it: {one}")
    done = doctor(collector.weir, "--url", collector.url)
    need(done.returncode == 1 and NOT_ALLOWED in done.stdout and "mend: " in done.stdout, f"{done.stdout}")
    print("doctor finds the router that never sent, the source that may not, and the sampling that nobody told")


def main():
    weir = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="weir-doctor-") as name:
        folder = pathlib.Path(name)
        (folder / "contracts.yaml").write_text(contracts_text())
        (folder / "scenario.yaml").write_text(scenario_text())
        try:
            without_a_collector(weir)
            with Collector(weir, folder) as collector:
                all_is_well(collector)
                api_agrees_with_itself(collector)
                everything_that_is_wrong(collector)
        except (Wrong, urllib.error.URLError, subprocess.TimeoutExpired) as wrong:
            print(f"WRONG: {wrong}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
