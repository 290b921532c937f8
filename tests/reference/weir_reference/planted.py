"""Wrong rules, each a mistake that a decoder could make: the comparison must notice every one."""

import contextlib
from unittest import mock

from . import addresses, elements, flow_sets, netflow5, packet_headers, sampling, sflow5


def without(table, key):
    return {name: value for name, value in table.items() if name != key}


def swapped(table, first, second):
    return table | {first: table[second], second: table[first]}


def little_endian(octets):
    return int.from_bytes(octets, "little")


def one_octet_length(body, position):
    if position >= len(body):
        raise flow_sets.Malformed("no length octet")
    return body[position], position + 1


def first_template_stays(self, message, template_id, template):
    if template_id not in message.session.templates:
        LEARN(self, message, template_id, template)


def compact_source(reader, is_expanded):
    return reader.words(2) if is_expanded else (0, reader.word())


def compact_interfaces(reader, is_expanded):
    words = reader.words(4) if is_expanded else None
    return (words[:2], words[2:]) if words else tuple((0, word) for word in reader.words(2))


def untagged(header):
    packet = header[14:]
    return packet_headers.read_ip(packet) if header[12:14] in (b"\x08\x00", b"\x86\xdd") else {}


LEARN = flow_sets.FlowSets.learn

# (what is wrong, where, name, the wrong thing)
FAULTS = (
    ("octets and packets change places", elements, "UNSIGNED", swapped(elements.UNSIGNED, (0, 1), (0, 2))),
    ("interfaces change places", elements, "UNSIGNED", swapped(elements.UNSIGNED, (0, 10), (0, 14))),
    ("running totals are not read", elements, "UNSIGNED", without(elements.UNSIGNED, (0, 85))),
    ("the reverse direction is not read", elements, "UNSIGNED", without(elements.UNSIGNED, (elements.REVERSE, 1))),
    ("enterprise elements are taken for IANA's", elements, "UNSIGNED",
     elements.UNSIGNED | {(number, 1): ("octet_delta_count", 8) for number in (9, 2_636, 6_876, 5_951, 35_632)}),
    ("integers of odd sizes are little-endian", elements, "big_endian", little_endian),
    ("a long variable length is read as a short one", flow_sets, "variable_length", one_octet_length),
    ("a template is never replaced", flow_sets.FlowSets, "learn", first_template_stays),
    ("domains share their templates", flow_sets.FlowSets, "domain_key",
     staticmethod(lambda datagram, protocol, domain: (datagram.source, protocol))),
    ("data before its template is dropped", flow_sets.FlowSets, "release", lambda self, message: None),
    ("options data is not read", sampling.SamplingTable, "learn", lambda self, record: None),
    ("305 alone is taken for the interval", sampling, "rounded", lambda a, b: b),
    ("the sampler id is not looked at", sampling.SamplingTable, "interval_of", lambda self, record: self.domain),
    ("the mode of v5 sampling counts as interval", netflow5, "SAMPLING_MASK", 0xFFFF),
    ("engine type and id of v5 change places", netflow5, "domain_of", lambda kind, number: number * 256 + kind),
    ("compact sources of sFlow keep their class", sflow5.Sflow5, "source", staticmethod(compact_source)),
    ("compact interfaces of sFlow keep their format", sflow5.Sflow5, "interfaces", staticmethod(compact_interfaces)),
    ("expanded samples of sFlow are not known", sflow5, "EXPANDED_FLOW", -1),
    ("tags of a sampled frame end its reading", sflow5, "read_ethernet", untagged),
    ("IPv6 fragments end the chain of headers", packet_headers, "FRAGMENT", 254),
    ("ports of a sampled packet are not read", packet_headers, "read_ports", lambda protocol, header: {}),
    ("addresses are written backwards", elements, "address_text", lambda octets: addresses.address_text(octets[::-1])),
)


@contextlib.contextmanager
def planted(fault):
    _, where, name, wrong = fault
    with mock.patch.object(where, name, wrong):
        yield
