#!/usr/bin/env python3
"""How a number came to be: `weir explain` of a capture whose every byte is known.

    explain_test.py WEIR

A router that samples 1 in 100 sends NetFlow v9: what a contract receives, the same packets metered at
their ingress too (a duplicate), a message that is lost, and a record that comes too late. The sentences
and the JSON must say so, with these numbers. Standard library and sqlite3.
"""

import json
import pathlib
import sqlite3
import struct
import subprocess
import sys
import tempfile

START = 1_712_286_600  # 2024-04-05T03:10:00Z
TIME = "2024-04-05T03:12:34Z"
ROUTER, COLLECTOR = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 100))
UPTIME = 10_000_000  # milliseconds at START
SAMPLING = 100
PACKETS, IP_BYTES = 10, 1_000
# 18 bytes of Ethernet around each packet, and each stands for a hundred.
FRAME_BYTES = (IP_BYTES + 18 * PACKETS) * SAMPLING
INGRESS, EGRESS = 0, 1
TEMPLATE = struct.pack("!HH", 256, 8) + b"".join(
    struct.pack("!HH", *field) for field in ((1, 4), (2, 4), (10, 4), (14, 4), (61, 1), (34, 4), (22, 4), (21, 4)))

CONFIG = """
exporters:
  routers:
    - {{address: 192.0.2.1, name: edge1, interfaces: [{{index: 2, name: et-0/0/2}}]}}
contracts: contracts.yaml
ledger: {{url: "sqlite:{ledger}"}}
"""
CONTRACTS = """
- {id: A, customer: Example, committed: 1M, attach: [{exporter: edge1, interface: 2}]}
"""


def need(holds, what):
    if not holds:
        raise SystemExit(f"WRONG: {what}")


def run(*command, code=0):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120, check=False)
    need(done.returncode == code, f"{' '.join(map(str, command))}: exit {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


def flow_set(number, body):
    return struct.pack("!HH", number, 4 + len(body)) + body


def record(metered, first_s, last_s):
    """Ten packets from interface 1 to interface 2; times in seconds after START."""
    return struct.pack("!IIIIBIII", IP_BYTES, PACKETS, 1, 2, metered, SAMPLING, UPTIME + first_s * 1_000, UPTIME + last_s * 1_000)


def message(second, sequence, *records):
    body = b"".join(records)
    sets = flow_set(0, TEMPLATE) + flow_set(256, body + bytes(-len(body) % 4))
    return second, struct.pack("!HHIIII", 9, 1 + len(records), UPTIME + second * 1_000, START + second, sequence, 7) + sets


def write_capture(path, messages):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for second, payload in messages:
            udp = struct.pack("!HHHH", 50_000, 2055, 8 + len(payload), 0) + payload
            head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0) + ROUTER + COLLECTOR
            frame = bytes.fromhex("020000000002" "020000000001" "0800") + head + udp
            file.write(struct.pack("<IIII", START + second, 0, len(frame), len(frame)) + frame)


def check_json(weir, config):
    one = json.loads(run(weir, "explain", "--config", config, "A", TIME, "--format", "json"))
    need((one["contract"], one["start"], one["state"], one["layer"], one["closed"])
         == ("A", "2024-04-05T03:10:00Z", "measured", "ethernet", False), f"the interval: {one}")
    need([row["seconds"] for row in one["coverage"]] == [300], f"coverage: {one['coverage']}")
    need(one["attachments"][0] == {"exporter": "edge1", "interface": 2, "interface_name": "et-0/0/2", "vlan": None,
                                   "passed": one["attachments"][0]["passed"]}, f"attachment: {one['attachments']}")
    from_customer, to_customer = one["directions"]
    need(from_customer["bytes"] == 0 and from_customer["families"] == [], f"from the customer: {from_customer}")
    family = to_customer["families"][0]
    in_time = {key: family[key] - family["late"][key] for key in ("bytes", "packets", "records")}
    need(in_time == {"bytes": FRAME_BYTES, "packets": PACKETS * SAMPLING, "records": 1}, f"to the customer: {family}")
    exporter = one["exporters"][0]
    need((exporter["exporter"], exporter["state"], len(exporter["protocols"])) == ("edge1", "lossy", 1), f"{exporter}")
    export = exporter["protocols"][0]
    fates = {fate: count for fate, count in export.pop("bytes").items() if count}
    need(fates == {"attributed": FRAME_BYTES, "duplicate": FRAME_BYTES, "late": FRAME_BYTES}, f"fates: {fates}")
    need(export == {"protocol": "netflow9", "datagrams": 2, "records": 3, "received": 2, "lost": 1,
                    "duplicate_datagrams": 0, "restarts": 0, "sampling_smallest": SAMPLING, "sampling_largest": SAMPLING,
                    "layer": {"reported": "ip", "adds_bytes_per_packet": 18, "adds_bytes_per_tag": 4,
                              "shortest_packet_bytes": 64}}, f"export: {export}")


def check_text(weir, config):
    text = run(weir, "explain", "--config", config, "A", TIME)
    for sentence in ("A (Example), 2024-04-05T03:10:00Z to 2024-04-05T03:15:00Z\n",
                     "  interface et-0/0/2 (ifIndex 2) of edge1\n",
                     "  edge1: part of its export was lost\n",
                     "    netflow9: 2 datagrams with 3 records, sampled 1 in 100\n",
                     "        2 received, 1 lost, as the protocol numbers them\n",
                     f"        bytes of all that it reported: {FRAME_BYTES} attributed, {FRAME_BYTES} duplicate, {FRAME_BYTES} late\n"):
        need(sentence in text, f"'{sentence}' is not in\n{text}")
    need("missing: nothing was measuring" in run(weir, "explain", "--config", config, "A", "2024-04-05T02:00:00Z", code=1),
         "an interval that nothing measured")


def check_table(ledger):
    """A shell of the database reads the same."""
    with sqlite3.connect(ledger) as database:
        rows = database.execute(
            "SELECT x.start, e.name, x.protocol, x.records, x.lost, x.smallest_sampling, x.largest_sampling, x.attributed, "
            "x.duplicate, x.late FROM export_interval x JOIN exporter e ON e.number = x.exporter ORDER BY x.start").fetchall()
    need(rows == [(START, "edge1", 3, 3, 1, SAMPLING, SAMPLING, FRAME_BYTES, FRAME_BYTES, FRAME_BYTES),
                  (START + 300, "edge1", 3, 1, 0, SAMPLING, SAMPLING, FRAME_BYTES, 0, 0)], f"export_interval: {rows}")


def main():
    weir = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="weir-explain-") as name:
        folder = pathlib.Path(name)
        capture, config, ledger = folder / "export.pcap", folder / "weir.yaml", folder / "weir.db"
        config.write_text(CONFIG.format(ledger=ledger))
        (folder / "contracts.yaml").write_text(CONTRACTS)
        write_capture(capture, [
            message(60, 1, record(EGRESS, 40, 50), record(INGRESS, 40, 50)),
            # Message 2 never comes. Four minutes after its traffic a record is late.
            message(290, 3, record(EGRESS, 45, 46)),
            message(360, 4, record(EGRESS, 350, 355)),
        ])
        run(weir, "replay", "--config", config, "--ledger", ledger, capture)
        image = ledger.read_bytes()
        run(weir, "replay", "--config", config, "--ledger", ledger, capture)
        need(ledger.read_bytes() == image, "replaying again changed the ledger")
        check_json(weir, config)
        check_text(weir, config)
        check_table(ledger)
    print("every byte of the capture is explained")


if __name__ == "__main__":
    main()
