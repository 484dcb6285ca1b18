"""Keys that another version made are written anew, before anybody is registered beside them."""

from __future__ import annotations

from hub.mpi.hashes import block_key, hash64
from hub.mpi.registration import Source
from hub.mpi.rekey import rekey
from tests.mpi.registry import Registry, patient, with_registry

_BORN = "1962-06-18"
_PHONE = "13800990001"


def test_keys_of_another_version_are_written_anew_and_bring_the_same_together(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await registry.register(
            patient("a", "杜明远", born=_BORN, phone=_PHONE),
            patient("b", "赵平", born="1950-02-11"),
            patient("gone", "杜明远", born=_BORN, phone=_PHONE),
        )
        async with registry.database.transaction() as tx:
            await registry.index.register(tx, [Source("gone", "F01", None)])
            before = await tx.fetch("SELECT * FROM mpi_key ORDER BY key, source")
            await tx.execute("UPDATE mpi_key SET key = key / 2")
        assert await registry.decide(rekey) == 2
        assert await registry.decide(rekey) == 0
        async with registry.database.connection() as tx:
            assert await tx.fetch("SELECT * FROM mpi_key ORDER BY key, source") == before
        await registry.register(patient("c", "杜明远", born=_BORN, phone=_PHONE), facility="F05")
        assert await registry.person("c") == await registry.person("a")

    with_registry(database_url, story)


def test_an_index_of_nobody_has_the_right_keys(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        assert await registry.decide(rekey) == 0

    with_registry(database_url, story)


def test_keys_of_one_name_or_day_stand_side_by_side_and_are_told_apart() -> None:
    texts = [f"name:DUMINGYUAN|{what}" for what in ("day:0618", "year:1962", "place:白云村")]
    keys = {block_key(text) for text in texts}
    assert len(keys) == 3
    assert len({key >> 40 for key in keys}) == 1
    assert block_key("phone:13800990001") == hash64("phone:13800990001")
    assert block_key("name:DUMINGYUAM|day:0618") >> 40 not in {key >> 40 for key in keys}
    assert all(-(1 << 63) <= key < 1 << 63 for key in keys)
