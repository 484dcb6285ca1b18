"""The batch of an app that was offline: each record once, in the order it was made, on a clock that may be wrong.

A record has a key of the app's own. The same key with the same content is sent twice; with other content the one
recorded last counts, since it is a correction; recorded at the same moment, neither can be told from the other, and
both are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

from hub.fhir.json import dumps, loads
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from mappings.devices.clock import corrected, instant

_MOST: Final = 10_000


class Sent(NamedTuple):
    """A record of a batch and its place; `problem` says why it cannot be taken."""

    place: int
    record: Json
    problem: HubError | None = None


def records(raw: bytes) -> list[Any]:
    """The records of a batch, an array of them, or one alone. Raises HubError UNREADABLE, TOO_LARGE."""
    data = loads(raw.removeprefix(b"\xef\xbb\xbf"))
    found = data.get("records", [data]) if isinstance(data, dict) else data
    if not isinstance(found, list):
        raise HubError(Category.UNREADABLE, "holds no records", where="records", code="records")
    if len(found) > _MOST:
        raise HubError(Category.TOO_LARGE, "too many records", where="records", todo="send fewer at once")
    return found


def in_order(raw: bytes, zone: str, received: datetime | None = None) -> Iterator[Sent]:
    """Each record once, oldest first. With `received`, times of a clock eight hours fast are corrected."""
    data = loads(raw.removeprefix(b"\xef\xbb\xbf"))
    stated = data.get("sentAt") if isinstance(data, dict) else None
    sent = instant(stated, "text", zone)
    latest: dict[str, tuple[datetime, Sent]] = {}
    for place, record in enumerate(records(raw)):
        when = _made(record, zone, sent.at if sent else None, received)
        if when is None:
            yield Sent(place, record if isinstance(record, dict) else {"record": record}, _wrong())
            continue
        found = Sent(place, {**record, "recordedAt": when.isoformat()})
        key = str(record["key"])
        before = latest.get(key)
        if before is None or before[0] < when:
            latest[key] = when, found
        elif before[0] == when and dumps(before[1].record) != dumps(found.record):
            latest[key] = when, found._replace(problem=_twice())
    yield from (found for _, found in sorted(latest.values(), key=lambda each: (each[0], each[1].place)))


def _made(record: Any, zone: str, sent: datetime | None, received: datetime | None) -> datetime | None:
    """When a record was made by our clock; None for what has no key or no time."""
    if not isinstance(record, dict) or not record.get("key"):
        return None
    stated = instant(record.get("recordedAt"), "text", zone)
    if stated is None or received is None:
        return stated.at if stated else None
    made = corrected(stated.at, sent, received)
    return made.at if made else None


def _wrong() -> HubError:
    what = "has no key, or no time at which it was recorded"
    return HubError(Category.INVALID, what, where="key, recordedAt", todo="give both", code="record")


def _twice() -> HubError:
    what = "two records of this key say different things and were made at the same moment"
    return HubError(
        Category.CONFLICT, what, where="key", todo="send the right one with a later time", code="record-twice"
    )
