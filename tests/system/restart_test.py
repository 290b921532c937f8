#!/usr/bin/env python3
"""A collector that is ended and started again loses no record for want of a template.

    restart_test.py WEIR

A router sends its NetFlow v9 templates, its sampler and its interface names once. The collector is
ended by SIGTERM, by SIGKILL once its state file holds what the router said, started with a damaged
file, and started with a directory that it cannot write. Exit status 0 when all holds. Standard
library only; traffic stays on 127.0.0.0/8.
"""

import collections
import json
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

ROUTER = "127.1.0.21"
SAMPLING = 100


class Wrong(Exception):
    pass


def need(condition, text):
    if not condition:
        raise Wrong(text)


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Router:
    """Sends NetFlow v9 (RFC 3954) from its own address; what it teaches it teaches once."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((ROUTER, 0))
        self.socket.connect(("127.0.0.1", port))
        self.sequence = 0
        self.started = time.monotonic()

    def send(self, *sets):
        uptime = 1_000_000 + int((time.monotonic() - self.started) * 1000)
        header = struct.pack("!HHIIII", 9, len(sets), uptime, int(time.time()), self.sequence, 7)
        self.socket.send(header + b"".join(sets))
        self.sequence += 1
        return uptime

    def teach(self):
        record = ((10, 4), (14, 4), (1, 4), (2, 4), (21, 4), (22, 4))
        names = struct.pack("!I32s", 5, b"ae5")
        self.send(flow_set(0, struct.pack("!HH", 256, len(record)) + b"".join(struct.pack("!HH", *f) for f in record)),
                  flow_set(1, struct.pack("!HHHHHHH", 400, 4, 4, 1, 4, 34, 4)),
                  flow_set(400, struct.pack("!II", 0, SAMPLING)),
                  flow_set(1, struct.pack("!HHHHHHH", 401, 4, 4, 2, 4, 82, 32)),
                  flow_set(401, names))

    def flows(self, count):
        for _ in range(count):
            uptime = 1_000_000 + int((time.monotonic() - self.started) * 1000)
            self.send(flow_set(256, struct.pack("!IIIIII", 5, 9, 1000, 1, uptime, uptime)))
        return count


def flow_set(number, body):
    body += bytes(-len(body) % 4)
    return struct.pack("!HH", number, 4 + len(body)) + body


class Collector:
    """`weir serve` on ports that stay the same over restarts, ended by its own pid."""

    def __init__(self, weir, folder):
        self.weir, self.folder = weir, folder
        self.udp, self.http = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM)
        self.state = folder / "state"
        self.file = self.state / "decoder_state.json"
        self.config = folder / "weir.yaml"
        self.log = folder / "serve.log"
        self.process = None
        (folder / "contracts.yaml").write_text(
            "- {id: BY-NAME, customer: One, service: ip, committed: 1G, attach: [{exporter: r1, interface: ae5}]}\n")
        self.config.write_text(
            f'listen: [{{udp: "127.0.0.1:{self.udp}"}}]\nworkers: 2\naccounting: {{layer: ip}}\nexporters:\n  routers:\n'
            f"    - {{address: {ROUTER}, name: r1}}\ncontracts: contracts.yaml\nstate: {self.state}\n"
            f'http: {{listen: "127.0.0.1:{self.http}"}}\n')

    def start(self):
        with open(self.log, "w") as log:
            self.process = subprocess.Popen([self.weir, "serve", "--config", self.config], stdout=log, stderr=log)
        self.until(self.is_ready, "ready")

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/-/ready", timeout=10) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def end(self, how):
        self.process.send_signal(how)
        code = self.process.wait(30)
        need(code == (0 if how == signal.SIGTERM else -how), f"{how}: exit {code}")

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def until(self, condition, what, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            need(self.process.poll() is None, f"serve ended: {self.log.read_text()[-500:]}")
            if condition():
                return
            time.sleep(0.1)
        raise Wrong(f"not in {seconds} s: {what}; log: {self.log.read_text()[-800:]}")

    def metrics(self):
        found = collections.defaultdict(float)
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/metrics", timeout=10) as answer:
            for line in answer.read().decode().splitlines():
                if match := re.match(r"^(\w+)(\{.*\})? (\S+)$", line):
                    found[match.group(1) + (match.group(2) or "")] += float(match.group(3))
        return found

    def sum(self, name, *words):
        return sum(value for key, value in self.metrics().items()
                   if key.split("{")[0] == name and all(word in key for word in words))

    def holds_everything(self):
        """The state file names the template, the rate and the interface."""
        try:
            known = json.loads(self.file.read_text().splitlines()[1])
        except (OSError, ValueError, IndexError):
            return False
        ids = {t["id"] for d in known["domains"] for s in d["sessions"] for t in s["templates"]}
        rates = {rate for d in known["domains"] for _, _, rate, _ in d["samplers"]}
        names = {name for of in known["interfaces"] for _, name, _, _ in of["interfaces"]}
        return ids == {256, 400, 401} and rates == {SAMPLING} and names == {"ae5"}


def counted(collector, router, flows):
    """All flows are decoded, scaled and the contract's, from the first datagram of this run on."""
    router.flows(flows)
    collector.until(lambda: collector.sum("weir_exporter_records_total") == flows, "all records")
    need(collector.sum("weir_exporter_sets_without_template_total") == 0, "a set had no template")
    got = collector.sum("weir_contract_bytes_total", "from_customer")
    need(got == flows * 1000 * SAMPLING, f"the contract has {got} bytes of {flows * 1000 * SAMPLING}")
    need(collector.sum("weir_interface_names_awaited") == 0, "a name is still awaited")
    need(collector.sum("weir_state_file_errors_total") == 0, "the state file has errors")


def restarts_lose_nothing(collector):
    collector.start()
    need(collector.sum("weir_interface_names_awaited") == 1, "the name is not awaited before it is announced")
    need("waiting for interface name ae5" in collector.log.read_text(), "the log does not say what it waits for")
    router = Router(collector.udp)
    router.teach()
    collector.until(lambda: collector.sum("weir_interface_names_awaited") == 0, "the name is taken up")
    router.flows(200)
    collector.until(lambda: collector.sum("weir_exporter_records_total") == 200, "all records")
    collector.end(signal.SIGTERM)
    need(collector.holds_everything(), f"after SIGTERM: {collector.file.read_text()[:500]}")
    need(collector.file.stat().st_mode & 0o777 == 0o600, "the file is not its owner's alone")
    print("SIGTERM: the file holds what the router said")

    collector.start()
    counted(collector, router, 300)
    print("after SIGTERM: no record lost; rate and interface name are known")

    collector.file.unlink()
    collector.end(signal.SIGKILL)
    collector.start()
    router.flows(1)
    collector.until(lambda: collector.sum("weir_exporter_sets_without_template_total") == 1, "without the file the set waits")
    router.teach()
    collector.until(collector.holds_everything, "the file is written within a minute")
    collector.end(signal.SIGKILL)
    collector.start()
    counted(collector, router, 400)
    print("after SIGKILL: no record lost")
    collector.end(signal.SIGTERM)


def a_bad_file_stops_nothing(collector):
    damaged = collector.file.read_bytes()[:-20]
    collector.file.write_bytes(damaged)
    collector.start()
    need(collector.sum("weir_state_file_errors_total", 'operation="read"') == 1, "the damaged file is not counted")
    need("starting without what earlier runs learned" in collector.log.read_text(), "the log does not say so")
    aside = collector.file.with_name("decoder_state.json.corrupt")
    need(aside.read_bytes() == damaged, "the damaged file is not kept aside")
    router = Router(collector.udp)
    router.teach()
    router.flows(10)
    collector.until(lambda: collector.sum("weir_exporter_records_total") == 10, "all records")
    collector.end(signal.SIGTERM)
    print("a damaged file is set aside, counted and said")

    for one in collector.state.iterdir():
        one.unlink()
    collector.state.rmdir()
    collector.state.write_text("a file where the directory should be")
    collector.start()
    router.teach()
    collector.until(lambda: collector.sum("weir_state_file_errors_total", 'operation="write"') >= 1, "a failed write is counted")
    collector.until(lambda: "cannot write" in collector.log.read_text(), "the log says so")
    router.flows(10)
    collector.until(lambda: collector.sum("weir_exporter_records_total") == 10, "all records")
    collector.end(signal.SIGTERM)
    print("a directory that cannot be written stops nothing")


def main():
    weir = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="weir-restart-") as name:
        collector = Collector(weir, pathlib.Path(name))
        try:
            restarts_lose_nothing(collector)
            a_bad_file_stops_nothing(collector)
        except Wrong as wrong:
            print(f"WRONG: {wrong}", file=sys.stderr)
            return 1
        finally:
            collector.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
