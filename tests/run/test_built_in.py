"""What comes with the hub is in its terminology from the first start on."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest

from hub.bootstrap.built_in import SOURCE
from hub.bootstrap.foundation import Foundation
from hub.bootstrap.terminology import terminology_database
from hub.kernel.clock import system_clock
from hub.kernel.errors import HubError
from hub.kernel.log import Log
from hub.kernel.settings import Settings
from hub.kernel.types import Json
from hub.records.shelf import TerminologyShelf
from hub.run import built_in
from hub.run.built_in import ensure_built_in
from hub.run.installation import DEMO_CONSORTIUM
from hub.store.values import Write
from terminology.loading import Loader
from terminology.model import CODE_SYSTEM
from terminology.shelf import resource_id
from terminology.stored import StoredTerminology


def system(url: str, version: str, name: str) -> Json:
    concepts = [{"code": "1", "display": name}]
    return {
        **{"resourceType": CODE_SYSTEM, "url": url, "version": version, "status": "active", "content": "complete"},
        "concept": concepts,
    }


OURS = [system("urn:test:sex", "1", "男"), system("urn:test:blood", "1", "A 型")]


def a_foundation(url: str, folder: Path) -> Foundation:
    settings = Settings.load({}, database_url=url, data_dir=folder, config=DEMO_CONSORTIUM)
    return Foundation(settings, Log("test", stream=io.StringIO()))


def test_what_an_administrator_changed_or_deleted_stays_as_he_left_it(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foundation = a_foundation(database_url, tmp_path)
    monkeypatch.setattr(built_in, "everything_built_in", lambda: iter(OURS))
    sex, blood = (resource_id(CODE_SYSTEM, one["url"], one["version"]) for one in OURS)

    async def story() -> list[tuple[str, str]]:
        assert await ensure_built_in(foundation) == 2
        async with foundation.database("test", size=2) as database:
            terms = StoredTerminology(system_clock)
            store = foundation.store()
            shelf = TerminologyShelf(store)
            async with database.transaction() as tx:
                corrected = {**system("urn:test:sex", "own", "男性"), "id": sex}
                current = (await store.load(tx, [(CODE_SYSTEM, sex)]))[CODE_SYSTEM, sex]
                write = Write(
                    type=CODE_SYSTEM, id=sex, resource=corrected, patient=None, facts=current.facts, current=current
                )
                await store.save(tx, [write])
                await terms.put(tx, corrected)
                await shelf.remove(tx, CODE_SYSTEM, blood)
                await terms.remove(tx, CODE_SYSTEM, blood)
            assert await ensure_built_in(foundation) == 0
            with pytest.raises(HubError, match="written over"):
                await Loader(database, system_clock, shelf=shelf).resource(OURS[0])
            async with database.connection() as connection:
                rows = await connection.fetch("SELECT url, version FROM term_edition WHERE current")
                return [tuple(row) for row in rows]

    assert asyncio.run(story()) == [("urn:test:sex", "own")]


def test_it_is_loaded_once_beside_what_is_in_force_and_after_a_cut(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foundation = a_foundation(database_url, tmp_path)

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


def test_a_newer_release_takes_the_place_of_the_codes_that_came_with_an_earlier_one(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foundation = a_foundation(database_url, tmp_path)
    earlier = [{**one, "copyright": SOURCE} for one in OURS]

    async def story() -> list[tuple[str, str]]:
        monkeypatch.setattr(built_in, "everything_built_in", lambda: iter([*earlier, system("urn:test:own", "1", "A")]))
        assert await ensure_built_in(foundation) == 3
        newer = [system(one["url"], "2", "A") for one in (*OURS, system("urn:test:own", "1", "A"))]
        monkeypatch.setattr(built_in, "everything_built_in", lambda: iter(newer))
        assert await ensure_built_in(foundation) == 3
        async with terminology_database(database_url) as desk, desk.database.connection() as connection:
            rows = await connection.fetch("SELECT url, version FROM term_edition WHERE current ORDER BY url")
            return [tuple(row) for row in rows]

    assert asyncio.run(story()) == [("urn:test:blood", "2"), ("urn:test:own", "1"), ("urn:test:sex", "2")]
