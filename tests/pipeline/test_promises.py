"""The promises of the pipeline, each told twice: with its guard it is kept, and with the guard switched off it is not.

A test of a promise that stays green without the guard would prove nothing. The guards are switched off by replacing
the one function that holds the promise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hub.db.database import Database
from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError
from hub.pipeline import inbox, queue, worker
from hub.pipeline.chosen import Filter
from hub.pipeline.claim import Waiting
from hub.records import chain, heads, ingest, saving
from tests.pipeline.desk import ENGINEER, messages, repairs
from tests.pipeline.fake_feed import FEED, message, observation_id, patient_id, translate
from tests.pipeline.hub_in_a_box import Box, box, run

pytestmark = pytest.mark.parametrize("guard", [True, False], ids=["guarded", "unguarded"])


def off(guard: bool, patch: pytest.MonkeyPatch, owner: Any, name: str, instead: Any) -> None:
    if not guard:
        patch.setattr(owner, name, instead)


async def replay(hub: Box, *numbers: int) -> list[str]:
    await repairs(hub).replay(Filter(numbers=numbers), ENGINEER)
    await hub.drain()
    return await hub.states(numbers)


def test_promise_2_a_message_sent_twice_counts_once(
    database_url: str, guard: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_repeats(*_: Any) -> dict[int, tuple[int, bool]]:
        return {}

    async def story() -> bool:
        async with box(database_url) as hub:
            return await hub.send(message("1"), message("1")) == ["done", "duplicate"]

    off(guard, monkeypatch, inbox, "_repeats", no_repeats)
    assert run(story()) is guard


def test_promise_2_a_batch_that_was_lost_is_queued_and_has_left_no_trace(
    database_url: str, guard: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*_: Any) -> None:
        raise HubError(Category.UNAVAILABLE, "was lost")

    async def story() -> bool:
        async with box(database_url) as hub:
            await hub.accept(message("1"))
            with monkeypatch.context() as patch:
                patch.setattr(worker, "settle", lost)
                off(guard, patch, Database, "transaction", Database.connection)
                assert await hub.worker().turn() == 0
            assert await hub.states([1]) == ["queued"]
            return await hub.read("Patient", patient_id("A")) is None

    assert run(story()) is guard


def test_promise_3_a_corrected_key_keeps_the_id_first_given(
    database_url: str, guard: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unresolved(_: Any, __: Any, ___: Any, batch: Any) -> Any:
        return list(batch), {}

    async def story() -> bool:
        async with box(database_url) as hub:
            await hub.send(message("1", "A", set={"gender": "male"}))
            async with hub.database.transaction() as tx:
                await hub.store.add_alias(tx, patient_id("A-mended"), patient_id("A"))
            await hub.send(message("2", "A-mended", set={"gender": "female"}, results={"K": "4"}))
            patient = await hub.read("Patient", patient_id("A"))
            result = await hub.read("Observation", observation_id("A-mended", "K"))
            assert patient is not None
            assert result is not None
            same_id = result["subject"] == {"reference": f"Patient/{patient_id('A')}"}
            return (
                same_id and patient["gender"] == "female" and await hub.read("Patient", patient_id("A-mended")) is None
            )

    off(guard, monkeypatch, ingest, "resolved", unresolved)
    assert run(story()) is guard


def test_promise_3_a_replay_makes_a_version_only_where_content_changed(
    database_url: str, guard: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> bool:
        async with box(database_url) as hub:
            await hub.send(message("1", "A", set={"gender": "male"}, doctor="D"))
            await replay(hub, 1)
            async with hub.database.connection() as connection:
                return bool(await connection.fetchval("SELECT count(*) = 0 FROM history"))

    # The store has a guard of its own against equal content; without ours a Provenance is written all the same.
    off(guard, monkeypatch, chain, "same", lambda *_: False)
    assert run(story()) is guard


def test_promise_4_a_later_message_of_a_lane_waits_and_others_do_not(
    database_url: str, guard: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> bool:
        async with box(database_url) as hub:
            await hub.accept(message("1", "A"), message("2", "A"), message("3", "B"), message("4", "C", other="A"))
            async with hub.database.transaction() as slow, hub.database.transaction() as other:
                assert [m.id for m in await queue.take(slow, 1)] == [1]
                return [m.id for m in await queue.take(other, 10)] == [3]

    off(guard, monkeypatch, queue, "_waiting", lambda row: Waiting(row["id"], frozenset()))
    assert run(story()) is guard


def test_promise_4_a_stuck_lane_starves_nobody(database_url: str, guard: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> bool:
        async with box(database_url) as hub:
            await hub.accept(*(message(str(i), "stuck") for i in range(40)), message("free", "B"))
            async with hub.database.transaction() as slow, hub.database.transaction() as other:
                assert len(await queue.take(slow, 1)) == 1
                return [m.id for m in await queue.take(other, 4)] == [41]

    off(guard, monkeypatch, queue, "_STRETCHES", 1)
    assert run(story()) is guard


def test_promise_4_a_late_replay_changes_nothing_a_newer_message_has_settled(
    database_url: str, guard: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> bool:
        async with box(database_url) as hub:
            broken = {FEED: refuse_first}
            hub.translators = broken
            assert await hub.send(
                message("1", "A", set={"gender": "male"}, results={"K": "old"}),
                message("2", "A", set={"gender": "female"}, results={"K": "new"}),
            ) == ["dead", "done"]
            hub.translators = {FEED: translate}
            states = await replay(hub, 1)
            patient = await hub.read("Patient", patient_id("A"))
            result = await hub.read("Observation", observation_id("A", "K"))
            assert patient is not None
            assert result is not None
            return (states, patient["gender"], result["valueString"]) == (["superseded"], "female", "new")

    off(guard, monkeypatch, heads.Head, "settled_for", lambda *_: False)
    assert run(story()) is guard


def test_promise_4_a_message_that_confirms_what_stands_settles_it(
    database_url: str, guard: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unconfirmed(*_: Any) -> None:
        return None

    async def story() -> bool:
        async with box(database_url) as hub:
            hub.translators = {FEED: refuse_second}
            raws = [
                message(str(i), "A", set={"gender": gender}) for i, gender in enumerate(("male", "other", "male"), 1)
            ]
            assert await hub.send(*raws) == ["done", "dead", "done"]
            hub.translators = {FEED: translate}
            states = await replay(hub, 2)
            patient = await hub.read("Patient", patient_id("A"))
            assert patient is not None
            return (states, patient["gender"]) == (["superseded"], "male")

    off(guard, monkeypatch, saving.Saving, "confirm", unconfirmed)
    assert run(story()) is guard


def test_promise_5_every_resource_leads_back_to_its_message(
    database_url: str, guard: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> bool:
        async with box(database_url) as hub:
            await hub.send(message("1", "A", results={"K": "1"}), message("2", "A", set={"gender": "male"}, doctor="D"))
            async with hub.database.connection() as connection:
                stored = [
                    version
                    for kind in ("Patient", "Observation", "Practitioner")
                    for version in await all_versions(hub, connection, kind)
                ]
                traces = await all_versions(hub, connection, "Provenance")
            targets = {target["reference"]: trace for trace in traces for target in trace["target"]}
            assert len(stored) == 4
            for resource in stored:
                name = f"{resource['resourceType']}/{resource['id']}/_history/{resource['meta']['versionId']}"
                trace = targets.get(name)
                source = resource["meta"]["source"]
                if trace is None or trace["entity"][0]["what"]["identifier"]["value"] != source:
                    return False
                shown = await messages(hub).show(int(source.rpartition(":")[2]), ENGINEER)
                assert shown.summary.state == "done"
            return True

    off(
        guard,
        monkeypatch,
        saving,
        "provenance",
        lambda *_, **__: {"resourceType": "Provenance", "id": "x", "target": []},
    )
    assert run(story()) is guard


async def all_versions(hub: Box, connection: Any, kind: str) -> list[Any]:
    numbers = await connection.fetch("SELECT DISTINCT type, id FROM resource")
    found = []
    for row in numbers:
        found += [loads(v.body) for v in await hub.store.versions(connection, kind, row["id"])]
    return found


def test_promise_6_the_conversion_report_is_kept_beside_its_message(
    database_url: str, guard: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> bool:
        async with box(database_url) as hub:
            await hub.send(message("1"))
            shown = await messages(hub).show(1, ENGINEER)
            return shown.report == [row.as_json() for row in translate(message("1")).report]

    off(guard, monkeypatch, worker, "pack", lambda _: None)
    assert run(story()) is guard


def test_promise_7_a_batch_costs_the_same_round_trips_whatever_its_size(
    database_url: str, guard: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def trips(hub: Box, messages: Mapping[str, str]) -> int:
        await hub.accept(*(message(control, patient, results={"K": "1"}) for control, patient in messages.items()))
        sent = 0

        def count(_: Any) -> None:
            nonlocal sent
            sent += 1

        async with hub.database.connection() as connection:
            connection.add_query_logger(count)
        await hub.drain(hub.worker(batch_size=64 if guard else 1))
        async with hub.database.connection() as connection:
            connection.remove_query_logger(count)
        return sent

    async def story() -> bool:
        async with box(database_url) as hub:
            await trips(hub, {"warm": "W"})
            few = await trips(hub, {f"a{i}": f"A{i}" for i in range(2)})
            many = await trips(hub, {f"b{i}": f"B{i}" for i in range(40)})
            assert few > 0
            return many == few

    monkeypatch.setattr(Database, "notify", lambda *_: None)  # sent beside the batches, which wait for none
    assert run(story()) is guard


def refuse_first(raw: bytes) -> Any:
    return translate(message("1", trick="refuse") if loads(raw)["control"] == "1" else raw)


def refuse_second(raw: bytes) -> Any:
    return translate(message("2", trick="refuse") if loads(raw)["control"] == "2" else raw)
