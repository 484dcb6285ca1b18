"""A required element of which a message says nothing (R4 extension-data-absent-reason.html)."""

from __future__ import annotations

from typing import Final

from hub.kernel.types import Json

DATA_ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def unknown() -> Json:
    """An element that is unknown: a new one each time, since every resource is its message's own."""
    return {"extension": [{"url": DATA_ABSENT, "valueCode": "unknown"}]}
