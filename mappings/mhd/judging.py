"""What is judged of a submission before it is taken, beyond its form: its documents, and whom they are about."""

from __future__ import annotations

from copy import deepcopy

from hub.kernel.types import Json
from mappings.cda.patient import best_number
from mappings.mhd.case import Case
from mappings.mhd.content import content
from mappings.mhd.converted import clinical_documents
from mappings.mhd.sameness import is_about
from mappings.mhd.words import OTHER_PATIENT, UNKNOWN_PATIENT, wrong


def judge(case: Case, patient: Json, *, certain: bool = False) -> None:
    """Raise HubError INVALID for documents that are not there or not as stated, or are of somebody else than `patient`.

    `certain`: also for a CDA document that does not tell that it is about `patient`.
    """
    for document in case.submission.of_type("DocumentReference"):
        data = content(document, case.submission)
        media = document.resource["content"][0]["attachment"]["contentType"]
        for node in clinical_documents(document.where, media, data)[0] if data is not None else ():
            if not is_about(patient, node, document.where) and certain:
                what, todo = "the document does not tell that it is about the patient", "state a number in both"
                raise wrong(what, document.where, code=OTHER_PATIENT, todo=todo)


def by_number(bundle: Json, patient: Json) -> Json:
    """A submission about a Patient another facility answers for, said by its best number instead.

    A facility states what it knows about a source Patient of its own; the patient index finds that they are one person.
    Raises HubError INVALID for a Patient without a number.
    """
    numbers = patient.get("identifier", [])
    found = best_number(numbers)
    if found is None:
        todo = "give the Patient with a number"
        raise wrong("the patient it refers to has no number", "Bundle.entry", code=UNKNOWN_PATIENT, todo=todo)
    system, value = found
    number = {"system": system, "value": value} if system else {"value": value}
    said = deepcopy(bundle)
    for entry in said["entry"]:
        if entry["resource"]["resourceType"] in {"List", "DocumentReference"} and "subject" in entry["resource"]:
            entry["resource"]["subject"] = {"identifier": number}
    return said
