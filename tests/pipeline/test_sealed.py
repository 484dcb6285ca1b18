"""Sealed messages: processed as if they were not, and wrapped for whom they turn out to be about."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from hub.bootstrap.keys import strictly
from hub.db.database import Database
from hub.kernel.errors import HubError
from hub.kernel.ids import reference_key
from hub.kernel.settings import Settings
from hub.pipeline import forgetting
from hub.pipeline.sealed import opened, opened_both
from hub.records import forgetting as record
from hub.sealing import wrapping_keys
from hub.sealing.envelope import key_number
from hub.sealing.suites import Suite
from hub.store.read import load
from tests.pipeline.fake_feed import FEED, message, patient_id
from tests.pipeline.hub_in_a_box import Box, box, run
from tests.sealing import support
from tests.sealing.support import MASTER, keyring

SECRET = "王秘密"


def sealed_box(url: str, work: Callable[[Box], Awaitable[None]]) -> None:
    """Run `work` on a pipeline that seals."""

    async def main() -> None:
        async with box(url, keys=keyring()) as hub:
            async with hub.database.transaction() as tx:
                await wrapping_keys.ensure(tx, MASTER, Suite.AES_256_GCM)
            await work(hub)

    run(main())


async def row(hub: Box, number: int) -> Any:
    async with hub.database.connection() as tx:
        return await tx.fetchrow(
            "SELECT id, raw, repaired AS mended, raw_key FROM inbox WHERE id = $1", number
        ), await tx.fetch("SELECT number, owner, kind FROM data_key ORDER BY number")


def test_a_message_is_its_feeds_until_it_is_read_and_its_patients_from_then_on(database_url: str) -> None:
    async def work(hub: Box) -> None:
        text = message("1", set={"name": SECRET})
        (accepted,) = await hub.accept(text)
        stored, keys = await row(hub, accepted.message)
        assert SECRET.encode() not in stored["raw"]
        owners = {key["number"]: (key["owner"], key["kind"]) for key in keys}
        assert owners[key_number(stored["raw_key"])] == (reference_key("Feed", FEED), "feed")
        await hub.drain()
        assert await hub.states([accepted.message]) == ["done"]
        after, keys = await row(hub, accepted.message)
        assert after["raw"] == stored["raw"]
        owners = {key["number"]: (key["owner"], key["kind"]) for key in keys}
        assert owners[key_number(after["raw_key"])] == (reference_key("Patient", patient_id("A")), "patient")
        async with hub.database.connection() as tx:
            assert await opened(tx, [{**dict(after), "mended": False}]) == [text]

    sealed_box(database_url, work)


def test_a_message_under_an_id_that_stands_for_a_patient_is_erased_with_that_patient(database_url: str) -> None:
    """It is sealed for the id it makes, which is nobody's but an alias."""

    async def work(hub: Box) -> None:
        async with hub.database.transaction() as tx:
            for old_id, rid in (("C", "B"), ("B", "A")):
                await tx.execute("INSERT INTO alias VALUES ($1, $2)", patient_id(old_id), patient_id(rid))
        sent = await hub.accept(*[message(str(n), each, set={"name": SECRET}) for n, each in enumerate("ACCD", 1)])
        await hub.drain()
        async with hub.database.transaction() as tx:
            owners = await record.owners(tx, patient_id("A"))
            assert set(owners) == {reference_key("Patient", patient_id(each)) for each in "ABC"}
            assert await forgetting.forget(tx, owners, ()) == 3
        for one, left in zip(sent, (False, False, False, True), strict=True):
            assert bool((await row(hub, one.message))[0]["raw"]) is left

    sealed_box(database_url, work)


def test_an_erased_message_that_is_queued_becomes_a_dead_letter_and_the_others_go_on(database_url: str) -> None:
    async def work(hub: Box) -> None:
        first, second = await hub.accept(message("1", "A"), message("2", "B"))
        async with hub.database.connection() as tx:
            await tx.execute("UPDATE inbox SET raw_key = '' WHERE id = $1", first.message)
        await hub.drain()
        assert await hub.states([first.message, second.message]) == ["dead", "done"]
        assert (await hub.reason(first.message))["code"] == "erased"

    sealed_box(database_url, work)


def test_a_message_that_was_put_in_the_place_of_another_is_not_processed(database_url: str) -> None:
    async def work(hub: Box) -> None:
        first, second = await hub.accept(message("1", "A"), message("2", "B"))
        swap = "UPDATE inbox i SET raw = o.raw, raw_key = o.raw_key FROM inbox o WHERE i.id = $1 AND o.id = $2"
        async with hub.database.connection() as tx:
            await tx.execute(swap, first.message, second.message)
            rows = await tx.fetch("SELECT id, raw, FALSE AS mended, raw_key FROM inbox ORDER BY id")
            with pytest.raises(HubError, match="is not what was sealed"):
                await opened(tx, rows[:1])
            assert await opened(tx, rows[1:]) == [message("2", "B")]
            assert await load(tx, [("Patient", patient_id("A"))], lock=False) == {}

    sealed_box(database_url, work)


def test_a_strict_hub_processes_no_message_that_was_put_there_in_clear(database_url: str) -> None:
    async def work(database: Database) -> None:
        async with database.connection() as tx:
            planted = {"id": 1, "raw": b"MSH|", "raw_key": None, "mended": False}
            for reading in (opened(tx, [planted]), opened_both(tx, {**planted, "mended": None})):
                with pytest.raises(HubError) as caught:
                    await reading
                assert caught.value.code == "not-sealed"
            assert await opened(tx, [{**planted, "raw_key": b""}]) == [None]

    support.run(database_url, work, keyring(strict=True))


def test_a_hub_that_seals_nothing_is_not_strict() -> None:
    with pytest.raises(HubError) as caught:
        strictly(Settings.load({}, sealed_only=True), None)
    assert caught.value.where == "YILIAN_SEALED_ONLY"
    assert strictly(Settings.load({}, sealed_only=True), Suite.AES_256_GCM)
    assert not strictly(Settings.load({}), None)
