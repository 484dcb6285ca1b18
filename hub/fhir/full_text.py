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
    waiting: list[Any] = [resource]
    while waiting:
        owner = waiting.pop()
        if owner.__class__ is list:
            waiting += owner
        elif owner.__class__ is dict:
            waiting += [item for key, item in owner.items() if key not in _NO_TEXT and key != "div"]
            if owner.get("div").__class__ is str:
                found.append(plain(owner["div"]))
        elif owner.__class__ is str and not _DATE.match(owner):
            found.append(owner)
    return found
