#!/usr/bin/env python3
"""Reads `weir replay --output protobuf` with protoc, and compares it with `--output json`.

    protobuf_test.py WEIR SOURCE_FOLDER

Exit status 0 when every interval is the same, and a second run gives the same bytes.
"""

import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

START = "2024-06-05T03:00:00Z"


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, timeout=240, check=False, **options)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: exit {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


def messages_of(stream):
    while stream:
        length = shift = taken = 0
        while True:
            byte = stream[taken]
            length |= (byte & 0x7F) << shift
            shift, taken = shift + 7, taken + 1
            if byte < 0x80:
                break
        yield stream[taken:taken + length]
        stream = stream[taken + length:]


def decoded(source, message):
    """protoc's text, whose messages here are one deep, as (fields, list of the buckets' fields)."""
    text = run("protoc", f"--proto_path={source}", "--decode=weir.v1.BucketBatch",
               source / "proto/bucket_batch.proto", input=message).decode()
    fields, buckets = {}, []
    for line in text.splitlines():
        if line == "buckets {":
            buckets.append({})
        elif match := re.match(r"( *)(\w+): (.*)$", line):
            (buckets[-1] if match[1] else fields)[match[2]] = match[3].strip('"')
    return fields, buckets


def main():
    weir, source = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    example = source / "examples/backbone"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        capture = folder / "some.pcap"
        run(weir, "generate", example / "scenario.yaml", "--pcap", capture, "--truth", folder / "truth.csv",
            "--duration", "11m", "--start", START)
        replay = (weir, "replay", "--config", example / "weir.yaml")
        stream = run(*replay, "--output", "protobuf", capture)
        if run(*replay, "--output", "protobuf", capture) != stream:
            raise SystemExit("two replays give different bytes")
        expected = {}
        for line in run(*replay, "--output", "json", capture).splitlines():
            row = json.loads(line)
            if "contract" in row:
                expected[row["contract"], row["direction"], row["start"]] = (row["bytes"], row["packets"])
        found, runs = collections.defaultdict(lambda: (0, 0)), set()
        for number, message in enumerate(messages_of(stream), 1):
            fields, buckets = decoded(source, message)
            if (fields["version"], fields["sequence"], fields["width_ms"]) != ("1", str(number), "300000"):
                raise SystemExit(f"message {number} says {fields}")
            runs.add(fields["run"])
            start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(fields["start_ms"]) // 1000))
            for bucket in buckets:
                key = bucket["contract"], bucket["direction"].removeprefix("DIRECTION_").lower(), start
                amount = found[key]
                found[key] = amount[0] + int(bucket.get("bytes", 0)), amount[1] + int(bucket.get("packets", 0))
        if len(runs) != 1 or not expected or dict(found) != expected:
            raise SystemExit(f"{len(found)} intervals of {len(runs)} runs, but {len(expected)} as JSON, or others")
        print(f"protobuf: {len(expected)} intervals are the same as JSON says")


if __name__ == "__main__":
    main()
