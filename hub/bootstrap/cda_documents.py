"""CDA documents out of FHIR resources: what writes them, for the API and for the command line."""

from __future__ import annotations

from collections.abc import Sequence

from hub.kernel.consortium import Consortium
from hub.kernel.ports import DocumentWriter
from hub.kernel.types import Json

#: Numbers of facilities as observed in public implementations of WS/T 483 (mappings/cda/tables/identifiers.csv).
_FACILITIES = "urn:oid:2.16.156.10011.1.5"


def document_writer(consortium: Consortium) -> DocumentWriter:
    """What writes the documents of a consortium's facilities."""

    def write(
        kind: str, resources: Sequence[Json], *, patient: str, author: str, organization: str, number: str, written: str
    ) -> bytes:
        known = consortium.facilities.get(organization)
        holder: Json = {"resourceType": "Organization", "identifier": [{"system": _FACILITIES, "value": organization}]}
        holder["name"] = known.name if known is not None else organization
        writer = {"resourceType": "Practitioner", "identifier": [{"value": author}]} if author else None
        named = [each for each in resources if (each["resourceType"], each["id"]) == ("Practitioner", author)]
        return written_document(
            kind,
            [*(named or filter(None, [writer])), holder, *resources],
            patient=patient,
            number=number,
            written=written,
        )

    return write


def written_document(kind: str, resources: Sequence[Json], *, patient: str = "", number: str, written: str) -> bytes:
    """A document of a type that tells resources of one person; the first of who takes part stand in its header.

    Raises HubError UNSUPPORTED for a type that is not written, INVALID without one Patient.
    """
    from mappings.cda.outbound.choosing import chosen
    from mappings.cda.outbound.writer import write

    return write(kind, chosen(resources, patient), number=number, written=written)
