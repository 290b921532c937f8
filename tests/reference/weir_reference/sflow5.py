"""sFlow version 5 (sflow.org, "sFlow Version 5", July 2004)."""

import struct

from .addresses import address_text
from .packet_headers import read_ethernet, read_ip, read_mpls
from .sequences import Sequence

FLOW, COUNTERS, EXPANDED_FLOW, EXPANDED_COUNTERS = 1, 2, 3, 4
RAW_HEADER, ETHERNET_DATA, IPV4_DATA, IPV6_DATA, SWITCH, GATEWAY = 1, 2, 3, 4, 1001, 1003
INTERFACE_COUNTERS = 1
# Index, type, speed; direction, status; octets in; six 32-bit counters; octets out; six more.
COUNTERS_LAYOUT = struct.Struct(">IIQ8xQ24xQ24x")
HEADER_ETHERNET, HEADER_IPV4, HEADER_IPV6, HEADER_MPLS = 1, 11, 12, 13
FORMAT_SINGLE = 0
REPEAT_OCTETS = 256  # a sample's own number and pool are in here: no two datagrams are alike in them


class Malformed(Exception):
    pass


class Reader:
    """A cursor over XDR words (RFC 4506)."""

    def __init__(self, octets):
        self.octets, self.position = octets, 0

    def left(self):
        return len(self.octets) - self.position

    def take(self, count):
        if count > self.left():
            raise Malformed("past the end")
        self.position += count
        return self.octets[self.position - count:self.position]

    def words(self, count):
        return struct.unpack(f">{count}I", self.take(4 * count))

    def word(self):
        return self.words(1)[0]

    def opaque(self):
        """Variable-length opaque data: its length, the bytes, and zeros up to a word."""
        length = self.word()
        octets = self.take(length)
        self.take(min(-length % 4, self.left()))
        return octets

    def address(self):
        kind = self.word()
        if kind not in (1, 2):
            raise Malformed("address type")
        return self.take(4 if kind == 1 else 16)


class Sflow5:
    def __init__(self, result):
        self.result = result
        self.streams = {}

    def decode(self, datagram):
        try:
            self.read_datagram(datagram, Reader(datagram.payload))
        except Malformed:
            self.result.refuse()

    def read_datagram(self, datagram, reader):
        reader.word()
        agent = address_text(reader.address())
        sub_agent, number, uptime, count = reader.words(4)
        stream = self.streams.setdefault((datagram.source, agent, sub_agent), Sequence())
        if stream.is_repeat(number, datagram.payload[:REPEAT_OCTETS], uptime):
            return
        before = stream.lost
        stream.observe(number, datagram.payload[:REPEAT_OCTETS], uptime)
        stream.advance(number, 1)
        if stream.lost != before:
            self.result.lost += stream.lost - before
            self.result.lossy_agents.add((agent, sub_agent))
        context = {"exporter": datagram.source, "protocol": "sflow5", "agent": agent, "sub_agent": sub_agent,
                   "sys_up_time": uptime}
        for _ in range(count):
            tag = reader.word()
            sample = Reader(reader.opaque())
            try:
                if tag in (FLOW, EXPANDED_FLOW):
                    self.result.take_sample(self.read_flow(sample, tag == EXPANDED_FLOW, context))
                elif tag in (COUNTERS, EXPANDED_COUNTERS):
                    self.result.take_counters(self.read_counters(sample, tag == EXPANDED_COUNTERS, context))
            except Malformed:
                self.result.refuse()  # a sample says its length, so the next can be read

    @staticmethod
    def source(reader, is_expanded):
        """(class, index) of the data source; the short form keeps the class in the top octet."""
        if is_expanded:
            return reader.words(2)
        word = reader.word()
        return word >> 24, word & 0xFFFFFF

    @staticmethod
    def interfaces(reader, is_expanded):
        """(format, value) of input and output; the short form keeps the format in two bits."""
        if is_expanded:
            words = reader.words(4)
            return words[:2], words[2:]
        return tuple((word >> 30, word & 0x3FFFFFFF) for word in reader.words(2))

    def read_flow(self, reader, is_expanded, context):
        record = dict(context)
        reader.word()
        record["source_class"], record["source_index"] = self.source(reader, is_expanded)
        rate, pool, drops = reader.words(3)
        record.update(sampling_interval=rate, sample_pool=pool, drops=drops, packet_delta_count=1)
        for name, (form, value) in zip(("ingress_interface", "egress_interface"), self.interfaces(reader, is_expanded)):
            if form == FORMAT_SINGLE:  # 0x3fffffff, the device itself, is kept as sent
                record[name] = value
        fields = {}
        for tag, content in self.records(reader):
            try:
                self.read_record(tag, content, fields)
            except Malformed:
                self.result.refuse()
        record.update(fields)
        return record

    def records(self, reader):
        """Tag and content of each record.

        A count that is too high leaves the records as they are; one that is cut spoils the sample.
        """
        for _ in range(reader.word()):
            if not reader.left():
                self.result.refuse()
                return
            tag = reader.word()
            yield tag, Reader(reader.opaque())

    def read_record(self, tag, reader, fields):
        if tag == RAW_HEADER:
            protocol, frame_length, _, length = reader.words(4)
            if length > reader.left():  # the frame is known all the same, and some of its header
                self.result.refuse()
            header = reader.take(min(length, reader.left()))
            read = {HEADER_ETHERNET: read_ethernet, HEADER_IPV4: read_ip, HEADER_IPV6: read_ip,
                    HEADER_MPLS: read_mpls}.get(protocol)
            for name, value in (read(header) if read else {}).items():
                fields[name] = value
            fields["frame_length"] = frame_length
        elif tag == ETHERNET_DATA:
            fields.setdefault("frame_length", reader.word())
        elif tag in (IPV4_DATA, IPV6_DATA):
            length, protocol = reader.words(2)
            size = 4 if tag == IPV4_DATA else 16
            source, destination = reader.take(size), reader.take(size)
            sport, dport, flags, tos = reader.words(4)
            for name, value in (("octet_delta_count", length), ("protocol_identifier", protocol & 0xFF),
                                ("source_address", address_text(source)),
                                ("destination_address", address_text(destination)),
                                ("source_transport_port", sport & 0xFFFF),
                                ("destination_transport_port", dport & 0xFFFF), ("tcp_control_bits", flags & 0xFF),
                                ("ip_class_of_service", tos & 0xFF)):
                fields.setdefault(name, value)
        elif tag == SWITCH:
            source_vlan, _, destination_vlan, _ = reader.words(4)
            fields["switch_vlans"] = (source_vlan, destination_vlan)

    def read_counters(self, reader, is_expanded, context):
        record = dict(context)
        reader.word()
        record["source_class"], record["source_index"] = self.source(reader, is_expanded)
        for tag, content in self.records(reader):
            if tag != INTERFACE_COUNTERS or "if_index" in record:
                continue
            if content.left() < COUNTERS_LAYOUT.size:
                self.result.refuse()
                continue
            values = COUNTERS_LAYOUT.unpack(content.take(COUNTERS_LAYOUT.size))
            record.update(zip(("if_index", "if_type", "if_speed", "if_in_octets", "if_out_octets"), values))
        return record
