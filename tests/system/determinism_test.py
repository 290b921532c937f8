#!/usr/bin/env python3
"""The same traffic gives the same ledger and the same bills.

    determinism_test.py WEIR SOURCE_FOLDER

One capture is replayed with 1, 2 and 4 workers, and with its packets shuffled inside the watermark:
rows and report are equal. Replayed again into one ledger it leaves the file as it is, and the
database's own check finds it sound. Standard library and sqlite3.
"""

import pathlib
import random
import re
import sqlite3
import struct
import subprocess
import sys
import tempfile

START = "2024-06-05T03:00:00Z"
MONTH = "2024-06"
SEED = 43
SFLOW_PORT = 6343
SFLOW_DATAGRAMS = 32
FLOW_SECONDS = 30
UDP_DESTINATION = 16 + 14 + 20 + 2  # behind the headers of the packet in the file, Ethernet and IPv4


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=240, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: exit {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


def need(holds, what):
    if not holds:
        raise SystemExit(f"WRONG: {what}")


def shuffle(capture, shuffled):
    """Packets keep their times and change places.

    NetFlow and IPFIX records carry times of their own: those packets move within half a minute. A flow
    sample has no time but its arrival, and a lost datagram is known by those that came since:
    sFlow's move within the reorder window (64 datagrams) and not into another ledger interval.
    """
    data = capture.read_bytes()
    packets, at = [], 24
    while at < len(data):
        seconds, _, kept, _ = struct.unpack_from("<4I", data, at)
        packets.append((seconds, struct.unpack_from(">H", data, at + UDP_DESTINATION)[0] == SFLOW_PORT,
                        data[at:at + 16 + kept]))
        at += 16 + kept
    generator = random.Random(SEED)
    order = sorted(range(len(packets)), key=lambda i: (packets[i][0] // 300, i // SFLOW_DATAGRAMS, generator.random()))
    mixed = [packets[i] for i in order]
    places = [i for i, packet in enumerate(mixed) if not packet[1]]
    flows = sorted(places, key=lambda i: (mixed[i][0] // FLOW_SECONDS, generator.random()))
    result = list(mixed)
    for place, source in zip(places, flows):
        result[place] = mixed[source]
    shuffled.write_bytes(data[:24] + b"".join(packet for _, _, packet in result))
    need(sum(one[2] != other[2] for one, other in zip(packets, result)) > len(packets) // 2, "hardly shuffled")
    return len(packets)


def rows_of(ledger):
    """Everything but the name of the run, which is that of the capture's bytes."""
    with sqlite3.connect(ledger) as database:
        need(database.execute("PRAGMA integrity_check").fetchall() == [("ok",)], f"{ledger}: integrity_check")
        need(database.execute("SELECT count(*) FROM run").fetchone() == (1,), f"{ledger}: runs")
        return [database.execute(query).fetchall() for query in (
            "SELECT i.start, c.name, i.direction, i.family, i.bytes, i.packets, i.records, i.variance, i.revision "
            "FROM contract_interval i JOIN contract c ON c.number = i.contract ORDER BY 1, 2, 3, 4",
            "SELECT start, seconds FROM coverage ORDER BY 1",
        )]


def main():
    weir, source = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    example = source / "examples/backbone"
    with tempfile.TemporaryDirectory(prefix="weir-determinism-") as name:
        folder = pathlib.Path(name)
        capture, shuffled = folder / "backbone.pcap", folder / "shuffled.pcap"
        run(weir, "generate", example / "scenario.yaml", "--pcap", capture, "--truth", folder / "truth.csv",
            "--duration", "11m", "--start", START)
        packets = shuffle(capture, shuffled)
        need(packets > 1000 and shuffled.stat().st_size == capture.stat().st_size, "the shuffled capture")
        text = re.sub(r"(?m)^(ledger|contracts|workers):.*\n", "", (example / "weir.yaml").read_text())
        first = None
        for workers, file in ((1, capture), (2, capture), (4, capture), (1, shuffled), (4, shuffled)):
            case = f"{workers} workers, {file.name}"
            ledger, config = folder / f"{workers}-{file.stem}.db", folder / f"{workers}-{file.stem}.yaml"
            config.write_text(f"{text}\nworkers: {workers}\ncontracts: {example / 'contracts.yaml'}\n"
                              f"ledger: {{url: \"sqlite:{ledger}\"}}\n")
            replayed = run(weir, "replay", "--config", config, "--ledger", ledger, "--output", "json", file)
            before = ledger.read_bytes()
            run(weir, "replay", "--config", config, "--ledger", ledger, "--output", "json", file)
            need(ledger.read_bytes() == before, f"{case}: replaying again changed the ledger")
            reports = [run(weir, "report", "--config", config, "--month", MONTH, "--format", form)
                       for form in ("json", "csv", "text", "html")]
            got = (rows_of(ledger), reports, replayed)
            first = first or got
            for what, one, other in zip(("rows", "reports", "intervals and books"), first, got):
                need(one == other, f"{case}: {what} differ from those of one worker in the order of arrival")
        print(f"{packets} packets, {len(first[0][0])} rows: the same in 5 ways of replaying them")


if __name__ == "__main__":
    main()
