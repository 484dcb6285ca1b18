"""The parameters of R4 history (http.html#history), what they mean for one version, and where a page of it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import msgspec

from hub.fhir.temporal import interval
from hub.gate.door import Door
from hub.gate.parameters import count, once, strangers
from hub.store.query import parse_list
from hub.store.values import Span, Stored

_KNOWN: Final = frozenset({"_count", "_since", "_at"})
_LIST: Final = "_list"
ALL_TIMES: Final = Span()


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryWish:
    """What is asked for. `ignored` names the parameters lenient reading left out."""

    span: Span = ALL_TIMES
    count: int | None = None
    ignored: tuple[str, ...] = ()


def read_span(params: Sequence[tuple[str, str]], *, now: datetime, lenient: bool, of_many: bool = False) -> HistoryWish:
    """Read the parameters at the moment `now`. `_at` is a date or time of any precision: some moment of it. `of_many`:
    of a type or of all types, which a list may narrow.

    Raises HubError UNSUPPORTED naming unknown parameters (not if `lenient`), INVALID for a value that cannot be.
    """
    unread = strangers(params, _KNOWN | {_LIST} if of_many else _KNOWN, lenient=lenient)
    return HistoryWish(
        span=Span(
            since=once(params, "_since", lambda text: interval(text)[0]),
            at=once(params, "_at", interval),
            listed=once(params, _LIST, partial(parse_list, now=now)) if of_many else None,
        ),
        count=once(params, "_count", count),
        ignored=unread,
    )


def holds(span: Span, then: Stored, ended: datetime | None) -> bool:
    """Whether a version is of that time; `ended` is when the next one that may be seen took its place."""
    if span.since is not None and then.updated < span.since:
        return False
    if span.at is None:
        return True
    low, high = span.at
    return (high is None or then.updated < high) and (ended is None or ended > low)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of one resource's history ended: the version, and when it was made; None before the first page.

    `as_of` is the instant of the first page.
    """

    as_of: datetime
    below: int | None = None
    ended: datetime | None = None

    def after(self, last: Stored) -> Place:
        """The place after a version."""
        return Place(self.as_of, last.version, last.updated)


_decoder: Final = msgspec.msgpack.Decoder(Place)


def encoded(place: Place) -> bytes:
    """The place as the keyset of a sealed token."""
    return msgspec.msgpack.encode(place)


def decoded(keyset: bytes) -> Place:
    """The place of a token that was opened: what the hub sealed itself."""
    return _decoder.decode(keyset)


async def settled_at(door: Door) -> datetime:
    """An instant by the hub's clock: every version made before it has been committed."""
    now = door.clock()
    async with door.database.connection() as tx:
        return now - await door.store.running(tx)
