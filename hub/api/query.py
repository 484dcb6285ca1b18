"""Query strings and forms as decoded pairs, in their order."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from hub.kernel.errors import Category, HubError

MAX_PARAMETERS: Final = 1000


def read_query(text: str) -> list[tuple[str, str]]:
    """Pairs of an `application/x-www-form-urlencoded` text.

    Raises HubError UNREADABLE when it is not UTF-8 after decoding, has U+0000 or more than `MAX_PARAMETERS` pairs.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except ValueError:
        raise _unreadable() from None
    if "%00" in text or "\x00" in text:
        raise _unreadable()
    return pairs


def _unreadable() -> HubError:
    return HubError(Category.UNREADABLE, "is not a query", where="URL", todo="send percent-encoded UTF-8", code="query")
