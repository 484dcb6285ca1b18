"""Texts of cells and headers as they are compared: full-width characters narrow, no spaces, lower case."""

from __future__ import annotations

import re
from typing import Final

#: Full-width ASCII (U+FF01 to U+FF5E), the ideographic space, and marks that clerks use for ASCII ones.
_NARROW: Final = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    **str.maketrans("\u3000\u00a0。、〈〉–—－", "  .,<>---"),
    **dict.fromkeys(map(ord, "\ufeff\u200b")),
}
_SPACES: Final = re.compile(r"\s+")


def narrow(text: str) -> str:
    """The text in ASCII digits and marks, without spaces around it."""
    return text.translate(_NARROW).strip()


def squeezed(text: str) -> str:
    """As `narrow`, in lower case and without any space: how headers and codes are compared."""
    return _SPACES.sub("", narrow(text)).casefold()
