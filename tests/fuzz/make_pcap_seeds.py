#!/usr/bin/env python3
"""Writes the seeds of pcap_file_fuzz.cc: small capture files of every kind that is read.

    make_pcap_seeds.py [FOLDER]
"""
import pathlib
import struct
import sys


def udp(payload):
    return struct.pack("!HHHH", 50000, 2055, 8 + len(payload), 0) + payload


def ipv4(payload, identification=1, offset=0, more=False):
    place = offset // 8 | (0x2000 if more else 0)
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), identification, place, 64, 17, 0,
                       bytes([192, 0, 2, 1]), bytes([198, 51, 100, 2])) + payload


def ipv6(payload, next_header=17):
    address = bytes.fromhex("20010db8") + bytes(11)
    return struct.pack("!IHBB", 6 << 28, len(payload), next_header, 64) + address + b"\1" + \
        address + b"\2" + payload


def ipv6_fragment(part, offset, more):
    return ipv6(struct.pack("!BBHI", 17, 0, offset | more, 7) + part, 44)


def ethernet(packet, tags=()):
    kind = 0x86dd if packet[0] >> 4 == 6 else 0x0800
    return bytes(12) + b"".join(struct.pack("!HH", t, 7) for t in tags) + \
        struct.pack("!H", kind) + packet


def pcap(link_type, packets, order="<", magic=0xa1b2c3d4):
    out = struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, 65535, link_type)
    for second, packet in enumerate(packets):
        out += struct.pack(order + "IIII", second, 0, len(packet), len(packet)) + packet
    return out


def pcapng(link_type, packets):
    out = struct.pack("<IIIHHqI", 0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0, -1, 28)
    out += struct.pack("<IIHHII", 1, 20, link_type, 0, 65535, 20)
    for packet in packets:
        padded = packet + bytes(-len(packet) % 4)
        size = 32 + len(padded)
        out += struct.pack("<IIIIIII", 6, size, 0, 0, 0, len(packet), len(packet)) + padded
        out += struct.pack("<I", size)
    return out


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else
                          pathlib.Path(__file__).parent / "seeds" / "pcap_file")
    folder.mkdir(parents=True, exist_ok=True)
    whole = udp(bytes(range(200)))
    four, six = ipv4(udp(b"flow")), ipv6(udp(b"flow"))
    parts = [(0, 80, True), (160, len(whole) - 160, False), (80, 80, True)]
    seeds = {
        "ethernet": pcap(1, [ethernet(four), ethernet(six), ethernet(four, [0x88a8, 0x8100])]),
        "big_endian": pcap(1, [ethernet(four)], ">"),
        "nanoseconds": pcap(1, [ethernet(four)], "<", 0xa1b23c4d),
        "pcapng": pcapng(1, [ethernet(four), ethernet(six)]),
        "raw_ip": pcap(101, [four, six]),
        "cooked": pcap(113, [bytes(14) + b"\x08\x00" + four]),
        "cooked_2": pcap(276, [b"\x08\x00" + bytes(18) + four]),
        "null": pcap(0, [struct.pack("<I", 2) + four]),
        "extensions": pcap(101, [ipv6(struct.pack("!BB", 60, 0) + bytes(6) +
                                      struct.pack("!BB", 17, 0) + bytes(6) + udp(b"x"), 0)]),
        "fragments": pcap(101, [ipv4(whole[o:o + n], 1, o, m) for o, n, m in parts]),
        "fragments_v6": pcap(101, [ipv6_fragment(whole[o:o + n], o, m) for o, n, m in parts]),
        "overlap": pcap(101, [ipv4(whole[0:80], 1, 0, True), ipv4(whole[40:120], 1, 40, True)]),
        "cut_file": pcap(1, [ethernet(four), ethernet(four)])[:-9],
    }
    for name, contents in seeds.items():
        (folder / name).write_bytes(contents)


if __name__ == "__main__":
    main()
