"""R4's bindings that are not required: extensible ones, and the sets beyond which no code may be taken.

Source: `tables/bindings.json` (terminologies.html#strength; extension elementdefinition-maxValueSet). The required ones
stand in the structure table.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final, Literal

from hub.fhir.structure import structure
from hub.fhir.table import read_table

Strength = Literal["extensible", "max"]

_STRUCTURES: Final = "http://hl7.org/fhir/StructureDefinition/"
_SETS: Final = "http://hl7.org/fhir/ValueSet/"

_ROWS: Final[Mapping[str, Mapping[Strength, str]]] = read_table("bindings")


def bound_set(context: str) -> str | None:
    """The value set of an element, as `$expand` names it: `STRUCTURE#path`, or the path alone; None for none.

    Of R4's own types: `http://hl7.org/fhir/StructureDefinition/Observation#Observation.status`.
    """
    url, _, path = context.rpartition("#")
    type_name, _, element = path.rpartition(".")
    found = structure(type_name)
    if (url and url != _STRUCTURES + type_name.partition(".")[0]) or found is None or element not in found.elements:
        return None
    name = found.elements[element].binding or binding(type_name, element, "extensible")
    return name if name is None or "://" in name else _SETS + name


def extensible_sets() -> frozenset[str]:
    """All value sets R4 binds elements to extensibly: ids of its own, else URLs."""
    return frozenset(row["extensible"] for row in _ROWS.values() if "extensible" in row)


@cache
def binding(type_name: str, element: str, strength: Strength) -> str | None:
    """The value set of an element of a type, also where it is inherited; None for none.

    The binding of a whole type (Age, Distance, Duration) is that of its `code`.
    """
    at = structure(type_name)
    while at is not None:
        found = _ROWS.get(f"{at.name}.{element}") or (_ROWS.get(at.name) if element == "code" else None)
        if found is not None:
            return found.get(strength)
        at = structure(at.base)
    return None
