"""The primitive types of R4 as tests of JSON values (datatypes.html#primitive; patterns from the structure table)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Final

from hub.fhir.decimals import NUMBERS
from hub.fhir.structure import PRIMITIVES, structure

#: Returns the issue code and what is wrong with a value, or None.
Test = Callable[[Any], tuple[str, str] | None]
#: Whether a text is right, as far as one call in C tells.
Right = Callable[[str], object]

#: Characters of a text that `Right` is asked of.
SHORT: Final = 256

_NOT_TEXT: Final = ("structure", "must be a JSON string")
_EMPTY: Final = ("value", "must not be empty")
_TOO_LONG: Final = ("value", "must not be longer than 1 MiB")
_CONTROL: Final = ("value", "must not contain control characters other than tab, carriage return and line feed")
_BASE64: Final = ("value", "must be base64")
_LONGEST: Final = 1024 * 1024
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_BASE64_TEXT: Final = re.compile(r"[0-9A-Za-z+/]+={0,2}")
_DIV: Final = re.compile(r"\s*<div[\s>/].*(?:</div>|/>)\s*", re.DOTALL)

#: Smallest and greatest of each whole number type (32 bits).
_WHOLE: Final[Mapping[str, tuple[int, int]]] = {
    "integer": (-(2**31), 2**31 - 1),
    "unsignedInt": (0, 2**31 - 1),
    "positiveInt": (1, 2**31 - 1),
}
_DATES: Final = frozenset({"date", "dateTime", "instant"})


def _text(value: Any) -> tuple[str, str] | None:
    """string and markdown."""
    if value.__class__ is not str:
        return _NOT_TEXT
    if not value:
        return _EMPTY
    if _CONTROLS.search(value):
        return _CONTROL
    return _TOO_LONG if len(value) > _LONGEST else None


def _boolean(value: Any) -> tuple[str, str] | None:
    return None if value.__class__ is bool else ("structure", "must be true or false")


def _decimal(value: Any) -> tuple[str, str] | None:
    return None if value.__class__ in NUMBERS else ("structure", "must be a JSON number")


def _base64(value: Any) -> tuple[str, str] | None:
    if value.__class__ is not str:
        return _NOT_TEXT
    plain = "".join(value.split())
    return None if len(plain) % 4 == 0 and _BASE64_TEXT.fullmatch(plain) else _BASE64


def _xhtml(value: Any) -> tuple[str, str] | None:
    if value.__class__ is not str:
        return _NOT_TEXT
    return None if _DIV.fullmatch(value) else ("structure", "must be one XHTML div")


def _whole(name: str) -> Test:
    smallest, greatest = _WHOLE[name]

    def test(value: Any) -> tuple[str, str] | None:
        if value.__class__ is not int:
            return "structure", "must be a JSON number without fraction"
        return None if smallest <= value <= greatest else ("value", f"must lie between {smallest} and {greatest}")

    return test


def _matching(name: str, regex: str) -> Test:
    matches = re.compile(regex).fullmatch

    def test(value: Any) -> tuple[str, str] | None:
        if value.__class__ is not str:
            return _NOT_TEXT
        if not value:
            return _EMPTY
        return None if matches(value) else ("value", f"is not a {name}")

    return test


def _date(name: str, regex: str) -> Test:
    pattern = _matching(name, regex)

    def test(value: Any) -> tuple[str, str] | None:
        found = pattern(value)
        if found is None and len(value) >= 10:
            try:
                date.fromisoformat(value[:10])
            except ValueError:
                return "value", f"is not a {name} of the calendar"
        return found

    return test


def _test(name: str) -> Test:
    regex = getattr(structure(name), "regex", None)
    if name in _WHOLE:
        return _whole(name)
    if name in _DATES:
        return _date(name, str(regex))
    return _OWN.get(name) or _matching(name, str(regex))


_OWN: Final[Mapping[str, Test]] = {
    "string": _text,
    "markdown": _text,
    "boolean": _boolean,
    "decimal": _decimal,
    "base64Binary": _base64,
    "xhtml": _xhtml,
}

#: The test of each primitive type.
TESTS: Final[Mapping[str, Test]] = {name: _test(name) for name in PRIMITIVES}


def _right(name: str) -> Right | None:
    if name in {"string", "markdown"}:
        return str.isprintable
    if name in _DATES:
        test = TESTS[name]
        # Times come again, in one visit and from day to day.
        return lru_cache(maxsize=4096)(lambda text: test(text) is None)
    if name in _WHOLE or name in _OWN:
        return None
    return re.compile(str(getattr(structure(name), "regex", None))).fullmatch


#: Of primitive types that are texts, what is true of right texts of 1 to `SHORT` characters alone, and of most of them.
RIGHT: Final[Mapping[str, Right]] = {name: right for name in PRIMITIVES if (right := _right(name)) is not None}
