"""Random datagrams of every protocol: legal, but as unlike common routers' as the standards allow.

Everything comes from one seeded random.Random, so that a seed names its datagrams.
"""

import struct

from .captures import Datagram

START_NS = 1_700_000_000_000_000_000
UPTIME_MS = 50_000_000
VARIABLE = 0xFFFF
RECORD_OCTETS = {1: 48, 5: 48, 7: 52}

# Elements that Weir reads, with the lengths that their types may have (RFC 7011, 6.2).
UNSIGNED_64 = tuple(range(1, 9))
UNSIGNED_32 = (1, 2, 3, 4)
COUNTERS = ((1, UNSIGNED_64), (2, UNSIGNED_64), (85, UNSIGNED_64), (86, UNSIGNED_64))
REVERSE_COUNTERS = ((1, UNSIGNED_64), (2, UNSIGNED_64), (85, UNSIGNED_64), (86, UNSIGNED_64))
KEYS = ((4, (1,)), (5, (1,)), (6, (1, 2)), (7, (1, 2)), (11, (1, 2)), (10, UNSIGNED_32), (14, UNSIGNED_32),
        (16, UNSIGNED_32), (17, UNSIGNED_32), (61, (1,)), (58, (2,)), (59, (2,)))
TIMES = (((22, (4,)), (21, (4,))), ((150, (4,)), (151, (4,))), ((152, (8,)), (153, (8,))), ((154, (8,)), (155, (8,))),
         ((156, (8,)), (157, (8,))), ((158, (4,)), (159, (4,))))
# Passed over whatever they hold: strings, labels, addresses of the link, counters of other things.
OTHERS = ((9, (1,)), (13, (1,)), (29, (1,)), (30, (1,)), (31, (4,)), (32, (2,)), (40, (8,)),
          (41, (8,)), (52, (1,)), (56, (6,)), (80, (6,)), (64, (4,)), (70, (3,)), (71, (3,)), (82, (16, 32, 1)),
          (83, (40,)), (94, (12,)), (95, (4,)), (136, (1,)), (148, (4, 8)), (176, (1,)), (195, (1,)), (210, (1, 2, 3, 7)),
          (225, (4,)), (226, (4,)), (233, (1,)), (239, (1,)), (371, (10,)))
TEXTS = (82, 83, 94, 96, 210, 236, 371)  # may have any length each time
ENTERPRISES = (9, 2_636, 6_876, 5_951, 35_632, 4_294_967_295)
RATES = (1, 2, 10, 100, 512, 1_000, 4_096, 65_536, 1_000_000)


class Exporter:
    """One router: its sessions, and what it has told the collector so far."""

    def __init__(self, random, protocol, source):
        self.random, self.protocol, self.source = random, protocol, source
        self.port = random.randrange(1_024, 65_536)
        self.domain = random.choice((0, 1, 256, random.getrandbits(32)))
        self.sequence = random.getrandbits(32)
        self.uptime = UPTIME_MS
        self.templates, self.options = {}, {}
        self.unannounced = []  # ids whose template is still to come
        self.has_moved = False  # to another port

    # ---------------------------------------------------------------- fields

    def has(self, chance):
        return self.random.random() < chance

    def fields(self):
        """A layout: no element twice, and of elements that mean one thing, one."""
        choose, fields = self.random, []
        fields += [(0, *self.element(choice)) for choice in COUNTERS if self.has(0.5)]
        fields += [(0, *self.element(choice)) for choice in KEYS if self.has(0.5)]
        family = choose.choice((((8, (4,)), (12, (4,))), ((27, (16,)), (28, (16,))), ()))
        fields += [(0, *self.element(choice)) for choice in family if self.has(0.9)]
        fields += [(0, *self.element(choice)) for choice in choose.choice(TIMES + ((),)) if self.has(0.9)]
        fields += [(0, *self.element(choice)) for choice in choose.sample(OTHERS, choose.randrange(6))]
        if self.has(0.4):
            fields.append((0, 48 if self.protocol == 9 or self.has(0.5) else 302, choose.choice((1, 2, 4))))
        elif self.has(0.3):
            fields.append((0, 34, choose.choice(UNSIGNED_32)))
        if self.protocol == 10:
            if self.has(0.3):
                fields += [(29_305, *self.element(choice)) for choice in choose.choice(
                    (REVERSE_COUNTERS[:2], REVERSE_COUNTERS[2:])) if self.has(0.8)]
            for _ in range(choose.randrange(3)):
                # The number of a known element under an enterprise is not that element.
                fields.append((choose.choice(ENTERPRISES), choose.choice((1, 2, 8, 10, 900)), choose.choice((1, 3, 8, 20))))
            taken = {number for _, number, _ in fields}
            fields += [(0, number, VARIABLE) for number in TEXTS if number not in taken and self.has(0.06)]
        if not fields:
            fields = [(0, 1, 4)]
        choose.shuffle(fields)
        return fields

    def element(self, choice):
        number, lengths = choice
        return number, self.random.choice(lengths)

    def value(self, field):
        _, number, length = field
        choose = self.random
        if length == VARIABLE:
            octets = choose.randbytes(choose.choice((0, 1, 3, 20, 254, 255, 256, 300) if self.has(0.1) else (0, 1, 3, 20)))
            # Short values may have the long form of the length too (RFC 7011, 7).
            if len(octets) < 255 and self.has(0.8):
                return bytes((len(octets),)) + octets
            return b"\xff" + struct.pack(">H", len(octets)) + octets
        if number in (48, 302) and field[0] == 0:
            return choose.randrange(4).to_bytes(length, "big")
        if number in (10, 14) and field[0] == 0:
            return choose.randrange(6).to_bytes(length, "big")
        if number in (58, 59) and field[0] == 0:
            return choose.randrange(1, 4_095).to_bytes(length, "big")
        if self.has(0.05):
            return choose.choice((b"\0", b"\xff")) * length
        if number in (1, 2, 85, 86):
            # Sums of whole captures stay below 2^64.
            return choose.getrandbits(min(8 * length, 40)).to_bytes(length, "big")
        return choose.randbytes(length)

    # ---------------------------------------------------------------- templates

    def specifiers(self, fields):
        octets = b""
        for enterprise, number, length in fields:
            if enterprise:
                octets += struct.pack(">HHI", 0x8000 | number, length, enterprise)
            else:
                octets += struct.pack(">HH", number, length)
        return octets

    def template_set(self, templates):
        body = b"".join(struct.pack(">HH", number, len(fields)) + self.specifiers(fields)
                        for number, fields in templates.items())
        return self.set_of(2 if self.protocol == 10 else 0, body, 4)

    def new_options(self):
        """A layout that tells a rate: whose, and in which elements."""
        choose = self.random
        scope = choose.choice(("domain", "interface", "sampler"))
        way = choose.choice(((34,), (50,), (305, 306), (309, 310)) if self.protocol == 10 else ((34,), (50,)))
        fields = [(0, number, choose.choice((4, 4, 3, 2)) if number in (34, 50) else 4) for number in way]
        if self.protocol == 10:
            scopes = {"domain": [(0, 149, 4)], "interface": [(0, 10, 4)], "sampler": [(0, 302, choose.choice((1, 4, 8)))]}[scope]
            if self.has(0.3) and scope != "interface":
                fields.append((0, 84, VARIABLE))
        else:
            scopes = [(0, 2 if scope == "interface" else 1, choose.choice((2, 4)))]
            if scope == "sampler":
                fields.append((0, 48, choose.choice((1, 2, 4))))
            if self.has(0.3):
                fields.append((0, 84, 12))
        choose.shuffle(fields)
        return scopes, fields

    def options_template_set(self, templates):
        body = b""
        for number, (scopes, fields) in templates.items():
            both = self.specifiers(scopes) + self.specifiers(fields)
            if self.protocol == 10:
                body += struct.pack(">HHH", number, len(scopes) + len(fields), len(scopes)) + both
            else:
                body += struct.pack(">HHH", number, 4 * len(scopes), 4 * len(fields)) + both
        return self.set_of(3 if self.protocol == 10 else 1, body, 6)

    def set_of(self, number, body, shortest):
        """Padded with zeros, by less than a record (RFC 7011, 3.3.1)."""
        if self.has(0.5):
            body += bytes(min(-len(body) % 4, shortest - 1))
        elif self.has(0.1):
            body += bytes(min(3, shortest - 1))
        return struct.pack(">HH", number, 4 + len(body)) + body

    # ---------------------------------------------------------------- data

    def shortest(self, fields):
        return sum(1 if length == VARIABLE else length for _, _, length in fields)

    def data_set(self, number, fields, count):
        body = b"".join(self.value(field) for _ in range(count) for field in fields)
        return self.set_of(number, body, self.shortest(fields))

    def options_set(self, number):
        scopes, fields = self.options[number]
        choose, body = self.random, b""
        count = choose.randrange(1, 4)
        for _ in range(count):
            rate = choose.choice(RATES)
            for field in scopes + fields:
                values = {34: rate, 50: rate, 305: 1, 306: rate - 1, 309: 1, 310: rate}
                if field in fields and field[1] in values and field[0] == 0:
                    limit = (1 << 8 * field[2]) - 1
                    body += min(values[field[1]], limit).to_bytes(field[2], "big")
                elif field in scopes and field[1] in (1, 2, 10):
                    body += choose.randrange(6).to_bytes(field[2], "big")
                else:
                    body += self.value(field)
        return self.set_of(number, body, self.shortest(scopes + fields)), count

    # ---------------------------------------------------------------- messages

    def message(self):
        """(payload, flow records) of the next message."""
        if self.protocol < 9:
            return self.netflow5()
        sets, units, records = [], 0, 0
        choose = self.random
        number = choose.randrange(256, 270)
        if (not self.templates or self.has(0.1)) and number not in self.unannounced:
            is_new = number not in self.templates
            self.templates[number] = self.fields()
            if is_new and self.has(0.3):
                self.unannounced.append(number)  # its data comes first
            else:
                sets.append(self.template_set({number: self.templates[number]}))
        if self.has(0.08):
            number = choose.randrange(300, 306)
            self.options[number] = self.new_options()
            sets.append(self.options_template_set({number: self.options[number]}))
        if self.unannounced and self.has(0.3):
            sets.append(self.template_set({number: self.templates[number] for number in self.unannounced}))
            self.unannounced = []
        if self.has(0.05):
            # A repetition changes nothing.
            known = {number: fields for number, fields in self.templates.items() if number not in self.unannounced}
            sets += [self.template_set(known)] if known else []
        if self.options and self.has(0.15):
            octets, count = self.options_set(choose.choice(sorted(self.options)))
            sets.append(octets)
            units += count
        for _ in range(choose.randrange(4) if self.templates else 0):
            number = choose.choice(sorted(self.templates))
            count = choose.randrange(1, 12)
            octets = self.data_set(number, self.templates[number], count)
            if sum(map(len, sets)) + len(octets) < 8_000:
                sets.append(octets)
                units += count
                records += count
        if self.has(0.05):
            sets.append(self.set_of(choose.randrange(4, 256), choose.randbytes(8), 1))  # reserved
        return self.finish(b"".join(sets), len(sets), units), records

    def finish(self, body, count, units):
        self.uptime += self.random.randrange(2_000)
        seconds = 1_700_000_000 + (self.uptime - UPTIME_MS) // 1_000
        number = self.sequence
        if self.protocol == 10:
            self.sequence = (number + units) & 0xFFFFFFFF
            return struct.pack(">HHIII", 10, 16 + len(body), seconds, number, self.domain) + body
        self.sequence = (number + 1) & 0xFFFFFFFF
        return struct.pack(">HHIIII", 9, count, self.uptime, seconds, number, self.domain) + body

    def netflow5(self):
        choose = self.random
        self.uptime += choose.randrange(2_000)
        count = choose.randrange(1, 31)
        number, self.sequence = self.sequence, (self.sequence + count) & 0xFFFFFFFF
        payload = struct.pack(">HHIII", self.protocol, count, self.uptime, 1_700_000_000, choose.getrandbits(29))
        if self.protocol == 5:
            sampling = choose.choice((0, 1, 0x4000 | 100, 0x8000 | 16_383, 0xC000, choose.getrandbits(16)))
            payload += struct.pack(">IHH", number, self.domain & 0xFFFF, sampling)
        elif self.protocol == 7:
            payload += struct.pack(">II", number, 0)
        return payload + b"".join(choose.randbytes(RECORD_OCTETS[self.protocol]) for _ in range(count)), count

    def datagram(self, time_ns):
        payload, records = self.message()
        if self.has(0.01) and not self.unannounced and not self.has_moved:
            self.has_moved = True
            self.port = self.random.randrange(1_024, 65_536)  # its next message comes from another port
            self.__dict__.update(templates={}, options={}, unannounced=[])
        return Datagram(time_ns, self.source, self.port, payload), records


class Agent:
    """An sFlow agent."""

    def __init__(self, random, source):
        self.random, self.source = random, source
        self.agent = random.choice((random.randbytes(4), random.randbytes(16)))
        self.sub_agent, self.sequence = random.randrange(4), random.getrandbits(32)
        self.port, self.uptime = 6_343, UPTIME_MS
        self.pool = random.getrandbits(31)

    def record(self, tag, body):
        return struct.pack(">II", tag, len(body)) + body + bytes(-len(body) % 4)

    def header(self):
        """A sampled packet from its Ethernet header on, cut somewhere now and then."""
        choose = self.random
        frame = choose.randbytes(12)
        for _ in range(choose.choice((0, 0, 1, 2))):
            frame += struct.pack(">HH", choose.choice((0x8100, 0x88A8)), choose.randrange(1, 4_095))
        protocol = choose.choice((1, 6, 17, 47, 132, 58))
        fragment = choose.choice((0, 0, 0, 0x2000, 0x00B9))
        inside, has_extensions = choose.randbytes(choose.choice((0, 2, 4, 8, 20, 40))), False
        if choose.random() < 0.5:
            words = choose.choice((5, 5, 5, 6, 15))
            ip = struct.pack(">BBHHHBBH", 0x40 | words, choose.getrandbits(8), choose.randrange(20, 1_501), 7, fragment, 64,
                             protocol, 0) + choose.randbytes(8 + 4 * (words - 5))
            frame += b"\x08\x00" + ip + inside
        else:
            chain = choose.choice(((), (), (0,), (60, 0), (44,)))
            extensions, has_extensions = b"", bool(chain)
            for place, kind in enumerate(chain):
                following = chain[place + 1] if place + 1 < len(chain) else protocol
                extensions += (struct.pack(">BBHI", following, 0, choose.choice((0, 1, 0x100)), 9) if kind == 44
                               else bytes((following, 0)) + bytes(6))
            ip = struct.pack(">IHBB", 6 << 28 | choose.getrandbits(28), choose.randrange(1_400),
                             chain[0] if chain else protocol, 64) + choose.randbytes(32)
            frame += b"\x86\xdd" + ip + extensions + inside
        if choose.random() < 0.1 and not has_extensions:  # how far half an extension reads is nobody's to say
            frame = frame[:choose.randrange(len(frame))]
        head = struct.pack(">IIII", 1, choose.randrange(60, 9_000), 4, len(frame))
        return self.record(1, head + frame + bytes(-len(frame) % 4))

    def sampled_ip(self):
        choose = self.random
        size = choose.choice((4, 16))
        return self.record(3 if size == 4 else 4, struct.pack(">II", choose.randrange(40, 1_501), choose.getrandbits(8))
                           + choose.randbytes(2 * size) + struct.pack(">4I", choose.getrandbits(16), choose.getrandbits(16),
                                                                      choose.getrandbits(8), choose.getrandbits(8)))

    def flow_records(self):
        choose = self.random
        records = [self.header()] if choose.random() < 0.8 else [self.sampled_ip()]
        if choose.random() < 0.3:
            records.append(self.record(1_001, struct.pack(">4I", choose.randrange(4_095), 0, choose.randrange(4_095), 0)))
        if choose.random() < 0.2:
            records.append(self.record(choose.choice((1_004, 0x1234_5001, 1_021)), choose.randbytes(choose.choice((0, 4, 40)))))
        choose.shuffle(records)
        return struct.pack(">I", len(records)) + b"".join(records)

    def flow_sample(self):
        choose = self.random
        rate = choose.choice(RATES)
        self.pool = (self.pool + rate) & 0xFFFFFFFF
        way = choose.choice(((0, 25, 0, 26), (0, 25, 1, 256), (0, 25, 2, 3), (0, 0, 0, 0), (0, 0x3FFFFFFF, 0, 7),
                             (0, 9, 0, 0x3FFFFFFF)))
        number, source = choose.getrandbits(32), choose.randrange(1, 9)
        if choose.random() < 0.5:
            source |= choose.choice((0, 0, 1, 2)) << 24
            head = struct.pack(">IIIII", number, source, rate, self.pool, 0)
            return self.record(1, head + struct.pack(">II", way[0] << 30 | way[1], way[2] << 30 | way[3]) + self.flow_records())
        head = struct.pack(">6I", number, choose.choice((0, 0, 1, 2)), source + choose.choice((0, 1 << 24)), rate, self.pool, 0)
        return self.record(3, head + struct.pack(">4I", *way) + self.flow_records())

    def counter_sample(self):
        choose = self.random
        head = struct.pack(">IIQII", choose.randrange(99), 6, choose.getrandbits(40), 1, 3)
        interface = self.record(1, head + choose.randbytes(64))
        others = self.record(choose.choice((2, 1_001, 2_001)), choose.randbytes(52))
        records = choose.choice(([interface], [others], [interface, others], [others, interface], []))
        body = struct.pack(">I", len(records)) + b"".join(records)
        number, source = choose.getrandbits(32), choose.randrange(1, 9)
        if choose.random() < 0.5:
            return self.record(2, struct.pack(">II", number, source) + body)
        return self.record(4, struct.pack(">III", number, 0, source) + body)

    def datagram(self, time_ns):
        choose = self.random
        self.uptime += choose.randrange(2_000)
        samples, flows = [], 0
        for _ in range(choose.randrange(9)):
            kind = choose.random()
            if kind < 0.7:
                samples.append(self.flow_sample())
                flows += 1
            elif kind < 0.9:
                samples.append(self.counter_sample())
            else:
                samples.append(self.record(choose.choice((5, 0x0001_0001, 99)), choose.randbytes(4 * choose.randrange(9))))
        head = struct.pack(">II", 5, 1 if len(self.agent) == 4 else 2) + self.agent
        number, self.sequence = self.sequence, (self.sequence + 1) & 0xFFFFFFFF
        payload = head + struct.pack(">4I", self.sub_agent, number, self.uptime, len(samples)) + b"".join(samples)
        return Datagram(time_ns, self.source, self.port, payload), flows


def conversation(random, records):
    """Datagrams of several exporters at once, with about so many flow records and samples."""
    exporters = []
    for number in range(random.randrange(2, 7)):
        source = f"192.0.2.{number + 1}" if random.random() < 0.7 else f"2001:db8::{number + 1}"
        kind = random.choice((5, 5, 1, 7, 9, 9, 9, 9, 10, 10, 10, 10, "sflow", "sflow"))
        if kind == "sflow":
            exporters.append(Agent(random, source))
            continue
        exporters.append(Exporter(random, kind, source))
        if random.random() < 0.5:  # two domains of one exporter share nothing
            twin = Exporter(random, kind, source)
            twin.port, twin.domain = exporters[-1].port, exporters[-1].domain ^ 1
            exporters.append(twin)
    sent, time_ns = [], START_NS
    while records > 0:
        time_ns += random.randrange(1_000_000)
        datagram, count = random.choice(exporters).datagram(time_ns)
        records -= max(count, 1)
        sent.append(datagram)
    return sent


def head_octets(payload):
    """How many octets identify the stream and its place in it: a change there is another exporter's."""
    version = int.from_bytes(payload[:2], "big")
    return {1: 16, 5: 24, 7: 24, 9: 20, 10: 16}.get(version, 44)


def mutated(random, sent):
    """The same datagrams with bytes changed behind their headers, and some cut short."""
    changed = []
    for datagram in sent:
        octets = bytearray(datagram.payload)
        head = head_octets(octets)
        if random.random() < 0.4 and len(octets) > head:
            for _ in range(random.choice((1, 1, 1, 2, 5))):
                octets[random.randrange(head, len(octets))] = random.choice((0, 1, 255, random.getrandbits(8)))
        if random.random() < 0.05 and len(octets) > head:
            del octets[random.randrange(head, len(octets) + 1):]
        changed.append(datagram._replace(payload=bytes(octets)))
    return changed
