"""What comes with the hub is in its terminology from the first start on."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest

from hub.bootstrap.foundation import Foundation
from hub.bootstrap.terminology import terminology_database
from hub.kernel.log import Log
from hub.kernel.settings import Settings
from hub.kernel.types import Json
from hub.run import built_in
from hub.run.built_in import ensure_built_in
from hub.run.installation import DEMO_CONSORTIUM
from terminology.model import CODE_SYSTEM


def system(url: str, version: str, name: str) -> Json:
    concepts = [{"code": "1", "display": name}]
    return {
        **{"resourceType": CODE_SYSTEM, "url": url, "version": version, "status": "active", "content": "complete"},
        "concept": concepts,
    }


OURS = [system("urn:test:sex", "1", "男"), system("urn:test:blood", "1", "A 型")]


def test_it_is_loaded_once_beside_what_is_in_force_and_after_a_cut(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings.load({}, database_url=database_url, data_dir=tmp_path, config=DEMO_CONSORTIUM)
    foundation = Foundation(settings, Log("test", stream=io.StringIO()))

    async def story() -> None:
        monkeypatch.setattr(built_in, "everything_built_in", lambda: iter([system("urn:test:blood", "own", "A")]))
        assert await ensure_built_in(foundation) == 1
        monkeypatch.setattr(built_in, "everything_built_in", lambda: iter(OURS))
        loads = await asyncio.gather(ensure_built_in(foundation), ensure_built_in(foundation))
        assert sorted(loads) == [0, 2]
        assert await ensure_built_in(foundation) == 0
        async with terminology_database(database_url) as desk, desk.database.connection() as connection:
            rows = await connection.fetch("SELECT url, version FROM term_edition WHERE current ORDER BY url")
            assert [tuple(row) for row in rows] == [("urn:test:blood", "own"), ("urn:test:sex", "1")]
            audited = "SELECT count(*) FROM audit WHERE role = 'administrator'"
            assert await connection.fetchval(audited) == 2

    asyncio.run(story())
