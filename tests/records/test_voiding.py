"""Marking a resource entered in error before it is deleted."""

from __future__ import annotations

import pytest

from hub.fhir.structure import RESOURCE_TYPES, structure
from hub.fhir.value_sets import codes
from hub.kernel.types import Json
from hub.records.voiding import voided

MARK = "entered-in-error"


def has_the_mark(rtype: str, element: str) -> bool:
    known = structure(rtype)
    assert known is not None
    binding = known.elements[element].binding if element in known.elements else None
    return binding is not None and MARK in (codes(binding) or ())


@pytest.mark.parametrize("rtype", sorted(RESOURCE_TYPES))
def test_every_type_whose_status_has_the_code_is_marked_and_no_other(rtype: str) -> None:
    marked = voided({"resourceType": rtype, "status": "final", "lifecycleStatus": "active"})
    if rtype in {"Condition", "AllergyIntolerance"}:
        assert marked is not None
        assert marked["verificationStatus"]["coding"][0]["code"] == MARK
    elif has_the_mark(rtype, "lifecycleStatus"):
        assert marked is not None
        assert marked["lifecycleStatus"] == MARK
    elif has_the_mark(rtype, "status") and rtype != "Consent":
        assert marked is not None
        assert marked["status"] == MARK
    else:
        assert marked is None


@pytest.mark.parametrize("status", ["draft", "preliminary", "registered", "planned", "proposed", MARK])
def test_drafts_and_what_is_marked_already_stay_as_they_are(status: str) -> None:
    assert voided({"resourceType": "Observation", "status": status}) is None


def test_the_argument_is_not_altered() -> None:
    resource: Json = {"resourceType": "Condition", "clinicalStatus": {"text": "active"}}
    marked = voided(resource)
    assert marked is not None
    assert "clinicalStatus" not in marked
    assert resource == {"resourceType": "Condition", "clinicalStatus": {"text": "active"}}
    assert voided(marked) is None
