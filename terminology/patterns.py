"""Regular expressions of value set filters (R4 valueset-filter-operator.html, `regex`).

The specification leaves the dialect open. What is taken is what most dialects and PostgreSQL read alike: characters,
classes, groups, alternatives and counts; no references back, no look-around, no options, so that one pattern cannot
keep a server busy. A pattern is meant to fit the whole of a code or value, as the patterns of FHIR's own types are.
"""

from __future__ import annotations

import re
from typing import Final

from hub.kernel.errors import Category, HubError

#: Characters of a pattern.
LONGEST: Final = 1_000
#: The most PostgreSQL counts to.
_MOST: Final = 255

_ESCAPE: Final = r"\\[dwsDWS]|\\[^\w\s]"
_IN_CLASS: Final = r"\\[dws]|\\[^\w\s]|[^\\\[\]]"
_COUNT: Final = r"\{\d{1,3}(?:,\d{0,3})?\}"
_ATOM: Final = rf"{_ESCAPE}|\[\^?(?:{_IN_CLASS})+\]|[^\\\[\]{{}}()*+?|]"
_TOKENS: Final = re.compile(rf"(?:(?:{_ATOM}|\(\?:|\((?!\?)|\))(?:(?:[*+?]|{_COUNT})\??)?|\|)*")
_NUMBERS: Final = re.compile(r"\{(\d+)(?:,(\d*))?\}")


def whole(text: str) -> str:
    """The pattern as PostgreSQL is asked, for the whole of a text.

    Raises HubError UNSUPPORTED (`not-expandable`) for what is not taken.
    """
    counted = (int(number) for pair in _NUMBERS.findall(text) for number in pair if number)
    if len(text) > LONGEST or "\x00" in text or not _TOKENS.fullmatch(text) or max(counted, default=0) > _MOST:
        raise refused()
    return f"^(?:{text})$"


def refused() -> HubError:
    """Of a pattern that is not taken."""
    return HubError(
        Category.UNSUPPORTED,
        "has a regular expression the hub does not answer",
        where="value set",
        todo=f"use characters, classes, groups, alternatives and counts up to {_MOST}, or list the codes",
        code="not-expandable",
    )
