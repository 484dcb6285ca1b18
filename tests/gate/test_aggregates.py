"""Aggregates: who is counted, and that no number, nor two of them, tells of anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from hub.auth import approvals
from hub.auth.approvals import Approval
from hub.auth.directory import Directory
from hub.gate.aggregate_wish import read_aggregate
from hub.gate.aggregates import age_band
from hub.gate.cells import MOVE, Cell, move
from hub.gate.disguises import LEAST, Project
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.store.values import Facts
from tests.auth.consortium import CONSORTIUM, NOW
from tests.gate.house import House, observation, refusal, with_house, write
from tests.gate.test_secondary_exports import CENTRE, PURPOSES

AGGREGATE: Final = replace(CENTRE, form="aggregate")
STATUTORY: Final = replace(AGGREGATE, purpose=("PUBHLTH",))
RESEARCHER: Final = replace(AGGREGATE, role="researcher", purpose=("CLINTRCH",), client="study")
ENTERPRISE: Final = replace(AGGREGATE, role="enterprise", purpose=("PRODRD",), client="maker")
OPT_OUT: Final = Directory(replace(CONSORTIUM, secondary="opt-out"))
#: The first of May, in China.
MAY: Final = datetime(2026, 4, 30, 16, tzinfo=UTC)
HBA1C: Final = "Observation?code=http://loinc.org|4548-4"


async def persons(house: House, *, women: int = 0, men: int = 0, author: str = "F01") -> list[str]:
    """So many persons with a value each, their birthdays in one decade."""
    people = [("female", f"w{number}") for number in range(women)] + [("male", f"m{number}") for number in range(men)]
    for gender, patient in people:
        value = observation(f"o-{patient}", patient=patient, author=author)
        value = structs.replace(value, facts=Facts(author_org=author, clinical_start=MAY))
        await house.save(write("Patient", patient, gender=gender, birthDate="1958-04-12"), value)
    return [patient for _, patient in people]


async def counted(
    house: House, *by: str, count: str = HBA1C, actor: Any = STATUTORY
) -> Mapping[tuple[str, ...], int | None]:
    """Persons by the values of the dimensions."""
    answer = await house.gate.aggregates.count(actor, {"count": count, "by": list(by)})
    return {tuple(cell[one] for one in by): cell["persons"] for cell in answer["cells"]}


def about(number: int) -> range:
    """What may be told of a number of persons."""
    return range(number - MOVE, number + MOVE + 1)


def test_persons_are_counted_once_however_many_values_and_sources_they_have(database_url: str) -> None:
    async def work(house: House) -> None:
        people = await persons(house, women=LEAST + 3)
        await house.save(observation("again", patient=people[0]))
        await house.link("golden", people[0], people[1])
        (found,) = (await counted(house)).values()
        assert found in about(LEAST + 2)

    with_house(database_url, work)


def test_cells_are_divided_by_what_was_asked(database_url: str) -> None:
    async def work(house: House) -> None:
        await persons(house, women=LEAST + 1, men=LEAST + 4)
        found = await counted(house, "sex", "age", "month")
        assert found.keys() == {("female", "60-69", "2026-05"), ("male", "60-69", "2026-05")}
        assert found["female", "60-69", "2026-05"] in about(LEAST + 1)
        assert (await counted(house, "facility", "code")).keys() == {("F01", "http://loinc.org|4548-4")}

    with_house(database_url, work)


def test_a_cell_of_few_persons_is_not_told_from_one_of_nobody(database_url: str) -> None:
    async def work(house: House) -> None:
        await persons(house, women=LEAST, men=LEAST - 1)
        found = await counted(house, "sex")
        assert ("male",) not in found
        assert found["female",] in about(LEAST)

    with_house(database_url, work)


def test_two_answers_that_differ_by_one_person_are_not_both_given(database_url: str) -> None:
    """Attack list, 59: the count with and without one person."""

    async def work(house: House) -> None:
        people = await persons(house, women=LEAST + 5)
        (first,) = (await counted(house)).values()
        assert first is not None
        await house.save(write("Patient", "new"), observation("o-new", patient="new"))
        assert await counted(house) == {}
        await house.save(*(write("Patient", f"n{n}") for n in range(LEAST)))
        await house.save(*(observation(f"o-n{n}", patient=f"n{n}") for n in range(LEAST)))
        (later,) = (await counted(house)).values()
        assert later in about(LEAST + 5 + 1 + LEAST)
        # The same persons, found in another way, have the same number; one of them fewer has none.
        (again,) = (await counted(house, count=f"{HBA1C}&status=final")).values()
        assert again == later
        await house.save(observation(f"o-{people[0]}", patient=people[0], status="entered-in-error"))
        assert await counted(house, count=f"{HBA1C}&status=final") == {}

    with_house(database_url, work)


def test_what_one_project_was_told_does_not_bind_another(database_url: str) -> None:
    async def work(house: House) -> None:
        await persons(house, women=LEAST + 5)
        assert (await counted(house))[()] is not None
        await house.save(write("Patient", "new"), observation("o-new", patient="new"))
        assert (await counted(house, actor=replace(STATUTORY, client="other")))[()] in about(LEAST + 6)

    with_house(database_url, work)


def test_who_refuses_is_not_counted(database_url: str) -> None:
    refused = {"type": "deny", "purpose": [{"system": PURPOSES, "code": "HOPERAT"}]}

    async def work(house: House) -> None:
        people = await persons(house, women=3 * LEAST)
        for number, patient in enumerate(people[:LEAST]):
            await house.consent(patient, refused, cid=f"c{number}")
        assert (await counted(house, actor=AGGREGATE))[()] in about(2 * LEAST)
        assert (await counted(house, actor=STATUTORY))[()] in about(3 * LEAST)
        (entry, *_) = await house.entries()
        assert (entry.obligations, entry.patients) == (("aggregate-only", "suppress-small-cells"), ())
        assert entry.query == "%24aggregate=Observation%3Fcode%3Dhttp%3A%2F%2Floinc.org%7C4548-4"

    with_house(database_url, work, directory=OPT_OUT)


def test_a_researcher_counts_under_an_ethics_approval_and_what_it_is_for(database_url: str) -> None:
    async def work(house: House) -> None:
        await persons(house, women=LEAST)
        assert await counted(house, actor=RESEARCHER) == {}
        content: Json = {
            "status": "approved",
            "organization": "Organization/F03",
            "period": {"start": "2026-01-01", "end": "2026-12-31"},
            "resourceTypes": ["Observation"],
        }
        async with house.database.transaction() as tx:
            await approvals.put(tx, Approval(id="EA", kind="ethics", content=content, recorded=NOW))
        approved = replace(RESEARCHER, co_approval="EA")
        # The approval names no Patients, so their sex is not known.
        assert (await counted(house, "sex", actor=approved)).keys() == {("unknown",)}
        assert await counted(house, actor=approved, count="Condition?code=x") == {}
        async with house.database.transaction() as tx:
            ended = {**content, "status": "revoked"}
            await approvals.put(tx, Approval(id="EA", kind="ethics", content=ended, recorded=NOW))
        assert await counted(house, actor=approved) == {}

    with_house(database_url, work, directory=OPT_OUT)


def test_an_enterprise_counts_what_consents_give_it(database_url: str) -> None:
    given = {"type": "permit", "purpose": [{"system": "urn:hub:purpose", "code": "PRODRD"}]}

    async def work(house: House) -> None:
        people = await persons(house, women=LEAST + 1)
        assert await counted(house, actor=ENTERPRISE) == {}
        for number, patient in enumerate(people):
            await house.consent(patient, given, cid=f"c{number}")
        assert (await counted(house, actor=ENTERPRISE))[()] in about(LEAST + 1)

    with_house(database_url, work)


@pytest.mark.parametrize("change", [{"form": "deidentified"}, {"role": "clinician", "form": "identified"}])
def test_only_a_token_of_the_aggregate_form_or_a_role_that_has_none_is_told_which_way_to_go(
    database_url: str, change: dict[str, Any]
) -> None:
    async def work(house: House) -> None:
        error = await refusal(counted(house, actor=replace(STATUTORY, **change)))
        assert error.category is Category.FORBIDDEN

    with_house(database_url, work)


@pytest.mark.parametrize(
    ("count", "by", "where"),
    [
        ("Patient?identifier=990122195804120960", [], "count"),
        ("Observation?patient=a,b,c&code=x", [], "count"),
        ("Observation?patient.name=沈", [], "count"),
        ("Observation?_id=x", [], "count"),
        ("Patient?_has:Observation:patient:code=x", [], "count"),
        ("Observation?code:text=x", [], "count"),
        ("Observation", [], "count"),
        (None, [], "count"),
        (HBA1C, ["name"], "by"),
        (HBA1C, [{}], "by"),
        (HBA1C, ["sex", "sex"], "by"),
        (HBA1C, ["sex", "age", "month", "code"], "by"),
        (HBA1C, "sex", "by"),
    ],
)
def test_what_could_pick_persons_out_is_refused(count: Any, by: Any, where: str) -> None:
    with pytest.raises(HubError) as refused:
        read_aggregate({"count": count, "by": by}, "")
    assert refused.value.where == where
    assert "990122" not in str(refused.value)


@settings(max_examples=50, deadline=None)
@given(members=st.frozensets(st.integers(0, 2**64 - 1), min_size=1, max_size=30))
def test_the_same_persons_are_always_moved_alike_and_by_little(members: frozenset[int]) -> None:
    project = Project(bytes(32), AGGREGATE)
    found = move(project, Cell(members))
    assert found == move(project, Cell(frozenset(sorted(members, reverse=True))))
    assert -MOVE <= found <= MOVE


def test_numbers_are_moved_both_ways_and_by_every_step() -> None:
    project = Project(bytes(32), AGGREGATE)
    assert {move(project, Cell(frozenset({number}))) for number in range(100)} == set(range(-MOVE, MOVE + 1))


@pytest.mark.parametrize(
    ("birth", "band"),
    [
        ("1958-05-20", "60-69"),
        ("1956-05-20", "70-79"),
        ("1956-05-21", "60-69"),
        ("1920", "90+"),
        ("2026-05", "0-9"),
        ("2027", "unknown"),
        ("", "unknown"),
        ("?", "unknown"),
    ],
)
def test_ages_are_told_by_the_decade(birth: str, band: str) -> None:
    assert age_band(birth, NOW) == band
