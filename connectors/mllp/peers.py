"""Who is at the other end of a connection, and whether it may be there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final

from hub.kernel.errors import Category, HubError

Network = IPv4Network | IPv6Network

LOOPBACK: Final = ("127.0.0.0/8", "::1/128")


def networks(peers: Sequence[str], where: str = "peers") -> tuple[Network, ...]:
    """The networks (CIDR) that may connect; none given: loopback only. Raises HubError INVALID."""
    try:
        return tuple(ip_network(text, strict=False) for text in peers or LOOPBACK)
    except ValueError:
        raise HubError(Category.INVALID, "holds no network", where=where, todo="write 10.1.2.0/24") from None


def allowed(address: str, among: Sequence[Network]) -> bool:
    """Whether an address lies in one of the networks; an IPv4 address seen through IPv6 counts as itself."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return any(ip in network for network in among)


def address_of(writer: asyncio.StreamWriter) -> str:
    """IP address of the peer, "" once it is gone."""
    name = writer.get_extra_info("peername")
    return str(name[0]) if isinstance(name, tuple) else ""


def peer_of(writer: asyncio.StreamWriter) -> str:
    """Address of the peer, and the subject of its certificate if it showed one (`10.1.2.3 CN=his.f01`)."""
    certificate = writer.get_extra_info("peercert") or {}
    subject = ",".join(
        f"{_SHORT.get(key, key)}={value}" for part in certificate.get("subject", ()) for key, value in part
    )
    return " ".join(filter(None, (address_of(writer), subject)))


def is_named(certificate: Mapping[str, Any] | None, clients: Sequence[str]) -> bool:
    """Whether the certificate of a peer, as `ssl` gives it (None: it showed none), bears one of these names, as CN or
    as DNS name; none given: any may.
    """
    certificate = certificate or {}
    subject = {value for part in certificate.get("subject", ()) for key, value in part if key == "commonName"}
    other = {value for key, value in certificate.get("subjectAltName", ()) if key == "DNS"}
    return not clients or not (subject | other).isdisjoint(clients)


#: RFC 4514 names of the attributes of a subject.
_SHORT: Final = {"commonName": "CN", "organizationName": "O", "organizationalUnitName": "OU", "countryName": "C"}
