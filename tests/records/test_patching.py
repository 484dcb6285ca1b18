"""Patches at the records door: under the lock of what stands, as far as the gate lets the actor see it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from hub.auth.actor import Actor
from hub.db.database import Database, Tx
from hub.fhir.json import dumps, loads
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.client import ClientWrites
from hub.records.operations import Patch, Written
from hub.store.values import Stored
from tests.records.door import DOCTOR, Watched, create, door_on, with_door


class AllSeeing:
    """A gate that shows everything, but what `trimmed` takes out."""

    def __init__(self, trimmed: str = "") -> None:
        self.trimmed = trimmed

    def admit(self, actor: Actor, rtype: str) -> None:
        """Whoever it is may ask."""

    async def see(self, tx: Tx, actor: Actor, stored: Stored) -> bytes | None:  # noqa: ARG002
        if not self.trimmed or stored.deleted:
            return stored.body
        return dumps({name: value for name, value in loads(stored.body).items() if name != self.trimmed})


def in_doors(
    url: str, visit: Callable[[list[ClientWrites]], Awaitable[None]], sight: AllSeeing, doors: int = 1
) -> None:
    """Run `visit` with doors of processes of their own, as far as one test can have them."""

    async def run() -> None:
        databases = [await Database.connect(url, size=3) for _ in range(doors)]
        opened = [door_on(database, Watched(), sight=sight) for database in databases]
        try:
            await visit(opened)
        finally:
            for door in opened:
                await door.close()
            for database in databases:
                await database.close()

    asyncio.run(run())


def setting(name: str, value: Any) -> Patch:
    return Patch(type="Patient", id="p1", change=lambda resource: {**resource, name: value})


def naming(number: int) -> Patch:
    def change(resource: Json) -> Json:
        return {**resource, "name": [*resource.get("name", []), {"text": f"n{number}"}]}

    return Patch(type="Patient", id="p1", change=change)


def test_patches_through_several_processes_at_once_lose_nothing(database_url: str) -> None:
    async def visit(doors: list[ClientWrites]) -> None:
        await doors[0].write(DOCTOR, create("p1"))
        answers = await asyncio.gather(*(doors[number % 3].write(DOCTOR, naming(number)) for number in range(33)))
        assert sorted(answer.version for answer in answers if answer.version) == list(range(2, 35))
        last = max(answers, key=lambda answer: answer.version or 0)
        assert {name["text"] for name in loads(last.body)["name"]} == {f"n{number}" for number in range(33)}

    in_doors(database_url, visit, AllSeeing(), doors=3)


def test_a_patch_is_applied_to_what_its_actor_may_see_and_answered_with_it(database_url: str) -> None:
    async def visit(doors: list[ClientWrites]) -> None:
        (door,) = doors
        await door.write(DOCTOR, create("p1"))
        sight.trimmed = ""
        await door.write(DOCTOR, setting("language", "zh"))
        sight.trimmed = "language"
        seen: list[Json] = []

        def nothing(resource: Json) -> Json:
            seen.append(dict(resource))
            return resource

        idle = await door.write(DOCTOR, Patch(type="Patient", id="p1", change=nothing))
        assert (idle.result, idle.version) == ("unchanged", 2)
        assert "language" not in seen[0]
        assert "language" not in loads(idle.body)

    sight = AllSeeing()
    in_doors(database_url, visit, sight)


def test_without_a_gate_nothing_is_patched(database_url: str) -> None:
    async def visit(door: ClientWrites, _: Watched) -> Written | None:
        await door.write(DOCTOR, create("p1"))
        with pytest.raises(HubError) as refusal:
            await door.write(DOCTOR, setting("gender", "male"))
        assert refusal.value.category is Category.NOT_FOUND
        return None

    with_door(database_url, visit)


def test_a_refusal_of_the_change_names_its_entry(database_url: str) -> None:
    async def visit(doors: list[ClientWrites]) -> None:
        (door,) = doors
        await door.write(DOCTOR, create("p1"))
        with pytest.raises(HubError) as refusal:
            await door.write(DOCTOR, Patch(type="Patient", id="p1", change=_refuse, where="Bundle.entry[1]"))
        assert refusal.value.where == "Bundle.entry[1].patch[0]"

    in_doors(database_url, visit, AllSeeing())


def _refuse(_: Json) -> Json:
    raise HubError(Category.INVALID, "does not fit", where="patch[0]")
