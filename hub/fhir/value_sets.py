"""The codes of R4's required bindings (value sets of the specification, in `tables/value_sets.json`)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from hub.fhir.table import read_table

_SETS: Final[Mapping[str, Mapping[str, list[str] | None]]] = read_table("value_sets")


@cache
def codes(name: str) -> frozenset[str] | None:
    """Every code of a value set, or None where the specification lists none (MIME types) or it is not known."""
    listed = _SETS.get(name, {"": None}).values()
    return None if None in listed else frozenset(code for part in listed for code in part or ())


@cache
def codings(name: str) -> Mapping[str, frozenset[str]] | None:
    """The same by code system, or None."""
    if codes(name) is None:
        return None
    return {system: frozenset(part or ()) for system, part in _SETS[name].items()}


@cache
def implied_system(name: str | None) -> str | None:
    """The code system of an element bound to a value set of one system; None for several."""
    systems = list(_SETS.get(name or "", ()))
    return systems[0] if len(systems) == 1 else None
