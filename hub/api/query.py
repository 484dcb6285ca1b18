"""Query strings and forms as decoded pairs, in their order."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from hub.kernel.errors import Category, HubError

MAX_PARAMETERS: Final = 1000
#: The shape of a parameter's name with modifiers and chains. What has another is not repeated in any answer: it may be
#: a value gone astray.
_WORD: Final = r"[A-Za-z_][A-Za-z0-9_-]{0,63}"
_NAME: Final = re.compile(rf"{_WORD}(?:[.:]{_WORD}){{0,20}}")
#: Parameters whose values are names in their turn.
_NAMING: Final = frozenset({"_sort", "_include", "_revinclude", "_include:iterate", "_revinclude:iterate", "_type"})
_NAMES: Final = re.compile(rf"(?:-?(?:\*|{_WORD}(?:[.:](?:\*|{_WORD})){{0,20}})(?:,|\Z))*")


def read_query_bytes(raw: bytes) -> list[tuple[str, str]]:
    """`read_query` of what came over the wire, where UTF-8 that nobody percent-encoded is taken as what it says."""
    try:
        return read_query(raw.decode())
    except UnicodeDecodeError:
        raise _unreadable() from None


def read_query(text: str) -> list[tuple[str, str]]:
    """Pairs of an `application/x-www-form-urlencoded` text.

    Raises HubError UNREADABLE when it is not UTF-8 after decoding, has U+0000 or more than `MAX_PARAMETERS` pairs;
    UNSUPPORTED for a name that cannot be one.
    """
    try:
        pairs = _pairs(text)
    except ValueError:
        raise _unreadable() from None
    if "%00" in text or "\x00" in text:
        raise _unreadable()
    for name, value in pairs:
        if not _NAME.fullmatch(name):
            raise _nameless("URL")
        if name in _NAMING and not _NAMES.fullmatch(value):
            raise _nameless(name)
    return pairs


def _nameless(where: str) -> HubError:
    return HubError(
        Category.UNSUPPORTED,
        "has a name that no parameter has",
        where=where,
        todo="correct it",
        code="unknown-parameter",
    )


def _pairs(text: str) -> list[tuple[str, str]]:
    """Decoded pairs; a name without `=` has an empty value. Raises ValueError for too many, or what is not UTF-8."""
    parts = [part for part in text.split("&") if part]
    if len(parts) > MAX_PARAMETERS:
        raise ValueError
    return [(_decoded(name), _decoded(value)) for name, _, value in [part.partition("=") for part in parts]]


def _decoded(text: str) -> str:
    text = text.replace("+", " ")
    return unquote(text, errors="strict") if "%" in text else text


def _unreadable() -> HubError:
    return HubError(Category.UNREADABLE, "is not a query", where="URL", todo="send percent-encoded UTF-8", code="query")
