#!/usr/bin/env python3
"""Pushes closed buckets to real receivers that are stopped and killed in the middle.

    remote_write_test.py WEIR prometheus|victoria-metrics

The test plays an IPFIX router and knows the bytes of every bucket. `weir serve` pushes to the receiver,
which is stopped and started again on its port and data while buckets go on closing; Prometheus is killed
besides. At the end the receiver is asked for its raw samples: each bucket of each series once, at the
bucket's end, with its bytes, and nothing else; the ledger has the same sums. At last Weir itself is
restarted in the middle of a bucket, and the receiver's answer to that is what the documentation says.
Standard library only; traffic stays on 127.0.0.0/8.
"""

import collections
import json
import pathlib
import random
import re
import signal
import socket
import sqlite3
import struct
import sys
import tempfile
import time
import urllib.parse

import running
from running import free_port, get, judge, need

METRIC = "weir_contract_bucket_bytes"
ROUTER = "127.1.0.31"
CONTRACTS = "".join(f"- {{id: {name}, customer: One, service: ip, committed: 1G, attach: [{{exporter: r1, interface: {index}}}]}}\n"
                    for name, index in (("A", 1), ("B", 2), ("C", 3)))
# RFC 7012: addresses, ingressInterface, egressInterface, octetDeltaCount, packetDeltaCount,
# flowStartMilliseconds, flowEndMilliseconds, ipVersion.
FIELDS = ((10, 4), (14, 4), (1, 8), (2, 8), (152, 8), (153, 8), (60, 1))
TEMPLATES = {4: (256, ((8, 4), (12, 4)) + FIELDS), 6: (257, ((27, 16), (28, 16)) + FIELDS)}
PLACES = {("A", 4): 1, ("A", 6): 1, ("B", 4): 2, ("B", 6): 2, ("C", 4): 3}
LATENESS_S = 3


def until(condition, what, seconds=30):
    running.until(condition, what, seconds)


class Program:
    """A process that is ended by its own pid, and started again as it was."""

    def __init__(self, folder, name, *command):
        self.command, self.log, self.process = command, folder / f"{name}.log", None

    def start(self):
        self.process = running.start(self.log, *self.command)
        running.until(self.is_ready, "ready", 30, children=[self.process],
                      report=lambda: f"; log: {self.log.read_text()[-800:]}")

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(timeout=30)

    def close(self):
        if self.process is not None:
            running.kill(self.process)


class Prometheus(Program):
    can_be_killed = True

    def __init__(self, folder):
        self.url = f"http://127.0.0.1:{(port := free_port(socket.SOCK_STREAM))}"
        self.data = folder / "tsdb"
        (folder / "prometheus.yml").write_text("scrape_configs: []\n")
        super().__init__(folder, "prometheus", "prometheus", f"--config.file={folder}/prometheus.yml",
                         f"--storage.tsdb.path={self.data}", f"--web.listen-address=127.0.0.1:{port}",
                         "--web.enable-remote-write-receiver", "--log.level=warn")

    def is_ready(self):
        return get(f"{self.url}/-/ready")[0] == 200

    ends = None

    def samples(self):
        """series -> [(milliseconds, bytes)]; stale markers are never shown."""
        status, text = get(f"{self.url}/api/v1/query?" + urllib.parse.urlencode({"query": f"{METRIC}[1h]", "time": time.time() + 60}))
        need(status == 200, text)
        return {series_of(one["metric"]): [(round(float(at) * 1000), int(float(value))) for at, value in one["values"]]
                for one in json.loads(text)["data"]["result"]}


class VictoriaMetrics(Program):
    # What it took in the last seconds is in its memory alone, so a kill would lose it.
    can_be_killed = False

    def __init__(self, folder):
        self.url = f"http://127.0.0.1:{(port := free_port(socket.SOCK_STREAM))}"
        super().__init__(folder, "victoria", "victoria-metrics", f"-storageDataPath={folder}/victoria", f"-httpListenAddr=127.0.0.1:{port}",
                         "-retentionPeriod=1", "-search.latencyOffset=0s", "-loggerLevel=WARN")

    def is_ready(self):
        return get(f"{self.url}/health")[0] == 200

    def samples(self):
        get(f"{self.url}/internal/force_flush")
        status, text = get(f"{self.url}/api/v1/export?" + urllib.parse.urlencode({"match[]": METRIC}))
        need(status == 200, text)
        found, self.ends = {}, {}
        for line in text.splitlines():
            one = json.loads(line)
            series, values = series_of(one["metric"]), list(zip(one["timestamps"], one["values"]))
            # It keeps decimals, and may give a whole number as the one before and 0.999999.
            found[series] = [(at, round(value)) for at, value in values if value is not None]
            # A stale marker is a NaN, which JSON has not.
            self.ends[series] = [at for at, value in values if value is None]
        return found


def series_of(labels):
    need(labels.pop("__name__") == METRIC and labels.pop("job") == "weir" and labels.pop("site") == "lab", f"labels {labels}")
    need(labels.pop("instance"), "no instance")
    need(set(labels) == {"contract", "direction", "family"}, f"labels {labels}")
    return labels["contract"], labels["direction"], labels["family"]


class Collector(Program):
    def __init__(self, weir, folder, receiver):
        self.udp, self.ledger = free_port(socket.SOCK_DGRAM), folder / "weir.db"
        self.url = f"http://127.0.0.1:{(http := free_port(socket.SOCK_STREAM))}"
        (folder / "contracts.yaml").write_text(CONTRACTS)
        (folder / "weir.yaml").write_text(
            f'listen: [{{udp: "127.0.0.1:{self.udp}"}}]\nworkers: 2\naccounting: {{layer: ip, bucket: 1s, lateness: {LATENESS_S}s}}\n'
            f"exporters:\n  routers:\n    - {{address: {ROUTER}, name: r1, sampling: unsampled}}\ncontracts: contracts.yaml\n"
            f'ledger: {{url: "sqlite:weir.db"}}\nstate: {folder}/state\nhttp: {{listen: "127.0.0.1:{http}"}}\n'
            f"remote_write: {{url: {receiver.url}/api/v1/write, external_labels: {{site: lab}}}}\n")
        super().__init__(folder, "weir", weir, "serve", "--config", folder / "weir.yaml")

    def is_ready(self):
        return get(f"{self.url}/-/healthy")[0] == 200

    def metric(self, name):
        """The sum over its labels."""
        return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", get(f"{self.url}/metrics")[1], re.MULTILINE))

    def kept(self):
        """The ledger's bytes by series."""
        with sqlite3.connect(self.ledger, timeout=30) as ledger:
            rows = ledger.execute("SELECT (SELECT name FROM contract WHERE number = contract), direction, family, sum(bytes)"
                                  " FROM contract_interval GROUP BY 1, 2, 3").fetchall()
        return {(contract, ("from_customer", "to_customer")[direction], ("ipv4", "ipv6")[family]): amount
                for contract, direction, family, amount in rows if amount}


class Router:
    """Exports IPFIX (RFC 7011) whose every record lies in one bucket, and knows what it said."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((ROUTER, 0))
        self.socket.connect(("127.0.0.1", port))
        self.sequence, self.chance = 0, random.Random(5)
        self.truth = collections.defaultdict(collections.Counter)  # series -> bucket's end in milliseconds -> bytes

    def send(self, records=0, sets=()):
        body = b"".join(struct.pack("!HH", number, 4 + len(content)) + content for number, content in sets)
        self.socket.send(struct.pack("!HHIII", 10, 16 + len(body), int(time.time()), self.sequence, 7) + body)
        self.sequence += records

    def teach(self):
        self.send(sets=[(2, struct.pack("!HH", number, len(fields)) + b"".join(struct.pack("!HH", *one) for one in fields))
                        for number, fields in TEMPLATES.values()])

    def export(self):
        now = int(time.time() * 1000)
        end = now // 1000 * 1000 + 1000
        sets = []
        for (contract, version), interface in PLACES.items():
            # C is quiet in every other bucket, so that its series ends and begins again and again.
            if contract == "C" and end // 1000 % 2:
                continue
            for direction in ("from_customer", "to_customer"):
                if contract == "B" and (direction == "to_customer") != (version == 6):
                    continue
                amount = self.chance.randrange(100, 1_000_000_000)
                ways = (interface, 9) if direction == "from_customer" else (9, interface)
                addresses = bytes([10, 0, 0, 1, 10, 0, 0, 2]) if version == 4 else bytes([0x20, 1] + [0] * 14) * 2
                sets.append((TEMPLATES[version][0], addresses + struct.pack("!IIQQQQB", *ways, amount, amount // 1000 + 1, now, now, version)))
                self.truth[contract, direction, f"ipv{version}"][end] += amount
        self.send(len(sets), sets)

    def play(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.export()
            time.sleep(0.15)

    def sums(self):
        return {series: sum(buckets.values()) for series, buckets in self.truth.items()}

    def samples(self):
        return {series: sorted(buckets.items()) for series, buckets in self.truth.items()}


def differences(got, want):
    for series in sorted(set(got) | set(want)):
        have, due = collections.Counter(got.get(series, [])), collections.Counter(want.get(series, []))
        if have != due:
            yield f"{series}: missing {sorted((due - have).items())[:3]}, too many {sorted((have - due).items())[:3]}"


def compare(samples, want):
    """What is wrong still when the receiver has had time to show what it took."""
    end = time.monotonic() + 10
    while (wrong := list(differences(samples(), want))) and time.monotonic() < end:
        time.sleep(0.2)
    return "; ".join(wrong)


def outage(receiver, collector, router, how, seconds):
    """The receiver is away while buckets close and wait; then all of them reach it."""
    sent = collector.metric("weir_remote_write_sent_samples_total")
    receiver.end(how)
    router.play(seconds)
    need(collector.metric("weir_remote_write_failing") == 1, "the metrics do not say that the receiver is away")
    need(collector.metric("weir_remote_write_pending_samples") > 0, "nothing waits")
    need(get(f"{collector.url}/-/healthy")[0] == 200, "weir suffers from its receiver")
    receiver.start()
    router.play(2)
    until(lambda: collector.metric("weir_remote_write_failing") == 0, "the receiver is found again", 40)
    need(collector.metric("weir_remote_write_sent_samples_total") > sent, "nothing was sent after the outage")


def check_outages(receiver, collector, router):
    router.teach()
    # Weir pushes what it has measured whole: no bucket that began before it ran.
    time.sleep(1)
    router.play(5)
    until(lambda: collector.metric("weir_remote_write_sent_samples_total") > 0, "a bucket is sent")
    outage(receiver, collector, router, signal.SIGTERM, 9)
    if receiver.can_be_killed:
        outage(receiver, collector, router, signal.SIGKILL, 4)
    router.play(2)
    want = sum(router.sums().values())
    until(lambda: collector.metric("weir_contract_bytes_total") == want, f"{want} bytes are counted")
    # The newest bucket ends within a second, and closes once the lateness has passed.
    newest = max(max(buckets) for buckets in router.truth.values()) / 1000
    until(lambda: collector.metric("weir_remote_write_sent_until_timestamp_seconds") >= newest
          and collector.metric("weir_remote_write_pending_samples") == 0, "the last bucket is sent")
    for lost in ("rejected", "dropped"):
        need(collector.metric(f"weir_remote_write_{lost}_samples_total") == 0, f"samples were {lost}")
    wrong = compare(receiver.samples, router.samples())
    need(not wrong, f"the receiver differs from what was exported: {wrong}")
    if receiver.ends is not None:
        for series, buckets in router.truth.items():
            due = sorted(end + 1000 for end in buckets if end + 1000 not in buckets)
            # The last one comes with the bucket after the newest.
            need([at for at in receiver.ends[series] if at <= newest * 1000] == [at for at in due if at <= newest * 1000],
                 f"{series}: ends at {receiver.ends[series]}, due at {due}")
    return sum(len(buckets) for buckets in router.truth.values())


def check_restart_of_weir(receiver, collector, router):
    """Costs the buckets that were open, and those that only one of both processes saw in part."""
    # Until the middle of a bucket, so that both processes count a part of it.
    router.play(2.5 - time.time() % 1)
    stopped = time.time()
    collector.end()
    collector.start()
    started = time.time()
    router.teach()
    router.play(4)
    newest = max(max(buckets) for buckets in router.truth.values()) / 1000
    until(lambda: collector.metric("weir_remote_write_sent_until_timestamp_seconds") >= newest, "the last bucket is sent")
    for lost in ("rejected", "dropped"):
        need(collector.metric(f"weir_remote_write_{lost}_samples_total") == 0, f"samples were {lost} after a restart")
    # A bucket may close as late as one bucket and one turn of the clock after its lateness.
    first, last = (stopped - LATENESS_S - 2) * 1000, (started + 1) * 1000
    gap = lambda samples: {series: [one for one in found if not first < one[0] <= last] for series, found in samples.items()}
    wrong = compare(lambda: gap(receiver.samples()), gap(router.samples()))
    need(not wrong, f"besides what was open at a restart of weir: {wrong}")
    for series, found in receiver.samples().items():
        need(not collections.Counter(found) - collections.Counter(router.samples()[series]),
             f"{series}: a bucket that two processes saw was sent in part or twice")


def main():
    weir, which = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    with tempfile.TemporaryDirectory(prefix="weir-remote-write-") as name:
        folder = pathlib.Path(name)
        receiver = {"prometheus": Prometheus, "victoria-metrics": VictoriaMetrics}[which](folder)
        collector = Collector(weir, folder, receiver)
        try:
            receiver.start()
            collector.start()
            router = Router(collector.udp)
            count = check_outages(receiver, collector, router)
            check_restart_of_weir(receiver, collector, router)
            collector.end()
            need(collector.kept() == router.sums(), f"the ledger has {collector.kept()}, exported were {router.sums()}")
            print(f"{which}: {count} samples of {len(router.truth)} series, each once, at its time, exact, over every outage")
        finally:
            collector.close()
            receiver.close()


if __name__ == "__main__":
    judge(main)
