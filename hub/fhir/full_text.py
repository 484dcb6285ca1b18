"""The texts of a resource that full text searches: `_text` the narrative, `_content` everything somebody may read.

R4 search.html, Text Search Parameters. Left out of `_content` is what is no text: addresses and references, dates, ids,
meta and binary data.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Any, Final

from hub.kernel.types import Json

_NO_TEXT: Final = frozenset(
    {"data", "id", "meta", "profile", "reference", "resourceType", "system", "uri", "url", "valueUri", "valueUrl"}
)
_DATE: Final = re.compile(r"\d{4}-\d\d")
#: Tags within a line do not part what they stand between.
_INLINE: Final = re.compile(r"</?(?:a|abbr|b|big|code|em|i|q|s|small|span|strong|sub|sup|tt|u)(?:\s[^<>]*)?>")
_TAG: Final = re.compile(r"<[^<>]*>")


def narrative(resource: Json) -> str:
    """What a reader sees of the narrative; "" without one."""
    text = resource.get("text")
    div = text.get("div") if isinstance(text, dict) else None
    return plain(div) if isinstance(div, str) else ""


def plain(xhtml: str) -> str:
    """The text of an XHTML fragment."""
    return unescape(_TAG.sub(" ", _INLINE.sub("", xhtml)))


def contents(resource: Json) -> list[str]:
    """Every text in a resource that somebody may read, its narratives among them."""
    found: list[str] = []
    _gather(resource, found)
    return found


def _gather(owner: Json, found: list[str]) -> None:
    for key, item in owner.items():
        kind = item.__class__
        if key in _NO_TEXT:
            continue
        if key == "div":
            if kind is str:
                found.append(plain(item))
        elif kind is str:
            if not _is_date(item):
                found.append(item)
        elif kind is dict:
            _gather(item, found)
        elif kind is list:
            _gather_all(item, found)


def _gather_all(items: list[Any], found: list[str]) -> None:
    for item in items:
        kind = item.__class__
        if kind is str:
            if not _is_date(item):
                found.append(item)
        elif kind is dict:
            _gather(item, found)
        elif kind is list:
            _gather_all(item, found)


def _is_date(text: str) -> bool:
    return text[4:5] == "-" and _DATE.match(text) is not None
