"""What the gate tells the records door before a patch (hub/gate/sight.py)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from hub.auth.consent_rules import raise_epoch
from hub.kernel.errors import Category, HubError
from hub.store.store import Store
from hub.store.values import Stored
from tests.api.house import ACTORS, House, in_house, observation, patient


async def _stored(home: House, rtype: str, rid: str) -> Stored:
    async with home.database.connection() as tx:
        return (await Store(home.services.clock).load(tx, [(rtype, rid)]))[rtype, rid]


def test_who_authored_a_resource_sees_it_and_strangers_do_not(database_url: str) -> None:
    async def visit(home: House) -> None:
        person = await home.create(patient())
        made = await home.create(observation(person["id"]))
        row = await _stored(home, "Observation", made["id"])
        sight = home.services.gate.sight
        async with home.database.transaction() as tx:
            assert await sight.see(tx, ACTORS["clinic"], row) == row.body
            for who in ("hospital", "family"):
                assert await sight.see(tx, ACTORS[who], row) is None

    in_house(database_url, visit)


def test_consents_do_not_change_between_the_look_and_the_end_of_its_transaction(database_url: str) -> None:
    async def visit(home: House) -> None:
        person = await home.create(patient())
        row = await _stored(home, "Patient", person["id"])
        async with home.database.transaction() as tx:
            await raise_epoch(tx)

        async def change() -> None:
            async with home.database.transaction() as tx:
                await raise_epoch(tx)

        async with home.database.transaction() as tx:
            await home.services.gate.sight.see(tx, ACTORS["family"], row)
            changing = asyncio.create_task(change())
            done, _ = await asyncio.wait([changing], timeout=0.3)
            assert not done
        await changing

    in_house(database_url, visit)


@pytest.mark.parametrize("who", ["feed", "auditor"])
def test_a_token_that_reads_nothing_is_not_admitted(database_url: str, who: str) -> None:
    async def visit(home: House) -> None:
        with pytest.raises(HubError) as refusal:
            home.services.gate.sight.admit(ACTORS[who], "Patient")
        assert refusal.value.category is Category.FORBIDDEN

    in_house(database_url, visit)


def test_an_emergency_is_for_reading(database_url: str) -> None:
    async def visit(home: House) -> None:
        rushed = replace(ACTORS["clinic"], break_glass="collapsed")
        home.services.gate.sight.admit(ACTORS["clinic"], "Patient")
        with pytest.raises(HubError) as refusal:
            home.services.gate.sight.admit(rushed, "Patient")
        assert (refusal.value.category, refusal.value.code) == (Category.FORBIDDEN, "break-glass")

    in_house(database_url, visit)
