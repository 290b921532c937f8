#!/usr/bin/env python3
"""Decodes captures with known totals and compares.

    corpus_test.py WEIR

Runs `WEIR decode` over the captures of tests/data, and over the folder that the environment variable
WEIR_CORPUS (or FOLDER) names: real captures, <kind>/<name>.pcap, with the totals that other decoders
make of them beside, expected/<kind>/<name>.json. Prints what differs; exit status 0 when nothing does.
Standard library only.
"""

import collections
import json
import os
import pathlib
import subprocess
import sys

OWN_DATA = pathlib.Path(__file__).resolve().parent.parent / "data"
SECONDS_PER_CAPTURE = 120

GROUP_KEY = ("exporter", "domain", "input", "output")
GROUP_SUMS = ("records", "octets", "packets", "total_octets", "total_packets", "reverse_octets", "reverse_packets")
SOURCE_KEY = ("agent", "sub_agent", "source_class", "source_index")
SOURCE_SUMS = ("flow_samples", "counter_samples", "frame_bytes")
# Our own expected files hold these too; where the corpus speaks of them, decoders disagree.
SCALED_SUMS = ("scaled_octets", "scaled_packets")

# JSON lines: the field that each sum of a group is the sum of.
FIELDS = {"octets": "octet_delta_count", "packets": "packet_delta_count", "total_octets": "octet_total_count",
          "total_packets": "packet_total_count", "reverse_octets": "reverse_octet_delta_count",
          "reverse_packets": "reverse_packet_delta_count"}


class Wrong(Exception):
    pass


def decode(weir, form, capture, allowed=(0,)):
    done = subprocess.run([weir, "decode", form, str(capture)], capture_output=True, text=True,
                          timeout=SECONDS_PER_CAPTURE, check=False)
    if done.returncode not in allowed or "Sanitizer" in done.stderr:
        raise Wrong(f"decode {form}: exit {done.returncode}: {done.stderr[-300:].strip()}")
    return done.stdout


def table(rows, key, sums):
    """Sums by key, without rows of zeros: an exporter that sends options alone has none."""
    found = collections.defaultdict(lambda: [0] * len(sums))
    for row in rows:
        cells = found[tuple(row.get(name) for name in key)]
        for place, name in enumerate(sums):
            cells[place] += row.get(name) or 0
    return {name: cells for name, cells in found.items() if any(cells)}


def rows_that_differ(got, want, key, sums):
    got, want = table(got, key, sums), table(want, key, sums)
    return [f"{dict(zip(key, name))}: {dict(zip(sums, got.get(name, ())))}, expected {dict(zip(sums, want.get(name, ())))}"
            for name in sorted(set(got) | set(want), key=str) if got.get(name) != want.get(name)]


def source_differences(summary, expected):
    problems = rows_that_differ(summary["sources"], expected["sources"], SOURCE_KEY, SOURCE_SUMS)
    got = sum(row["frame_bytes_scaled"] for row in summary["sources"])
    want = sum(row.get("frame_bytes_x_rate") or 0 for row in expected["sources"])
    if got != want:
        problems.append(f"frame bytes times rate: {got}, expected {want}")
    return problems


def is_backed_in_a_dispute(summary, expected):
    """Where decoders disagree, the totals of any of them are good enough."""
    if not expected.get("disputed"):
        return False
    for decoder in expected.get("decoders", {}).values():
        totals = decoder.get("totals") if isinstance(decoder, dict) else None
        if totals and all(sum(row[name] for row in summary["groups"]) == (totals.get(name) or 0)
                          for name in ("records", "octets", "packets")):
            return True
    return False


def group_differences(summary, expected):
    # Data that came before its template may be left or brought in later.
    allowed = [expected.get("groups", [])]
    held_back = ((expected.get("if_held_back") or {}).get("walker") or {}).get("groups")
    if held_back:
        allowed.append(held_back)
    problems = min((rows_that_differ(summary["groups"], rows, GROUP_KEY, GROUP_SUMS) for rows in allowed), key=len)
    return [] if problems and is_backed_in_a_dispute(summary, expected) else problems


def own_differences(summary, expected):
    """What only the expected files of this repository say: counts and scaled sums."""
    problems = [f"{name}: {summary[name]}, expected {want}" for name, want in expected.get("counts", {}).items()
                if summary[name] != want]
    if "counts" in expected and "groups" in expected:
        problems += rows_that_differ(summary["groups"], expected["groups"], GROUP_KEY, SCALED_SUMS)
    return problems


def line_differences(weir, capture, summary):
    """The records printed one by one must add up to the summary."""
    lines = [json.loads(line) for line in decode(weir, "--json", capture).splitlines()]
    flows = [line for line in lines if line["kind"] == "flow" and line["protocol"] != "sflow5"]
    samples = [line for line in lines if line["protocol"] == "sflow5"]
    problems = []
    for name, field in FIELDS.items():
        got, want = sum(line.get(field, 0) for line in flows), sum(row[name] for row in summary["groups"])
        if got != want:
            problems.append(f"--json lines sum to {got} {name}, --summary says {want}")
    for name, got, want in (
            ("records", len(flows), sum(row["records"] for row in summary["groups"])),
            ("flow samples", sum(line["kind"] == "flow" for line in samples), sum(row["flow_samples"] for row in summary["sources"])),
            ("counter samples", sum(line["kind"] == "counters" for line in samples), sum(row["counter_samples"] for row in summary["sources"]))):
        if got != want:
            problems.append(f"--json prints {got} {name}, --summary says {want}")
    return problems


def check(weir, capture, expected):
    kind = capture.parent.name
    if kind == "malformed":
        # Totals are for information there; the program survives, and our own counts hold.
        for form in ("--summary", "--json"):
            decode(weir, form, capture, allowed=(0, 1))
        return own_differences(json.loads(decode(weir, "--summary", capture)), expected) if "counts" in expected else []
    summary = json.loads(decode(weir, "--summary", capture))
    problems = own_differences(summary, expected)
    if expected.get("expected", {}).get("unsupported_version_packets"):
        summary["groups"] += summary.pop("older_groups", [])  # NetFlow v1, which the decoders behind this file did not read
    elif "groups" in expected:
        problems += group_differences(summary, expected)
    elif "sources" in expected:
        problems += source_differences(summary, expected)
    return problems + line_differences(weir, capture, summary)


def check_folder(weir, folder):
    good = bad = 0
    for capture in sorted(folder.glob("*/*.pcap*")):
        beside = folder / "expected" / capture.parent.name / (capture.name.rsplit(".", 1)[0] + ".json")
        expected = json.loads(beside.read_text()) if beside.exists() else {}
        try:
            problems = check(weir, capture, expected)
        except (Wrong, subprocess.TimeoutExpired, ValueError, KeyError) as problem:
            problems = [f"{type(problem).__name__}: {problem}"]
        if problems:
            bad += 1
            print(f"{capture.relative_to(folder)}: {len(problems)} differences, the first: {problems[0]}")
        else:
            good += 1
    print(f"{folder.name}: {good} captures agree, {bad} differ")
    return good, bad


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    weir = os.path.abspath(sys.argv[1])
    corpus = sys.argv[2] if len(sys.argv) > 2 else os.environ.get("WEIR_CORPUS", "")
    results = [check_folder(weir, OWN_DATA)]
    if corpus and os.path.isdir(corpus):
        results.append(check_folder(weir, pathlib.Path(corpus)))
    else:
        print("WEIR_CORPUS names no folder: the corpus of real captures is absent and was not checked"
              if not corpus else f"{corpus} is not there: the corpus was not checked")
    # A corpus that was named and is missing, or a folder without captures, is no success.
    is_missing = bool(corpus) and len(results) == 1
    return 1 if is_missing or any(bad or not good for good, bad in results) else 0


if __name__ == "__main__":
    sys.exit(main())
