#!/usr/bin/env python3
"""Writes contracts.yaml of the example backbone: fictional customers, the same every time.

    make_contracts.py           rewrites contracts.yaml beside this file
    make_contracts.py --check   exits with 1 if contracts.yaml is not what it would write
"""
import pathlib
import random
import sys

TARGET = pathlib.Path(__file__).with_name("contracts.yaml")

HEAD = """\
# Contracts of the example backbone: 164 over 1 Gbps and 60 of up to 1 Gbps.
# Written by make_contracts.py; all customers are fictional.
"""

# Router, POP, billing time zone, dedicated 10G ports, tagged ports shared by VLAN.
ROUTERS = [
    ("edge1.tyo", "Tokyo", "Asia/Tokyo", range(601, 611), range(701, 705)),
    ("edge1.osa", "Osaka", "Asia/Tokyo", range(601, 607), range(701, 704)),
    ("edge1.sjc", "San Jose", "America/Los_Angeles", range(601, 605), range(701, 703)),
    ("edge1.nyc", "New York", "America/New_York", range(601, 625), range(0)),
]

# How many contracts over 1 Gbps each router has, by committed rate in Mbps.
LARGE = {
    "edge1.tyo": {10000: 6, 5000: 4, 3000: 9, 2000: 17, 1500: 14, 1200: 14},
    "edge1.osa": {10000: 4, 5000: 2, 3000: 5, 2000: 11, 1500: 10, 1200: 8},
    "edge1.sjc": {10000: 2, 5000: 2, 3000: 3, 2000: 7, 1500: 9, 1200: 7},
    "edge1.nyc": {10000: 2, 5000: 2, 3000: 3, 2000: 5, 1500: 9, 1100: 9},
}
# The same for the others.
SMALL = {
    "edge1.tyo": {1000: 4, 500: 8, 200: 6, 100: 6, 50: 4},
    "edge1.osa": {1000: 2, 500: 4, 300: 3, 100: 3, 20: 2},
    "edge1.sjc": {1000: 2, 500: 3, 100: 3},
    "edge1.nyc": {1000: 2, 500: 4, 100: 4},
}

FIRST = ("Aoba Minato Kaede Hinode Sazanami Tsubame Akatsuki Shirakaba Nagisa Yamabuki Redwood Harbor Summit "
         "Cypress Hudson Lantern Beacon Cobalt Granite Meadow Orchard Pioneer Quartz Willow").split()
SECOND = ("Trading Logistics Media Games Securities Foods Textiles Robotics Printing Streaming Research "
          "Hospital University Insurance Motors Optics Chemicals Publishing Telecom Cloud").split()

# VLANs, prefixes and AS numbers that are given out in order.
PREFIXES = [f"203.0.113.{16 * i}/28" for i in range(16)] + [f"2001:db8:80{i:02x}::/48" for i in range(4)]


def rate_text(mbps):
    return f"{mbps / 1000:g}G" if mbps >= 1000 else f"{mbps}M"


def customers(rng):
    names = [f"{first} {second}" for first in FIRST for second in SECOND]
    rng.shuffle(names)
    return iter(names)


def service_of(mbps, turn):
    if mbps > 1000:
        return "datacenter" if turn % 5 == 4 else "ip"
    if mbps >= 500:
        return ("ip", "fiber", "datacenter")[turn % 3]
    return "fiber" if mbps >= 100 else "dsl"


class Places:
    """Gives each contract of a router its place: port, port and VLAN, prefix or AS."""

    def __init__(self, router, dedicated, shared):
        self.router = router
        self.dedicated = list(dedicated)
        self.shared = list(shared)
        self.next_vlan = {port: 100 for port in self.shared}
        self.turn = 0

    def attach(self, mbps, prefixes, ases):
        self.turn += 1
        if self.dedicated and (mbps >= 5000 or not self.shared):
            return [f"{{exporter: {self.router}, interface: {self.dedicated.pop(0)}}}"], "10G"
        if not self.shared or self.turn % 16 == 0:
            if prefixes and (self.shared or self.turn % 2):
                return [f"{{prefix: \"{prefixes.pop(0)}\"}}"], None
            return [f"{{as: {ases.pop(0)}}}"], None
        port = self.shared[self.turn % len(self.shared)]
        vlan = self.next_vlan[port]
        self.next_vlan[port] += 1
        name = f"{{exporter: {self.router}, interface: et-0/1/{port - 701}, vlan: {vlan}}}"
        if mbps == 3000 and len(self.shared) > 1:
            # Two circuits of one contract: their traffic is summed before it is billed.
            other = self.shared[(self.turn + 1) % len(self.shared)]
            second = f"{{exporter: {self.router}, interface: et-0/1/{other - 701}, vlan: {self.next_vlan[other]}}}"
            self.next_vlan[other] += 1
            return [name, second], "10G"
        return [name], "10G" if mbps > 1000 else rate_text(max(mbps, 1000))


def contracts():
    rng = random.Random(2024)
    names = customers(rng)
    prefixes = list(PREFIXES)
    ases = list(range(64512, 64600))
    counts = {}
    for router, pop, timezone, dedicated, shared in ROUTERS:
        places = Places(router, dedicated, shared)
        sizes = [mbps for table in (LARGE, SMALL) for mbps, n in table[router].items() for _ in range(n)]
        for turn, mbps in enumerate(sizes):
            service = service_of(mbps, turn)
            code = {"ip": "IP", "datacenter": "DC", "fiber": "FB", "dsl": "DSL"}[service]
            counts[code] = counts.get(code, 0) + 1
            attach, ceiling = places.attach(mbps, prefixes, ases)
            yield {
                "id": f"{code}-{counts[code]:06d}",
                "customer": next(names),
                "service": service,
                "pop": pop,
                "committed": rate_text(mbps),
                "ceiling": ceiling,
                "timezone": timezone,
                "from": f"{rng.randint(2017, 2023)}-{rng.randint(1, 12):02d}-01",
                "attach": attach,
            }


def render():
    lines = [HEAD]
    for contract in contracts():
        lines.append(f"- id: {contract['id']}\n"
                     f"  customer: {contract['customer']}\n"
                     f"  service: {contract['service']}\n"
                     f"  pop: {contract['pop']}\n"
                     f"  committed: {contract['committed']}\n")
        if contract["ceiling"]:
            lines.append(f"  ceiling: {contract['ceiling']}\n")
        lines.append(f"  billing: {{method: p95, direction: max_of_percentiles, timezone: {contract['timezone']}, day: 1}}\n"
                     f"  from: {contract['from']}\n"
                     f"  attach:\n")
        lines.extend(f"    - {place}\n" for place in contract["attach"])
    return "".join(lines)


def main():
    text = render()
    if "--check" in sys.argv[1:]:
        if TARGET.read_text(encoding="utf-8") == text:
            return 0
        print(f"{TARGET.name} differs from what make_contracts.py writes; run it", file=sys.stderr)
        return 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
