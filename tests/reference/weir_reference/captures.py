"""UDP datagrams out of capture files: pcap and pcapng, with IP fragments put together."""

import collections
import struct

from .addresses import address_text

Datagram = collections.namedtuple("Datagram", "time_ns source source_port payload")

# Link types, https://www.tcpdump.org/linktypes.html.
NULL, ETHERNET, RAW, LOOP, LINUX_COOKED, LINUX_COOKED_2, IPV4, IPV6 = 0, 1, 101, 108, 113, 276, 228, 229
RAW_ALIASES = (12, 14, RAW, IPV4, IPV6)
VLAN_TYPES = (0x8100, 0x88A8, 0x9100, 0x9200)
UDP = 17
FRAGMENT_HEADER = 44
SKIPPED_EXTENSIONS = (0, 43, 60)  # hop-by-hop, routing, destination options (RFC 8200, 4)
FRAGMENT_SECONDS = 30

PCAP_MAGICS = {0xA1B2C3D4: 1_000, 0xA1B23C4D: 1}  # nanoseconds in a unit of the fraction
SECTION, INTERFACE, SIMPLE_PACKET, ENHANCED_PACKET = 0x0A0D0D0A, 1, 3, 6


class NotACapture(Exception):
    pass


def packets(octets):
    """(time in nanoseconds, link type, captured bytes) of each packet of a capture file."""
    if len(octets) < 24:
        raise NotACapture("shorter than a file header")
    if struct.unpack_from("<I", octets)[0] == SECTION:
        return pcapng_packets(octets)
    for order in "<>":
        unit = PCAP_MAGICS.get(struct.unpack_from(order + "I", octets)[0])
        if unit:
            return pcap_packets(octets, order, unit)
    raise NotACapture("neither pcap nor pcapng")


def pcap_packets(octets, order, unit):
    # The upper bits of the link type word say whether a check sequence is kept.
    link = struct.unpack_from(order + "I", octets, 20)[0] & 0xFFFF
    header = struct.Struct(order + "IIII")
    position = 24
    while len(octets) - position >= header.size:
        seconds, fraction, captured, _ = header.unpack_from(octets, position)
        position += header.size
        if captured > len(octets) - position:
            return
        yield seconds * 1_000_000_000 + fraction * unit, link, octets[position:position + captured]
        position += captured


def timestamp_unit(options, order):
    """Nanoseconds in a unit of time, from the options of an interface block (if_tsresol, 9)."""
    position = 0
    while len(options) - position >= 4:
        code, length = struct.unpack_from(order + "HH", options, position)
        if code == 0:
            break
        if code == 9 and length >= 1:
            value = options[position + 4]
            return 1e9 / (1 << (value & 0x7F)) if value & 0x80 else 1e9 / 10 ** value
        position += 4 + (length + 3) // 4 * 4
    return 1_000


def pcapng_packets(octets):
    position, order, interfaces = 0, "<", []
    while len(octets) - position >= 12:
        kind = struct.unpack_from(order + "I", octets, position)[0]
        if kind == SECTION:
            order = "<" if octets[position + 8:position + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            interfaces = []
        length = struct.unpack_from(order + "I", octets, position + 4)[0]
        if length < 12 or length > len(octets) - position:
            return
        body = octets[position + 8:position + length - 4]
        if kind == INTERFACE and len(body) >= 8:
            interfaces.append((struct.unpack_from(order + "H", body)[0], timestamp_unit(body[8:], order)))
        elif kind == ENHANCED_PACKET and len(body) >= 20:
            interface, high, low, captured, _ = struct.unpack_from(order + "5I", body)
            if interface < len(interfaces) and captured <= len(body) - 20:
                link, unit = interfaces[interface]
                yield int((high << 32 | low) * unit), link, body[20:20 + captured]
        elif kind == SIMPLE_PACKET and interfaces and len(body) >= 4:
            original = struct.unpack_from(order + "I", body)[0]
            yield 0, interfaces[0][0], body[4:4 + original]
        position += length


def ip_packet(link, frame):
    """The IP packet in a frame, or nothing."""
    if link == ETHERNET:
        position = 12
    elif link == LINUX_COOKED:
        position = 14
    elif link == LINUX_COOKED_2:
        return frame[20:] if frame[:2] in (b"\x08\x00", b"\x86\xdd") else b""
    elif link in (NULL, LOOP):
        return frame[4:]
    else:
        return frame if link in RAW_ALIASES else b""
    while len(frame) >= position + 2:
        kind = struct.unpack_from(">H", frame, position)[0]
        position += 2
        if kind in (0x0800, 0x86DD):
            return frame[position:]
        if kind not in VLAN_TYPES:
            return b""
        position += 2
    return b""


class Reassembly:
    """IP fragments, by source, destination, protocol and identification (RFC 791, 3.2; RFC 8200, 4.5)."""

    def __init__(self):
        self.waiting = {}

    def add(self, key, time_ns, offset, is_last, piece):
        """The whole payload once every piece is there, else nothing."""
        started, pieces, total = self.waiting.get(key, (time_ns, {}, None))
        if time_ns - started > FRAGMENT_SECONDS * 1_000_000_000:
            started, pieces, total = time_ns, {}, None
        pieces.setdefault(offset, piece)
        if is_last:
            total = offset + len(piece)
        self.waiting[key] = (started, pieces, total)
        whole = b""
        for begin in sorted(pieces):
            if begin != len(whole):
                return None
            whole += pieces[begin]
        if len(whole) != total:
            return None
        del self.waiting[key]
        return whole


def ipv4_payload(packet, time_ns, fragments):
    if len(packet) < 20:
        return None
    header, total = (packet[0] & 15) * 4, struct.unpack_from(">H", packet, 2)[0]
    # A length of zero is left by segmentation in the network card; the packet is all there is.
    total = total or len(packet)
    if header < 20 or total < header or total > len(packet) or packet[9] != UDP:
        return None
    source, payload = packet[12:16], packet[header:total]
    flags = struct.unpack_from(">H", packet, 6)[0]
    if flags & 0x3FFF:
        key = packet[12:20] + packet[4:6]
        payload = fragments.add(key, time_ns, (flags & 0x1FFF) * 8, not flags & 0x2000, payload)
    return None if payload is None else (source, payload)


def ipv6_payload(packet, time_ns, fragments):
    if len(packet) < 40:
        return None
    length, following = struct.unpack_from(">HB", packet, 4)
    if 40 + length > len(packet):
        return None
    source, payload = packet[8:24], packet[40:40 + length]
    while following in SKIPPED_EXTENSIONS and len(payload) >= 8:
        following, size = payload[0], 8 + payload[1] * 8
        payload = payload[size:]
    if following == FRAGMENT_HEADER and len(payload) >= 8:
        following, _, flags, identification = struct.unpack_from(">BBHI", payload)
        key = packet[8:40] + payload[4:8]
        if flags & 0xFFF9:
            payload = fragments.add(key, time_ns, flags & 0xFFF8, not flags & 1, payload[8:])
        else:
            payload = payload[8:]
    return None if following != UDP or payload is None else (source, payload)


def datagrams(octets):
    """The UDP datagrams of a capture file's bytes, in its order."""
    fragments = Reassembly()
    for time_ns, link, frame in packets(octets):
        packet = ip_packet(link, frame)
        if not packet:
            continue
        read = {4: ipv4_payload, 6: ipv6_payload}.get(packet[0] >> 4)
        found = read(packet, time_ns, fragments) if read else None
        if not found or len(found[1]) < 8:
            continue
        source, datagram = found
        port, _, length = struct.unpack_from(">HHH", datagram)
        if length < 8 or length > len(datagram):
            continue
        yield Datagram(time_ns, address_text(source), port, datagram[8:length])
