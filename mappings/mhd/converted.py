"""What a submitted document tells if it is CDA: the drafts of the CDA engine, about the patient of the submission."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Final, NamedTuple

from msgspec.structs import replace

from hub.kernel.errors import HubError
from hub.kernel.types import Draft, Issue, Json, ReportRow
from mappings.cda.node import Node
from mappings.cda.reading import documents
from mappings.cda.translator import translate
from mappings.mhd.about import person_of
from mappings.mhd.case import Case
from mappings.mhd.sameness import is_about

_XML: Final = frozenset({"text/xml", "application/xml", "application/hl7-v3+xml", "text/x-hl7-text+xml"})
_UNSURE: Final = "tells by no number, nor by name and birth date, that it is about the patient; it is kept as it is"


class Told(NamedTuple):
    """What a document tells. `related` refers to its Composition, `labels` are those of the whole document."""

    drafts: Sequence[Draft] = ()
    report: Sequence[ReportRow] = ()
    issues: Sequence[Issue] = ()
    related: Sequence[Json] = ()
    labels: Sequence[Json] = ()


def converted(where: str, media: str, data: bytes, document: str, case: Case) -> Told:
    """What `data` tells, `document` being the id of the DocumentReference that holds it; nothing if it is no CDA.

    Nothing but its labels of a CDA document that does not tell that it is about the patient of the submission. Raises
    HubError INVALID for one about somebody else.
    """
    found, issues = clinical_documents(where, media, data)
    told = [Told(issues=issues), *(_one(each, where, data, document, case) for each in found)]
    return Told(*(tuple(chain.from_iterable(parts)) for parts in zip(*told, strict=True)))


def clinical_documents(where: str, media: str, data: bytes) -> tuple[list[Node], list[Issue]]:
    """The CDA documents in the bytes of a document, and what is wrong with it; none in what is something else."""
    if media.partition(";")[0].strip().lower() not in _XML:
        return [], []
    try:
        found, mended = documents(data)
    except HubError as error:
        said = f"is XML that could not be read ({error.what}); it is kept as it is"
        issue = Issue(severity="warning", where=where, code=error.code, text=said)
        return [], [] if error.code == "no-document" else [issue]
    return found, [replace(issue, where=f"{where}: {issue.where}") for issue in mended]


def _one(node: Node, where: str, data: bytes, document: str, case: Case) -> Told:
    # Of a Patient that is referred to by id the door has judged.
    known = not case.numbers or is_about(person_of(case.submission), node, where)
    settled = {"Patient": case.subject, "DocumentReference": document}

    def ids(facility: str, resource_type: str, authority: str, key: str) -> str:
        return settled.get(resource_type) or case.sender.ids(facility, resource_type, authority, key)

    made = translate(node, data, case.sender.facility, ids, case.sender.canonical_base, zone=case.sender.zone)
    (kept,) = [draft.resource for draft in made.drafts if draft.resource["resourceType"] == "DocumentReference"]
    labels = kept.get("meta", {}).get("security", ())
    if not known:
        return Told(issues=[Issue(severity="warning", where=where, code="patient-unsure", text=_UNSURE)], labels=labels)
    # Of a Patient that is referred to by id the document tells nothing: its numbers could be another's.
    left_out = {"DocumentReference"} if case.numbers else settled.keys()
    return Told(
        drafts=[draft for draft in made.drafts if draft.resource["resourceType"] not in left_out],
        report=[replace(row, source=f"{where}: {row.source}") for row in made.report],
        issues=[replace(issue, where=f"{where}: {issue.where}") for issue in made.issues],
        related=kept["context"]["related"],
        labels=labels,
    )
