#!/usr/bin/env python3
"""Writes the seeds of the NetFlow and IPFIX fuzz targets: small valid messages and messages
broken in the ways that broke other collectors. Run it after a change of an input format."""

import os
import struct

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "seeds")


def put(target, name, data):
    os.makedirs(os.path.join(HERE, target), exist_ok=True)
    with open(os.path.join(HERE, target, name), "wb") as out:
        out.write(data)


def flow_set(set_id, body, length=None):
    return struct.pack(">HH", set_id, len(body) + 4 if length is None else length) + body


def template(template_id, fields, count=None):
    out = struct.pack(">HH", template_id, len(fields) if count is None else count)
    for field in fields:
        out += struct.pack(">HH", field[0], field[1])
        if len(field) > 2:
            out += struct.pack(">I", field[2])
    return out


def netflow9(*sets, sequence=0, domain=7):
    return struct.pack(">HHIIII", 9, len(sets), 100_000, 1_700_000_000, sequence, domain) + b"".join(sets)


def ipfix(*sets, sequence=0, domain=7, length=None):
    body = b"".join(sets)
    return struct.pack(">HHIII", 10, 16 + len(body) if length is None else length, 1_700_000_000, sequence, domain) + body


def netflow5(records, count=None, sampling=0x43E8, tail=b""):
    head = struct.pack(">HHIIIIBBH", 5, records if count is None else count, 100_000, 1_700_000_000, 0, 1, 2, 3, sampling)
    return head + bytes(range(48)) * records + tail


SMALL = [(8, 4), (12, 4), (10, 4), (14, 4), (1, 4), (2, 4), (22, 4), (21, 4), (48, 1)]
ROW = bytes(range(33))
SAMPLERS = struct.pack(">HHH", 400, 4, 12) + struct.pack(">8H", 1, 4, 48, 1, 49, 1, 50, 4)
SAMPLER_ROW = struct.pack(">IBBI", 0, 1, 2, 512)
VARIABLE = [(8, 4), (82, 65535), (1, 8), (0x8001, 8, 29305)]
VARIABLE_ROW = bytes(4) + b"\x03abc" + bytes(16)
SELECTORS = struct.pack(">HHH", 400, 3, 1) + struct.pack(">6H", 302, 4, 305, 4, 306, 4)

V5 = {
    "whole": netflow5(3),
    "count_zero": netflow5(1, count=0),
    "count_beyond": netflow5(1, count=30),
    "count_huge": netflow5(1, count=0xFFFF),
    "surplus": netflow5(1, tail=bytes(48)),
}
V9 = {
    "template_and_data": netflow9(flow_set(0, template(256, SMALL)), flow_set(256, ROW * 3 + b"\0")),
    "samplers": netflow9(flow_set(1, SAMPLERS), flow_set(400, SAMPLER_ROW), flow_set(0, template(256, SMALL)), flow_set(256, ROW)),
    "data_first": netflow9(flow_set(256, ROW), flow_set(0, template(256, SMALL))),
    "set_length_zero": netflow9(b"\x01\x00\x00\x00"),
    "zero_tail": netflow9(bytes(64)),
    "record_of_no_bytes": netflow9(flow_set(0, template(256, [(1, 0)])), flow_set(256, bytes(12))),
    "options_lengths": netflow9(flow_set(1, struct.pack(">HHH", 400, 0xFFFC, 0xFFFC) + bytes(8))),
    "bad_lengths": netflow9(flow_set(0, template(256, [(8, 50), (1, 9), (2, 3)])), flow_set(256, bytes(62))),
}
IPFIX = {
    "template_and_data": ipfix(flow_set(2, template(256, SMALL)), flow_set(256, ROW * 2)),
    "variable": ipfix(flow_set(2, template(256, VARIABLE)), flow_set(256, VARIABLE_ROW * 2)),
    "variable_beyond": ipfix(flow_set(2, template(256, VARIABLE)), flow_set(256, bytes(4) + b"\xff\xff\xff" + bytes(20))),
    "selectors": ipfix(flow_set(3, SELECTORS), flow_set(400, struct.pack(">III", 1, 1, 999))),
    "withdrawal": ipfix(flow_set(2, template(256, SMALL)), flow_set(2, template(256, [])), flow_set(256, ROW)),
    "withdraw_all": ipfix(flow_set(2, template(2, [])), flow_set(3, template(3, []))),
    "scope_zero": ipfix(flow_set(3, struct.pack(">HHH", 400, 1, 0) + struct.pack(">HH", 34, 4))),
    "length_off": ipfix(flow_set(2, template(256, SMALL)), flow_set(256, ROW), length=50),
}


def datagram(data, pick=0, seconds=1):
    return struct.pack(">BBH", pick, seconds, len(data)) + data


for target, seeds in (("netflow5", V5), ("netflow9", V9), ("ipfix", IPFIX)):
    for name, data in seeds.items():
        put(target, name, data[2:])  # the target writes the version word

put("decoder_sequence", "template_then_data", datagram(V9["template_and_data"]) + datagram(netflow9(flow_set(256, ROW), sequence=1), pick=1))
put("decoder_sequence", "data_waits", datagram(netflow9(flow_set(256, ROW))) + datagram(netflow9(flow_set(0, template(256, SMALL)), sequence=1), pick=2))
SAMPLED = template(256, [(1, 4), (48, 1)])
put("decoder_sequence", "sampling_comes_late",
    datagram(netflow9(flow_set(0, SAMPLED), flow_set(256, struct.pack(">IBIBIB", 10, 1, 20, 2, 30, 1))))
    + datagram(netflow9(flow_set(1, SAMPLERS), flow_set(400, SAMPLER_ROW), sequence=1), pick=1, seconds=2)
    + datagram(netflow9(flow_set(256, struct.pack(">IB", 40, 2)), sequence=2), seconds=2)
    + datagram(netflow9(sequence=3), seconds=90))
put("decoder_sequence", "many_domains", b"".join(datagram(ipfix(flow_set(2, template(256 + i, SMALL)), domain=i), pick=i % 32) for i in range(8)))
put("decoder_sequence", "repeats", datagram(V5["whole"]) * 2 + datagram(V9["samplers"]) * 3)
put("decoder_sequence", "everything", b"".join(datagram(d, pick=i % 32, seconds=20) for i, d in enumerate([*V5.values(), *V9.values(), *IPFIX.values()])))
