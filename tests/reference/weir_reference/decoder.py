"""Datagrams in, records and counts out."""

from .flow_sets import FlowSets
from .netflow5 import Netflow5
from .sflow5 import Sflow5


class Result:
    """What was decoded so far. `records` are dictionaries named as the lines of `decode --json`."""

    def __init__(self):
        self.datagrams = self.malformed = self.templates = self.options_templates = 0
        self.options_records = self.sets_without_template = self.lost = 0
        self.records, self.samples, self.counters = [], [], []
        self.lossy_agents = set()  # whose intervals also stand for samples that were lost
        self.take, self.take_sample, self.take_counters = self.records.append, self.samples.append, self.counters.append
        self._is_refused = False

    def begin_datagram(self):
        self.datagrams += 1
        self._is_refused = False

    def refuse(self):
        """A datagram counts once, whatever is wrong with it."""
        if not self._is_refused:
            self.malformed += 1
        self._is_refused = True

    def new_template(self, is_options):
        if is_options:
            self.options_templates += 1
        else:
            self.templates += 1


class Decoder:
    def __init__(self):
        self.result = Result()
        self.netflow5 = Netflow5(self.result)
        self.flow_sets = FlowSets(self.result)
        self.sflow5 = Sflow5(self.result)

    def decode(self, datagram):
        self.result.begin_datagram()
        version = int.from_bytes(datagram.payload[:2], "big") if len(datagram.payload) >= 4 else -1
        if version in (1, 5, 7):
            self.netflow5.decode(datagram)
        elif version == 9:
            self.flow_sets.decode_netflow9(datagram)
        elif version == 10:
            self.flow_sets.decode_ipfix(datagram)
        elif version == 0 and datagram.payload[:4] == b"\0\0\0\5":
            self.sflow5.decode(datagram)
        else:
            self.result.refuse()


def decode_all(datagrams):
    decoder = Decoder()
    for datagram in datagrams:
        decoder.decode(datagram)
    return decoder.result
