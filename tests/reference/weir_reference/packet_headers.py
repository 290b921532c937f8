"""What the first bytes of a sampled packet say: addresses, ports, tags, length."""

import struct

from .addresses import address_text

VLAN_TYPES = (0x8100, 0x88A8, 0x9100, 0x9200)
MPLS_TYPES = (0x8847, 0x8848)
TCP, UDP, SCTP = 6, 17, 132
ICMPS = (1, 58)
EXTENSIONS = (0, 43, 60, 135, 139, 140)
FRAGMENT, AUTHENTICATION = 44, 51


def read_ethernet(header):
    """Fields of an Ethernet frame."""
    found, position = {}, 12
    while len(header) >= position + 2:
        kind = struct.unpack_from(">H", header, position)[0]
        position += 2
        if kind in VLAN_TYPES and len(header) >= position + 2:
            # The outer tag names the customer's service (IEEE 802.1Q, 9.6: the low 12 bits).
            found.setdefault("vlan_id", struct.unpack_from(">H", header, position)[0] & 0xFFF)
            position += 2
            continue
        if kind == 0x0800 or kind == 0x86DD:
            found.update(read_ip(header[position:]))
        elif kind in MPLS_TYPES:
            found.update(read_mpls(header[position:]))
        break
    return found


def read_mpls(header):
    """RFC 3032, 2.1: the label with the bottom bit is the last; IP is told by its version."""
    position = 0
    while len(header) >= position + 4:
        is_bottom = header[position + 2] & 1
        position += 4
        if is_bottom:
            return read_ip(header[position:])
    return {}


def read_ip(header):
    version = header[0] >> 4 if header else 0
    if version == 4:
        return read_ipv4(header)
    return read_ipv6(header) if version == 6 else {}


def read_ipv4(header):
    size = (header[0] & 15) * 4
    if len(header) < 20 or size < 20:
        return {}
    found = {"octet_delta_count": struct.unpack_from(">H", header, 2)[0], "protocol_identifier": header[9],
             "ip_class_of_service": header[1], "source_address": address_text(header[12:16]),
             "destination_address": address_text(header[16:20])}
    is_first = not struct.unpack_from(">H", header, 6)[0] & 0x1FFF
    if is_first:  # only the first fragment has the ports
        found.update(read_ports(header[9], header[size:]))
    return found


def read_ipv6(header):
    if len(header) < 40:
        return {}
    word, length, following = struct.unpack_from(">IHB", header)
    found = {"octet_delta_count": 40 + length, "ip_class_of_service": word >> 20 & 0xFF,
             "source_address": address_text(header[8:24]), "destination_address": address_text(header[24:40])}
    position = 40
    while following in EXTENSIONS or following in (FRAGMENT, AUTHENTICATION):
        if len(header) < position + 8:  # cut short: its first octet still tells what comes next
            following = header[position] if len(header) >= position + 2 else following
            position = len(header)
            break
        if following == FRAGMENT and struct.unpack_from(">H", header, position + 2)[0] & 0xFFF8:
            following, position = header[position], len(header)
            break
        size = {FRAGMENT: 8, AUTHENTICATION: (header[position + 1] + 2) * 4}.get(
            following, (header[position + 1] + 1) * 8)
        following, position = header[position], position + size
    found["protocol_identifier"] = following
    found.update(read_ports(following, header[position:]))
    return found


def read_ports(protocol, header):
    found = {}
    if protocol in (TCP, UDP, SCTP) and len(header) >= 4:
        found["source_transport_port"], found["destination_transport_port"] = struct.unpack_from(">HH", header)
        if protocol == TCP and len(header) >= 14:
            found["tcp_control_bits"] = header[13]
    elif protocol in ICMPS and len(header) >= 2:
        # Type and code stand where NetFlow puts them.
        found["destination_transport_port"] = header[0] << 8 | header[1]
    return found
