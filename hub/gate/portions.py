"""The parameters of R4 `Patient/$everything` (operation-patient-everything.html), read. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from hub.fhir.temporal import interval
from hub.kernel.errors import Category, HubError
from hub.store.resource_types import NUMBERS

T = TypeVar("T")

_KNOWN: Final = frozenset({"start", "end", "_since", "_type", "_count"})
_COUNT: Final = re.compile(r"[1-9][0-9]{0,5}")


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
    strangers = tuple(sorted({name for name, _ in params} - _KNOWN))
    if strangers and not lenient:
        raise HubError(
            Category.UNSUPPORTED,
            f"unknown parameters: {', '.join(strangers)}",
            where="URL",
            todo="leave them out, or send Prefer: handling=lenient",
            code="unknown-parameter",
        )
    return Wish(
        start=_only(params, "start", lambda text: interval(text)[0]),
        end=_only(params, "end", lambda text: interval(text)[1]),
        since=_only(params, "_since", lambda text: interval(text)[0]),
        types=frozenset(_type(name) for key, value in params if key == "_type" for name in value.split(",")),
        count=_only(params, "_count", _count),
        ignored=strangers,
    )


def _only(params: Sequence[tuple[str, str]], name: str, read: Callable[[str], T]) -> T | None:
    """The value of a parameter that may stand once."""
    given = [value for key, value in params if key == name]
    if len(given) > 1:
        raise _invalid("stands twice", name)
    try:
        return read(given[0]) if given else None
    except HubError as error:
        raise _invalid(error.what, name) from None


def _type(name: str) -> str:
    if name not in NUMBERS:
        raise _invalid("is not a resource type of FHIR R4", "_type")
    return name


def _count(text: str) -> int:
    if not _COUNT.fullmatch(text):
        raise _invalid("is not a whole number from 1", "_count")
    return int(text)


def _invalid(what: str, where: str) -> HubError:
    return HubError(Category.INVALID, what, where=where, todo="correct the parameter", code="search-value")
