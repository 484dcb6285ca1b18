"""How codes that engineers approve are named: a concept map for each feed, its groups by field and coding system."""

from __future__ import annotations

from urllib.parse import quote


def approved_map(feed: str) -> str:
    """The URL of the concept map of a feed."""
    return f"urn:yilian:approved-codes:{quote(feed, safe='.-_')}"


def local_system(field: str, system: str) -> str:
    """The source of a group: a field (`OBX-3`), and the coding system as it is sent, or ""."""
    return f"urn:yilian:field:{quote(field)}" + (f":{quote(system, safe='')}" if system else "")
