"""What both sides know of addresses, ports and requests."""

from __future__ import annotations

import ipaddress

#: The port of name servers. Looking a name up tells nobody of a run.
NAME_SERVICE = 53
#: HTTP's methods that only ask for something; CONNECT opens a way through a proxy.
READING = frozenset({"GET", "HEAD", "OPTIONS", "CONNECT"})


def is_address(host: str) -> bool:
    """Whether a text is an address, and no name."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def canonical(host: str) -> str:
    """An address as both sides of the line write it."""
    address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def is_local(host: str) -> bool:
    """Whether a host is this machine, by its loopback addresses; the addresses that others know it by are not."""
    if host in ("", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(canonical(host))
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
