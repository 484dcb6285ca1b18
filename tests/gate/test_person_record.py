"""A person's record: the golden Patient first, then the rows of all sources."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hub.fhir.json import loads
from hub.gate.pages import CURSOR
from tests.auth.consortium import NOW
from tests.gate.house import CLINICIAN, House, observation, with_house, write

CLINIC = replace(CLINICIAN, organization="F05", practitioner="gao")


async def settle(house: House) -> None:
    """One person, whom the hospital and the clinic know, with a value of each."""
    await house.save(
        write("Patient", "a", name=[{"text": "沈桂兰"}]),
        write("Patient", "a2", author="F05", name=[{"text": "SHEN GUILAN"}]),
        observation("v", patient="a"),
        observation("v2", patient="a2", author="F05"),
    )
    await house.link("person", "a", "a2")


async def record(house: House, rid: str, *params: tuple[str, str], who: Any = CLINIC) -> list[str]:
    page = await house.gate.everything(who, rid, list(params))
    assert page.total is None or page.total == len(page.matches)
    return [row.id for row in page.matches]


def test_the_golden_patient_stands_before_the_rows_of_all_sources(database_url: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        await house.relate("a2", "F05")
        found = await record(house, "person")
        assert found[0] == "person"
        assert set(found) == {"person", "a", "a2", "v", "v2"}
        assert (await house.entries())[0].types == {"Patient": 2, "Observation": 2}
        assert await record(house, "a2") == ["a2", "v2"]

    with_house(database_url, work)


def test_it_is_made_of_permitted_sources_only(database_url: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        page = await house.gate.everything(CLINIC, "person", [])
        golden = loads(page.matches[0].body)
        assert [name["text"] for name in golden["name"]] == ["SHEN GUILAN"]
        assert golden["link"] == [{"other": {"reference": "Patient/a2"}, "type": "seealso"}]
        assert {row.id for row in page.matches} == {"person", "a2", "v2"}
        read = await house.gate.read(CLINIC, "Patient", "person")
        assert read == page.matches[0]
        assert golden["meta"]["versionId"] == str(read.version)
        assert read.computed

    with_house(database_url, work)


def test_it_comes_on_the_first_page_and_with_patients_only(database_url: str) -> None:
    async def work(house: House) -> None:
        await settle(house)
        assert await record(house, "person", ("_type", "Observation")) == ["v2"]
        assert await record(house, "person", ("_since", "2999")) == []
        assert "person" in await record(house, "person", ("_since", f"{NOW:%Y}"))
        first = await house.gate.everything(CLINIC, "person", [("_count", "1")])
        second = await house.gate.everything(CLINIC, "person", [("_count", "1"), (CURSOR, first.next or "")])
        assert [[row.id for row in page.matches] for page in (first, second)] == [["person", "a2"], ["v2"]]

    with_house(database_url, work)
