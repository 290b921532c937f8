#!/usr/bin/env python3
"""The ledger outlives what kills its writer.

    ledger_test.py WEIR [KILLS [SECONDS]]

`weir replay --ledger` is killed at random instants (200 times, within SECONDS): every interval that
it had said to be closed must be there, once, with the bytes of an undisturbed run, and the file
whole. `weir serve` is stopped, killed, started again and kept from its ledger: what was counted is
in it, open intervals included. Python's sqlite3 reads what was written. Standard library only;
traffic stays on 127.0.0.0/8.
"""

import calendar
import collections
import csv
import pathlib
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

START = "2024-06-05T03:00:00Z"
SCENARIO = """
seed: 11
start: now
contracts: contracts.yaml
exporters:
  - name: edge
    address: 127.1.0.21
    protocol: ipfix
    sampling: 100
    active_timeout: 5s
    inactive_timeout: 2s
    interfaces:
      - {index: 1, name: c1, speed: 10G, role: customer}
      - {index: 2, name: c2, speed: 10G, role: customer}
      - {index: 9, name: up, speed: 100G, role: backbone}
traffic:
  - {profile: constant, peak: 50%, from_share: 40%}
"""
CONTRACTS = """
- {id: A, customer: One, service: ip, committed: 1G, attach: [{exporter: edge, interface: 1}]}
- {id: B, customer: Two, service: ip, committed: 2G, attach: [{exporter: edge, interface: 2}]}
"""


class Wrong(Exception):
    pass


def need(holds, what):
    if not holds:
        raise Wrong(what)


def run(*command, timeout=240):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=timeout)
    need(done.returncode == 0, f"{' '.join(map(str, command))}: exit {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


def rows_of(path):
    """start -> set of all that the ledger says of it, once each."""
    # Not read-only: what a kill left half done is rolled back by who opens the file next.
    with sqlite3.connect(path, timeout=30) as ledger:
        need(ledger.execute("PRAGMA integrity_check").fetchall() == [("ok",)], "integrity_check")
        rows = ledger.execute("SELECT start, (SELECT name FROM contract WHERE number = contract), direction, family,"
                              " (SELECT name FROM run WHERE number = run), bytes, packets, records, variance"
                              " FROM contract_interval").fetchall()
    found = collections.defaultdict(set)
    for start, *rest in rows:
        need(tuple(rest) not in found[start], f"a row of {start} stands twice")
        found[start].add(tuple(rest))
    return found


def kills(weir, folder, count, seconds):
    """`weir replay --ledger`, killed at random."""
    capture, config = folder / "day.pcap", folder / "weir.yaml"
    (folder / "contracts.yaml").write_text(CONTRACTS)
    (folder / "scenario.yaml").write_text(SCENARIO)
    config.write_text("exporters: {routers: [{address: 127.1.0.21, name: edge}]}\ncontracts: contracts.yaml\n")
    run(weir, "generate", folder / "scenario.yaml", "--pcap", capture, "--start", START, "--duration", "14400s")
    clean = folder / "clean.db"
    began = time.monotonic()
    run(weir, "replay", "--config", config, "--output", "csv", "--ledger", clean, capture)
    whole = time.monotonic() - began
    want = rows_of(clean)
    need(len(want) >= 20, f"{len(want)} intervals in a clean run")
    chance = random.Random(7)
    end = time.monotonic() + seconds
    done = acknowledged = in_the_middle = 0
    ledger = folder / "killed.db"
    while done < count and time.monotonic() < end:
        if done % 10 == 0:  # else the next run goes on with what the killed one left
            ledger.unlink(missing_ok=True)
        with open(folder / "said", "w+") as said:
            process = subprocess.Popen([weir, "replay", "--config", config, "--output", "csv", "--ledger", ledger, "--verbose", capture],
                                       stdout=subprocess.DEVNULL, stderr=said)
            time.sleep(chance.uniform(0.0, whole))
            process.send_signal(signal.SIGKILL)
            in_the_middle += process.wait() == -signal.SIGKILL
            said.seek(0)
            # The last line may be cut off.
            closed = re.findall(r"interval (\S+) closed\n", said.read())
        done += 1
        if not ledger.exists() or ledger.stat().st_size == 0:
            need(not closed, "intervals were said to be closed in a ledger that is not there")
            continue
        try:
            found = rows_of(ledger)
        except sqlite3.OperationalError as error:
            # Killed before there were tables; then nothing may have been promised.
            need("no such table" in str(error) and not closed, f"{error}; closed {closed}")
            continue
        for text in closed:
            start = epoch_of(text)
            need(found.get(start, set()) == want.get(start, set()), f"kill {done}: {text} differs from a clean run")
        for start, rows in found.items():
            need(rows == want[start], f"kill {done}: interval {start} is there in part")
        acknowledged += len(closed)
    run(weir, "replay", "--config", config, "--output", "csv", "--ledger", ledger, capture)
    need(rows_of(ledger) == want, "after the kills a whole replay differs from a clean one")
    need(done >= min(count, 10) and acknowledged > 0, f"{done} kills, {acknowledged} intervals acknowledged")
    print(f"{done} kills ({in_the_middle} in the middle), {acknowledged} acknowledged intervals: each there, once, right")


def epoch_of(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Collector:
    """`weir serve` beside its ledger, ended by its own pid."""

    def __init__(self, weir, folder):
        self.weir, self.folder = weir, folder
        self.udp, self.http = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM)
        self.ledger = folder / "weir.db"
        (folder / "contracts.yaml").write_text(CONTRACTS)
        (folder / "scenario.yaml").write_text(SCENARIO)
        (folder / "weir.yaml").write_text(
            f'listen: [{{udp: "127.0.0.1:{self.udp}"}}]\nworkers: 2\nexporters:\n  allow: [127.0.0.0/8]\n  routers:\n'
            f"    - {{address: 127.1.0.21, name: edge}}\n    - {{address: 127.1.0.22, name: quiet}}\n"
            f'contracts: contracts.yaml\nledger: {{url: "sqlite:weir.db"}}\nstate: {folder}/state\n'
            f'http: {{listen: "127.0.0.1:{self.http}"}}\n')

    def start(self):
        self.log = open(self.folder / "serve.log", "a+")
        self.process = subprocess.Popen([self.weir, "serve", "--config", self.folder / "weir.yaml"], stdout=self.log, stderr=self.log)
        self.until(lambda: self.get("/-/healthy")[0] == 200, "alive")

    def end(self, how):
        self.process.send_signal(how)
        code = self.process.wait(timeout=60)
        need(code == (0 if how == signal.SIGTERM else -how), f"serve ended with {code}: {self.text()}")

    def text(self):
        return (self.folder / "serve.log").read_text()[-800:]

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return None, ""

    def metric(self, name):
        found = re.search(rf"^{name}(?:{{.*}})? (\S+)$", self.get("/metrics")[1], re.MULTILINE)
        return float(found.group(1)) if found else None

    def until(self, condition, what, seconds=60):
        end = time.monotonic() + seconds
        while not condition():
            need(self.process.poll() is None and time.monotonic() < end, f"not in {seconds} s: {what}: {self.text()}")
            time.sleep(0.1)

    def feed(self, seconds):
        """Plays the router; gives bytes by contract and direction as it knows them."""
        truth = self.folder / "truth.csv"
        run(self.weir, "generate", self.folder / "scenario.yaml", "--to", f"127.0.0.1:{self.udp}", "--truth", truth,
            "--duration", f"{seconds}s")
        sums = collections.Counter()
        with open(truth, newline="") as file:
            for row in csv.DictReader(file):
                sums[row["contract"], row["direction"]] += int(row["ethernet_bytes"])
        want = sum(sums.values())
        counted = lambda: sum(int(float(value)) for value in
                              re.findall(r"^weir_contract_bytes_total\{.*\} (\S+)$", self.get("/metrics")[1], re.MULTILINE))
        self.fed = getattr(self, "fed", 0) + want
        self.until(lambda: counted() == self.fed, f"{self.fed} bytes are counted")
        return sums

    def kept(self):
        with sqlite3.connect(self.ledger, timeout=30) as ledger:
            need(ledger.execute("PRAGMA integrity_check").fetchall() == [("ok",)], "integrity_check")
            sums = collections.Counter()
            for contract, direction, amount in ledger.execute(
                    "SELECT (SELECT name FROM contract WHERE number = contract), direction, sum(bytes)"
                    " FROM contract_interval GROUP BY 1, 2"):
                sums[contract, ("from_customer", "to_customer")[direction]] = amount
            self.runs = ledger.execute("SELECT count(*) FROM run").fetchone()[0]
            self.covered = ledger.execute("SELECT coalesce(sum(seconds), 0) FROM coverage").fetchone()[0]
            self.arrived = ledger.execute("SELECT coalesce(sum(attributed + no_contract + transit + duplicate + late + unscaled"
                                          " + discarded + overrun + implausible), 0) FROM export_interval").fetchone()[0]
            self.silent = ledger.execute("SELECT count(*) FROM reception WHERE received = 0 AND lost = 1 AND exporter ="
                                         " (SELECT number FROM exporter WHERE name = 'quiet')").fetchone()[0]
        return sums


def stops_and_restarts(weir, folder):
    collector = Collector(weir, folder)
    began = time.time()
    collector.start()
    want = collector.feed(10)
    fates = re.findall(r"^weir_bytes_total\{.*\} (\S+)$", collector.get("/metrics")[1], re.MULTILINE)
    collector.end(signal.SIGTERM)
    lasted = time.time() - began
    need(collector.kept() == want, f"after a stop the ledger has {collector.kept()}, exported were {want}")
    need(0 < collector.covered <= lasted + 1, f"{collector.covered} s covered of {lasted:.1f} s")
    need(collector.arrived == sum(int(float(value)) for value in fates) > 0,
         f"export_interval has {collector.arrived} bytes, the metrics said {fates}")
    need(collector.silent > 0, "the router that sent nothing is not said to be silent")
    # Again, most likely inside the same interval: rows of two runs add up.
    collector.fed = 0
    collector.start()
    want += collector.feed(5)
    collector.end(signal.SIGTERM)
    need(collector.kept() == want and collector.runs == 2, f"two runs: {collector.kept()}, exported were {want}")
    report = run(weir, "explain", "--config", folder / "weir.yaml", "A", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
    need("from_customer" in report, f"explain: {report}")
    print("serve: a stop leaves all that was counted in the ledger; a restart adds to it")
    return collector, want


def killed_after_a_save(collector, want):
    collector.fed = 0
    collector.start()
    more = collector.feed(5)
    # Its first minute is saved at 55 s; what a kill can cost is what came since.
    collector.until(lambda: collector.kept() == want + more, "the open interval is saved within a minute", 70)
    collector.end(signal.SIGKILL)
    need(collector.kept() == want + more, "what was saved before the kill is there")
    print("serve: the open interval is saved within a minute, and outlives a kill")
    return want + more


def kept_from_its_ledger(collector, want):
    """Another program holds the file: nothing waits for it, and nothing is lost."""
    collector.fed = 0
    lock = sqlite3.connect(collector.ledger, timeout=30, isolation_level=None)
    collector.start()
    lock.execute("BEGIN EXCLUSIVE")
    more = collector.feed(5)
    collector.until(lambda: collector.metric("weir_ledger_failing") == 1, "the metrics say that the ledger fails", 100)
    need(collector.metric("weir_ledger_pending_rows") > 0, "rows wait")
    need(collector.get("/-/healthy")[0] == 200, "alive meanwhile")
    collector.until(lambda: collector.get("/-/ready")[0] == 503, "not ready while the ledger fails", 100)
    need("ledger" in collector.get("/-/ready")[1], collector.get("/-/ready")[1])
    lock.execute("ROLLBACK")
    collector.until(lambda: collector.metric("weir_ledger_failing") == 0, "written again", 60)
    collector.until(lambda: collector.kept() == want + more, "all is written once the lock is gone", 70)
    need(collector.get("/-/ready")[0] == 200, "ready again")
    need(collector.metric("weir_ledger_dropped_rows_total") == 0, "nothing was given up")
    collector.end(signal.SIGTERM)
    need(collector.kept() == want + more, "and stays")
    print("serve: a ledger that is locked costs nothing but readiness")


def refuses_what_is_no_ledger(collector):
    collector.ledger.write_text("this is no database, " * 200)
    done = subprocess.run([collector.weir, "serve", "--config", collector.folder / "weir.yaml"], capture_output=True, text=True, timeout=60)
    need(done.returncode == 2 and "weir.db" in done.stderr, f"a file that is no ledger: exit {done.returncode}: {done.stderr[-300:]}")
    print("serve: a file that is no ledger is refused")


def main():
    weir = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 60
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        kills(weir, folder, count, seconds)
        if len(sys.argv) > 2:
            return
        serving = folder / "serve"
        serving.mkdir()
        collector, want = stops_and_restarts(weir, serving)
        try:
            want = killed_after_a_save(collector, want)
            kept_from_its_ledger(collector, want)
            refuses_what_is_no_ledger(collector)
        finally:
            if collector.process.poll() is None:
                collector.process.kill()
                collector.process.wait()


if __name__ == "__main__":
    try:
        main()
    except Wrong as wrong:
        raise SystemExit(f"WRONG: {wrong}") from wrong
