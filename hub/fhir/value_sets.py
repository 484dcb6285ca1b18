"""The codes of R4's value sets: those of required bindings, and of extensible ones and their limits.

Lists are in `tables/value_sets.json` and `tables/advised_sets.json`; what no list holds is decided by its syntax.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from functools import cache
from typing import Final

from hub.fhir.syntax import SETS, SYSTEMS, Syntax
from hub.fhir.table import read_table

Listed = Mapping[str, list[str] | None]

_SETS: Final[Mapping[str, Listed]] = read_table("value_sets")

#: Value sets of required bindings that are not decided, and why.
UNDECIDED: Final[Mapping[str, str]] = {
    "http://loinc.org/vs/LL379-9": "an answer list of LOINC, which the definitions do not carry",
}


@cache
def _advised() -> Mapping[str, Listed]:
    found: Mapping[str, Listed] = read_table("advised_sets")
    return found


@cache
def codings(name: str) -> Mapping[str, Container[str]] | None:
    """The codes of a value set by code system, or None where they are not all known."""
    if name in SETS:
        return SETS[name]
    listed = _SETS.get(name) or _advised().get(name)
    if listed is None:
        return None
    found = {system: SYSTEMS.get(system) if part is None else frozenset(part) for system, part in listed.items()}
    known = {system: part for system, part in found.items() if part is not None}
    return known if len(known) == len(found) else None


@cache
def codes_by_system() -> Mapping[str, frozenset[str]]:
    """The codes of every code system as far as the lists have them: all that some value set takes in."""
    found: dict[str, set[str]] = {}
    for listed in (*_SETS.values(), *_advised().values()):
        for system, part in listed.items():
            found.setdefault(system, set()).update(part or ())
    return {system: frozenset(part) for system, part in found.items()}


@cache
def codes(name: str) -> Container[str] | None:
    """Every code of a value set whatever its system, or None where they are not all known."""
    found = codings(name)
    if found is None:
        return None
    parts = list(found.values())
    lists = [part for part in parts if isinstance(part, frozenset)]
    if len(lists) == len(parts):
        return frozenset().union(*lists)
    return parts[0] if len(parts) == 1 else Syntax(lambda code: any(code in part for part in parts))


@cache
def implied_system(name: str | None) -> str | None:
    """The code system of an element bound to a value set of one system; None for several."""
    systems = list(_SETS.get(name or "", ()))
    return systems[0] if len(systems) == 1 else None
