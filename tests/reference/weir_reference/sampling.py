"""One packet in how many a record stands for, as options data or the record itself says."""

MOST = (1 << 32) - 1


def own_interval(record):
    """What a record says of itself, 0 for nothing: elements 34, 50, and those of RFC 5477, 8.2."""
    if not record.keys() & SAYING:
        return 0
    for name in ("interval_34", "interval_50"):
        if record.get(name):
            return record[name]
    taken, space = record.get("sampling_packet_interval", 0), record.get("sampling_packet_space")
    if taken and space is not None:  # systematic count-based: of 305 + 306 packets, 305 are taken
        return rounded(taken + space, taken)
    size, population = record.get("sampling_size", 0), record.get("sampling_population", 0)
    if size and population >= size:  # random n out of N
        return rounded(population, size)
    probability = record.get("sampling_probability", 0)
    if 0 < probability <= 1 and 1 / probability <= MOST:
        return int(1 / probability + 0.5)
    return 0


SAYING = frozenset(("interval_34", "interval_50", "sampling_packet_interval", "sampling_size", "sampling_probability"))


def rounded(a, b):
    return min((2 * a + b) // (2 * b), MOST)


class SamplingTable:
    """What options data of one session has told; the last word of each holds.

    The standards do not rank the scopes. The order here is the one of docs/accuracy.md: the more
    particular word before the more general.
    """

    def __init__(self):
        self.samplers, self.ingress, self.egress, self.domain = {}, {}, {}, 0

    def __eq__(self, other):
        return vars(self) == vars(other)

    def is_empty(self):
        return not (self.samplers or self.ingress or self.egress or self.domain)

    def learn(self, record):
        interval = own_interval(record)
        if not interval:
            return
        # Interface 0 is no interface, and speaks of the whole domain.
        ingress = record.get("scope_interface") or record.get("ingress_interface")
        egress = record.get("egress_interface")
        if "sampler_id" in record:
            self.samplers[record["sampler_id"]] = interval
        elif ingress:
            self.ingress[ingress] = interval
        elif egress:
            self.egress[egress] = interval
        else:
            self.domain = interval

    def of_interface(self, record):
        """That of the interface which metered the record, if it says, else ingress before egress."""
        metered = record.get("flow_direction")
        interval = 0
        if metered != 1:
            interval = self.ingress.get(record.get("ingress_interface"), 0)
        if not interval and metered != 0:
            egress = record.get("egress_interface")
            interval = self.egress.get(egress, 0)
            if not interval and metered == 1:  # options that name an interface without its way
                interval = self.ingress.get(egress, 0)
        return interval

    def interval_of(self, record):
        sampler = record.get("sampler_id")
        interval = self.samplers.get(sampler, 0) if sampler is not None else 0
        interval = interval or self.of_interface(record) or self.domain
        if not interval and sampler is None and len(set(self.samplers.values())) == 1:
            interval = next(iter(self.samplers.values()))  # whichever sampled it
        return interval
