#!/usr/bin/env python3
"""A drill of the NOC: four troubles on four routers, and what a real Alertmanager says of them.

    noc_drill_test.py WEIR LIBFAKETIME

One router announces half the sampling interval that it uses, one loses 2 % of its datagrams, a
contract of a third doubles, a fourth falls silent. Each must reach the receiver that
deploy/alertmanager.yml names, within the delay that its rule states, with the right labels, and
nothing else may.

SPEED: alerts ask for minutes and hours (an estimate is off after twelve intervals of five minutes),
so all clocks of the drill run SPEED times faster. Weir's own goes through libfaketime. In the rules
every duration is divided by SPEED, a rate per second as well, and time() becomes Weir's time;
thresholds stay. Alertmanager's durations are divided, too. No alert stands at the start.

Standard library only; traffic stays on 127.0.0.0/8.
"""

import calendar
import datetime
import http.server
import json
import os
import re
import socket
import struct
import sys
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

import running
from running import Wrong, free_port, get

ROOT = Path(__file__).resolve().parents[2]
SPEED = 30
# The first of a month, so that no contract misses a part of its billing period.
BEGIN = "2026-03-01 00:00:00"
BEGIN_S = calendar.timegm(time.strptime(BEGIN, "%Y-%m-%d %H:%M:%S"))
# Scrape, evaluation and grouping take a second each, of the real ones.
SLACK_S = 6
TICK_S = 0.1
SAMPLING = 1000
FRAME_BYTES = 1000

HALVED, LOSSY, BUSY, CUT = "halved", "lossy", "busy", "cut"
ROUTERS = {HALVED: "127.1.0.1", LOSSY: "127.1.0.2", BUSY: "127.1.0.3", CUT: "127.1.0.4"}

MINUTE_S = 60
# Trouble: the alerts that it must raise, each with its receiver, labels, and minutes of Weir's time
# until it is there: the rule's `for`, and what the metric under it needs before.
EXPECTED = {
    # The change is told at once; that it was wrong, when an hour of intervals disagreed with the
    # counters: up to 5 minutes to the first interval's end, 11 more, a minute of lateness, 5 of `for`.
    # The port of the customer and the one towards the transit are both off.
    "halve the announced sampling": [
        ("WeirSamplingChanged", "noc", {"exporter": HALVED, "severity": "info"}, 1),
        ("WeirEstimateOff", "noc",
         {"exporter": HALVED, "interface": "1", "direction": "ingress", "severity": "warning"}, 67),
        ("WeirEstimateOff", "noc",
         {"exporter": HALVED, "interface": "9", "direction": "egress", "severity": "warning"}, 67),
    ],
    # Up to two intervals of five minutes, since the first may hold no loss; 5 minutes of `for`.
    "drop 2 % of datagrams": [("WeirExportLossHigh", "pager", {"exporter": LOSSY, "severity": "critical"}, 15)],
    # A whole minute must be over and closed, a minute of lateness; 10 minutes of `for`.
    "double a contract's traffic": [("WeirContractAtCeiling", "noc", {"contract": "BUSY-1", "severity": "warning"}, 13)],
    # 5 minutes of silence, a minute of `for`.
    "cut an exporter": [("WeirExporterSilent", "pager", {"exporter": CUT, "severity": "critical"}, 6)],
}
# What follows from the cut and is inhibited, so that it reaches nobody.
MAY_BE_INHIBITED = {("WeirContractIncomplete", "CUT-1"), ("WeirMonthProvisional", "CUT-1")}

CONFIG = """
listen: [{{udp: "127.0.0.1:{udp}"}}]
workers: 1
accounting: {{layer: ethernet, bucket: 10s, lateness: 60s}}
contracts: contracts.yaml
ledger: {{url: "sqlite:{folder}/weir.db"}}
state: {folder}/state
http: {{listen: "127.0.0.1:{http}"}}
exporters:
  allow: [127.1.0.0/24]
  routers:
"""
ROUTER = """
    - address: {address}
      name: {name}
      pop: Tokyo
{sampling}      interfaces:
        - {{index: 1, name: xe-0/0/1, speed: 1G, role: customer}}
        - {{index: 9, name: et-0/0/9, speed: 10G, role: transit}}
"""
# Commitments are far from the percentiles, so that the contracts of the drill raise no alert of sales.
CONTRACT = ("- {{id: {id}-1, customer: Example, service: ip, committed: 20M, ceiling: 100M, "
            "attach: [{{exporter: {exporter}, interface: 1}}]}}\n")

FLOW_FIELDS = ((8, 4), (12, 4), (10, 4), (14, 4), (1, 8), (2, 8), (7, 2), (11, 2), (4, 1))


# Rules at SPEED.

UNITS_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


def faster(match):
    """A duration divided by SPEED."""
    return f"{int(match[1]) * UNITS_MS[match[2]] // SPEED}ms"


def faster_rules(text, begin_real):
    duration = r"(\d+)([smhdw])\b"
    # A range or subquery, an offset, `for` and `interval`.
    text = re.sub(r"\[\d+[smhdw](:\d+[smhdw])?\]", lambda match: re.sub(duration, faster, match[0]), text)
    text = re.sub(rf"(?<=offset ){duration}", faster, text)
    text = re.sub(rf"^ +(for|interval): {duration}$", lambda match: re.sub(duration, faster, match[0]), text,
                  flags=re.MULTILINE)
    text = re.sub(r"\brate\(([^()]*)\)", rf"(rate(\1) / {SPEED})", text)
    return text.replace("time()", f"({BEGIN_S} + {SPEED} * (time() - {begin_real:.3f}))")


def faster_alertmanager(text, webhook):
    text = re.sub(r"(?<=(?:_wait|erval): )(\d+)([smhdw])\b", faster, text)
    return re.sub(r"^  - name: (\w+)$", rf"  - name: \1\n    webhook_configs: [{{url: '{webhook}/\1'}}]",
                  text, flags=re.MULTILINE)


# What the routers send.

class Router:
    """A router that reports 48 Mbit/s from its customer on interface 1 to transit on interface 9."""

    bytes_per_second = 6_000_000

    def __init__(self, name, port):
        self.name = name
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((ROUTERS[name], 0))
        self.to = ("127.0.0.1", port)
        self.sequence = self.datagrams = 0
        self.factor = 1
        self.owed_bytes = 0.0
        self.is_cut = self.is_lossy = False

    def send(self, payload):
        self.datagrams += 1
        if not self.is_cut and not (self.is_lossy and self.datagrams % 50 == 0):
            self.socket.sendto(payload, self.to)

    def report(self, begin_s, end_s):
        """What it carried from begin_s to end_s, Weir's time."""
        self.owed_bytes += self.bytes_per_second * self.factor * (end_s - begin_s)
        packets = int(self.owed_bytes) // FRAME_BYTES
        self.owed_bytes -= packets * FRAME_BYTES
        if packets:
            self.export(packets, begin_s, end_s)


class Sflow(Router):
    """Samples 1 in SAMPLING, and sends the counters of both interfaces as well."""

    def __init__(self, name, port):
        super().__init__(name, port)
        self.announced = SAMPLING
        self.packets = self.samples = self.readings = self.pool = 0

    @staticmethod
    def sample(kind, body):
        return struct.pack(">II", kind, len(body)) + body

    def flow_sample(self):
        self.samples += 1
        # It works out its pool from the rate that it believes in, so only the counters know better.
        self.pool += self.announced
        frame = (bytes(12) + struct.pack(">H", 0x0800)
                 + struct.pack(">BBHHHBBH4s4s", 0x45, 0, FRAME_BYTES - 18, 0, 0, 60, 17, 0,
                               socket.inet_aton("10.0.0.1"), socket.inet_aton("198.18.0.1"))
                 + struct.pack(">HHHH", 1024, 443, FRAME_BYTES - 38, 0))
        frame += bytes(-len(frame) % 4)
        header = struct.pack(">IIII", 1, FRAME_BYTES, 4, len(frame)) + frame
        return self.sample(1, struct.pack(">IIIIIIII", self.samples, 1, self.announced, self.pool, 0, 1, 9, 1)
                           + self.sample(1, header))

    def counter_sample(self, index, speed, octets_in, octets_out):
        body = (struct.pack(">IIQII", index, 6, speed, 1, 3)
                + struct.pack(">Q", octets_in) + bytes(24) + struct.pack(">Q", octets_out) + bytes(24))
        return self.sample(2, struct.pack(">III", self.readings, index, 1) + self.sample(1, body))

    def export(self, packets, begin_s, end_s):
        self.packets += packets
        self.readings += 1
        samples = [self.flow_sample() for _ in range(self.packets // SAMPLING - self.samples)]
        octets = self.packets * FRAME_BYTES
        readings = [self.counter_sample(1, 10**9, octets, 0), self.counter_sample(9, 10**10, 0, octets)]
        # A datagram holds few samples; the counters come behind the flows that they count.
        while samples or readings:
            part, samples = samples[:8], samples[8:]
            if not samples and len(part) <= 6:
                part, readings = part + readings, []
            self.sequence += 1
            self.send(struct.pack(">II4sIIII", 5, 1, socket.inet_aton(ROUTERS[self.name]), 0, self.sequence,
                                  self.sequence * 100, len(part)) + b"".join(part))


def flow(octets, packets, first_ms, last_ms):
    return (socket.inet_aton("10.0.0.1") + socket.inet_aton("198.18.0.1")
            + struct.pack(">IIQQHHB", 1, 9, octets, packets, 1024, 443, 17) + struct.pack(">QQ", first_ms, last_ms))


def flow_template():
    fields = FLOW_FIELDS + ((152, 8), (153, 8))
    return struct.pack(">HH", 256, len(fields)) + b"".join(struct.pack(">HH", *field) for field in fields)


def one_set(identity, body):
    return struct.pack(">HH", identity, len(body) + 4) + body


def shares(total, parts):
    return [total // parts + (index < total % parts) for index in range(parts)]


class Ipfix(Router):
    """RFC 7011; two messages a tick, each with its template."""

    def export(self, packets, begin_s, end_s):
        for count in shares(packets, 2):
            flows = b"".join(flow(share * (FRAME_BYTES - 18), share, int(begin_s * 1000), int(end_s * 1000))
                             for share in shares(count, 10))
            sets = one_set(2, flow_template()) + one_set(256, flows)
            self.send(struct.pack(">HHIII", 10, 16 + len(sets), int(end_s), self.sequence, 0) + sets)
            self.sequence += 10


class Netflow9(Router):
    """RFC 3954; the template in each packet."""

    def export(self, packets, begin_s, end_s):
        flows = b"".join(flow(share * (FRAME_BYTES - 18), share, int(begin_s * 1000), int(end_s * 1000))
                         for share in shares(packets, 10))
        flows += bytes(-len(flows) % 4)
        self.sequence += 1
        uptime_ms = int((end_s - BEGIN_S) * 1000) + 3_600_000
        self.send(struct.pack(">HHIIII", 9, 11, uptime_ms, int(end_s), self.sequence, 0)
                  + one_set(0, flow_template()) + one_set(256, flows))


class Netflow5(Router):
    def export(self, packets, begin_s, end_s):
        up_since = BEGIN_S - 3600
        first, last = (int((each - up_since) * 1000) for each in (begin_s, end_s))
        records = b"".join(
            struct.pack(">4s4s4sHHIIIIHHBBBBHHBBH", socket.inet_aton("10.0.0.1"), socket.inet_aton("198.18.0.1"),
                        bytes(4), 1, 9, share, share * (FRAME_BYTES - 18), first, last, 1024, 443, 0, 0, 17, 0,
                        0, 0, 0, 0, 0) for share in shares(packets, 20))
        self.send(struct.pack(">HHIIIIBBH", 5, 20, last, int(end_s), int(end_s % 1 * 1e9), self.sequence, 0, 0, 0)
                  + records)
        self.sequence += 20


class Routers:
    """All four, from a thread of their own."""

    def __init__(self, port, weir_time):
        self.by_name = {HALVED: Sflow(HALVED, port), LOSSY: Ipfix(LOSSY, port),
                        BUSY: Netflow5(BUSY, port), CUT: Netflow9(CUT, port)}
        self.weir_time = weir_time
        self.ended = threading.Event()
        self.error = None
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        try:
            begin = self.weir_time()
            while not self.ended.wait(TICK_S):
                end = self.weir_time()
                for router in self.by_name.values():
                    router.report(begin, end)
                begin = end
        except (OSError, struct.error) as error:
            self.error = error

    def close(self):
        self.ended.set()
        if self.thread.ident:
            self.thread.join()
        for router in self.by_name.values():
            router.socket.close()


class Inbox(http.server.ThreadingHTTPServer):
    """Keeps what Alertmanager says to each receiver, and when."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Pager)
        self.lock = threading.Lock()
        self.first = {}  # (receiver, sorted labels) -> time of the first firing
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)
        self.thread.start()

    def take(self, receiver, alerts):
        with self.lock:
            for alert in alerts:
                if alert["status"] == "firing":
                    self.first.setdefault((receiver, tuple(sorted(alert["labels"].items()))), time.monotonic())

    def arrived(self):
        with self.lock:
            return [(receiver, dict(labels), at) for (receiver, labels), at in self.first.items()]

    def close(self):
        self.shutdown()
        self.thread.join()
        self.server_close()


class Pager(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.take(self.path.strip("/"), body["alerts"])
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


class Drill:
    def __init__(self, folder, weir, libfaketime):
        self.folder = folder
        self.children = []
        self.inbox = Inbox()
        self.udp = free_port(socket.SOCK_DGRAM)
        self.http, self.web, self.alerts = (free_port() for _ in range(3))
        self.prometheus = f"http://127.0.0.1:{self.web}"
        self.alertmanager = f"http://127.0.0.1:{self.alerts}"
        self.log = folder / "log"
        self.write_config()
        self.begin_real = time.time()
        # Weir's waits stay real, so that it does not spin; what it dates goes by the fast clock.
        self.start([weir, "serve", "--config", folder / "weir.yaml"], LD_PRELOAD=libfaketime, TZ="UTC",
                   FAKETIME=f"@{BEGIN} x{SPEED}", FAKETIME_DONT_FAKE_MONOTONIC="1", DONT_FAKE_MONOTONIC="1")
        self.start_monitoring()
        self.routers = Routers(self.udp, self.weir_time)
        self.due = []  # (receiver, labels, begin, latest)

    def weir_time(self):
        return BEGIN_S + SPEED * (time.time() - self.begin_real)

    def write_config(self):
        text = CONFIG.format(udp=self.udp, http=self.http, folder=self.folder).lstrip()
        for name, address in ROUTERS.items():
            sampling = "" if name == HALVED else "      sampling: 1\n"
            text += ROUTER.format(address=address, name=name, sampling=sampling).lstrip("\n")
        (self.folder / "weir.yaml").write_text(text)
        (self.folder / "state").mkdir()
        (self.folder / "contracts.yaml").write_text(
            "".join(CONTRACT.format(id=name.upper(), exporter=name) for name in ROUTERS))

    def start_monitoring(self):
        rules = self.folder / "rules"
        rules.mkdir()
        for path in (ROOT / "dashboards/rules").glob("*.yaml"):
            (rules / path.name).write_text(faster_rules(path.read_text(), self.begin_real))
        text = (ROOT / "deploy/prometheus.yml").read_text()
        text = text.replace("weir:10055", f"127.0.0.1:{self.http}").replace("alertmanager:9093", f"127.0.0.1:{self.alerts}")
        (self.folder / "prometheus.yml").write_text(re.sub(r"(?<=_interval: )15s", "1s", text))
        webhook = f"http://127.0.0.1:{self.inbox.server_address[1]}"
        (self.folder / "alertmanager.yml").write_text(
            faster_alertmanager((ROOT / "deploy/alertmanager.yml").read_text(), webhook))
        self.start(["prometheus-alertmanager", f"--config.file={self.folder}/alertmanager.yml",
                    f"--storage.path={self.folder}/alertmanager", "--cluster.listen-address=",
                    f"--web.listen-address=127.0.0.1:{self.alerts}", "--log.level=warn"])
        self.start(["prometheus", f"--config.file={self.folder}/prometheus.yml",
                    f"--storage.tsdb.path={self.folder}/tsdb", f"--web.listen-address=127.0.0.1:{self.web}",
                    "--rules.alert.resend-delay=2s", "--log.level=warn"])

    def start(self, command, **environment):
        self.children.append(running.start(self.log, *command, cwd=self.folder, env={**os.environ, **environment}))

    def close(self):
        self.routers.close()
        running.end(self.children, 20)
        self.inbox.close()

    def until(self, condition, what, seconds):
        def is_so():
            if self.routers.error:
                raise Wrong(f"the routers have ended: {self.routers.error}; {self.state()}")
            return condition()
        running.until(is_so, what, seconds, children=self.children, pause_s=0.2,
                      report=lambda: f"; {self.state()}; log: {self.log.read_text()[-1500:]}")

    def state(self):
        status, body = get(f"{self.prometheus}/api/v1/alerts")
        firing = json.loads(body)["data"]["alerts"] if status == 200 else []
        return (f"Prometheus: {[(one['state'], one['labels']) for one in firing]}; "
                f"arrived: {[(receiver, labels) for receiver, labels, _ in self.inbox.arrived()]}")

    def value(self, expr):
        status, body = get(f"{self.prometheus}/api/v1/query?{urllib.parse.urlencode({'query': expr})}")
        found = json.loads(body)["data"]["result"] if status == 200 else []
        return float(found[0]["value"][1]) if found else None

    def trouble(self, name):
        """Says that it begins now."""
        begin = time.monotonic()
        print(f"{self.clock()} {name}", flush=True)
        for alert, receiver, labels, minutes in EXPECTED[name]:
            self.due.append((name, receiver, {"alertname": alert, **labels}, begin,
                             begin + minutes * MINUTE_S / SPEED + SLACK_S))

    def clock(self):
        return datetime.datetime.fromtimestamp(self.weir_time(), datetime.timezone.utc).strftime("%H:%M")

    def only_what_is_due(self):
        for receiver, labels, _ in self.inbox.arrived():
            if not any(due_receiver == receiver and wanted.items() <= labels.items()
                       for _, due_receiver, wanted, _, _ in self.due):
                raise Wrong(f"an alert that nobody asked for, to {receiver}: {labels}; due: {self.due}")

    def wait_for(self, names):
        """Until all alerts of these troubles have come, each within its delay."""
        for name, receiver, wanted, begin, latest in [one for one in self.due if one[0] in names]:
            def found():
                self.only_what_is_due()
                return next((at for to, labels, at in self.inbox.arrived()
                             if to == receiver and wanted.items() <= labels.items()), None)
            self.until(lambda: found() is not None, f"{wanted} to {receiver} ({name})", max(0.0, latest - time.monotonic()))
            minutes = (found() - begin) * SPEED / MINUTE_S
            print(f"{self.clock()} {wanted['alertname']} reached {receiver} after {minutes:.1f} minutes, "
                  f"at most {(latest - begin) * SPEED / MINUTE_S:.0f} ({name})", flush=True)


def rehearse(drill):
    """Waits until all is well and measured."""
    drill.until(lambda: all(get(f"{url}/-/ready")[0] == 200 for url in
                            (drill.prometheus, drill.alertmanager, f"http://127.0.0.1:{drill.http}")), "ready", 30)
    drill.routers.thread.start()
    drill.until(lambda: drill.value("count(weir_interface_estimate_ratio > 0.95 < 1.05)") == 2,
                "flows and counters of two sides agree", 10 * MINUTE_S / SPEED + SLACK_S)
    drill.until(lambda: drill.value("count(weir_exporter_completeness_ratio == 1)") == len(ROUTERS),
                "a whole interval of each router", 10 * MINUTE_S / SPEED + SLACK_S)
    if drill.value('sum(weir_bytes_total{fate!="attributed"})') != 0 or drill.value("count(ALERTS)"):
        raise Wrong(f"all is not well at the start: {drill.state()}")
    print(f"{drill.clock()} all is well: {len(ROUTERS)} routers, no alert")


def run(drill):
    rehearse(drill)
    routers = drill.routers.by_name
    drill.trouble("halve the announced sampling")
    routers[HALVED].announced = SAMPLING // 2

    drill.trouble("drop 2 % of datagrams")
    routers[LOSSY].is_lossy = True
    drill.wait_for({"drop 2 % of datagrams"})
    routers[LOSSY].is_lossy = False

    drill.trouble("double a contract's traffic")
    routers[BUSY].factor = 2
    drill.wait_for({"double a contract's traffic"})
    routers[BUSY].factor = 1

    drill.trouble("cut an exporter")
    routers[CUT].is_cut = True
    drill.wait_for({"cut an exporter"})
    drill.wait_for({"halve the announced sampling"})

    # What follows from the cut has had half an hour and more to show itself.
    begin = next(one[3] for one in drill.due if one[0] == "cut an exporter")
    drill.until(lambda: drill.only_what_is_due() or time.monotonic() > begin + 32 * MINUTE_S / SPEED, "the rest", 90)
    inhibited = {(one["labels"]["alertname"], one["labels"].get("contract"))
                 for one in json.loads(get(f"{drill.alertmanager}/api/v2/alerts")[1]) if one["status"]["inhibitedBy"]}
    if not {("WeirContractIncomplete", "CUT-1")} <= inhibited <= MAY_BE_INHIBITED:
        raise Wrong(f"inhibited: {inhibited}")
    print(f"{drill.clock()} nothing else came; inhibited: {sorted(inhibited)}")


def main():
    with tempfile.TemporaryDirectory() as name:
        drill = Drill(Path(name), Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
        try:
            run(drill)
        except Wrong as wrong:
            print(f"noc_drill: {wrong}")
            return 1
        finally:
            drill.close()
    print("noc_drill: each trouble raised its alert and only that")
    return 0


if __name__ == "__main__":
    sys.exit(main())
