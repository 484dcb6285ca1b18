"""The text of search values: escapes and separators (R4 search.html 3.1.1.4.1 and 3.1.1.4.17)."""

from __future__ import annotations

from hub.kernel.errors import Category, HubError

ESCAPED = frozenset(",$|\\")


def split(text: str, separator: str, most: int = -1) -> list[str]:
    """Split at unescaped separators, at most `most` times; escapes stay as they are."""
    if "\\" not in text:
        return text.split(separator, most)
    parts: list[str] = []
    start = at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 2
            continue
        if text[at] == separator and len(parts) != most:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    return [*parts, text[start:]]


def unescape(text: str) -> str:
    """Resolve `\\,` `\\$` `\\|` `\\\\`. Raises HubError INVALID for a backslash before anything else."""
    if "\\" not in text:
        return text
    result, at = [], 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
            if at == len(text) or text[at] not in ESCAPED:
                raise HubError(Category.INVALID, "has a backslash that escapes nothing", todo="write \\\\")
        result.append(text[at])
        at += 1
    return "".join(result)
