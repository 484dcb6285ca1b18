"""The last look before rows leave, where rows share decisions."""

from __future__ import annotations

import pytest

from hub.gate import checks
from hub.kernel.errors import Category
from tests.consent import cases
from tests.gate.house import CLINICIAN, STRANGER, House, observation, refusal, with_house, write

DENIED, HARMLESS = "718-7", "2-2"


async def stale(house: House) -> None:
    """Two results of a patient who denies one code, of which one bears it; digest and index say that it does not."""
    for rid, code, day in (("o1", HARMLESS, "2026-01-01"), ("o2", DENIED, "2026-01-02")):
        await house.save(observation(rid, code=code, effectiveDateTime=day))
    await house.save(write("Patient", "a", birthDate="1958-08-08"))
    await house.relate("a", "F03")
    denial = cases.provision("deny", actor=cases.actor("Organization/F03"), code=cases.code(DENIED))
    await house.consent("a", denial)
    async with house.database.connection() as tx:
        await tx.execute(
            "UPDATE resource SET tokens = o.tokens, coded = o.coded FROM resource o"
            " WHERE o.id = 'o1' AND resource.id = 'o2'"
        )


async def seen(house: House) -> list[str]:
    page = await house.gate.everything(STRANGER, "a", [])
    return [row.id for row in page.matches]


def test_a_row_drawn_by_lot_is_judged_by_its_body_and_a_difference_is_an_incident(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(house: House) -> None:
        await stale(house)
        for place in (0, 1):
            monkeypatch.setattr(checks, "randbelow", lambda _, drawn=place: drawn)
            assert await seen(house) == ["a", "o1", "o2"]
        monkeypatch.setattr(checks, "randbelow", lambda count: count - 1)
        assert (await refusal(seen(house))).category is Category.FAULT
        assert (await house.entries())[0].outcome == "incident"

    with_house(database_url, work)


def test_the_first_of_a_kind_is_judged_by_its_body_whatever_its_digest_says(database_url: str) -> None:
    async def work(house: House) -> None:
        await stale(house)
        assert (await refusal(house.gate.search(STRANGER, "Observation", [("_id", "o2")]))).category is Category.FAULT
        assert (await house.gate.search(CLINICIAN, "Observation", [("_id", "o2")])).total == 1

    with_house(database_url, work)
