"""What a condition on a version asks for (RFC 9110 section 13.1.1)."""

from __future__ import annotations

from typing import Final

#: Any version that stands (`If-Match: *`); versions begin at 1.
ANY: Final = 0


def fits(expected: int | None, version: int) -> bool:
    """Whether a version that stands is the one expected; None expects nothing."""
    return expected in (None, ANY, version)
