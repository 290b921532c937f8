"""NetFlow versions 1, 5 and 7, whose records have one layout each."""

import struct

from .addresses import address_text
from .sequences import Sequence

# Cisco, "NetFlow Export Datagram Formats": header size, octets of a record, most records.
HEADERS = {1: 16, 5: 24, 7: 24}
RECORDS = {
    1: struct.Struct(">4s4s4sHHIIIIHHxxBBB7x"),
    5: struct.Struct(">4s4s4sHHIIIIHHxBBBHHBBxx"),
    7: struct.Struct(">4s4s4sHHIIIIHHxBBBHHBBxx4x"),
}
NAMES = ("source_address", "destination_address", "next_hop", "ingress_interface", "egress_interface",
         "packet_delta_count", "octet_delta_count", "flow_start_sys_up_time", "flow_end_sys_up_time",
         "source_transport_port", "destination_transport_port")
NAMES_1 = NAMES + ("protocol_identifier", "ip_class_of_service", "tcp_control_bits")
NAMES_5 = NAMES + ("tcp_control_bits", "protocol_identifier", "ip_class_of_service", "bgp_source_as_number",
                   "bgp_destination_as_number")
MOST_RECORDS = 30
SAMPLING_MASK = 0x3FFF  # the upper two bits are the mode


def domain_of(engine_type, engine_id):
    return engine_type * 256 + engine_id


class Netflow5:
    def __init__(self, result):
        self.result = result
        self.streams = {}

    def decode(self, datagram):
        payload = datagram.payload
        version, count = struct.unpack_from(">HH", payload) if len(payload) >= 4 else (0, 0)
        head = HEADERS[version]
        if len(payload) < head:
            return self.result.refuse()
        uptime, domain, interval, number = struct.unpack_from(">I", payload, 4)[0], 0, 0, None
        if version != 1:
            number = struct.unpack_from(">I", payload, 16)[0]
        if version == 5:
            engine_type, engine_id, sampling = struct.unpack_from(">BBH", payload, 20)
            domain, interval = domain_of(engine_type, engine_id), sampling & SAMPLING_MASK
        layout = RECORDS[version]
        if count == 0 or count > MOST_RECORDS:
            return self.result.refuse()
        if count * layout.size != len(payload) - head:
            self.result.refuse()
            if version == 1:  # nothing else tells this version from noise
                return None
        if number is not None:
            key = (datagram.source, datagram.source_port, version, domain)
            stream = self.streams.setdefault(key, Sequence())
            if stream.is_repeat(number, payload, uptime):
                return None
            before = stream.lost
            stream.observe(number, payload, uptime)
            stream.advance(number, count)
            self.result.lost += stream.lost - before
        names = NAMES_1 if version == 1 else NAMES_5
        context = {"exporter": datagram.source, "protocol": f"netflow{version}", "domain": domain, "sys_up_time": uptime,
                   "sampling_interval": interval}
        # Of a datagram that is too short, the records that are there whole.
        whole = min(count, (len(payload) - head) // layout.size)
        body = payload[head:head + whole * layout.size]
        for values in layout.iter_unpack(body):
            record = dict(zip(names, values))
            record.update(context)
            record["source_address"] = address_text(values[0])
            record["destination_address"] = address_text(values[1])
            self.result.take(record)
        return None
