"""Regular expressions an expression brings along: RE2, whose time is linear in the text whatever the pattern.

FHIRPath section 5.6 leaves the dialect open; what RE2 has not (look-around, back references) is refused.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Protocol

import re2

from hub.fhir.fhirpath.errors import unanswerable

#: Characters of a pattern.
MAX_PATTERN: Final = 1000


class Pattern(Protocol):
    """A compiled pattern, as far as it is used."""

    def search(self, text: str, /) -> object | None: ...

    def sub(self, repl: str, text: str, /) -> str: ...


def pattern(text: str) -> Pattern:
    """A compiled pattern; the point matches a line end too. Raises HubError INVALID for what RE2 does not read."""
    if len(text) > MAX_PATTERN:
        raise unanswerable(f"has a pattern of more than {MAX_PATTERN} characters")
    return _compiled(text)


@lru_cache(maxsize=256)
def _compiled(text: str) -> Pattern:
    options = re2.Options()
    options.log_errors = False
    options.dot_nl = True
    options.max_mem = 8 << 20
    try:
        found: Pattern = re2.compile(text, options)
    except (re2.error, UnicodeEncodeError):
        raise unanswerable("has a pattern this engine does not read") from None
    return found
