"""The parameters of R4 `Patient/$everything` (operation-patient-everything.html), read. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.fhir.temporal import interval
from hub.gate.parameters import count, invalid, once, strangers
from hub.store.resource_types import NUMBERS

_KNOWN: Final = frozenset({"start", "end", "_since", "_type", "_count", "_summary", "_elements"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for: care dates in [start, end), updated at `since` or later; no `types` means all.

    `ignored` names the parameters lenient reading left out.
    """

    start: datetime | None = None
    end: datetime | None = None
    since: datetime | None = None
    types: frozenset[str] = frozenset()
    count: int | None = None
    ignored: tuple[str, ...] = ()


def read_wish(params: Sequence[tuple[str, str]], *, lenient: bool) -> Wish:
    """Read the parameters; `_type` may come several times.

    Raises HubError UNSUPPORTED naming unknown parameters (not if `lenient`), INVALID for a value that cannot be.
    """
    unread = strangers(params, _KNOWN, lenient=lenient)
    return Wish(
        start=once(params, "start", lambda text: interval(text)[0]),
        end=once(params, "end", lambda text: interval(text)[1]),
        since=once(params, "_since", lambda text: interval(text)[0]),
        types=frozenset(_type(name) for key, value in params if key == "_type" for name in value.split(",")),
        count=once(params, "_count", count),
        ignored=unread,
    )


def _type(name: str) -> str:
    if name not in NUMBERS:
        raise invalid("is not a resource type of FHIR R4", "_type")
    return name
