"""What a JSON body may not be: too deep, too wide, ambiguous (a key twice), or full of numbers nothing can hold.

Parsers differ in which of two equal keys they keep, so such a document means different things to different readers;
it is refused. The fast parser keeps the last one silently, so what it kept is written again, and the colons of both
are counted: each member has one outside its texts, and texts keep theirs, so that whatever was dropped is missing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from hub.fhir.decimals import decimal_of
from hub.fhir.json import dumps, reader
from hub.kernel.errors import Category, HubError

MAX_DEPTH: Final = 100
#: Keys of one object. No R4 element has a third of it.
MAX_KEYS: Final = 256
#: Characters of one number, and its largest power of ten. FHIR asks for 18 digits.
MAX_NUMBER: Final = 64
MAX_EXPONENT: Final = 300


def parse(data: bytes) -> Any:
    """Parse a JSON body. Raises HubError UNREADABLE when it is not JSON or breaks one of the limits above."""
    value = _loads(data)
    colons = data.count(b":")
    if _LONG in data.translate(_DIGITS) or b"\\u003" in data or colons != dumps(value).count(b":"):
        _pairs.decode(data.decode())
    if colons > MAX_KEYS or data.count(b"{") + data.count(b"[") > MAX_DEPTH:
        check_shape(value)
    if b"\\u0000" in data and _NUL.search(data):
        raise _refusal("has the character U+0000, which no FHIR text may have", "character")
    return value


def _check_pairs(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) < len(pairs):
        raise _refusal("has a key twice in one object", "duplicate-key")


def _number(text: str) -> Decimal:
    found = decimal_of(text) if len(text) <= MAX_NUMBER else None
    if found is None or abs(found.adjusted()) > MAX_EXPONENT:
        raise _refusal(f"has a number of more than {MAX_NUMBER} characters or beyond 1e±{MAX_EXPONENT}", "number")
    return found


def check_shape(root: Any) -> None:
    """Depth and keys, each node with what is in it, while that is at hand. Raises HubError UNREADABLE."""
    _check_items((root,), MAX_DEPTH)


def _check_items(items: Iterable[Any], levels: int) -> None:
    """What stands in one node, which may hold so many `levels`; no tree goes deeper into the stack than these."""
    for item in items:
        kind = item.__class__
        if kind is not dict and kind is not list:
            continue
        if not levels:
            raise _refusal(f"is nested deeper than {MAX_DEPTH} levels", "depth")
        if kind is dict and len(item) > MAX_KEYS:
            raise _refusal(f"has an object of more than {MAX_KEYS} keys", "keys")
        _check_items(item.values() if kind is dict else item, levels - 1)


_pairs: Final = json.JSONDecoder(object_pairs_hook=_check_pairs, parse_float=str, parse_int=_number)
_loads: Final = reader(_number)

#: Turns all but digits into blanks, and the digits of a number that may be too long.
_DIGITS: Final = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x20 for byte in range(256))
_LONG: Final = b"0" * MAX_NUMBER
#: U+0000 as an escape, not the text of one behind an escaped backslash.
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def _refusal(what: str, code: str) -> HubError:
    return HubError(Category.UNREADABLE, what, where="body", todo="mend the JSON", code=code)
