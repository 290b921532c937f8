"""Information elements that this decoder reads (IANA registry "IPFIX Information Elements").

NetFlow version 9 numbers its field types alike (RFC 3954, 8), up to 127 by definition and above by
custom.
"""

import functools

from .addresses import address_text
from .packet_headers import read_ethernet, read_ip

REVERSE = 29_305  # RFC 5103, 6.1: the reverse direction of the element with the same number

UNSIGNED = {  # (enterprise, element): (name of the value, octets of its type)
    (0, 1): ("octet_delta_count", 8), (0, 2): ("packet_delta_count", 8),
    (0, 85): ("octet_total_count", 8), (0, 86): ("packet_total_count", 8),
    (REVERSE, 1): ("reverse_octet_delta_count", 8), (REVERSE, 2): ("reverse_packet_delta_count", 8),
    (REVERSE, 85): ("reverse_octet_total_count", 8), (REVERSE, 86): ("reverse_packet_total_count", 8),
    (0, 4): ("protocol_identifier", 1), (0, 5): ("ip_class_of_service", 1), (0, 6): ("tcp_control_bits", 2),
    (0, 7): ("source_transport_port", 2), (0, 11): ("destination_transport_port", 2),
    (0, 10): ("ingress_interface", 4), (0, 14): ("egress_interface", 4),
    (0, 16): ("bgp_source_as_number", 4), (0, 17): ("bgp_destination_as_number", 4),
    (0, 21): ("flow_end_sys_up_time", 4), (0, 22): ("flow_start_sys_up_time", 4),
    (0, 34): ("interval_34", 4), (0, 48): ("sampler_id", 8), (0, 50): ("interval_50", 4),
    (0, 58): ("vlan_id", 2), (0, 59): ("post_vlan_id", 2), (0, 61): ("flow_direction", 1),
    (0, 243): ("vlan_id_243", 2), (0, 254): ("post_vlan_id_254", 2),
    (0, 302): ("sampler_id", 8), (0, 304): ("selector_algorithm", 2),
    (0, 305): ("sampling_packet_interval", 4), (0, 306): ("sampling_packet_space", 4),
    (0, 309): ("sampling_size", 4), (0, 310): ("sampling_population", 4),
}
TIMES = {  # of a fixed size each (RFC 7011, 6.2: dateTime types are not reduced)
    (0, 150): ("flow_start_seconds", 4), (0, 151): ("flow_end_seconds", 4),
    (0, 152): ("flow_start_milliseconds", 8), (0, 153): ("flow_end_milliseconds", 8),
    (0, 154): ("flow_start_microseconds", 8), (0, 155): ("flow_end_microseconds", 8),
    (0, 156): ("flow_start_nanoseconds", 8), (0, 157): ("flow_end_nanoseconds", 8),
}
# Differences in microseconds, unsigned32 and so reducible.
UNSIGNED[0, 158] = ("flow_start_delta_microseconds", 4)
UNSIGNED[0, 159] = ("flow_end_delta_microseconds", 4)
ADDRESSES = {
    (0, 8): ("source_address", 4), (0, 12): ("destination_address", 4),
    (0, 27): ("source_address_6", 16), (0, 28): ("destination_address_6", 16),
}
# Beginnings of a packet, as long as was sampled: Cisco's and those of RFC 7133 and RFC 5477, 8.5.
SECTIONS = {(0, 104): "section_ethernet", (0, 315): "section_ethernet", (0, 313): "section_ip"}
PROBABILITY = (0, 311)  # samplingProbability, float64 that may be sent as float32

# Version 9 scopes (RFC 3954, 6.1) have numbers of their own, and so a key of their own here.
SCOPE = "scope"
SCOPE_INTERFACE = (SCOPE, 2)

# Values that several elements carry: the name under which a record has it, and those of the elements,
# the preferred first.
ALTERNATIVES = (
    ("source_address", "source_address_6"), ("destination_address", "destination_address_6"),
    ("vlan_id", "vlan_id_243"), ("post_vlan_id", "post_vlan_id_254"),
)
RATES = {(0, number) for number in (34, 48, 50, 302, 304, 305, 306, 309, 310)}
UNSPECIFIED = ("0.0.0.0", "::", None)
# Times of one record are all of one unit, absolute ones before those that depend on the header.
TIME_UNITS = ("milliseconds", "microseconds", "nanoseconds", "seconds", "delta_microseconds", "sys_up_time")

WHOLE = {1: "B", 2: "H", 4: "I", 8: "Q"}


def is_known(element, is_options):
    """Whether its value would be read; of options, what speaks of sampling."""
    if is_options:
        return element in RATES
    return element in UNSIGNED or element in TIMES or element in ADDRESSES


def names_of(element):
    for table in (UNSIGNED, TIMES, ADDRESSES):
        if element in table:
            yield table[element][0]
    if element in SECTIONS:
        yield SECTIONS[element]


def choices_of(names):
    """What is left to do with each record of a template that reads these names."""
    names = set(names)
    choices = [functools.partial(choose_alternative, name, second) for name, second in ALTERNATIVES if second in names]
    units = [unit for unit in TIME_UNITS if {"flow_start_" + unit, "flow_end_" + unit} & names]
    choices += [functools.partial(read_section, name, read) for name, read in
                (("section_ethernet", read_ethernet), ("section_ip", read_ip)) if name in names]
    return choices + [functools.partial(drop_times, unit) for unit in units[1:]]


def read_section(name, read, record):
    """What the exporter does not say itself is read from the packet; its length is no counter."""
    found = read(record.pop(name, b""))
    found.pop("octet_delta_count", None)
    for key, value in found.items():
        record.setdefault(key, value)


def choose_alternative(name, second, record):
    """The first that says something: exporters with one layout for both families leave one zero.

    Where both say something the order of the template tells: the outer header stands first
    (RFC 7011, 8: occurrences follow the order of the packet's treatment). It is kept by the record.
    """
    if second not in record:
        return
    is_outer = next(key for key in record if key in (name, second)) == second and "address" in name
    value = record.pop(second)
    if record.get(name) in UNSPECIFIED or (is_outer and value not in UNSPECIFIED):
        record[name] = value


def drop_times(unit, record):
    record.pop("flow_start_" + unit, None)
    record.pop("flow_end_" + unit, None)


def big_endian(octets):
    return int.from_bytes(octets, "big")


def meaning(element, length):
    """(name, struct code, conversion or None) of a field of this length, or None for bytes to pass over.

    Integers may come in fewer octets than their type has (RFC 7011, 6.2); more than the type has, or
    an address or time of another size, has no meaning and is passed over.
    """
    if element in UNSIGNED:
        name, size = UNSIGNED[element]
        if not 1 <= length <= size:
            return None
        return (name, WHOLE[length], None) if length in WHOLE else (name, f"{length}s", big_endian)
    if element in TIMES:
        name, size = TIMES[element]
        return (name, WHOLE[size], None) if length == size else None
    if element in ADDRESSES:
        name, size = ADDRESSES[element]
        return (name, f"{size}s", address_text) if length == size else None
    if element in SECTIONS and length:
        return SECTIONS[element], f"{length}s", None
    if element == PROBABILITY and length in (4, 8):
        return "sampling_probability", "d" if length == 8 else "f", None
    if element == SCOPE_INTERFACE and 1 <= length <= 4:
        return "scope_interface", f"{length}s", big_endian
    return None
