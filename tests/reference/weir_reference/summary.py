"""Totals as `weir decode --summary` prints them."""

MOST = (1 << 64) - 1
COUNTS = ("datagrams", "malformed", "templates", "options_templates", "options_records", "sets_without_template",
          "lost")
GROUP_KEY = ("exporter", "protocol", "domain", "input", "output")
GROUP_SUMS = ("records", "octets", "packets", "total_octets", "total_packets", "reverse_octets", "reverse_packets",
              "scaled_octets", "scaled_packets")
SOURCE_KEY = ("agent", "sub_agent", "source_class", "source_index")
SOURCE_SUMS = ("flow_samples", "counter_samples", "frame_bytes", "frame_bytes_scaled")


def rows(table, key, sums):
    return [dict(zip(key, name)) | {title: min(value, MOST) for title, value in zip(sums, values)}
            for name, values in sorted(table.items(), key=lambda row: str(row[0]))]


def groups(records):
    table = {}
    for record in records:
        get = record.get
        key = (record["exporter"], record["protocol"], record["domain"], get("ingress_interface"),
               get("egress_interface"))
        sums = table.get(key)
        if sums is None:
            sums = table[key] = [0] * len(GROUP_SUMS)
        octets, packets = get("octet_delta_count", 0), get("packet_delta_count", 0)
        total_octets, total_packets = get("octet_total_count", 0), get("packet_total_count", 0)
        interval = record["sampling_interval"]
        sums[0] += 1
        sums[1] += octets
        sums[2] += packets
        sums[3] += total_octets
        sums[4] += total_packets
        sums[5] += get("reverse_octet_delta_count", get("reverse_octet_total_count", 0))
        sums[6] += get("reverse_packet_delta_count", get("reverse_packet_total_count", 0))
        sums[7] += (octets + total_octets) * interval
        sums[8] += (packets + total_packets) * interval
    return rows(table, GROUP_KEY, GROUP_SUMS)


def frame_bytes(sample):
    """The length on the link; where none was sent, that of the IP packet."""
    return sample.get("frame_length", sample.get("octet_delta_count", 0))


def sources(samples, counters):
    table = {}
    for place, taken in ((0, samples), (1, counters)):
        for sample in taken:
            sums = table.setdefault(tuple(sample[name] for name in SOURCE_KEY), [0] * len(SOURCE_SUMS))
            sums[place] += 1
            if place == 0:
                sums[2] += frame_bytes(sample)
                sums[3] += frame_bytes(sample) * sample["sampling_interval"]
    return rows(table, SOURCE_KEY, SOURCE_SUMS)


OLDER = ("netflow1", "netflow7")


def summary(result):
    both = groups(result.records)
    totals = {name: getattr(result, name) for name in COUNTS} | {
        "groups": [row for row in both if row["protocol"] not in OLDER],
        "sources": sources(result.samples, result.counters)}
    older = [row for row in both if row["protocol"] in OLDER]
    return totals | {"older_groups": older} if older else totals
