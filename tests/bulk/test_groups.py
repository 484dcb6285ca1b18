"""Exports of a Group: of members, and by query (Bulk Data IG 3.0, profile Bulk Cohort Group; R4 group.html)."""

from __future__ import annotations

from typing import Any, Final

import pytest

from hub.kernel.types import Json
from tests.api.house import code, observation, patient
from tests.bulk.house import LATER, Bulk, parameters, with_bulk

MEMBER_FILTER: Final = "http://hl7.org/fhir/uv/bulkdata/StructureDefinition/member-filter"


def by_query(*expressions: str, **elements: Any) -> Json:
    """A Group of whoever the searches find."""
    filters = [
        {"url": MEMBER_FILTER, "valueExpression": {"language": "application/x-fhir-query", "expression": one}}
        for one in expressions
    ]
    return {
        "resourceType": "Group", "type": "person", "actual": False, "modifierExtension": filters, **elements
    }  # fmt: skip


def of(*references: str, **member: Any) -> Json:
    """A Group of members."""
    members = [{"entity": {"reference": one}, **member} for one in references]
    return {"resourceType": "Group", "type": "person", "actual": True, "member": members}


async def two(bulk: Bulk) -> tuple[str, str]:
    """A woman with a high value, and a man with a low one."""
    home = bulk.home
    first = (await home.create(patient()))["id"]
    second = (await home.create(patient(gender="male")))["id"]
    await home.create(observation(first, "180"))
    await home.create(observation(second, "120"))
    await home.create({"resourceType": "Practitioner"})
    return first, second


async def patients(bulk: Bulk, group: Json, body: Any = None, *, who: str = "clinic") -> set[str]:
    """Whose data the export of a Group gives."""
    made = await bulk.home.create(group)
    found = await bulk.exported(f"/Group/{made['id']}/$export", body, who=who)
    whose = {line.get("subject", {"reference": f"Patient/{line['id']}"})["reference"] for line in found.values()}
    assert len(found) == 2 * len(whose), "a Patient and an Observation each"
    return {reference.removeprefix("Patient/") for reference in whose}


def test_the_members_of_a_group_are_exported(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        first, second = await two(bulk)
        assert await patients(bulk, of(f"Patient/{first}")) == {first}
        assert await patients(bulk, of(f"Patient/{first}", f"Patient/{second}")) == {first, second}
        assert await patients(bulk, of("Patient/nobody")) == set()
        posted = parameters(patient=f"Patient/{second}")
        assert await patients(bulk, of(f"Patient/{first}", f"Patient/{second}"), posted) == {second}
        assert await patients(bulk, of(f"Patient/{first}"), posted) == set()

    with_bulk(database_url, visit)


def test_who_left_a_group_is_no_member(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        first, _ = await two(bulk)
        name = f"Patient/{first}"
        assert await patients(bulk, of(name, inactive=True)) == set()
        assert await patients(bulk, of(name, period={"end": "2020"})) == set()
        assert await patients(bulk, of(name, period={"start": "2030"})) == set()
        assert await patients(bulk, of(name, period={"start": "2020", "end": "2030"})) == {first}

    with_bulk(database_url, visit)


@pytest.mark.parametrize(
    ("expressions", "found"),
    [
        (["Patient?gender=female"], {0}),
        (["Observation?value-quantity=gt100"], {0, 1}),
        (["Observation?value-quantity=gt150"], {0}),
        (["Patient?gender=male", "Observation?value-quantity=gt150"], set()),
        (["Patient?gender=male", "Observation?value-quantity=gt100"], {1}),
        (["Patient?_has:Observation:patient:value-quantity=lt150"], {1}),
    ],
)
def test_a_group_by_query_means_who_fulfils_all_of_them_now(
    database_url: str, expressions: list[str], found: set[int]
) -> None:
    async def visit(bulk: Bulk) -> None:
        names = await two(bulk)
        assert await patients(bulk, by_query(*expressions)) == {names[number] for number in found}
        narrowed = by_query(*expressions) | {"member": of(f"Patient/{names[0]}")["member"]}
        assert await patients(bulk, narrowed) == {names[number] for number in found & {0}}

    with_bulk(database_url, visit)


def test_a_group_by_query_is_evaluated_when_it_is_used(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        first, second = await two(bulk)
        made = await bulk.home.create(by_query("Observation?value-quantity=gt150"))
        await bulk.home.create(observation(second, "190"))
        found = await bulk.exported(f"/Group/{made['id']}/$export?_type=Patient")
        assert found.keys() == {f"Patient/{first}", f"Patient/{second}"}

    with_bulk(database_url, visit)


def test_the_id_of_a_person_means_all_sources_of_the_person(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        first, second = await two(bulk)
        async with bulk.home.database.transaction() as tx:
            await tx.execute("UPDATE member SET person = 'golden' WHERE patient = ANY($1)", [first, second])
            await tx.execute(
                "INSERT INTO member (pkey, person, patient) SELECT pkey, 'golden', id FROM resource WHERE id = ANY($1)"
                " ON CONFLICT DO NOTHING",
                [first, second],
            )
        assert await patients(bulk, of("Patient/golden")) == {first, second}

    with_bulk(database_url, visit)


def test_a_group_of_another_organisation_is_not_there(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        first, _ = await two(bulk)
        made = await bulk.home.create(of(f"Patient/{first}"))
        theirs = await bulk.home.ask("GET", f"/Group/{made['id']}/$export", who="hospital", **LATER)
        absent = await bulk.home.ask("GET", "/Group/nothing/$export", who="hospital", **LATER)
        assert (theirs.status_code, theirs.content) == (absent.status_code, absent.content)
        assert theirs.status_code == 404
        where = await bulk.start(f"/Group/{made['id']}/$export")
        await bulk.home.ask("DELETE", f"/Group/{made['id']}")
        await bulk.worker.drain()
        assert (await bulk.ask(where)).status_code == 404

    with_bulk(database_url, visit)


@pytest.mark.parametrize(
    "group",
    [
        {"resourceType": "Group", "type": "person", "actual": True},
        {"resourceType": "Group", "type": "device", "actual": True, "member": of("Patient/a")["member"]},
        of("Group/other"),
        of("urn:uuid:5f3a6b4e-0000-4000-8000-000000000000"),
        of("Patient/a", modifierExtension=[{"url": "http://x", "valueBoolean": True}]),
        by_query(
            "Patient?gender=male", characteristic=[{"code": {"text": "x"}, "valueBoolean": True, "exclude": True}]
        ),
        {**of("Patient/a"), "modifierExtension": [{"url": "http://x", "valueBoolean": True}]},
        by_query("Practitioner?name=x"),
        by_query("Observation?_sort=date"),
        by_query("Observation"),
        by_query("Observation?nothing=x"),
    ],
)
def test_a_group_that_cannot_be_evaluated_is_refused(database_url: str, group: Json) -> None:
    async def visit(bulk: Bulk) -> None:
        made = await bulk.home.create(group)
        answer = await bulk.home.ask("GET", f"/Group/{made['id']}/$export", **LATER)
        assert answer.status_code == 400, answer.text
        assert code(answer) in {"group", "search-value", "unknown-parameter"}
        assert "Group." in answer.text

    with_bulk(database_url, visit)
