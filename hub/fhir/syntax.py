"""Value sets no list could hold, decided by the syntax of their codes.

Sources: BCP 47 (RFC 5646, section 2.1) for languages, BCP 13 (RFC 6838, section 4.2; RFC 2045, section 5.1) for MIME
types, UCUM for units. What is well formed is taken: no registry is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Final

from hub.fhir.ucum import LENGTH, TIME, is_unit

_LANGUAGE: Final = re.compile(
    r"(?:[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*(?:-[0-9A-WY-Za-wy-z](?:-[A-Za-z0-9]{2,8})+)*"
    r"(?:-[xX](?:-[A-Za-z0-9]{1,8})+)?|[xX](?:-[A-Za-z0-9]{1,8})+|[iI](?:-[A-Za-z0-9]{2,8}){1,2}"
)
_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9!#$&\-^_.+]{0,126}"
_WORD: Final = r"[!#$%&'*+\-.0-9A-Z^_`a-z|~]+"
_MIME: Final = re.compile(rf"{_NAME}/{_NAME}(?:\s*;\s*{_WORD}=(?:{_WORD}|\"[^\"\\]*\"))*")
#: Short names of formats that R4 itself uses for MIME types (http.html#mime-type) and its examples for languages.
_SHORT: Final = frozenset({"json", "xml", "ttl"})


@dataclass(frozen=True, slots=True)
class Syntax(Container[str]):
    """The codes for which a test holds."""

    holds: Callable[[str], object]

    def __contains__(self, code: object) -> bool:
        return code.__class__ is str and bool(self.holds(str(code)))


_MIME_TYPES: Final = Syntax(lambda code: code in _SHORT or _MIME.fullmatch(code))

#: Code system -> its codes.
SYSTEMS: Final[Mapping[str, Container[str]]] = {
    "urn:ietf:bcp:47": Syntax(_LANGUAGE.fullmatch),
    "urn:ietf:bcp:13": _MIME_TYPES,
    "http://unitsofmeasure.org": Syntax(is_unit),
}

#: Value set -> the codes of each system, where a set is less than a whole system.
SETS: Final[Mapping[str, Mapping[str, Container[str]]]] = {
    "all-time-units": {"http://unitsofmeasure.org": Syntax(TIME.fullmatch)},
    "all-distance-units": {"http://unitsofmeasure.org": Syntax(LENGTH.fullmatch)},
    "http://www.rfc-editor.org/bcp/bcp13.txt": {"urn:ietf:bcp:13": _MIME_TYPES},
}
