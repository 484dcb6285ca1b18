"""A message with its values hidden, so that its structure can be looked at. Pure.

What stays: segment names, separators, and fields of the tables below where their text looks like the code it should
be. Everything else becomes `***`, whatever it is: a text whose segments cannot be told apart shows nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from hub.kernel.types import Part

HIDDEN: Final = "***"

_NAMED: Final = re.compile(r"[A-Za-z0-9_.^&:/ \-]{0,60}")
_CODE: Final = re.compile(r"[A-Z]{0,4}")
_MARKS: Final = re.compile(r"[!-/:-@\[-`{-~]{0,5}")

#: Fields that say how a message is built, by segment, with how their text must look to be shown.
STRUCTURE: Final[Mapping[str, Mapping[int, re.Pattern[str]]]] = {
    "MSH": {
        1: _MARKS,
        2: _MARKS,
        **dict.fromkeys((3, 4, 5, 6, 10), _NAMED),
        7: re.compile(r"[0-9.+\-]{0,26}"),
        9: re.compile(r"[A-Z0-9_^]{0,20}"),
        11: _CODE,
        12: re.compile(r"[0-9.]{0,8}"),
        15: _CODE,
        16: _CODE,
        18: re.compile(r"(?:[A-Z][A-Za-z0-9 _/~\-]{0,40})?"),
    },
    "MSA": {1: _CODE},
    "EVN": {1: re.compile(r"[A-Z0-9]{0,3}")},
    "ORC": {1: _CODE},
    "OBX": {2: _CODE, 11: _CODE},
}

_FIELD: Final = re.compile(r"([A-Z][A-Z0-9]{2})(?:\[\d+\])?-(\d+)")
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


def is_structure(segment: str, field: int, text: str) -> bool:
    """Whether the raw text of a whole field may be shown: it says how the message is built, and looks like it."""
    pattern = STRUCTURE.get(segment, {}).get(field)
    return pattern is not None and pattern.fullmatch(text) is not None


def hidden_part(part: Part) -> Part:
    """A part of a message without its values; positions and names stay."""
    if part.parts:
        return replace(part, parts=tuple(map(hidden_part, part.parts)))
    return replace(part, text=part.text and shown_text(part), field="")


def shown_text(leaf: Part) -> str:
    """What may be shown of a leaf."""
    place = _FIELD.match(leaf.at)
    if place is not None and is_structure(place[1], int(place[2]), leaf.field):
        return leaf.text
    return HIDDEN


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
    return [
        text if is_structure(name, number, text) else leaf.sub(HIDDEN, text)
        for number, text in enumerate(fields, first)
    ]
