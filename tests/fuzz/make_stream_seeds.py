#!/usr/bin/env python3
"""Writes the seeds of ipfix_stream_fuzz: chunk sizes, then a stream of IPFIX messages.

    make_stream_seeds.py [FOLDER]
"""
import pathlib
import struct
import sys


def message(length, version=10, fill=b"\xaa"):
    return (struct.pack("!HH", version, length) + fill * length)[:max(length, 4)]


def seed(chunks, *messages):
    return bytes([len(chunks), *chunks]) + b"".join(messages)


SEEDS = {
    "one_piece": seed([255], message(16), message(20), message(400)),
    "byte_by_byte": seed([0], message(16), message(30), message(17)),
    "uneven": seed([1, 0, 3, 7, 2], message(64), message(16), message(1400), message(90)),
    "longest": seed([60], message(65535), message(16)),
    "bad_version": seed([2], message(16), message(16, version=9), message(16)),
    "bad_length": seed([2], message(16), message(15), message(16)),
    "length_zero": seed([0], message(0)),
    "cut_short": seed([9], message(16), message(300)[:120]),
    "busy": seed([255, 254], *[message(1400)] * 12),
}


def main():
    default = pathlib.Path(__file__).parent / "seeds" / "ipfix_stream"
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in SEEDS.items():
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
