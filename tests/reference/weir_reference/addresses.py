"""IP addresses as text, the way every output of this package writes them."""

import functools
import socket

MAPPED = bytes(10) + b"\xff\xff"


@functools.lru_cache(maxsize=1 << 16)
def address_text(octets):
    """RFC 5952 text; an IPv4-mapped address is the IPv4 address that it means."""
    if len(octets) == 16 and octets[:12] == MAPPED:
        octets = octets[12:]
    return socket.inet_ntop(socket.AF_INET if len(octets) == 4 else socket.AF_INET6, octets)
