"""Whom a submission is about: the facility's own source Patient, by number or by id."""

from __future__ import annotations

from hub.fhir.references import parse_reference
from hub.kernel.types import Json
from mappings.cda.patient import known_by, was_known_by
from mappings.mhd.submission import Entry, Submission
from mappings.mhd.words import OTHER_PATIENT, UNKNOWN_PATIENT, wrong
from mappings.registration import IdOf, formerly


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


def patient_id(submission: Submission, id_of: IdOf) -> str:
    """The id of the source Patient. Raises HubError INVALID where nothing says who it is."""
    if found := known_by(numbers_of(submission)):
        return id_of("Patient", *found)
    target = parse_reference(submission.subject.get("reference", ""))
    if target is None or target.type != "Patient" or enclosed(submission) is not None:
        todo = "give the Patient with a number, or the number in subject.identifier"
        raise wrong("no number says who the patient is", "Bundle.entry", code=UNKNOWN_PATIENT, todo=todo)
    return target.id


def earlier_ids(submission: Submission, id_of: IdOf) -> tuple[str, ...]:
    """The ids the source Patient had before (see `Draft.formerly`)."""
    now, before = known_by(numbers_of(submission)), was_known_by(numbers_of(submission))
    return formerly(now, before, id_of) if now is not None and before is not None else ()


def person_of(submission: Submission) -> Json:
    """What the submission states of the patient, as a Patient; no more than the numbers where none stands in it."""
    patient = enclosed(submission)
    return {} | (patient.resource if patient is not None else {}) | {"identifier": numbers_of(submission)}
