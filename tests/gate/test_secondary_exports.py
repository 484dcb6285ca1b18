"""De-identified exports: whose records, under which consents, and that nobody can be picked out of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.gate.disguises import LEAST, Project
from hub.gate.export_wish import Level
from hub.kernel.errors import Category
from hub.kernel.types import Json
from tests.auth.consortium import CONSORTIUM, NOW
from tests.gate.house import House, observation, refusal, with_house, write
from tests.gate.test_exports import lines

CENTRE: Final = Actor(
    role="regional-centre",
    organization="F03",
    practitioner="mei",
    purpose=("HQUALIMP",),
    form="deidentified",
    client="register",
    token_id="c1",
    expires=NOW + timedelta(hours=1),
)
STATUTORY: Final = replace(CENTRE, purpose=("PUBHLTH",))
OPT_OUT: Final = Directory(replace(CONSORTIUM, secondary="opt-out"))
PEOPLE: Final = [f"person{number:02}" for number in range(LEAST + 2)]


async def county(house: House) -> None:
    """As many women of the fifties as may be told of, each with a value; one of them with a rare one too."""
    for patient in PEOPLE:
        await house.save(
            write("Patient", patient, name=[{"text": "沈桂兰"}], gender="female", birthDate="1958-04-12"),
            observation(f"o-{patient}", patient=patient, effectiveDateTime="2026-05-20", note=[{"text": "沈桂兰"}]),
        )
    await house.save(observation("rare", patient=PEOPLE[0], code="1-1"))


async def exported(house: House, actor: Actor, *types: str, level: Level = "system") -> list[Json]:
    """What an export of these types gives."""
    params = [("_type", ",".join(types))] if types else []
    async with house.gate.bulk.opened(actor, level, None, params) as export:
        parcels = [parcel async for parcel in export.parcels]
    found: list[Json] = []
    for name in sorted({parcel.type for parcel in parcels}):
        content = await lines(house, export, [parcel for parcel in parcels if parcel.type == name], actor)
        found += [json.loads(line) for line in content.splitlines()]
    return found


def whose(found: Sequence[Json]) -> set[str]:
    """The patients that Observations are about."""
    return {one["subject"]["reference"] for one in found if one["resourceType"] == "Observation"}


def test_all_that_may_be_used_leaves_without_names_and_under_other_ids(database_url: str) -> None:
    async def work(house: House) -> None:
        await county(house)
        await house.save(write("DocumentReference", "d", patient=PEOPLE[0]), write("Practitioner", "fang"))
        found = await exported(house, STATUTORY)
        assert {one["resourceType"] for one in found} == {"Patient", "Observation"}
        text = json.dumps(found, ensure_ascii=False)
        assert not [word for word in ("沈桂兰", "1958-04", "2026-05-20", "person", "o-") if f'"{word}' in text]
        patients = [one for one in found if one["resourceType"] == "Patient"]
        assert {(one["gender"], one["birthDate"]) for one in patients} == {("female", "1955")}
        assert whose(found) == {f"Patient/{one['id']}" for one in patients}
        assert len(patients) == len(PEOPLE)

    with_house(database_url, work)


def test_what_fewer_persons_have_than_may_be_told_of_stays_behind(database_url: str) -> None:
    async def work(house: House) -> None:
        await county(house)
        codes = [one["code"]["coding"][0]["code"] for one in await exported(house, STATUTORY, "Observation")]
        assert codes == ["4548-4"] * len(PEOPLE)
        await house.save(write("Patient", "man", gender="male", birthDate="1958-01-01"))
        births = {one.get("gender"): one.get("birthDate") for one in await exported(house, STATUTORY, "Patient")}
        assert births == {"female": "1955", "male": None}

    with_house(database_url, work)


def test_sources_of_one_person_count_once_and_have_one_name_and_one_shift(database_url: str) -> None:
    async def work(house: House) -> None:
        await county(house)
        await house.link("golden", *PEOPLE[:4])
        assert await exported(house, STATUTORY, "Observation") == []
        await house.link("other", *PEOPLE[2:4])
        found = await exported(house, STATUTORY)
        names = [one["identifier"][0]["value"] for one in found if one["resourceType"] == "Patient"]
        twice = {name for name in names if names.count(name) == 2}
        assert (len(set(names)), len(twice)) == (LEAST, 2)
        one_person = min(twice)
        sources = {f"Patient/{one['id']}" for one in found if one.get("identifier", [{}])[0].get("value") == one_person}
        days = {one["effectiveDateTime"] for one in found if one.get("subject", {}).get("reference") in sources}
        assert len(days) == 1

    with_house(database_url, work)


def test_consents_say_whose_records_are_used_until_the_moment_a_file_leaves(database_url: str) -> None:
    refused = {"type": "deny", "purpose": [{"system": PURPOSES, "code": "HOPERAT"}]}

    async def work(house: House) -> None:
        await county(house)
        async with house.gate.bulk.opened(CENTRE, "system", None, [("_type", "Observation")]) as export:
            parcels = [parcel async for parcel in export.parcels]
        assert (await lines(house, export, parcels, CENTRE)).count(b"\n") == len(PEOPLE)
        await house.consent(PEOPLE[1], refused)
        assert (await lines(house, export, parcels, CENTRE)).count(b"\n") == len(PEOPLE) - 1
        assert len(await exported(house, CENTRE, "Observation")) == len(PEOPLE) - 1
        assert len(await exported(house, STATUTORY, "Observation")) == len(PEOPLE)
        (entry, *_) = await house.entries()
        assert entry.obligations == ("deidentify",)
        assert len(entry.patients) == len(PEOPLE)

    with_house(database_url, work, directory=OPT_OUT)


PURPOSES: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"


def test_where_nobody_was_asked_nothing_is_used_but_by_law(database_url: str) -> None:
    async def work(house: House) -> None:
        await county(house)
        assert await exported(house, CENTRE) == []
        assert await exported(house, STATUTORY) != []

    with_house(database_url, work)


@pytest.mark.parametrize(
    ("level", "name", "value"),
    [
        ("system", "_since", "2026-05-01T00:00:00Z"),
        ("system", "_until", "2026-05-01T00:00:00Z"),
        ("system", "_typeFilter", "Patient?identifier=990122195804120960"),
        ("system", "_type", "DocumentReference"),
        ("patient", "patient", "Patient/person00"),
    ],
)
def test_no_parameter_picks_anybody_out(database_url: str, level: Level, name: str, value: str) -> None:
    async def work(house: House) -> None:
        await county(house)
        error = await refusal(house.gate.bulk.begin(STATUTORY, level, None, [(name, value)]))
        assert (error.category, error.code, error.where) == (Category.UNSUPPORTED, "deidentified-export", name)

    with_house(database_url, work)


def test_a_group_picks_out_too(database_url: str) -> None:
    async def work(house: House) -> None:
        error = await refusal(house.gate.bulk.begin(STATUTORY, "group", "g", []))
        assert (error.category, error.where) == (Category.UNSUPPORTED, "Group")

    with_house(database_url, work)


def test_one_project_knows_a_person_again_and_two_cannot_compare(database_url: str) -> None:
    async def work(house: House) -> None:
        await county(house)

        async def ids(actor: Actor) -> set[Any]:
            found = await exported(house, actor, "Observation")
            return {(one["id"], one["subject"]["reference"], one["effectiveDateTime"]) for one in found}

        first = await ids(STATUTORY)
        assert first == await ids(replace(STATUTORY, token_id="c2", practitioner="other"))
        for other in (replace(STATUTORY, client="another"), replace(STATUTORY, organization="F05")):
            assert {one[:2] for one in first}.isdisjoint(one[:2] for one in await ids(other))

    with_house(database_url, work)


def test_dates_always_move_and_never_by_half_a_year_or_more() -> None:
    project = Project(bytes(32), CENTRE)
    days = {project.days(f"p{number}") for number in range(5000)}
    assert (min(days), max(days)) == (-182, 182)
    assert 0 not in days


def test_nothing_de_identified_leaves_by_a_read_or_a_search(database_url: str) -> None:
    async def work(house: House) -> None:
        await county(house)
        for asked in (house.gate.read(STATUTORY, "Patient", PEOPLE[0]), house.gate.search(STATUTORY, "Patient", [])):
            error = await refusal(asked)
            assert (error.category, error.code) == (Category.FORBIDDEN, "form-not-available")
            assert "$export" in error.todo

    with_house(database_url, work)


def test_an_aggregate_token_exports_nothing(database_url: str) -> None:
    async def work(house: House) -> None:
        await county(house)
        error = await refusal(exported(house, replace(STATUTORY, form="aggregate")))
        assert (error.category, error.code) == (Category.FORBIDDEN, "form-not-available")

    with_house(database_url, work)
