"""Full text follows the resource it is of: it is written, replaced and removed with it, or not kept at all."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hub.db.database import Database
from hub.fhir import full_text, grams
from hub.kernel.clock import fixed_clock
from hub.store.store import Store
from hub.store.values import Write
from tests.store.support import NOW, ask, ids, patient, run, save, stored


def _named(text: str, **elements: Any) -> Write:
    return patient("p1", name=[{"text": text}], **elements)


async def _finds(database: Database, store: Store, words: str) -> bool:
    async with database.connection() as connection:
        return ids((await ask(connection, store, "Patient", [("_content", words)])).matches) == ["Patient/p1"]


def test_it_is_replaced_and_removed_with_its_resource(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        await save(database, store, _named("沈桂兰"))
        assert await _finds(database, store, "桂兰")
        current = await stored(database, store, "p1")
        await save(database, store, replace(_named("赵国强"), current=current))
        assert not await _finds(database, store, "桂兰")
        assert await _finds(database, store, "国强")
        current = await stored(database, store, "p1")
        await save(database, store, replace(_named(""), resource=None, current=current))
        async with database.connection() as connection:
            assert await connection.fetchval("SELECT count(*) FROM text_value") == 0

    run(database_url, work)


def test_it_is_not_kept_where_the_setting_says_so(database_url: str) -> None:
    async def work(database: Database, _: Store) -> None:
        store = Store(fixed_clock(NOW), full_text=False)
        await save(database, store, _named("沈桂兰"))
        async with database.connection() as connection:
            assert await connection.fetchval("SELECT count(*) FROM text_value") == 0

    run(database_url, work)


def test_chinese_is_cut_into_characters_and_pairs_and_everything_else_into_words() -> None:
    there = set(grams.indexed(["原发性高血压 HbA1c 7.2%", "Ärztlich"]))
    for text in ("高血压", "原", "hba1c 高血", "7 2", "arztlich"):
        assert there.issuperset(grams.wanted(text)), text
    for text in ("压血", "hba", "糖", "血压高"):
        assert not there.issuperset(grams.wanted(text)), text
    assert grams.wanted("!? ,") == []


def test_tags_within_a_line_part_no_word_and_others_do() -> None:
    assert full_text.plain("<p>高<b>血</b>压</p><p>x &lt; y</p>").split() == ["高血压", "x", "<", "y"]


def test_addresses_dates_and_ids_are_no_content() -> None:
    resource = {
        "resourceType": "Observation",
        "id": "x",
        "meta": {"source": "urn:x"},
        "effectiveDateTime": "2026-05-01",
        "subject": {"reference": "Patient/p", "display": "Wang"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "1-8", "display": "Glucose"}]},
        "contained": [{"resourceType": "Specimen", "id": "s", "text": {"div": "<div>blood</div>"}}],
    }
    assert sorted(text.strip() for text in full_text.contents(resource)) == ["1-8", "Glucose", "Wang", "blood"]
