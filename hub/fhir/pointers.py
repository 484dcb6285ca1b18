"""What a resource refers to and might repeat something of: local references to anything that may be about a patient.

As it leaves, a resource is cleared of what it repeats of the hidden among them (hub/gate/trimming.py).
"""

from __future__ import annotations

import re
from typing import Final

from hub.fhir.structure import RESOURCE_TYPES

#: Types that are about no patient: the same as consent.tables.NON_PATIENT_TYPES, to which a test holds it.
ABOUT_NOBODY: Final = frozenset(
    {
        "Organization",
        "Practitioner",
        "PractitionerRole",
        "Location",
        "HealthcareService",
        "ValueSet",
        "CodeSystem",
        "ConceptMap",
        "StructureDefinition",
        "CapabilityStatement",
        "Medication",
    }
)

#: A Reference.reference as it stands in a compact body; see hub.store.predicate_rows.
_POINTERS: Final = re.compile(rb'"reference":"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[^"]*)?"')


def pointers(body: bytes) -> list[tuple[str, str]]:
    """(type, id) of each, once, in their order. `body` is compact JSON."""
    found = dict.fromkeys((kind.decode(), rid.decode()) for kind, rid in _POINTERS.findall(body))
    return [(kind, rid) for kind, rid in found if kind in RESOURCE_TYPES and kind not in ABOUT_NOBODY]
