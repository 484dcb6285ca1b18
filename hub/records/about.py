"""Whom a client's resource is about: a source patient, never nobody and never a person of the patient index.

By the consent rules (section 3, step 4) nobody may see an observation of nobody. Taken all the same, it would be lost
to whoever sent it. What may be in nobody's record is read by clinicians of its author (hub.gate.unplaced), so it is not
taken of a family doctor, who reads of her patients alone.

A golden record is made when it is asked for and has no row of its own. What was written about its id would stand in no
source's record, so neither the person's consents nor her own look at her record would reach it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from consent.tables import FAMILY_DOCTOR, NON_PATIENT_TYPES
from hub.auth.actor import Actor
from hub.db.database import Tx
from hub.fhir.compartments import source_patient, stands_alone
from hub.kernel.errors import Category, HubError
from hub.records.operations import Delete, Operation, Patch

#: Ids of persons look like this (hub.kernel.ids.random_id); those that facilities choose hold a hyphen.
_PERSON: Final = re.compile(r"[a-z2-7]{26}")
_NAMED: Final = "SELECT DISTINCT person FROM member WHERE person = ANY($1)"


async def about_persons(tx: Tx, operations: Sequence[Operation]) -> dict[int, HubError]:
    """Refusals (INVALID) of the operations whose resource is about a golden record, by place."""
    subjects = {index: found for index, one in enumerate(operations) if (found := _subject(one)) is not None}
    rows = await tx.fetch(_NAMED, sorted(set(subjects.values()))) if subjects else []
    persons = {row["person"] for row in rows}
    return {index: _refusal(operations[index]) for index, found in subjects.items() if found in persons}


def refuse_about_nobody(actor: Actor, operation: Operation) -> None:
    """Raises HubError INVALID for a new resource that names no patient, so that its author could never see it."""
    if isinstance(operation, Delete | Patch) or operation.type == "Patient" or operation.type in NON_PATIENT_TYPES:
        return
    if source_patient(operation.resource) is not None or "securityContext" in operation.resource:
        return
    if not stands_alone(operation.type):
        what = "names no patient of this server, so by the consent rules nobody could ever read it"
        raise _of_nobody(operation, what, "refer to the Patient it is about")
    if actor.role == FAMILY_DOCTOR:
        what = "is in no patient's record, and a family doctor reads those of her patients alone"
        raise _of_nobody(operation, what, "let a clinician or a system of the facility write it")


def _of_nobody(operation: Operation, what: str, todo: str) -> HubError:
    return HubError(Category.INVALID, what, where=operation.where or operation.type, todo=todo, code="no-subject")


def _subject(operation: Operation) -> str | None:
    """The patient an operation's resource is about, if the id may be a person's. Of a patch it is not known yet."""
    if isinstance(operation, Delete | Patch) or operation.type == "Patient":
        return None
    found = source_patient(operation.resource)
    return found if found is not None and _PERSON.fullmatch(found) else None


def _refusal(operation: Operation) -> HubError:
    return HubError(
        Category.INVALID,
        "is about a golden record, which is made of the registrations of a person",
        where=operation.where or operation.type,
        todo="refer to your own registration of the patient; its link names them",
        code="golden-subject",
    )
