"""Addresses, ports and HTTP methods, as parent and child read them."""

from __future__ import annotations

import ipaddress

#: The port of name servers. A name lookup changes nothing on the server.
NAME_SERVICE = 53
#: The HTTP methods that only read; CONNECT opens a tunnel through a proxy.
READING = frozenset({"GET", "HEAD", "OPTIONS", "CONNECT"})


def is_address(host: str) -> bool:
    """Whether a text is an IP address rather than a host name."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def canonical(host: str) -> str:
    """An address in the form that parent and child compare: no brackets, no zone, IPv4-mapped IPv6 as IPv4."""
    address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def is_local(host: str) -> bool:
    """Whether a host is this machine's loopback or unspecified address; its public addresses do not count."""
    if host in ("", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(canonical(host))
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
