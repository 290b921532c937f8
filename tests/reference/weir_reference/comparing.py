"""Both decoders over the same datagrams, and the smallest input on which they differ."""

import collections
import json
import pathlib
import socket
import struct
import subprocess
import tempfile

from .captures import Datagram, datagrams
from .decoder import decode_all
from .summary import COUNTS, GROUP_KEY, GROUP_SUMS, SOURCE_KEY, SOURCE_SUMS, summary

SECONDS_PER_RUN = 600
MOST_SHOWN = 4

# What a line of `decode --json` must say of a record, and what absence of it means.
FLOW_VALUES = (
    ("exporter", None), ("protocol", None), ("domain", None), ("sys_up_time", None), ("source_address", None),
    ("destination_address", None), ("protocol_identifier", 0), ("source_transport_port", 0),
    ("destination_transport_port", 0), ("octet_delta_count", None), ("packet_delta_count", None),
    ("octet_total_count", None), ("packet_total_count", None), ("ingress_interface", None), ("egress_interface", None),
    ("sampling_interval", 0), ("sampler_id", None), ("vlan_id", None), ("post_vlan_id", None),
    ("bgp_source_as_number", None), ("bgp_destination_as_number", None),
)
SAMPLE_VALUES = (
    ("agent", None), ("sub_agent", None), ("source_class", None), ("source_index", None), ("sample_pool", None),
    ("drops", None), ("sys_up_time", None), ("source_address", None), ("destination_address", None),
    ("protocol_identifier", 0), ("source_transport_port", 0), ("destination_transport_port", 0),
    ("ingress_interface", None), ("egress_interface", None), ("sampling_interval", 0),
)
COUNTER_VALUES = (
    ("agent", None), ("sub_agent", None), ("source_class", None), ("source_index", None), ("if_index", None),
    ("if_type", None), ("if_speed", None), ("if_in_octets", None), ("if_out_octets", None),
)
TIME_UNITS = ("sys_up_time", "seconds", "milliseconds", "microseconds", "nanoseconds", "delta_microseconds")


class Wrong(Exception):
    """The program under test did not do its work at all."""


def row_of(record, values):
    get = record.get
    return tuple([get(name, absent) for name, absent in values])


def flow_row(record):
    """The values of a flow, with both times and the unit that they came in."""
    times = [(record.get("flow_start_" + unit), record.get("flow_end_" + unit), unit) for unit in TIME_UNITS
             if "flow_start_" + unit in record or "flow_end_" + unit in record]
    return row_of(record, FLOW_VALUES) + tuple(times)


def sample_row(record):
    return row_of(record, SAMPLE_VALUES)


def counter_row(record):
    return row_of(record, COUNTER_VALUES)


def run(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=SECONDS_PER_RUN,
                          check=False)
    if done.returncode not in (0, 1) or "Sanitizer" in done.stderr:
        raise Wrong(f"{command}: exit {done.returncode}: {done.stderr[-400:].strip()}")
    return done.stdout


class Decoded:
    """What one decoder makes of a capture: the summary, and rows of each kind with their numbers."""

    def __init__(self, totals, flows, samples, counters):
        self.totals, self.flows, self.samples, self.counters = totals, flows, samples, counters


def weir_decoded(weir, path):
    flows, samples, counters = collections.Counter(), collections.Counter(), collections.Counter()
    for line in run([weir, "decode", "--json", path]).splitlines():
        record = json.loads(line)
        if record["kind"] == "counters":
            counters[counter_row(record)] += 1
        elif record["protocol"] == "sflow5":
            samples[sample_row(record)] += 1
        else:
            flows[flow_row(record)] += 1
    totals = run([weir, "decode", "--summary", path])
    return Decoded(json.loads(totals) if totals else None, flows, samples, counters)


def reference_decoded(path):
    result = decode_all(datagrams(pathlib.Path(path).read_bytes()))
    return result, Decoded(summary(result), collections.Counter(map(flow_row, result.records)),
                           collections.Counter(map(sample_row, result.samples)),
                           collections.Counter(map(counter_row, result.counters)))


def table_differences(title, weir, reference, key, sums):
    got, want = ({tuple(row[name] for name in key): [row[name] for name in sums] for row in rows}
                 for rows in (weir, reference))
    return [f"{title} {dict(zip(key, name))}: weir {got.get(name)}, reference {want.get(name)} ({', '.join(sums)})"
            for name in sorted(got.keys() | want.keys(), key=str) if got.get(name) != want.get(name)]


def row_differences(title, weir, reference):
    only_weir, only_reference = weir - reference, reference - weir
    return ([f"{title} of weir alone: {row}" for row in list(only_weir)[:MOST_SHOWN]]
            + [f"{title} of the reference alone: {row}" for row in list(only_reference)[:MOST_SHOWN]])


def without_interval(rows, lossy_agents):
    """Behind lost datagrams an interval also stands for what was lost: see pool_differences()."""
    place = [name for name, _ in SAMPLE_VALUES].index("sampling_interval")
    found = collections.Counter()
    for row, count in rows.items():
        if row[:2] in lossy_agents:
            row = row[:place] + (None,) + row[place + 1:]
        found[row] += count
    return found


def pool_differences(samples, result):
    """Where datagrams were lost: the intervals of a data source still add up to its sample pool.

    The first sample stands for its own interval, and each later one for the pool's difference; what is
    still inside the reorder window at the end is not made up for yet.
    """
    place = [name for name, _ in SAMPLE_VALUES].index("sampling_interval")
    stood_for = collections.Counter()
    for row, count in samples.items():
        stood_for[row[:4]] += row[place] * count
    pools, rates = collections.defaultdict(list), {}
    for sample in result.samples:
        key = tuple(sample[name] for name in SOURCE_KEY)
        pools[key].append(sample["sample_pool"])
        rates[key] = sample["sampling_interval"]
    problems = []
    for key, values in pools.items():
        span = (max(values) - min(values)) + rates[key]
        has_restarted = max(values) - values[-1] > span * 0.05
        if key[:2] in result.lossy_agents and len(values) >= 200 and span < 1 << 31 and not has_restarted:
            if abs(stood_for[key] - span) > span * 0.10:
                problems.append(f"source {key}: samples stand for {stood_for[key]} packets, the pool says {span}")
    return problems


def compare_capture(weir, path, ignored=()):
    """Every difference between the two decoders over one capture; `ignored` names counts of the summary."""
    got = weir_decoded(weir, path)
    result, want = reference_decoded(path)
    if got.totals is None:
        return [] if not result.datagrams else [f"weir decodes nothing, the reference {result.datagrams} datagrams"]
    problems = [f"{name}: weir {got.totals[name]}, reference {want.totals[name]}" for name in COUNTS
                if name not in ignored and got.totals[name] != want.totals[name]]
    for kind in ("groups", "older_groups"):
        problems += table_differences(kind, got.totals.get(kind, []), want.totals.get(kind, []), GROUP_KEY, GROUP_SUMS)
    lossy = result.lossy_agents
    kept = [[row if (row["agent"], row["sub_agent"]) not in lossy else row | {"frame_bytes_scaled": None}
             for row in rows] for rows in (got.totals["sources"], want.totals["sources"])]
    problems += table_differences("source", kept[0], kept[1], SOURCE_KEY, SOURCE_SUMS)
    problems += row_differences("flow", got.flows, want.flows)
    problems += row_differences("flow sample", without_interval(got.samples, lossy),
                                without_interval(want.samples, lossy))
    problems += row_differences("counter sample", got.counters, want.counters)
    return problems + pool_differences(got.samples, result)


# ------------------------------------------------------------------ captures of our own


def packet(datagram):
    """An Ethernet frame that carries the datagram from its source and port."""
    is_ipv4 = ":" not in datagram.source
    source = socket.inet_pton(socket.AF_INET if is_ipv4 else socket.AF_INET6, datagram.source)
    udp = struct.pack(">HHHH", datagram.source_port, 2_055, 8 + len(datagram.payload), 0) + datagram.payload
    if is_ipv4:
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + source + bytes((192, 0, 2, 250))
        return bytes(12) + b"\x08\x00" + ip + udp
    ip = struct.pack(">IHBB", 0x6000_0000, len(udp), 17, 64) + source + bytes(15) + b"\1"
    return bytes(12) + b"\x86\xdd" + ip + udp


def write_capture(path, sent):
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262_144, 1))
        for datagram in sent:
            frame = packet(datagram)
            seconds, nanoseconds = divmod(datagram.time_ns, 1_000_000_000)
            out.write(struct.pack("<IIII", seconds, nanoseconds, len(frame), len(frame)) + frame)


def compare_datagrams(weir, sent, ignored=()):
    with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
        write_capture(file.name, sent)
        return compare_capture(weir, file.name, ignored)


def smallest(sent, differs):
    """As few datagrams as still differ: halves, quarters and so on are left out while that holds."""
    size = max(len(sent) // 2, 1)
    while True:
        place = 0
        while place < len(sent) and len(sent) > 1:
            fewer = sent[:place] + sent[place + size:]
            if fewer and differs(fewer):
                sent = fewer
            else:
                place += size
        if size == 1:
            return sent
        size = max(size // 2, 1)


def report(weir, sent, ignored=()):
    """The differences, in words and bytes, of the smallest part of `sent` that shows one."""
    if compare_datagrams(weir, sent, (*ignored, "lost")):
        ignored = (*ignored, "lost")  # leaving datagrams out makes differences of its own there
    least = smallest(list(sent), lambda part: bool(compare_datagrams(weir, part, ignored)))
    lines = [f"the decoders differ over {len(least)} of {len(sent)} datagrams:"]
    lines += ["  " + line for line in compare_datagrams(weir, least, ignored)[:MOST_SHOWN]]
    for datagram in least:
        lines.append(f"  from {datagram.source} port {datagram.source_port}: {datagram.payload.hex()}")
    return "\n".join(lines)


def sent_in(path):
    return [Datagram(*datagram) for datagram in datagrams(pathlib.Path(path).read_bytes())]
