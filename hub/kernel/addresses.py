"""Addresses: as people write them in the consortium file, and as names resolve to them when the hub connects.

Where somebody else chooses a host, the address it resolved to is judged and that very address is connected to, so a
name that resolves anew (DNS rebinding) gains nothing (OWASP, server-side request forgery).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address

#: Gives the addresses of a host.
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

#: IPv6 networks whose addresses lead to IPv4 ones that are not looked at: NAT64, 6to4, Teredo.
_TUNNELS: Final = tuple(ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, by the machine's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(row[4][0]).partition("%")[0] for row in found]


def permitted(addresses: Sequence[str], networks: Sequence[str] = ()) -> list[Address]:
    """Of the addresses a name resolved to, those that lie in one of `networks`; without any, the public ones."""
    return [address for text in addresses if _may_connect(address := plain(ip_address(text)), networks)]


def plain(address: Address) -> Address:
    """An IPv4 address that is written as IPv6 is judged as what it is."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _may_connect(address: Address, networks: Sequence[str]) -> bool:
    if networks:
        return any(address in ip_network(network) for network in networks)
    tunnelled = any(address in network for network in _TUNNELS)
    return address.is_global and not address.is_multicast and not tunnelled


def is_loopback(host: str) -> bool:
    """Whether a host is this machine alone."""
    return host in {"localhost", "::1"} or host.startswith("127.")


def is_address(host: str) -> bool:
    """Whether a host is an address and no name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_network(text: str) -> bool:
    """Whether a text is a network (CIDR)."""
    try:
        ip_network(text)
    except ValueError:
        return False
    return True
