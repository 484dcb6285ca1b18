"""Data keys: made with what they seal, kept only once that is committed, bounded, and given up when they retire."""

from __future__ import annotations

import pytest

from hub.db.database import Database, Tx
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.sealing.envelope import DataKey, seal, unseal
from hub.sealing.keyring import Keyring, keyring_of
from hub.sealing.suites import Suite
from tests.sealing.support import MASTER, connect, keyring, run

OWNER = reference_key("Patient", "a")


async def sealing(tx: Tx, owner: str = "a") -> DataKey:
    keys = keyring_of(tx)
    return next(
        iter((await keys.sealing(tx, {reference_key("Patient", owner): "patient"}, Suite.AES_256_GCM)).values())
    )


def test_a_key_of_a_transaction_that_is_rolled_back_is_never_used_again(database_url: str) -> None:
    async def work(database: Database) -> None:
        with pytest.raises(ZeroDivisionError):
            async with database.transaction() as tx:
                lost = await sealing(tx)
                assert (await sealing(tx)).number == lost.number
                raise ZeroDivisionError
        async with database.transaction() as tx:
            kept = await sealing(tx)
            assert kept.number != lost.number
        async with database.connection() as tx:
            assert (await sealing(tx)).number == kept.number

    run(database_url, work)


def test_two_processes_use_the_key_that_was_committed_first(database_url: str) -> None:
    async def work(database: Database) -> None:
        async with database.transaction() as tx:
            first = await sealing(tx)
        other = await connect(database_url, keyring(), size=1)
        try:
            async with other.transaction() as tx:
                assert (await sealing(tx)).number == first.number
        finally:
            await other.close()

    run(database_url, work)


def test_a_retired_key_stops_the_writer_that_still_holds_it_and_the_next_one_is_new(database_url: str) -> None:
    async def work(database: Database) -> None:
        async with database.transaction() as tx:
            await sealing(tx)
        async with database.connection() as tx:
            held = await sealing(tx)
            await tx.execute("UPDATE data_key SET retired = now()")
        with pytest.raises(HubError) as caught:
            async with database.transaction() as tx:
                assert (await sealing(tx)).number == held.number
                await keyring_of(tx).confirm(tx, [held])
        assert (caught.value.category, caught.value.code) == (Category.UNAVAILABLE, "race")
        async with database.transaction() as tx:
            fresh = await sealing(tx)
            await keyring_of(tx).confirm(tx, [fresh])
            assert fresh.number != held.number

    run(database_url, work)


def test_open_keys_are_bounded_and_come_back(database_url: str) -> None:
    keys = keyring(held=2)

    async def work(database: Database) -> None:
        async with database.transaction() as tx:
            sealed = {owner: seal(await sealing(tx, owner), b"x", b"", bytes) for owner in "abcde"}
        async with database.connection() as tx:
            for body in [*sealed.values(), *sealed.values()]:
                opened = await keys.opened(tx, [body])
                assert len(opened) <= 2
            several = await keys.opened(tx, sealed.values())
            assert len(several) >= 5

    run(database_url, work, keys)


def test_an_erased_key_is_forgotten_in_time(database_url: str) -> None:
    now = [0.0]
    keys = Keyring(MASTER, Suite.AES_256_GCM, seconds=lambda: now[0])

    async def work(database: Database) -> None:
        async with database.transaction() as tx:
            key = await sealing(tx)
        body = seal(key, b"x", b"", bytes)
        async with database.connection() as tx:
            assert (await keys.opened(tx, [body]))[key.number] is not None
            await tx.execute("UPDATE data_key SET wrapped = NULL, erased = now()")
            now[0] = 601
            assert (await keys.opened(tx, [body]))[key.number] is None

    run(database_url, work, keys)


def test_a_wrapped_key_in_the_place_of_anothers_does_not_open(database_url: str) -> None:
    async def work(database: Database) -> None:
        async with database.transaction() as tx:
            bodies = [seal(await sealing(tx, owner), b"x", b"", bytes) for owner in "ab"]
        async with database.connection() as tx:
            await tx.execute("UPDATE data_key SET wrapped = (SELECT wrapped FROM data_key ORDER BY number LIMIT 1)")
            keyring_of(tx).forget()
            with pytest.raises(HubError, match="is not what was sealed"):
                await keyring_of(tx).opened(tx, bodies)

    run(database_url, work)


def test_without_the_master_key_sealed_bytes_are_told_as_such(database_url: str) -> None:
    async def work(database: Database) -> None:
        async with database.transaction() as tx:
            body = seal(await sealing(tx), b"x", b"", bytes)
        other = await connect(database_url, size=1)
        try:
            async with other.connection() as tx:
                with pytest.raises(HubError) as caught:
                    await keyring_of(tx).opened(tx, [body])
            assert caught.value.code == "no-master-key"
        finally:
            await other.close()

    run(database_url, work)


def test_both_suites_live_side_by_side(database_url: str) -> None:
    async def work(database: Database) -> None:
        async with database.transaction() as tx:
            keys = keyring_of(tx)
            made = [(await keys.sealing(tx, {OWNER: "patient"}, suite))[OWNER] for suite in Suite]
        bodies = [seal(key, b"x", b"p", bytes) for key in made]
        async with database.connection() as tx:
            opened = await keyring_of(tx).opened(tx, bodies)
            for key, body in zip(made, bodies, strict=True):
                found = opened[key.number]
                assert found is not None
                assert unseal(found, body, b"p") == b"x"

    run(database_url, work)
