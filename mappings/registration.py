"""By what a facility's patient is known: one registration for an assigning authority and a number, in every format.

Spaces of numbers that are the same everywhere (national numbers, OIDs, UUIDs, URIs) are one whichever format names
them. A name that only the facility knows (`HIS`) is not: it may count patients and stays apart, so it tells a space
together with the kind of number, as HL7 v2 states it, and no other format meets it. Numbers are never compared without
their space.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

_OID: Final = "urn:oid:"
#: Systems of national numbers (OIDs as observed in public implementations of WS/T 483) and their kind (v2 table 0203).
NATIONAL: Final = {
    "urn:oid:2.16.156.10011.1.2": "PI",
    "urn:oid:2.16.156.10011.1.3": "NNCHN",
    "urn:oid:2.16.156.10011.1.15": "NH",
    "urn:oid:2.16.156.10011.1.19": "HC",
}
#: A number that is one patient's within its assigning authority, by definition (v2 table 0203): it needs no kind.
INTERNAL: Final = "PI"

#: What stands where nobody gave a number: words, signs, zeros, and one digit as often as a citizen id is long.
_NOBODY: Final = re.compile(
    r"\s*(?:0*|-+|/+|\*+|\?+|N/?A|NONE|NULL|UNKNOWN|ANONYMOUS|NO ?ID|未知|无|不详|暂无|未提供|匿名|(\w)\1{14,})\s*\Z",
    re.IGNORECASE,
)

#: The id of the resource of a type with that authority and key.
IdOf = Callable[[str, str, str], str]


class Registration(NamedTuple):
    """Authority and key that the id of a Patient is made from."""

    authority: str
    key: str


def registration(system: str, value: str, kind: str = "") -> Registration:
    """The registration a number names: `system` is Identifier.system and not "".

    `kind` tells spaces apart where one system numbers several kinds; else it is "". Letters of national numbers are
    capitals, others stay as sent: `a1` and `A1` may be two patients.
    """
    if system in NATIONAL:
        return Registration(f"|{NATIONAL[system]}", value.strip().upper())
    return Registration(f"{system.removeprefix(_OID)}|{kind or INTERNAL}", value.strip())


def is_nobodys(value: str) -> bool:
    """Whether a number names nobody, so that all who came with it would be one patient."""
    return _NOBODY.match(value) is not None


def formerly(now: Registration, before: tuple[str, str], id_of: IdOf) -> tuple[str, ...]:
    """The id a registration had under the key it was `before` known by, if that was another (see `Draft.formerly`)."""
    return () if tuple(now) == before else (id_of("Patient", *before),)
