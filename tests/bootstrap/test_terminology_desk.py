"""What is loaded at the machine stands sealed where the hub seals, and never in clear among what is sealed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from hub.bootstrap.terminology import terminology_database
from hub.cli.terminology import load
from hub.db.database import Database
from hub.kernel.errors import HubError
from hub.sealing.envelope import is_sealed
from hub.sealing.suites import Suite
from terminology.model import VALUE_SET
from tests.sealing.support import MASTER, run
from tests.terminology.house import DISEASES, of, value_set

_BODIES = "SELECT body FROM resource"


async def bodies(database: Database) -> list[bytes]:
    async with database.connection() as connection:
        return [row["body"] for row in await connection.fetch(_BODIES)]


async def prepared(_: Database) -> None:
    """The hub has a wrapping key."""


def test_a_load_without_the_master_key_is_refused_where_the_hub_has_keys(database_url: str) -> None:
    run(database_url, prepared)

    async def loads() -> None:
        async with terminology_database(database_url) as desk:
            await desk.loader.resource(value_set("urn:vs", of(DISEASES), version="1"))

    with pytest.raises(HubError) as refused:
        asyncio.run(loads())
    assert refused.value.code == "no-master-key"
    assert run(database_url, bodies) == []


def test_what_the_command_loads_is_sealed_where_the_hub_seals(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(database_url, prepared)
    key, file = tmp_path / "master.key", tmp_path / "sets.json"
    key.touch(mode=0o600)
    key.write_bytes(MASTER)
    file.write_text(json.dumps(value_set("urn:vs", of(DISEASES), version="1") | {"resourceType": VALUE_SET}))
    monkeypatch.setenv("YILIAN_ENCRYPTION", Suite.AES_256_GCM.value)
    monkeypatch.setenv("YILIAN_MASTER_KEY", str(key))
    load(file, maps=None, aside=False, data=tmp_path, database=database_url)
    assert [is_sealed(one) for one in run(database_url, bodies)] == [True]
