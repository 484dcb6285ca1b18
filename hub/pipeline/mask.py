"""A message with its values hidden, so that its structure can be looked at. Pure.

What stays: segment names, separators, and fields of the tables below where their text looks like the code it should
be. Everything else becomes `***`, whatever it is: a text whose segments cannot be told apart shows nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

HIDDEN: Final = "***"

#: Fields that say how a message is built, by segment; MSH-1 and MSH-2 are the separators themselves.
STRUCTURE: Final[Mapping[str, frozenset[int]]] = {
    "MSH": frozenset({3, 4, 5, 6, 7, 9, 10, 11, 12, 15, 16, 18}),
    "MSA": frozenset({1}),
    "EVN": frozenset({1}),
    "ORC": frozenset({1}),
    "OBX": frozenset({2, 11}),
}

_HEADER: Final = re.compile(r"[A-Za-z0-9_.^&~+:/ \-]{0,60}\Z")
_CODE: Final = re.compile(r"[A-Z]{0,4}\Z")
_NAME: Final = re.compile(r"[A-Z][A-Z0-9]{2}\Z")
_BREAK: Final = re.compile(r"(\r\n|\r|\n)")
_MARK: Final = r"[!-/:-@\[-`{-~]"
#: The separators as MSH-1 and MSH-2 declare them.
_DECLARED: Final = re.compile(rf"MSH({_MARK})((?:(?!\1){_MARK}){{1,5}})(?=\1|\s|\Z)")
_USUAL: Final = ("|", "^~\\&")


def masked(text: str) -> str:
    """`text` of an HL7 v2 message (or of anything else) without its values; lines and separators stay."""
    declared = _DECLARED.search(text)
    field, others = (declared[1], declared[2]) if declared else _USUAL
    leaf = re.compile(f"[^{re.escape(field + others)}]+")
    return "".join(
        part if _BREAK.fullmatch(part) else _segment(part, field, others, leaf) for part in _BREAK.split(text)
    )


def _segment(text: str, field: str, others: str, leaf: re.Pattern[str]) -> str:
    name, *fields = text.split(field)
    if not _NAME.fullmatch(name) or not fields:
        return leaf.sub(HIDDEN, text)
    if name != "MSH":
        return field.join([name, *_fields(name, fields, 1, leaf)])
    if fields[0] != others:
        return leaf.sub(HIDDEN, text)
    return field.join([name, others, *_fields(name, fields[1:], 3, leaf)])


def _fields(name: str, fields: list[str], first: int, leaf: re.Pattern[str]) -> list[str]:
    looks_right = _HEADER if name == "MSH" else _CODE
    visible = STRUCTURE.get(name, frozenset())
    return [
        text if number in visible and looks_right.fullmatch(text) else leaf.sub(HIDDEN, text)
        for number, text in enumerate(fields, first)
    ]
