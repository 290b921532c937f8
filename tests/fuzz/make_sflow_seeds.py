#!/usr/bin/env python3
"""Writes the seeds of the sFlow and packet header fuzz targets: whole ones, and ones broken in
the ways that broke other collectors. Run it after a change of an input format."""

import os
import struct

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "seeds")
HUGE = 0xFFFFFFFF


def put(target, name, data):
    os.makedirs(os.path.join(HERE, target), exist_ok=True)
    with open(os.path.join(HERE, target, name), "wb") as out:
        out.write(data)


def words(*values):
    return struct.pack(f">{len(values)}I", *values)


def item(tag, body, length=None):
    return words(tag, len(body) if length is None else length) + body + bytes(-len(body) % 4)


def ipv4(payload=b"", total=None, words_long=5, protocol=6):
    total = 20 + len(payload) if total is None else total
    return struct.pack(">BBHHHBBH", 0x40 | words_long, 0, total, 0, 0, 64, protocol, 0) + words(0xC0000201, 0xC6336402) + payload


def ipv6(next_header, payload=b""):
    return struct.pack(">IHBB", 6 << 28, len(payload), next_header, 64) + bytes(15) + b"\1" + bytes(15) + b"\2" + payload


TCP = struct.pack(">HHIIBBHHH", 443, 50000, 1, 2, 0x50, 0x18, 512, 0, 0)
MAC = bytes.fromhex("020000000002020000000001")
PLAIN = MAC + b"\x08\x00" + ipv4(TCP)
TAGGED = MAC + b"\x88\xa8\x00\x64\x81\x00\x00\xc8\x86\xdd" + ipv6(6, TCP)
LABELLED = MAC + b"\x88\x47" + words(16 << 12 | 64, 17 << 12 | 0x100 | 64) + ipv4(TCP)
EXTENDED = ipv6(0, b"\x3c\0" + bytes(6) + b"\x2c\0" + bytes(6) + b"\x06\0\0\0\0\0\0\7" + TCP)

FRAMES = {
    "plain": PLAIN,
    "tagged": TAGGED,
    "labelled": LABELLED,
    "extended": EXTENDED,
    "raw_ipv4": ipv4(TCP),
    "hundred_tags": MAC + b"\x81\x00\x00\x01" * 100 + b"\x08\x00",
    "no_bottom_label": MAC + b"\x88\x47" + words(16 << 12) * 20,
    "options": MAC + b"\x08\x00" + ipv4(bytes(40) + TCP, words_long=15),
    "header_too_short": MAC + b"\x08\x00" + ipv4(TCP, words_long=4),
    "fragment_cut": ipv6(44, b"\x06\0\0\0"),
    "twelve_bytes": MAC,
    "cooked": bytes(14) + b"\x08\x00" + ipv4(TCP),
    "cooked_2": b"\x08\x00\0\0" + words(7) + b"\0\1\4\6" + bytes(8) + ipv4(TCP),
}


def raw_header(header, frame=None, length=None, protocol=1):
    return item(1, words(protocol, len(header) + 4 if frame is None else frame, 4, len(header) if length is None else length) + header + bytes(-len(header) % 4))


def flow(*records, count=None, expanded=False):
    fixed = words(1, 0, 7, 1000, 5000, 0, 0, 7, 0, 9) if expanded else words(1, 7, 1000, 5000, 0, 7, 9)
    return item(3 if expanded else 1, fixed + words(len(records) if count is None else count) + b"".join(records))


def counters(*records, count=None):
    return item(2, words(1, 512, len(records) if count is None else count) + b"".join(records))


def datagram(*samples, count=None, address=words(1, 0xC00002FE)):
    return address + words(0, 1, 60000, len(samples) if count is None else count) + b"".join(samples)


HOP = words(1, 0xC0000201)
GATEWAY = item(1003, HOP + words(64500, 64501, 64502, 1, 2, 2, 64510, 64511, 1, 5, 100))
SWITCH = item(1001, words(300, 0, 400, 0))
ROUTER = item(1002, HOP + words(24, 16))
INTERFACE = item(1, words(512, 6, 2, 0x540BE400, 1, 3) + bytes(64))

SFLOW = {
    "everything": datagram(flow(raw_header(PLAIN), SWITCH, ROUTER, GATEWAY), counters(INTERFACE), flow(raw_header(TAGGED), expanded=True)),
    "raw_ip": datagram(flow(raw_header(ipv4(TCP), protocol=11)), flow(raw_header(EXTENDED, protocol=12))),
    "ipv6_agent": datagram(flow(raw_header(PLAIN)), address=words(2, 0x20010DB8, 0, 0, 1)),
    "address_type_3": datagram(flow(raw_header(PLAIN)), address=words(3)),
    "samples_huge": datagram(count=HUGE),
    "records_huge": datagram(flow(count=HUGE), flow(count=HUGE, expanded=True), counters(count=HUGE)),
    "communities_huge": datagram(flow(item(1003, HOP + words(1, 2, 3, 0, HUGE)))),
    "path_wraps": datagram(flow(item(1003, HOP + words(1, 2, 3, 1, 2, 0x40000001, 5)))),
    "header_length_wraps": datagram(flow(raw_header(PLAIN, length=0x80000000))),
    "sample_length_huge": datagram(item(1, bytes(32), length=HUGE)),
    "odd_lengths": datagram(item(5, bytes(7)), flow(item(4413 << 12, bytes(5)), raw_header(PLAIN))),
    "dropped": datagram(item(1, words(1, 7, 0, 0, 0, 7, 1 << 30 | 256, 0))),
}

for name, data in FRAMES.items():
    put("packet_header", name, data)
for name, data in SFLOW.items():
    put("sflow5", name, data)  # the target writes the version word
