"""The form of text in which string search compares (R4 search.html, string: insensitive to case and accents)."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

#: Combining classes that stay: none, and the voicing marks of kana, which make another sound rather than an accent.
KEPT: Final = frozenset({0, 8})


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """The form of a short text, of those that come again; see `folded`."""
    return folded(text)


def folded(text: str) -> str:
    """Case, accents, width and repeated white space do not matter; Chinese characters stay as they are.

    Compatibility decomposition (NFKD), combining marks off, case folded, white space runs to one space and trimmed.
    Idempotent.
    """
    if text.isascii():
        return " ".join(text.lower().split())
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    bare = unicodedata.normalize("NFKD", decomposed)
    if any(map(unicodedata.combining, bare)):
        bare = "".join([c for c in bare if unicodedata.combining(c) in KEPT])
    return " ".join(unicodedata.normalize("NFC", bare).split())
