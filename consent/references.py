"""References in the one form in which they are compared (section 9a)."""

from __future__ import annotations

import re
from typing import Final

from consent.shapes import items, record, text

_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_HISTORY: Final = "/_history/"


class References:
    """Brings references to the form `Type/id`: the hub's own base and the version go, other absolute URLs stay."""

    def __init__(self, base_urls: tuple[str, ...] = ()) -> None:
        self._bases: Final = tuple(base.rstrip("/") + "/" for base in base_urls if base)

    def clean(self, value: object) -> str | None:
        """The reference as it is compared; None if it is no text or empty."""
        reference = text(value)
        if reference is None:
            return None
        for base in self._bases:
            if reference.startswith(base):
                reference = reference.removeprefix(base)
                break
        if _ABSOLUTE.match(reference):
            return reference
        return reference.partition(_HISTORY)[0] or None

    def of(self, reference: object) -> str | None:
        """The same of a FHIR Reference object."""
        return self.clean(record(reference).get("reference"))

    def all(self, values: object) -> frozenset[str]:
        """Those of a list that can be read."""
        return frozenset(found for value in items(values) if (found := self.clean(value)) is not None)
