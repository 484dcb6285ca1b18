"""Whom a submission is about: the facility's own source Patient, by number or by id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from hub.fhir.references import parse_reference
from hub.kernel.types import Json
from mappings.cda.node import Node
from mappings.cda.patient import known_by
from mappings.mhd.submission import Entry, Submission
from mappings.mhd.words import OTHER_PATIENT, UNKNOWN_PATIENT, wrong


def enclosed(submission: Submission) -> Entry | None:
    """The Patient that stands in the submission. Raises HubError INVALID where more than one does."""
    patients = list(submission.of_type("Patient"))
    if len(patients) > 1:
        raise wrong("holds several patients", patients[1].where, code=OTHER_PATIENT)
    return submission.named.get(submission.subject.get("reference", "")) if patients else None


def numbers_of(submission: Submission) -> list[Json]:
    """The numbers of the patient that the submission states; none where it refers to a Patient of the hub."""
    patient = enclosed(submission)
    if patient is not None:
        return list(patient.resource.get("identifier", ()))
    number = submission.subject.get("identifier")
    return [number] if isinstance(number, dict) and not submission.subject.get("reference") else []


def patient_id(submission: Submission, id_of: Callable[[str, str, str], str]) -> str:
    """The id of the source Patient. Raises HubError INVALID where nothing says who it is."""
    if found := known_by(numbers_of(submission)):
        return id_of("Patient", *found)
    target = parse_reference(submission.subject.get("reference", ""))
    if target is None or target.type != "Patient" or enclosed(submission) is not None:
        todo = "give the Patient with a number, or the number in subject.identifier"
        raise wrong("no number says who the patient is", "Bundle.entry", code=UNKNOWN_PATIENT, todo=todo)
    return target.id


def refuse_another(numbers: Sequence[Json], document: Node, where: str) -> None:
    """Raise HubError INVALID if a CDA document is about somebody with another number of the same kind."""
    stated = {one.get("system", ""): str(one["value"]).upper() for one in numbers if one.get("value")}
    for root, value in _in_document(document):
        known = stated.get(f"urn:oid:{root}")
        if known is not None and known != value:
            what = "the document is about a patient with another number than the submission states"
            raise wrong(what, where, code=OTHER_PATIENT, todo="send it for the patient it is about")


def _in_document(document: Node) -> Iterable[tuple[str, str]]:
    for role in document.all("recordTarget", "patientRole"):
        for node in (*role.all("id"), *role.all("patient", "id")):
            if node.get("extension"):
                yield node.get("root"), node.get("extension").upper()
