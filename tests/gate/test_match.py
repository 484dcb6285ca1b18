"""Patient/$match through the gate: only persons and sources the actor may see."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest

from hub.audit.entry import Outcome
from hub.auth.actor import Actor
from hub.fhir.json import loads
from hub.gate.match import Candidate
from hub.kernel.errors import Category
from hub.kernel.ids import reference_key
from hub.kernel.types import Json
from hub.mpi.index import PatientIndex
from hub.mpi.registration import Source
from tests.gate.house import CLINICIAN, CLOCK, House, absent, refusal, with_house, write
from tests.mpi.people import citizen_id

STEWARD: Final = replace(CLINICIAN, role="mpi-steward", organization="F01", practitioner="st", purpose=("RECORDMGT",))
#: Of the clinic, which has no relation to anybody.
CLINIC: Final = replace(CLINICIAN, organization="F05", practitioner="gao")
CITIZEN: Final = "urn:oid:2.16.156.10011.1.3"


def person(name: str = "沈桂兰", born: str = "1958-04-12", **more: Any) -> Json:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": CITIZEN, "value": citizen_id(born, 96)}],
        "name": [{"text": name}],
        "gender": "female",
        "birthDate": born,
        "telecom": [{"system": "phone", "value": "13800990001"}],
        **more,
    }


SHEN: Final = person()


async def settle(house: House) -> None:
    """Shen at the hospital and at the clinic, and another woman of her name at the hospital."""
    near = person(identifier=[], birthDate="1971-11-02", telecom=[], address=[{"text": "柳溪镇南街9号"}])
    for rid, author, resource in (("h", "F01", SHEN), ("c", "F05", SHEN), ("near", "F01", near)):
        await house.save(
            write("Patient", rid, author=author, **{k: v for k, v in resource.items() if k != "resourceType"})
        )
        async with house.database.transaction() as tx:
            await PatientIndex(CLOCK).register(tx, [Source(rid, author, {**resource, "id": rid})])


async def found(house: House, actor: Actor, patient: Json = SHEN, *, certain: bool = False) -> list[Candidate]:
    return await house.gate.match(actor, patient, count=10, certain=certain)


def sources(candidate: Candidate) -> set[str]:
    return {link["other"]["reference"] for link in loads(candidate.patient.body)["link"]}


def test_a_candidate_is_the_golden_record_of_the_sources_the_actor_may_see(database_url: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        best = (await found(house, CLINIC))[0]
        assert sources(best) == {"Patient/c"}
        assert best.grade == "certain"
        assert Decimal("0.9") < best.score <= 1
        entry = (await house.entries())[0]
        assert (entry.outcome, entry.patients, entry.query) == (
            Outcome.RELEASED,
            ("c",),
            "%24match=&count=10&onlyCertainMatches=false",
        )

    with_house(database_url, work)


def test_who_may_not_be_seen_is_no_candidate_and_leaves_no_trace(database_url: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        assert await found(house, replace(CLINICIAN, organization="F03")) == []
        nobody = await found(house, replace(CLINICIAN, organization="F03"), person("赵无极", "1999-09-09"))
        assert nobody == []

    with_house(database_url, work)


def test_a_relation_opens_all_sources_and_an_objection_closes_those_of_others(database_url: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        await house.relate("c", "F05")
        assert sources((await found(house, CLINIC))[0]) == {"Patient/c", "Patient/h"}
        await house.consent("c", {"type": "deny"})
        assert sources((await found(house, CLINIC))[0]) == {"Patient/c"}

    with_house(database_url, work)


def test_only_a_certain_match_is_given_where_only_that_is_wanted(database_url: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        (only,) = await found(house, CLINICIAN, certain=True)
        assert only.grade == "certain"
        assert await found(house, CLINICIAN, person("赵无极", "1999-09-09"), certain=True) == []

    with_house(database_url, work)


@pytest.mark.parametrize("role", ["patient", "auditor", "integration-engineer", "researcher", "feed"])
def test_other_roles_look_for_nobody(database_url: str, role: str) -> None:
    async def work(house: House) -> None:
        error = await refusal(found(house, replace(CLINICIAN, role=role, patient="a")))
        assert error.category is Category.FORBIDDEN
        assert (await house.entries())[0].outcome is Outcome.REFUSED

    with_house(database_url, work)


async def wait(house: House, one: str, other: str) -> None:
    """A pair waits for a steward."""
    first, second = sorted((reference_key("Patient", one), reference_key("Patient", other)))
    async with house.database.transaction() as tx:
        await tx.execute("DELETE FROM mpi_review")
        await tx.execute(
            "INSERT INTO mpi_review (first, second, reason, score, evidence, model, at)"
            " VALUES ($1, $2, 'review', 1, '', 'm', now())",
            first,
            second,
        )


def test_a_steward_sees_the_demographics_of_pairs_that_wait_and_nothing_else(database_url: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        await house.save(
            write("Patient", "near", name=[{"text": "沈桂兰"}], generalPractitioner=[{"reference": "Practitioner/x"}])
        )
        async with house.database.transaction() as tx:
            await tx.execute("DELETE FROM mpi_review")
        assert await found(house, STEWARD) == []
        assert await absent(house.gate.read(STEWARD, "Patient", "near"))
        await wait(house, "h", "near")
        assert {source for one in await found(house, STEWARD) for source in sources(one)} <= {
            "Patient/h",
            "Patient/near",
        }
        read = loads((await house.gate.read(STEWARD, "Patient", "near")).body)
        assert read["name"] == [{"text": "沈桂兰"}]
        assert "generalPractitioner" not in read
        assert await absent(house.gate.read(STEWARD, "Patient", "c"))
        assert await absent(house.gate.read(STEWARD, "Patient", "nobody"))
        error = await refusal(house.gate.read(STEWARD, "Observation", "x"))
        assert error.category is Category.FORBIDDEN

    with_house(database_url, work)
