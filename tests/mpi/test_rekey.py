"""Keys that another version made are written anew, a batch at a time, and nobody is registered meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from asyncpg import Record

from hub.kernel.errors import HubError
from hub.mpi import rekey
from hub.mpi.hashes import block_key, hash64
from hub.mpi.record import Record as Written
from hub.mpi.registration import Source
from tests.mpi.registry import Registry, patient, with_registry

_BORN = "1962-06-18"
_PHONE = "13800990001"


async def _of_another_version(registry: Registry) -> Sequence[Record]:
    """Two sources and one that is gone, with keys of another version; returns the keys of this one."""
    await registry.register(
        patient("a", "杜明远", born=_BORN, phone=_PHONE),
        patient("b", "赵平", born="1950-02-11"),
        patient("gone", "杜明远", born=_BORN, phone=_PHONE),
    )
    async with registry.database.transaction() as tx:
        await registry.index.register(tx, [Source("gone", "F01", None)])
        before = await tx.fetch("SELECT * FROM mpi_key ORDER BY key, source")
        await tx.execute("UPDATE mpi_key SET key = key / 2")
    return before


async def _finish(registry: Registry) -> int:
    steps = 0
    while await registry.decide(rekey.step):
        steps += 1
    return steps


def test_keys_of_another_version_are_written_anew_and_bring_the_same_together(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        before = await _of_another_version(registry)
        assert await registry.decide(rekey.begin)
        assert await registry.decide(rekey.progress) == rekey.Rekeying(0, 2)
        assert await _finish(registry) == 2
        assert not await registry.decide(rekey.begin)
        assert await registry.decide(rekey.progress) is None
        async with registry.database.connection() as tx:
            assert await tx.fetch("SELECT * FROM mpi_key ORDER BY key, source") == before
        await registry.register(patient("c", "杜明远", born=_BORN, phone=_PHONE), facility="F05")
        assert await registry.person("c") == await registry.person("a")

    with_registry(database_url, story)


def test_nobody_is_registered_or_looked_for_in_half_an_index(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await _of_another_version(registry)
        await registry.decide(rekey.begin)
        await registry.decide(rekey.step)
        probe = Written(record_id="", facility="F05", name="杜明远", birth_date=_BORN)
        with pytest.raises(HubError, match="being written anew"):
            await registry.register(patient("c", "杜明远", born=_BORN), created=True)
        with pytest.raises(HubError, match="being written anew"):
            await registry.decide(lambda tx: registry.index.match(tx, probe, 1))
        await registry.register(patient("a", "杜明远", born=_BORN, phone=_PHONE))  # says what it said
        await _finish(registry)
        await registry.register(patient("c", "杜明远", born=_BORN, phone=_PHONE), created=True)
        assert await registry.person("c") == await registry.person("a")

    with_registry(database_url, story)


def test_a_start_goes_on_with_what_was_begun_unless_another_version_began_it(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rekey, "_BATCH", 1)

    async def story(registry: Registry) -> None:
        before = await _of_another_version(registry)
        await registry.decide(rekey.begin)
        await registry.decide(rekey.step)
        assert await registry.decide(rekey.begin)
        assert await registry.decide(rekey.progress) == rekey.Rekeying(1, 2)
        async with registry.database.transaction() as tx:
            await tx.execute("UPDATE mpi_key_partial SET key = key / 2")
        assert await registry.decide(rekey.begin)
        assert await registry.decide(rekey.progress) == rekey.Rekeying(0, 2)
        assert await _finish(registry) == 3
        async with registry.database.connection() as tx:
            assert await tx.fetch("SELECT * FROM mpi_key ORDER BY key, source") == before

    with_registry(database_url, story)


def test_a_rule_that_touches_only_the_younger_is_noticed(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rekey, "_ASKED", 5)

    async def story(registry: Registry) -> None:
        await registry.register(*(patient(f"p{n}", "杜明远", born=f"1962-06-{n:02}") for n in range(1, 13)))
        assert not await registry.decide(rekey.begin)
        async with registry.database.transaction() as tx:
            await tx.execute("DELETE FROM mpi_key WHERE source > (SELECT avg(number) FROM mpi_source)")
        assert await registry.decide(rekey.begin)

    with_registry(database_url, story)


def test_an_index_of_nobody_has_the_right_keys(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        assert not await registry.decide(rekey.begin)

    with_registry(database_url, story)


def test_keys_of_one_name_or_day_stand_side_by_side_and_are_told_apart() -> None:
    texts = [f"name:DUMINGYUAN|{what}" for what in ("day:0618", "year:1962", "place:白云村")]
    keys = {block_key(text) for text in texts}
    assert len(keys) == 3
    assert len({key >> 40 for key in keys}) == 1
    assert block_key("phone:13800990001") == hash64("phone:13800990001")
    assert block_key("name:DUMINGYUAM|day:0618") >> 40 not in {key >> 40 for key in keys}
    assert all(-(1 << 63) <= key < 1 << 63 for key in keys)
