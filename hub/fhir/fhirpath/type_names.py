"""Type names of expressions, and which items are of a type (FHIRPath section 6.3, R4 fhirpath.html#types)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hub.fhir.fhirpath.errors import unanswerable
from hub.fhir.fhirpath.nodes import Item, Node
from hub.fhir.fhirpath.system import system_type
from hub.fhir.structure import is_a, structure

SYSTEM: Final = frozenset({"Any", "Boolean", "Date", "DateTime", "Decimal", "Integer", "Quantity", "String", "Time"})


@dataclass(frozen=True, slots=True)
class TypeName:
    """A type by its name in FHIR and in System, "" where it has none there; without namespace it may have both."""

    fhir: str
    system: str

    def holds(self, item: Item) -> bool:
        """Whether an item is of this type or of a specialisation of it."""
        if isinstance(item, Node):
            return self.fhir != "" and is_a(item.type, self.fhir)
        return self.system in (system_type(item), "Any")


def type_name(text: str) -> TypeName:
    """Read `Patient`, `FHIR.Patient`, `string`, `System.String`. Raises HubError INVALID for a type nobody has."""
    space, _, name = text.rpartition(".")
    fhir = name if space in ("", "FHIR") and structure(name) is not None and "." not in name else ""
    system = name if space in ("", "System") and name in SYSTEM else ""
    if not fhir and not system:
        raise unanswerable("names a type there is not")
    return TypeName(fhir, system)
