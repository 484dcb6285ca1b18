"""Bundles put together from ready bytes: a body that came out of the store is copied, never parsed.

https://hl7.org/fhir/R4/bundle.html. Everything that is not a body is written by `dumps`, so it is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from hub.api.fhir.freshness import etag
from hub.fhir.json import dumps
from hub.gate.released import Released
from hub.kernel.types import Json

_CLOSE: Final = b"}"


def entry(
    *, full_url: str = "", resource: bytes = b"", search: str | Json = "", request: Json | None = None,
    response: Json | None = None,
) -> bytes:  # fmt: skip
    """One entry. `resource` is ready JSON; `search` is the mode (match, include, outcome) or the whole element."""
    parts = []
    if full_url:
        parts.append(b'"fullUrl":' + dumps(full_url))
    if resource:
        parts.append(b'"resource":' + resource)
    if search:
        parts.append(b'"search":' + dumps({"mode": search} if isinstance(search, str) else search))
    if request is not None:
        parts.append(b'"request":' + dumps(request))
    if response is not None:
        parts.append(b'"response":' + dumps(response))
    return b"{" + b",".join(parts) + _CLOSE


def found_entries(base_url: str, mode: str, rows: Iterable[Released]) -> list[bytes]:
    """Entries of what was found; `mode` is match or include.

    Pages may hold a thousand, so what they share is written once. Types and ids need no escapes: they are of
    A-Z a-z 0-9 - and .
    """
    head = b'{"fullUrl":' + dumps(f"{base_url}/")[:-1]
    tail = b',"search":{"mode":' + dumps(mode) + b"}}"
    return [b'%b%b","resource":%b%b' % (head, f"{row.type}/{row.id}".encode(), row.body, tail) for row in rows]


def bundle(
    kind: str, entries: Iterable[bytes], *, total: int | None = None, links: Sequence[tuple[str, str]] = (),
    updated: datetime | None = None, head: Json | None = None,
) -> bytes:  # fmt: skip
    """A Bundle of `kind`. `links` are (relation, url); an empty list of entries is left out, as FHIR JSON demands.

    `head` are further elements before the entries.
    """
    head = {"resourceType": "Bundle", "type": kind, **(head or {})}
    if updated is not None:
        head["meta"] = {"lastUpdated": instant(updated)}
    if total is not None:
        head["total"] = total
    if links:
        head["link"] = [{"relation": relation, "url": url} for relation, url in links]
    parts = list(entries)
    if not parts:
        return dumps(head)
    # One join: a page of a thousand resources is a megabyte, and copying it once more costs as much as finding it.
    parts[0] = dumps(head)[:-1] + b',"entry":[' + parts[0]
    parts[-1] += b"]}"
    return b",".join(parts)


def response(status: str, *, version: int | None = None, updated: datetime | None = None, location: str = "") -> Json:
    """`Bundle.entry.response`: the status line, and what the HTTP headers would have said."""
    told: Json = {"status": status}
    if location:
        told["location"] = location
    if version is not None:
        told["etag"] = etag(version)
    if updated is not None:
        told["lastModified"] = instant(updated)
    return told


def instant(moment: datetime) -> str:
    """A FHIR instant in UTC with milliseconds."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
