"""A second person's approval holds for the pair, the patient, the purpose and the time it was given for. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from consent.person import read_person
from consent.references import References
from hub.auth.actor import Actor
from hub.auth.approvals import ETHICS, Approval
from hub.gate.asking import second_person
from hub.kernel.types import Json
from tests.auth.consortium import NOW
from tests.gate.house import CLINICIAN

GIVEN: Final[Json] = {
    "status": "active",
    "reference": "Practitioner/hong",
    "organization": "Organization/F01",
    "for": "Practitioner/fang",
    "patient": "Patient/a",
    "purpose": ["TREAT", "COC"],
    "period": {"start": NOW.isoformat(), "end": (NOW + timedelta(hours=4)).isoformat()},
}
PERSON: Final = read_person({"reference": "Patient/a", "links": ["Patient/b"]}, References())


def _approval(**changes: Any) -> Approval:
    return Approval(id="x", kind="second", content={**GIVEN, **changes}, recorded=NOW)


def test_it_names_the_second_person_and_where_they_work() -> None:
    told = {"reference": "Practitioner/hong", "organization": "Organization/F01"}
    assert second_person(_approval(), CLINICIAN, PERSON, NOW) == told
    assert second_person(_approval(patient="Patient/b"), CLINICIAN, PERSON, NOW) == told


@pytest.mark.parametrize(
    ("approval", "actor"),
    [
        (_approval(patient="Patient/c"), CLINICIAN),
        (_approval(status="ended"), CLINICIAN),
        (_approval(**{"for": "Practitioner/x"}), CLINICIAN),
        (_approval(), replace(CLINICIAN, practitioner="x")),
        (_approval(), replace(CLINICIAN, purpose=("CAREMGT",))),
        (_approval(), replace(CLINICIAN, purpose=("TREAT", "CAREMGT"))),
        (replace(_approval(), kind=ETHICS), CLINICIAN),
        (None, CLINICIAN),
    ],
)
def test_it_holds_for_nothing_else(approval: Approval | None, actor: Actor) -> None:
    assert second_person(approval, actor, PERSON, NOW) == {}


def test_it_ends_after_four_hours() -> None:
    assert second_person(_approval(), CLINICIAN, PERSON, NOW + timedelta(hours=4))
    assert second_person(_approval(), CLINICIAN, PERSON, NOW + timedelta(hours=4, seconds=1)) == {}


def test_one_that_names_no_purpose_is_for_treatment() -> None:
    unbound = _approval()
    del unbound.content["purpose"]
    assert second_person(unbound, CLINICIAN, PERSON, NOW)
    assert second_person(unbound, replace(CLINICIAN, purpose=("COC",)), PERSON, NOW) == {}
