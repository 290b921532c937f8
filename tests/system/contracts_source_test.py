#!/usr/bin/env python3
"""A running collector that imports its contracts by itself: what its source changes is counted
without a restart; sources that are bad, cut short, slow or silent change nothing and are counted;
a stop does not wait for them.

    contracts_source_test.py WEIR

Standard library only; traffic stays on 127.0.0.1.
"""

import contextlib
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

import running
from http_source import Answers, HttpSource
from running import free_port, judge, need

MANY = 20


def contract(number, **more):
    return {"id": f"C{number}", "committed": "1G", "attach": [{"exporter": "edge1", "interface": number}], **more}


def contracts(*numbers):
    return json.dumps([contract(number) for number in numbers]).encode()


class AsTheModeSays(Answers):
    """Answers as the server's `mode` says: good, error, short, slow or silent."""

    def do_GET(self):
        with contextlib.suppress(OSError):
            self.serve(self.server.mode, self.server.body)
        self.close_connection = True

    def serve(self, mode, body):
        self.server.seen.append((mode, self.headers.get("Authorization")))
        if mode == "silent":
            self.server.stopping.wait(60)
            return
        self.send_response(500 if mode == "error" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if mode == "slow":
            for byte in body:
                self.wfile.write(bytes([byte]))
                if self.server.stopping.wait(0.2):
                    return
        self.wfile.write(body[:-5] if mode == "short" else body)


def source():
    web = HttpSource(AsTheModeSays)
    web.mode, web.body = "good", b"[]"
    return web


class Collector:
    """`weir serve` with a source of contracts, ended by its own pid."""

    def __init__(self, weir, folder, web, every="1s", timeout="60s"):
        self.weir, self.folder, self.web = weir, folder, web
        self.target, self.config, self.log = folder / "contracts.yaml", folder / "weir.yaml", folder / "serve.log"
        self.url = f"http://127.0.0.1:{free_port()}"
        self.write_config(every, timeout)
        self.target.write_text("".join(f"- {json.dumps(contract(n))}\n" for n in range(1, MANY + 1)))

    def write_config(self, every="1s", timeout="60s", more=""):
        (self.folder / "headers").write_text("Authorization: Bearer sesame\n")
        self.config.write_text(
            'listen: [{udp: "127.0.0.1:0"}]\nworkers: 1\nledger: {url: none}\n'
            "exporters: {routers: [{address: 192.0.2.1, name: edge1}]}\ncontracts: contracts.yaml\n"
            f'state: {self.folder}/state\nhttp: {{listen: "{self.url[7:]}"}}\n'
            f'contracts_source: {{url: "http://127.0.0.1:{self.web.server_port}/list?key=hidden", every: {every}, '
            f"timeout: {timeout}, header_file: headers}}\n{more}")

    def __enter__(self):
        self.process = running.start(self.log, self.weir, "serve", "--config", self.config)
        self.until(lambda: self.get("/-/ready")[0] == 200, "ready")
        return self

    def __exit__(self, *_):
        running.kill(self.process)

    def text(self):
        return self.log.read_text()

    def get(self, path, method="GET"):
        return running.get(self.url + path, method)

    def until(self, condition, what):
        running.until(condition, what, 60, children=[self.process], pause_s=0.05,
                      report=lambda: f"; log: {self.text()[-800:]}")

    def metric(self, name):
        found = re.search(rf"^weir_{name} (\S+)$", self.get("/metrics")[1], re.MULTILINE)
        return float(found.group(1)) if found else None

    def failures(self):
        return self.metric("contracts_import_failures_total")

    def counted(self):
        """Contracts of the metrics and of the API, which must agree."""
        series = sorted(set(re.findall(r'^weir_contract_info\{contract="(\w+)"', self.get("/metrics")[1], re.MULTILINE)))
        listed = sorted(one["id"] for one in json.loads(self.get("/api/v1/contracts?limit=1000")[1])["contracts"])
        return series if series == listed else None

    def expect(self, *numbers):
        names = sorted(f"C{number}" for number in numbers)
        self.until(lambda: self.counted() == names, f"contracts {names}")

    def state(self):
        return self.target.read_bytes(), self.target.stat().st_ino

    def stop(self):
        """Seconds that SIGTERM takes."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        need(self.process.wait(timeout=20) == 0, f"exit {self.process.returncode}: {self.text()[-500:]}")
        return time.monotonic() - begin


def check_changes(weir, folder):
    with source() as web:
        web.body = contracts(*range(1, MANY + 2))
        with Collector(weir, folder, web) as collector:
            pid = collector.process.pid
            collector.expect(*range(1, MANY + 2))
            collector.until(lambda: collector.metric("contracts_import_last_success_timestamp_seconds"), "a success")
            need(abs(time.time() - collector.metric("contracts_import_last_success_timestamp_seconds")) < 120, "its time")
            need(collector.metric("contracts_import_period_seconds") == 1, "the period")

            web.body = contracts(*range(2, MANY + 2))
            collector.expect(*range(2, MANY + 2))
            need(collector.process.pid == pid and collector.failures() == 0, "restarted or failed")
            collector.until(lambda: collector.metric("contracts_import_last_changes") == 0, "an import without a change")
            need(all(secret == "Bearer sesame" for _, secret in web.seen), "the header is missing")
            need("hidden" not in collector.text() and "sesame" not in collector.text(), "a secret is in the log")

            # A source that goes bad and comes back.
            before, seen = collector.state(), len(web.seen)
            reloads = collector.metric('config_reloads_total{result="taken"}')
            bad = (("error", contracts(1)), ("short", contracts(*range(2, MANY + 3))), ("good", contracts(2, 3)),
                   ("good", b"[{"), ("good", json.dumps([contract(1, attach=[{"exporter": "none", "interface": 1}])]).encode()))
            for mode, body in bad:
                failed = collector.failures()
                web.body, web.mode = body, mode
                collector.until(lambda: collector.failures() > failed + 1, f"{mode} is counted")
                need(collector.state() == before, f"{mode}: the file is another")
                need(collector.get("/-/ready")[0] == 200, f"{mode}: not ready")
            need(len(web.seen) > seen, "nothing was fetched")
            need(collector.metric('config_reloads_total{result="taken"}') == reloads, "a bad source reloaded")
            need(collector.text().count("nothing is changed") <= 1 + (len(web.seen) // 50), "the log is flooded")
            collector.expect(*range(2, MANY + 2))
            web.body, web.mode = contracts(*range(2, MANY + 3)), "good"
            collector.expect(*range(2, MANY + 3))
            collector.until(lambda: "imported again" in collector.text(), "recovery in the log")

            # Reloads by hand go on, and may take the source away.
            need(collector.get("/-/reload", "POST")[0] == 200, "POST /-/reload")
            web.mode = "silent"
            collector.until(lambda: web.seen[-1][0] == "silent", "the silent source is asked")
            need(collector.get("/-/reload", "POST")[0] == 200, "POST /-/reload during a fetch")
            collector.process.send_signal(signal.SIGHUP)
            need(collector.stop() < 2, "a stop waits for a silent source")


def check_slow(weir, folder):
    with source() as web:
        web.mode, web.body = "slow", contracts(*range(1, MANY + 1))
        with Collector(weir, folder, web, timeout="1s") as collector:
            before = collector.state()
            need(collector.metric("contracts_import_last_success_timestamp_seconds") is None, "a success of nothing")
            collector.until(lambda: collector.failures() >= 1, "a slow source is counted")
            need(collector.state() == before, "a slow source changed the file")
            need("in time" in collector.text(), collector.text()[-500:])
            collector.write_config(timeout="60s")
            seen = len(web.seen)
            need(collector.get("/-/reload", "POST")[0] == 200, "a changed source is taken")
            collector.until(lambda: len(web.seen) > seen, "a changed source is asked at once")
            need(collector.stop() < 2, "a stop waits for a slow source")
            need(collector.state() == before, "a stop changed the file")


def check_check(weir, folder):
    with source() as web:
        collector = Collector(weir, folder, web)
        done = subprocess.run([weir, "check", collector.config], capture_output=True, text=True, timeout=60)
        need(done.returncode == 0, done.stdout + done.stderr)
        need(f"import      http://127.0.0.1:{web.server_port}/list every 1 s\n" in done.stdout, done.stdout)


def main():
    for check in (check_changes, check_slow, check_check):
        with tempfile.TemporaryDirectory() as folder:
            check(sys.argv[1], pathlib.Path(folder))
    print("contracts_source: good")


if __name__ == "__main__":
    judge(main)
