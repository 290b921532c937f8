#!/usr/bin/env python3
"""The same traffic gives the same ledger and the same bills.

    determinism_test.py WEIR SOURCE_FOLDER

One capture is replayed with 1, 2 and 4 workers, and with its packets shuffled inside the watermark, the
usual one and a longer one: rows and report are equal. Replayed again into one ledger it leaves the file as it is, and the
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
SFLOW_DATAGRAMS = 64
FLOW_SECONDS = 30
LATE_FLOW_SECONDS = 150
IP_SOURCE = 16 + 14 + 12  # behind the headers of the packet in the file and of Ethernet
UDP_DESTINATION = 16 + 14 + 20 + 2


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=240, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: exit {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


def need(holds, what):
    if not holds:
        raise SystemExit(f"WRONG: {what}")


def shuffle(capture, shuffled, flow_seconds):
    """Packets keep their times and change places.

    Records of NetFlow and IPFIX carry times of their own: those packets move within `flow_seconds` of
    one ledger interval. A flow sample has no time but its arrival, and a lost datagram is known by
    those that came since: sFlow's move within the reorder window of their stream, 64 datagrams, and
    not into another ledger interval.
    """
    data = capture.read_bytes()
    packets, at = [], 24
    while at < len(data):
        seconds, _, kept, _ = struct.unpack_from("<4I", data, at)
        packet = data[at:at + 16 + kept]
        is_sflow = struct.unpack_from(">H", packet, UDP_DESTINATION)[0] == SFLOW_PORT
        packets.append((seconds, packet[IP_SOURCE:IP_SOURCE + 4] if is_sflow else None, packet))
        at += 16 + kept
    generator = random.Random(SEED)
    result = list(packets)

    def change_places(places, block_of):
        order = sorted(range(len(places)), key=lambda i: (block_of(i, packets[places[i]][0]), generator.random()))
        for place, source in zip(places, order):
            result[place] = packets[places[source]]

    flows = [i for i, packet in enumerate(packets) if packet[1] is None]
    change_places(flows, lambda _, seconds: (seconds // 300, seconds % 300 // flow_seconds))
    for router in {packet[1] for packet in packets} - {None}:
        samples = [i for i, packet in enumerate(packets) if packet[1] == router]
        change_places(samples, lambda i, seconds: (seconds // 300, i // SFLOW_DATAGRAMS))
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
        capture, shuffled, late = (folder / f"{name}.pcap" for name in ("backbone", "shuffled", "late"))
        run(weir, "generate", example / "scenario.yaml", "--pcap", capture, "--truth", folder / "truth.csv",
            "--duration", "11m", "--start", START)
        packets = shuffle(capture, shuffled, FLOW_SECONDS)
        shuffle(capture, late, LATE_FLOW_SECONDS)
        need(packets > 1000 and shuffled.stat().st_size == capture.stat().st_size, "the shuffled capture")
        text = re.sub(r"(?m)^(ledger|contracts|workers):.*\n", "", (example / "weir.yaml").read_text())
        wide = text.replace("lateness: auto", "lateness: 5m, clock_skew_limit: 5m")
        need(wide != text, "the example's lateness")
        first = None
        for workers, file in ((1, capture), (2, capture), (4, capture), (1, shuffled), (4, shuffled), (1, late), (4, late)):
            case = f"{workers} workers, {file.name}"
            ledger, config = folder / f"{workers}-{file.stem}.db", folder / f"{workers}-{file.stem}.yaml"
            config.write_text(f"{wide if file == late else text}\nworkers: {workers}\ncontracts: {example / 'contracts.yaml'}\n"
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
        print(f"{packets} packets, {len(first[0][0])} rows: the same in 7 ways of replaying them")


if __name__ == "__main__":
    main()
