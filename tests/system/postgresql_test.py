#!/usr/bin/env python3
"""A ledger on PostgreSQL says what one on SQLite says, and survives its server.

    postgresql_test.py WEIR SOURCE_FOLDER

Starts a PostgreSQL of its own. One capture is replayed into both: rows and reports in every format
are equal. Replayed again, no row is even rewritten. When the processes that serve a replay are killed,
or the server is restarted, a replay either fails and says so or is whole, and repeated it is there
once. Standard library, sqlite3 and PostgreSQL.
"""

import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from postgres_server import PostgresServer  # noqa: E402  (found by the line above)

START = "2024-06-05T03:00:00Z"
MONTH = "2024-06"
FORMATS = ("json", "csv", "text", "html")
ROWS = ("SELECT i.start, c.name, i.direction, i.family, r.name, i.bytes, i.packets, i.records, i.variance, i.revision "
        "FROM contract_interval i JOIN contract c ON c.number = i.contract JOIN run r ON r.number = i.run "
        "ORDER BY 1, i.contract, 3, 4, 5")
COVERAGE = "SELECT start, seconds FROM coverage ORDER BY 1"


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=240, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: exit {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


def need(holds, what):
    if not holds:
        raise SystemExit(f"WRONG: {what}")


def values(row):
    """Numbers as numbers: the two shells write a fraction in different ways."""
    return tuple(float(value) if re.fullmatch(r"[0-9.e+]+", str(value)) else value for value in row)


def rows_of_sqlite(ledger):
    with sqlite3.connect(ledger) as database:
        return [[values(row) for row in database.execute(query)] for query in (ROWS, COVERAGE)]


def rows_of_postgresql(server, database):
    return [[values(line.split("|")) for line in server.sql(query, database).splitlines()]
            for query in (ROWS, COVERAGE)]


class Example:
    """The example backbone's traffic, and configurations that differ in the ledger."""

    def __init__(self, weir, source, folder):
        self.weir, self.folder, self.example = weir, folder, source / "examples/backbone"
        self.capture = folder / "backbone.pcap"
        run(weir, "generate", self.example / "scenario.yaml", "--pcap", self.capture, "--truth", folder / "truth.csv",
            "--duration", "11m", "--start", START)

    def config_of(self, url):
        text = re.sub(r"(?m)^(ledger|contracts):.*\n", "", (self.example / "weir.yaml").read_text())
        config = self.folder / "weir.yaml"
        config.write_text(f"{text}\ncontracts: {self.example / 'contracts.yaml'}\nledger: {{url: \"{url}\"}}\n")
        return config

    def replay(self, url):
        run(self.weir, "replay", "--config", self.config_of(url), "--ledger", url, self.capture)

    def reports(self, url):
        config = self.config_of(url)
        return [run(self.weir, "report", "--config", config, "--month", MONTH, "--format", form) for form in FORMATS]

    def replay_while(self, url, disturb):
        """The exit code and message of a replay during which `disturb` does its work."""
        command = [self.weir, "replay", "--config", self.config_of(url), "--ledger", url, self.capture]
        process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   text=True)
        disturb(process)
        _, errors = process.communicate(timeout=240)
        return process.returncode, errors


def wait_for_rows(process, server, database):
    """Until the replay's first transaction is there, or it has ended."""
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if server.sql("SELECT to_regclass('contract_interval') IS NOT NULL", database).strip() == "t":
            return
        time.sleep(0.01)


def check_equal(example, server):
    ledger = example.folder / "weir.db"
    example.replay(f"sqlite:{ledger}")
    example.replay(server.url)
    rows = rows_of_sqlite(ledger)
    need(len(rows[0]) > 1000 and rows_of_postgresql(server, "weir") == rows, "rows differ between the databases")
    reports = example.reports(f"sqlite:{ledger}")
    for form, one, other in zip(FORMATS, reports, example.reports(server.url)):
        need(one == other, f"the {form} report differs between the databases")
    written = "SELECT xmin, ctid FROM contract_interval ORDER BY 2"
    before = server.sql(written)
    example.replay(server.url)
    need(server.sql(written) == before, "replaying again rewrote rows")
    return rows, reports


def check_disturbed(example, server, rows, reports):
    def kill(process):
        wait_for_rows(process, server, "killed")
        server.kill_backends()

    def restart(process):
        wait_for_rows(process, server, "restarted")
        server.stop()
        server.start()

    for database, disturb in (("killed", kill), ("restarted", restart)):
        server.sql(f"CREATE DATABASE {database}", "postgres")
        url = server.url_of(database)
        code, errors = example.replay_while(url, disturb)
        need(code in (0, 1) and (code == 0 or "ledger postgresql://" in errors), f"{database}: exit {code}: {errors}")
        server.wait_ready()
        example.replay(url)
        need(rows_of_postgresql(server, database) == rows, f"{database}: rows after the replay was repeated")
        need(example.reports(url) == reports, f"{database}: reports")


def main():
    weir, source = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    os.environ.pop("PGPASSWORD", None)
    with tempfile.TemporaryDirectory(prefix="weir-postgresql-test-") as name, PostgresServer() as server:
        example = Example(weir, source, pathlib.Path(name))
        rows, reports = check_equal(example, server)
        check_disturbed(example, server, rows, reports)
        print(f"{len(rows[0])} rows and {len(FORMATS)} reports: the same on SQLite and PostgreSQL")


if __name__ == "__main__":
    main()
