"""The person beside what was released: for released Patients only."""

from __future__ import annotations

from hub.gate.persons import Persons
from hub.gate.released import Released
from tests.auth.consortium import NOW
from tests.gate.house import House, with_house


def patient(rid: str, rtype: str = "Patient") -> Released:
    return Released(type=rtype, id=rid, version=1, updated=NOW, deleted=False, body=b"{}")


def test_linked_registrations_have_one_person_and_a_lone_one_is_its_own(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.link("p" * 26, "a", "b")
        await house.link("q" * 26, "d")
        found = await Persons(house.database).of([patient("a"), patient("b"), patient("c")])
        assert found == {"a": "p" * 26, "b": "p" * 26, "c": "c"}

    with_house(database_url, work)


def test_only_patients_have_persons(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.link("p" * 26, "a")
        assert await Persons(house.database).of([patient("a", "Observation")]) == {}
        assert await Persons(house.database).of([]) == {}

    with_house(database_url, work)
