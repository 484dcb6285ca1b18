"""What all readers of request parameters share: which names are known, values that may stand once, refusals. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final, TypeVar

from hub.kernel.errors import Category, HubError

T = TypeVar("T")

_COUNT: Final = re.compile(r"[1-9][0-9]{0,5}")
_SPECIAL: Final = re.compile(r"([\\,|$])")
_ESCAPED: Final = re.compile(r"\\([\\,|$])")


def strangers(params: Sequence[tuple[str, str]], known: Collection[str], *, lenient: bool) -> tuple[str, ...]:
    """Names that are not known, sorted. Raises HubError UNSUPPORTED naming them, unless `lenient`."""
    found = tuple(sorted({name for name, _ in params}.difference(known)))
    if found and not lenient:
        raise unknown(found)
    return found


def escaped(text: str) -> str:
    """Text as it stands, not as the syntax of a search value (R4 search.html#escaping)."""
    return _SPECIAL.sub(r"\\\1", text)


def unescaped(text: str) -> str:
    """The text that `escaped` was given."""
    return _ESCAPED.sub(r"\1", text)


def unknown(names: Iterable[str]) -> HubError:
    """The refusal of parameters by their names; values are not repeated."""
    return HubError(
        Category.UNSUPPORTED,
        f"unknown parameters: {', '.join(names)}",
        where="URL",
        todo="leave them out, or send Prefer: handling=lenient",
        code="unknown-parameter",
    )


def once(params: Sequence[tuple[str, str]], name: str, read: Callable[[str], T]) -> T | None:
    """The value of a parameter that may stand once, None if it is not there. Raises HubError INVALID."""
    given = [value for key, value in params if key == name]
    if len(given) > 1:
        raise invalid("stands twice", name)
    try:
        return read(given[0]) if given else None
    except HubError as error:
        raise invalid(error.what, name) from None


def count(text: str) -> int:
    """A `_count`. Raises HubError INVALID for what is not a whole number from 1."""
    if not _COUNT.fullmatch(text):
        raise invalid("is not a whole number from 1", "_count")
    return int(text)


def invalid(what: str, where: str) -> HubError:
    """The refusal of a value, which is not repeated."""
    return HubError(Category.INVALID, what, where=where, todo="correct the parameter", code="search-value")
