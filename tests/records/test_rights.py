"""Who may write what: facility, role, scope, type, id space."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.auth.roles import VOCABULARY
from hub.kernel.errors import Category, HubError
from hub.records.rights import RESERVED, WRITERS, Rights
from tests.auth.consortium import CONSORTIUM, NOW

RIGHTS = Rights(Directory(CONSORTIUM))
DOCTOR = Actor(
    role="clinician", purpose=("TREAT",), client="c", token_id="t", expires=NOW + timedelta(hours=1), organization="F05"
)
WARD = replace(DOCTOR, organization="F01-ICU")
STRANGER = replace(DOCTOR, organization="F99")


def refusal(actor: Actor, rtype: str) -> str:
    with pytest.raises(HubError) as caught:
        RIGHTS.check(actor, rtype, "c")
    assert caught.value.category is Category.FORBIDDEN
    return caught.value.code


@pytest.mark.parametrize("role", sorted(WRITERS))
def test_those_who_look_after_patients_and_systems_of_a_facility_write(role: str) -> None:
    RIGHTS.check(replace(DOCTOR, role=role), "Observation", "c")


@pytest.mark.parametrize("role", ["patient", "auditor", "administrator", "researcher", "mpi-steward", "system", ""])
def test_no_other_role_writes(role: str) -> None:
    assert refusal(replace(DOCTOR, role=role), "Observation") == "role"


@pytest.mark.parametrize("rtype", sorted(VOCABULARY))
def test_what_codes_mean_is_said_by_administrators_alone_whoever_said_it_before(rtype: str) -> None:
    administrator = replace(DOCTOR, role="administrator", organization="")
    RIGHTS.check(administrator, rtype, "c")
    assert RIGHTS.owns(administrator, "F01")
    assert RIGHTS.may_choose(administrator, "icd-10")
    assert refusal(replace(administrator, scopes=("user/*.rs",)), rtype) == "scope"
    assert {refusal(replace(DOCTOR, role=role), rtype) for role in WRITERS} == {"role"}


def test_an_organisation_that_is_not_in_the_consortium_writes_nothing() -> None:
    assert refusal(STRANGER, "Observation") == "role"
    assert not RIGHTS.owns(STRANGER, "F99")
    assert not RIGHTS.may_choose(STRANGER, "F99-1")


@pytest.mark.parametrize("rtype", sorted(RESERVED))
def test_types_with_a_door_of_their_own_are_refused(rtype: str) -> None:
    assert refusal(DOCTOR, rtype) == "reserved-type"


def test_scopes_narrow_the_role() -> None:
    assert refusal(replace(DOCTOR, scopes=("user/Observation.ruds",)), "Observation") == "scope"
    RIGHTS.check(replace(DOCTOR, scopes=("user/Observation.c",)), "Observation", "c")


def test_a_token_for_one_patients_record_writes_nothing_whatever_else_it_may() -> None:
    assert refusal(replace(DOCTOR, patient="p1", scopes=("patient/*.rs", "user/*.cruds")), "Observation") == "scope"


@pytest.mark.parametrize(
    ("actor", "author", "own"),
    [(DOCTOR, "F05", True), (DOCTOR, "F01", False), (WARD, "F01", True), (WARD, "F05", False), (DOCTOR, "", False)],
)
def test_a_resource_belongs_to_the_legal_entity_of_its_author(actor: Actor, author: str, own: bool) -> None:
    assert RIGHTS.owns(actor, author) is own


@pytest.mark.parametrize(
    ("actor", "rid", "allowed"),
    [
        (DOCTOR, "F05-1", True),
        (DOCTOR, "F05-a-b", True),
        (DOCTOR, "F05", False),
        (DOCTOR, "F05.1", False),
        (DOCTOR, "f05-1", False),
        (DOCTOR, "F01-1", False),
        (DOCTOR, "x-F05-1", False),
        (DOCTOR, "F051", False),
        (WARD, "F01-1", True),
        (WARD, "F01-ICU-1", True),
        (WARD, "F01-ICU", True),
    ],
)
def test_an_id_space_begins_with_the_code_and_a_hyphen(actor: Actor, rid: str, allowed: bool) -> None:
    assert RIGHTS.may_choose(actor, rid) is allowed
