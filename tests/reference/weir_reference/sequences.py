"""Loss and repeats of one stream of datagrams, from the sequence numbers in its headers."""

import collections

WINDOW = 64  # datagrams that a late or repeated one may lie behind
LARGEST_GAP = 1 << 24  # units; a wider jump is a new beginning
MODULUS = 1 << 32
BEFORE_FIRST = 64 * 30  # units before the first datagram that may still come, and were never lost
UPTIME_SLACK_MS = 60_000
UPTIME_WRAP_MS = 3_600_000


class Sequence:
    """Counts units (flows, packets, records) that are missing.

    A datagram that comes late gives back what its gap counted. A step back that no gap explains is
    a new beginning of the exporter and loses nothing.
    """

    def __init__(self):
        self.next = None
        self.seen = collections.deque(maxlen=WINDOW)
        self.gaps = collections.deque(maxlen=WINDOW)
        self.uptime = None
        self.is_late = False
        self.lost = 0

    def is_repeat(self, number, payload, uptime=None):
        """Seen before, byte for byte, and not since the exporter began anew."""
        return number != self.next and (number, payload) in self.seen and not self.has_restarted(uptime)

    def observe(self, number, payload, uptime=None):
        self.is_late = False
        has_restarted = self.has_restarted(uptime)
        if has_restarted:
            self.seen.clear()
        if payload is not None:
            self.seen.append((number, payload))
        if uptime is not None:
            self.uptime = uptime
        if self.next is None or has_restarted:
            self.begin(number)
            return
        ahead = (number - self.next) % MODULUS
        if ahead == 0:
            return
        if ahead <= LARGEST_GAP:
            self.gaps.append((self.next, ahead, True))
            self.lost += ahead
            self.next = number
            return
        if any((number - start) % MODULUS < length for start, length, _ in self.gaps):
            self.is_late = True
        else:
            self.begin(number)

    def has_restarted(self, uptime):
        """The uptime (milliseconds, 32 bits) fell, and neither by reordering nor by its wrap."""
        if self.uptime is None or uptime is None or uptime >= self.uptime - UPTIME_SLACK_MS:
            return False
        return not (uptime < UPTIME_WRAP_MS and self.uptime > MODULUS - UPTIME_WRAP_MS)

    def begin(self, number):
        self.gaps.clear()
        # What was sent before the first that arrived is not lost, and may still come.
        self.gaps.append(((number - BEFORE_FIRST) % MODULUS, BEFORE_FIRST, False))
        self.next = number

    def advance(self, number, units):
        """The datagram last observed held so many units; None where that cannot be known."""
        if units is None:
            if not self.is_late:
                self.next = None
        elif not self.is_late:
            self.next = (number + units) % MODULUS
        else:
            self.fill(number, units)

    def fill(self, number, units):
        """Takes the units that came late out of the gap that they lie in."""
        for place, (start, length, is_counted) in enumerate(self.gaps):
            before = (number - start) % MODULUS
            if before >= length:
                continue
            taken = min(units, length - before)
            after = length - before - taken
            pieces = [(start, before, is_counted), ((number + taken) % MODULUS, after, is_counted)]
            self.gaps = collections.deque(
                [gap for gap in (*list(self.gaps)[:place], *pieces, *list(self.gaps)[place + 1:]) if gap[1]], WINDOW)
            if is_counted:
                self.lost -= taken
            return
