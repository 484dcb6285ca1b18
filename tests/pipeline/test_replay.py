"""Replays: after a mended mapping, late, and beside what clients wrote."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from hub.fhir.json import loads
from hub.kernel.clock import fixed_clock
from hub.kernel.ports import Translator
from hub.kernel.types import Draft, Json, Translation
from hub.pipeline.chosen import Filter
from hub.store.store import Store
from hub.store.values import Write
from tests.pipeline.desk import ENGINEER, repairs
from tests.pipeline.fake_feed import FEED, NOON, message, observation_id, patient_id, translate
from tests.pipeline.hub_in_a_box import Box, box, run


async def replay(hub: Box, *numbers: int) -> list[str]:
    await repairs(hub).replay(Filter(numbers=numbers), ENGINEER)
    await hub.drain()
    return await hub.states(numbers)


def mapping(change: Callable[[Json], None]) -> Translator:
    """The translator with something done to every Patient it makes."""

    def translator(raw: bytes) -> Translation:
        translation = translate(raw)
        return replace(translation, drafts=tuple(changed(draft) for draft in translation.drafts))

    def changed(draft: Draft) -> Draft:
        resource = dict(draft.resource)
        if resource["resourceType"] == "Patient":
            change(resource)
        return replace(draft, resource=resource)

    return translator


#: A mapping that writes the marital status into the language of the patient.
WRONG = mapping(lambda patient: patient.update(language="M"))


async def patient(hub: Box) -> Json:
    found = await hub.read("Patient", patient_id("A"))
    assert found is not None
    return {key: value for key, value in found.items() if key in {"gender", "language", "active"}}


async def versions(hub: Box) -> int:
    async with hub.database.connection() as connection:
        return (await hub.store.load(connection, [("Patient", patient_id("A"))]))["Patient", patient_id("A")].version


async def client_says(hub: Box, when: datetime, **elements: Any) -> None:
    store = Store(fixed_clock(when))
    async with hub.database.transaction() as tx:
        current = (await store.load(tx, [("Patient", patient_id("A"))]))["Patient", patient_id("A")]
        write = Write(
            type="Patient",
            id=current.id,
            resource={**loads(current.body), **elements, "meta": {}},
            patient=current.id,
            facts=current.facts,
            current=current,
        )
        await store.save(tx, [write])


def administration(raw: bytes) -> Translation:
    translation = translate(raw)
    return replace(translation, drafts=tuple(replace(draft, administration=True) for draft in translation.drafts))


def by_control(*translators: Translator) -> Translator:
    """The first for message 1, the second for message 2, and so on."""
    return lambda raw: translators[int(loads(raw)["control"]) - 1](raw)


def test_what_the_old_mapping_got_wrong_vanishes(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url, {FEED: WRONG}) as hub:
            await hub.send(message("1", set={"gender": "male"}))
            assert await patient(hub) == {"gender": "male", "language": "M"}
            hub.translators = {FEED: translate}
            assert await replay(hub, 1) == ["done"]
            assert await patient(hub) == {"gender": "male"}
            assert await versions(hub) == 2
            await replay(hub, 1)
            assert await versions(hub) == 2

    run(story())


def test_it_vanishes_also_when_newer_messages_have_spoken_and_what_they_said_stays(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url, {FEED: WRONG}) as hub:
            await hub.send(message("1", set={"gender": "male"}), message("2", set={"gender": "female", "active": True}))
            hub.translators = {FEED: translate}
            assert set(await replay(hub, 1, 2)) == {"done"}
            assert await patient(hub) == {"gender": "female", "active": True}

    run(story())


def test_what_administration_only_confirmed_comes_back_with_its_own_replay(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            hub.translators = {FEED: by_control(translate, administration)}
            await hub.send(message("1", set={"gender": "male"}), message("2", set={"gender": "male"}))
            silent = mapping(lambda patient: patient.pop("gender", None))
            hub.translators = {FEED: by_control(silent, administration)}
            await replay(hub, 1)
            assert await patient(hub) == {}
            await replay(hub, 2)
            assert await patient(hub) == {"gender": "male"}
            await replay(hub, 1, 2)
            assert await patient(hub) == {"gender": "male"}

    run(story())


def test_a_replay_under_the_same_mapping_changes_nothing(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            raws = [
                message("1", set={"gender": "male"}, results={"K": "1"}, doctor="D"),
                message("2", set={"gender": "female"}, clear=["active"]),
                message("3", set={"active": True}, results={"K": "2"}),
                message("4", clear=["gender"]),
            ]
            await hub.send(*raws)
            async with hub.database.connection() as connection:
                before = await connection.fetch("SELECT pkey, key, version, body FROM resource ORDER BY key")
                for order in ([1, 2, 3, 4], [2], [3, 1], [4]):
                    await replay(hub, *order)
                    after = await connection.fetch("SELECT pkey, key, version, body FROM resource ORDER BY key")
                    assert after == before

    run(story())


def test_an_element_a_newer_message_cleared_stays_cleared(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            hub.translators = {FEED: lambda raw: translate(b"{}" if loads(raw)["control"] == "1" else raw)}
            assert await hub.send(
                message("1", set={"gender": "male", "active": True}), message("2", clear=["gender"])
            ) == [
                "dead",
                "done",
            ]
            hub.translators = {FEED: translate}
            assert await replay(hub, 1) == ["done"]
            assert await patient(hub) == {"active": True}

    run(story())


def test_what_a_client_wrote_after_a_message_came_is_newer_than_the_message(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(message("1", set={"gender": "male"}))
            await client_says(hub, NOON + timedelta(hours=1), gender="female")
            assert await replay(hub, 1) == ["superseded"]
            assert await patient(hub) == {"gender": "female"}

    run(story())


def test_a_client_says_who_a_patient_is_as_administration_does(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(message("1", set={"gender": "male"}))
            await client_says(hub, NOON - timedelta(hours=1), gender="female")
            await hub.send(message("2", set={"gender": "male", "active": True}))
            assert await patient(hub) == {"gender": "female", "active": True}
            await hub.send(message("3", set={"gender": "male", "active": False}))
            assert await patient(hub) == {"gender": "female", "active": True}
            hub.translators = {FEED: administration}
            await hub.send(message("4", set={"gender": "male"}))
            assert await patient(hub) == {"gender": "male", "active": True}

    run(story())


def test_what_a_client_deleted_does_not_come_back_by_a_replay(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(message("1", results={"K": "1"}))
            store = Store(fixed_clock(NOON + timedelta(hours=1)))
            rid = observation_id("A", "K")
            async with hub.database.transaction() as tx:
                current = (await store.load(tx, [("Observation", rid)]))["Observation", rid]
                facts, patient_of = current.facts, current.patient
                await store.save(
                    tx,
                    [
                        Write(
                            type="Observation",
                            id=rid,
                            resource=None,
                            patient=patient_of,
                            facts=facts,
                            current=current,
                        )
                    ],
                )
            await replay(hub, 1)
            assert await hub.read("Observation", rid) is None

    run(story())


def test_the_provenance_of_a_replay_names_what_it_changed(database_url: str) -> None:
    async def story() -> Any:
        async with box(database_url, {FEED: WRONG}) as hub:
            await hub.send(message("1"))
            hub.translators = {FEED: translate}
            await replay(hub, 1)
            async with hub.database.connection() as connection:
                rid = await connection.fetchval("SELECT id FROM outbox WHERE outcome = 'created' ORDER BY seq DESC")
            traces = [await hub.read("Provenance", rid, version) for version in (1, 2)]
            return [trace and trace["target"] for trace in traces]

    target = f"Patient/{patient_id('A')}/_history/"
    assert run(story()) == [[{"reference": f"{target}1"}], [{"reference": f"{target}2"}]]
