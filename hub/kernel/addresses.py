"""Addresses as people write them in the consortium file."""

from __future__ import annotations

from ipaddress import ip_address, ip_network


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
