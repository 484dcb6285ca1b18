"""Who is one person changes between a decision and its audit row: the request is decided again, and never released."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from hub.audit.entry import Outcome
from hub.auth import consent_rules
from hub.auth.consent_rules import ConsentRule
from hub.kernel.types import Json
from hub.mpi.index import PatientIndex
from hub.mpi.registration import Source, Statement
from hub.mpi.stewardship import Decided, Steward
from hub.store.store import Store
from tests.gate.house import CLINICIAN, CLOCK, House, absent, observation, with_house, write
from tests.gate.test_match import person

INDEX: Final = PatientIndex(CLOCK)
ZHAO: Final = {"name": "赵无极", "born": "1999-09-09", "telecom": []}
QIAN: Final = {"name": "钱三强", "born": "1980-06-01", "telecom": []}
RULE: Final = ConsentRule(id="c", patient="d", version=1, status="active", actors=(), compiled=b"")
Act = Callable[[], Awaitable[Any]]


class Paused(Store):
    """Lets something happen once the snapshot of a request is taken."""

    acts: list[Act]

    async def load(self, *args: Any, **options: Any) -> Any:
        found = await super().load(*args, **options)
        if self.acts and args[0].is_in_transaction():
            await self.acts.pop()()
        return found


def paused(url: str, work: Callable[[House, list[Act]], Awaitable[None]]) -> None:
    acts: list[Act] = []

    def store() -> Store:
        made = Paused(CLOCK)
        made.acts = acts
        return made

    async def run(house: House) -> None:
        await work(house, acts)

    with_house(url, run, store=store)


async def arrive(house: House, rid: str, author: str, **told: Any) -> None:
    """A Patient is written and registered, as the doors do it."""
    resource: Json = {**person(**told), "id": rid}
    await house.save(write("Patient", rid, author=author, **{k: v for k, v in resource.items() if k != "resourceType"}))
    async with house.database.transaction() as tx:
        await INDEX.register(tx, [Source(rid, author, resource)])


async def steward(house: House, name: str, *about: Any) -> int:
    async with house.database.transaction() as tx:
        decided: Decided = await getattr(Steward(INDEX), name)(tx, *about, who="li")
        return decided.number


async def epoch(house: House) -> int:
    async with house.database.connection() as tx:
        return await consent_rules.current_epoch(tx)


async def two_persons(house: House) -> None:
    """A, whom the clinician looks after, with a value of another hospital; B, who objects to everything."""
    await arrive(house, "a", "F03")
    await arrive(house, "b", "F04", **ZHAO)
    await house.save(observation("o0", author="F03", patient="a"))
    await house.relate("a", "F01")
    await house.consent("b", {"type": "deny"})


async def look(house: House) -> Any:
    return await house.gate.vread(CLINICIAN, "Observation", "o0", 1)


def test_a_merge_between_decision_and_record_lets_the_objection_of_the_other_count(database_url: str) -> None:
    async def work(house: House, acts: list[Act]) -> None:
        await two_persons(house)
        assert (await look(house)).id == "o0"
        acts.append(lambda: steward(house, "link", "a", "b"))
        assert await absent(look(house))
        assert (await house.entries())[0].outcome is Outcome.REFUSED

    paused(database_url, work)


def test_a_merge_a_facility_states_is_noticed_like_one_of_a_steward(database_url: str) -> None:
    async def work(house: House, acts: list[Act]) -> None:
        await two_persons(house)
        await arrive(house, "b3", "F03", **ZHAO)

        async def merge() -> None:
            async with house.database.transaction() as tx:
                await INDEX.register(
                    tx, [], [Statement(kind="A40", survivor="b3", loser="a", facility="F03", message=1)]
                )

        acts.append(merge)
        assert await absent(look(house))

    paused(database_url, work)


def test_a_relation_that_leaves_with_a_split_permits_nothing_any_more(database_url: str) -> None:
    async def work(house: House, acts: list[Act]) -> None:
        await two_persons(house)
        await arrive(house, "c", "F02", **QIAN)
        await house.save(observation("o9", author="F02", patient="c"))
        number = await steward(house, "link", "a", "c")
        assert (await house.gate.vread(CLINICIAN, "Observation", "o9", 1)).id == "o9"
        acts.append(lambda: steward(house, "unlink", "c"))
        assert await absent(house.gate.vread(CLINICIAN, "Observation", "o9", 1))
        await steward(house, "reverse", number + 1)
        acts.append(lambda: steward(house, "reverse", number))
        assert await absent(house.gate.vread(CLINICIAN, "Observation", "o9", 1))

    paused(database_url, work)


def test_a_new_source_that_joins_somebody_who_objects_brings_the_objection(database_url: str) -> None:
    async def work(house: House, acts: list[Act]) -> None:
        await two_persons(house)
        await arrive(house, "d", "F02", **QIAN)
        await house.consent("d", {"type": "deny"}, "d")
        await house.save(observation("o5", author="F02", patient="early"))
        await house.relate("early", "F01")
        assert (await house.gate.vread(CLINICIAN, "Observation", "o5", 1)).id == "o5"
        acts.append(lambda: arrive(house, "early", "F03", **QIAN))
        assert await absent(house.gate.vread(CLINICIAN, "Observation", "o5", 1))

    paused(database_url, work)


def test_a_source_that_joins_while_a_first_consent_is_laid_down_lets_all_be_decided_again(database_url: str) -> None:
    async def work(house: House) -> None:
        await arrive(house, "d", "F02", **QIAN)
        async with house.database.transaction() as tx:
            before = await consent_rules.raise_epoch(tx)
            joining = asyncio.create_task(arrive(house, "early", "F03", **QIAN))
            while not joining.done() and not await tx.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                await asyncio.sleep(0.01)
            await consent_rules.put(tx, RULE)
        await joining
        assert await epoch(house) == before + 1

    with_house(database_url, work)


def test_what_was_decided_of_a_whole_person_is_decided_again_though_all_of_it_is_ones_own(database_url: str) -> None:
    async def work(house: House, acts: list[Act]) -> None:
        await arrive(house, "a", "F01")
        await arrive(house, "e", "F01", **ZHAO)
        await steward(house, "link", "a", "e")
        acts.append(lambda: steward(house, "unlink", "e"))
        (found,) = await house.gate.match(CLINICIAN, person(), count=1, certain=False)
        assert b"Patient/e" not in found.patient.body

    paused(database_url, work)


def test_new_persons_and_new_sources_of_who_has_no_consents_leave_the_epoch_alone(database_url: str) -> None:
    async def work(house: House, _: list[Act]) -> None:
        await arrive(house, "a", "F03")
        await arrive(house, "a1", "F01")
        assert await epoch(house) == 0
        await house.consent("a", {"type": "permit"})
        before = await epoch(house)
        await arrive(house, "a2", "F02")
        assert await epoch(house) == before + 1

    paused(database_url, work)
