#!/usr/bin/env python3
"""Replays generated captures and compares every interval with what was really exported.

    truth_test.py WEIR SOURCE_FOLDER

`weir generate` plays the example backbone (all four protocols, sampled) into a capture and
writes the truth beside it; `weir replay` must find the same bytes and packets per contract,
direction and interval, with any number of workers, and its books must balance. Exit status 0
when all holds. Standard library only.
"""

import collections
import csv
import json
import pathlib
import re
import subprocess
import sys
import tempfile

START = "2024-06-05T03:00:00Z"


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=240)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: exit {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


def generate(weir, scenario, folder, name, duration="11m"):
    capture, truth = folder / f"{name}.pcap", folder / f"{name}.csv"
    run(weir, "generate", scenario, "--pcap", capture, "--truth", truth, "--duration", duration, "--start", START)
    return capture, truth


def truth_of(path, layer):
    """(contract, direction, start) -> [bytes, packets], both families together."""
    rows = collections.defaultdict(lambda: [0, 0])
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            amount = rows[row["contract"], row["direction"], row["start"]]
            amount[0] += int(row[f"{layer}_bytes"])
            amount[1] += int(row["packets"])
    return {key: amount for key, amount in rows.items() if any(amount)}


def replay(weir, config, capture):
    rows, books = {}, None
    text = run(weir, "replay", "--config", config, "--output", "json", capture)
    for line in text.splitlines():
        row = json.loads(line)
        if "books" in row:
            books = row["books"]
            continue
        if row["seconds"] != 300 or row["bits_per_second"] != row["bytes"] * 8 // 300:
            raise SystemExit(f"rate and bytes disagree: {line}")
        rows[row["contract"], row["direction"], row["start"]] = [row["bytes"], row["packets"]]
    return rows, books, text


def expect_equal(got, want, what):
    wrong = sorted(key for key in set(got) | set(want) if got.get(key) != want.get(key))
    if wrong:
        raise SystemExit(f"{what}: {len(wrong)} of {len(want)} intervals differ, first {wrong[0]}: "
                         f"weir {got.get(wrong[0])}, truth {want.get(wrong[0])}")
    print(f"{what}: {len(want)} intervals equal")


def main():
    weir, source = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    example = source / "examples/backbone"
    with tempfile.TemporaryDirectory(prefix="weir-truth-") as name:
        folder = pathlib.Path(name)
        capture, truth = generate(weir, example / "scenario.yaml", folder, "backbone")
        plain = (example / "weir.yaml").read_text()
        texts = {}
        for layer in ("ethernet", "ip"):
            for workers in (1, 3):
                config = folder / f"{layer}-{workers}.yaml"
                text = plain.replace("layer: ethernet", f"layer: {layer}")
                text = text.replace("workers: auto", f"workers: {workers}")
                config.write_text(text.replace("contracts: contracts.yaml", f"contracts: {example / 'contracts.yaml'}"))
                rows, books, texts[layer, workers] = replay(weir, config, capture)
                expect_equal(rows, truth_of(truth, layer), f"{layer}, {workers} workers")
                lost = {fate: count for fate, count in books.items() if count and fate != "attributed"}
                if lost:
                    raise SystemExit(f"{layer}: bytes that no contract got: {lost}")
            if texts[layer, 1] != texts[layer, 3]:
                raise SystemExit(f"{layer}: 1 and 3 workers print different results")

        # Loss, disorder and repetition on the way: what arrived is counted, once.
        scenario = (example / "scenario.yaml").read_text()
        rough = re.sub(r"^(    sampling: \d+)$", r"\1\n    loss: 3%\n    reorder: 5%\n    duplicate: 5%", scenario, flags=re.M)
        if rough == scenario:
            raise SystemExit("the example scenario has changed its form")
        rough = rough.replace("contracts: contracts.yaml", f"contracts: {example / 'contracts.yaml'}")
        (folder / "rough.yaml").write_text(rough)
        capture, truth = generate(weir, folder / "rough.yaml", folder, "rough", "6m")
        rows, _, _ = replay(weir, folder / "ethernet-1.yaml", capture)
        # sFlow makes up for lost datagrams by the sample pool (collector/wire/sflow5.h), so the
        # contracts on the sFlow router are not held to what arrived.
        elsewhere = sflow_contracts(example)
        want = {key: amount for key, amount in truth_of(truth, "ethernet").items() if key[0] not in elsewhere}
        expect_equal({key: amount for key, amount in rows.items() if key[0] not in elsewhere}, want,
                     "with loss, reorder and duplicates")
    return 0


def sflow_contracts(example):
    """Ids of the contracts that touch the sFlow router, edge1.sjc, or that any router may see."""
    ids, current = set(), None
    for line in (example / "contracts.yaml").read_text().splitlines():
        if match := re.match(r"- (?:\{)?id: ([\w-]+)", line):
            current = match.group(1)
        if "edge1.sjc" in line or "prefix:" in line or "as:" in line:
            ids.add(current)
    return ids


if __name__ == "__main__":
    sys.exit(main())
