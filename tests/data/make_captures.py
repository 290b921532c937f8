#!/usr/bin/env python3
"""Writes the captures of this folder and what they must decode to.

    make_captures.py [FOLDER]

Every number in `expected` is worked out by hand from the fields given here; nothing is computed by
the program under test. Addresses are from the documentation ranges (RFC 5737, RFC 3849).
"""

import json
import os
import struct
import sys

FOLDER = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
SECONDS = 1_700_000_040
UPTIME_MS = 3_600_000
ROUTER = "192.0.2.1"
COLLECTOR = "192.0.2.250"


def ip4(text):
    return bytes(int(part) for part in text.split("."))


def words(*values):
    return struct.pack(f">{len(values)}I", *values)


# ------------------------------------------------------------------ capture files


def packet(payload, port, source=ROUTER, vlan=None):
    """An Ethernet frame, tagged or not, with the payload in IPv4 and UDP."""
    udp = struct.pack(">HHHH", 50_000, port, 8 + len(payload), 0) + payload
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + ip4(source) + ip4(COLLECTOR)
    tag = b"" if vlan is None else struct.pack(">HH", 0x8100, vlan)
    return bytes.fromhex("020000000002020000000001") + tag + b"\x08\x00" + ip + udp


def write_capture(kind, name, packets, expected):
    os.makedirs(os.path.join(FOLDER, kind), exist_ok=True)
    os.makedirs(os.path.join(FOLDER, "expected", kind), exist_ok=True)
    with open(os.path.join(FOLDER, kind, name + ".pcap"), "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1))
        for number, frame in enumerate(packets):
            out.write(struct.pack("<IIII", SECONDS, number * 1_000, len(frame), len(frame)) + frame)
    with open(os.path.join(FOLDER, "expected", kind, name + ".json"), "w", encoding="ascii") as out:
        json.dump(expected, out, indent=1)
        out.write("\n")


def counts(datagrams, templates=0, options_templates=0, options_records=0, sets_without_template=0, lost=0, malformed=0):
    return {"datagrams": datagrams, "malformed": malformed, "templates": templates, "options_templates": options_templates,
            "options_records": options_records, "sets_without_template": sets_without_template, "lost": lost}


def group(domain, input_, output, records, octets, packets, **more):
    row = {"exporter": ROUTER, "domain": domain, "input": input_, "output": output, "records": records,
           "octets": octets, "packets": packets}
    row.update(more)
    return row


# ------------------------------------------------------------------ NetFlow version 5


def v5_record(input_, output, packets, octets):
    times = words(UPTIME_MS - 60_000, UPTIME_MS - 1_000)
    return (ip4("198.51.100.1") + ip4("203.0.113.1") + ip4("192.0.2.9") + struct.pack(">HH", input_, output)
            + words(packets, octets) + times + struct.pack(">HHBBBBHHBBH", 443, 50_000, 0, 0x18, 6, 0, 64_500, 64_501, 24, 24, 0))


def v5(sequence, *records, sampling=100):
    # Mode 1 (deterministic) in the upper two bits; engine type 2, id 3: domain 515.
    head = struct.pack(">HHIIIIBBH", 5, len(records), UPTIME_MS, SECONDS, 0, sequence, 2, 3, 1 << 14 | sampling)
    return head + b"".join(records)


def netflow5():
    first = v5(1_000, v5_record(7, 9, 10, 10_000), v5_record(9, 7, 5, 400))
    # Four flows are missing between 1,002 and 1,006.
    second = v5(1_006, v5_record(7, 9, 1, 1_500))
    write_capture("netflow5", "sampled-with-loss", [packet(first, 2_055), packet(second, 2_055, vlan=42)], {
        "counts": counts(2, lost=4),
        "groups": [
            group(515, 7, 9, 2, 11_500, 11, scaled_octets=1_150_000, scaled_packets=1_100),
            group(515, 9, 7, 1, 400, 5, scaled_octets=40_000, scaled_packets=500),
        ]})


# ------------------------------------------------------------------ NetFlow version 9


def flow_set(set_id, body):
    return struct.pack(">HH", set_id, 4 + len(body)) + body


def v9(sequence, *sets):
    return struct.pack(">HHIIII", 9, len(sets), UPTIME_MS, SECONDS, sequence, 77) + b"".join(sets)


def template(template_id, *fields):
    return struct.pack(">HH", template_id, len(fields)) + b"".join(struct.pack(">HH", *field) for field in fields)


def netflow9():
    fields = ((8, 4), (12, 4), (10, 4), (14, 4), (1, 4), (2, 4), (48, 1))
    row = lambda input_, output, octets, packets, sampler: (
        ip4("198.51.100.1") + ip4("203.0.113.1") + words(input_, output, octets, packets) + bytes([sampler]))
    # Options template 400: scope System (1); sampler id (48), interval (50).
    samplers = struct.pack(">HHH", 400, 4, 8) + struct.pack(">6H", 1, 4, 48, 1, 50, 4)
    packets = [
        packet(v9(1, flow_set(1, samplers), flow_set(400, words(0) + b"\1" + words(1_000))), 2_055),
        # The data comes before its template and waits for it.
        packet(v9(2, flow_set(256, row(512, 513, 64_000, 80, 1) + row(512, 513, 1_000, 2, 9))), 2_055),
        packet(v9(3, flow_set(0, template(256, *fields))), 2_055),
        packet(v9(4, flow_set(256, row(513, 512, 5_000, 5, 1))), 2_055),
    ]
    write_capture("netflow9", "data-before-template", packets, {
        "counts": counts(4, templates=1, options_templates=1, options_records=1, sets_without_template=1),
        "groups": [
            # Sampler 9 was never announced: its 1,000 bytes are not scaled.
            group(77, 512, 513, 2, 65_000, 82, scaled_octets=64_000_000, scaled_packets=80_000),
            group(77, 513, 512, 1, 5_000, 5, scaled_octets=5_000_000, scaled_packets=5_000),
        ]})


# ------------------------------------------------------------------ IPFIX


def ipfix(sequence, *sets):
    body = b"".join(sets)
    return struct.pack(">HHIII", 10, 16 + len(body), SECONDS, sequence, 88) + body


def ipfix_files():
    # Octets of two bytes (reduced size), running totals, a name of any length, the reverse
    # direction's octets (enterprise 29305); no egress interface.
    layout = (struct.pack(">HH", 300, 6) + struct.pack(">HHHHHHHH", 10, 4, 1, 2, 2, 8, 85, 8) + struct.pack(">HH", 82, 65_535)
              + struct.pack(">HHI", 0x8000 | 1, 8, 29_305))
    row = lambda octets, packets, total, name, reverse: (
        words(33) + struct.pack(">HQQ", octets, packets, total) + name + struct.pack(">Q", reverse))
    short = b"\4eth0"
    long_form = b"\xff" + struct.pack(">H", 300) + b"x" * 300
    packets = [packet(ipfix(0, flow_set(2, layout), flow_set(300, row(1_500, 1, 9_000, short, 700) + row(40, 1, 9_040, long_form, 60))), 4_739),
               # 300, not 2, is next: 298 records were lost.
               packet(ipfix(300, flow_set(300, row(60_000, 50, 69_040, short, 1))), 4_739)]
    write_capture("ipfix", "variable-length-and-reverse", packets, {
        "counts": counts(2, templates=1, lost=298),
        "groups": [group(88, 33, None, 3, 61_540, 52, total_octets=87_080, reverse_octets=761, scaled_octets=0, scaled_packets=0)]})


# ------------------------------------------------------------------ sFlow version 5


def item(tag, body):
    return words(tag, len(body)) + body + bytes(-len(body) % 4)


def frame_record(frame_bytes, ip_bytes):
    header = (bytes.fromhex("020000000002020000000001") + b"\x08\x00" + struct.pack(">BBHHHBBH", 0x45, 0, ip_bytes, 0, 0, 64, 17, 0)
              + ip4("198.51.100.1") + ip4("203.0.113.1") + struct.pack(">HHHH", 53, 4_000, 8, 0))
    return item(1, words(1, frame_bytes, 4, len(header)) + header + bytes(-len(header) % 4))


def sflow(sequence, *samples):
    return words(5, 1) + ip4("192.0.2.77") + words(3, sequence, UPTIME_MS, len(samples)) + b"".join(samples)


def sflow_files():
    compact = item(1, words(1, 25, 1_024, 10_000, 0, 25, 26, 1) + frame_record(1_518, 1_500))
    # Output format 1: dropped.
    dropped = item(1, words(2, 25, 1_024, 11_024, 0, 25, 1 << 30 | 256, 1) + frame_record(64, 40))
    expanded = item(3, words(1, 0, 0x01000001, 500, 7, 0, 0, 0x01000001, 0, 26, 1) + frame_record(132, 114))
    # Record 3 alone: an IPv4 packet of 900 bytes, of unknown sampling rate.
    ip_only = item(1, words(3, 26, 0, 0, 0, 26, 25, 1)
                   + item(3, words(900, 17) + ip4("198.51.100.1") + ip4("203.0.113.1") + words(53, 4_000, 0, 0)))
    interface = item(1, words(25, 6, 2, 0x540BE400, 1, 3) + bytes(64))
    counter = item(2, words(1, 25, 1) + interface)
    without_interface = item(4, words(2, 2, 1, 1) + item(1_001, bytes(28)))
    packets = [packet(sflow(1, compact, counter, dropped), 6_343),
               packet(sflow(3, expanded, ip_only, without_interface, item(5, bytes(40))), 6_343)]
    source = lambda class_, index, flows, readings, frames, scaled: {
        "agent": "192.0.2.77", "sub_agent": 3, "source_class": class_, "source_index": index, "flow_samples": flows,
        "counter_samples": readings, "frame_bytes": frames, "frame_bytes_x_rate": scaled}
    write_capture("sflow", "flow-and-counter-samples", packets, {
        "counts": counts(2, lost=1),
        "sources": [
            source(0, 25, 2, 1, 1_582, 1_582 * 1_024),
            source(0, 0x01000001, 1, 0, 132, 66_000),
            source(0, 26, 1, 0, 900, 0),
            source(2, 1, 0, 1, 0, 0),
        ]})


def malformed():
    packets = [packet(b"", 2_055), packet(b"\0\5\0\x1e" + bytes(20), 2_055), packet(b"GET / HTTP/1.1\r\n", 2_055),
               packet(sflow(1)[:24] + words(0xFFFFFFFF), 6_343)]
    write_capture("malformed", "four-kinds", packets, {"counts": counts(4, malformed=4)})


netflow5()
netflow9()
ipfix_files()
sflow_files()
malformed()
