"""The code tables read backwards: from a FHIR code to the v2 code that stands for it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from mappings.hl7v2.codetables import table


@cache
def source_of(name: str) -> Mapping[tuple[str, str], str]:
    """The v2 code of a table by (system, code) and by ("", code): the first that is a code of the standard.

    Words and figures of local senders come after it; what only the row `*` stands for has none and is not said.
    """
    found: dict[tuple[str, str], str] = {}
    known = table(name).entries
    sources = [source for source in known if source != "*" and source.isascii() and source == source.upper()]
    for source in sorted(sources, key=lambda text: not text.isalpha()):
        entry = known[source]
        found.setdefault((entry.system, entry.code), source)
        found.setdefault(("", entry.code), source)
    return found
