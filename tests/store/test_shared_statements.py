"""The statement of a page can be shared whatever is asked: the database takes it, and it finds what it finds alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.db.database import Database
from hub.db.together import shared
from hub.store.query import parse_query
from hub.store.read import WIDTH
from hub.store.search import Sought
from hub.store.store import Store
from tests.store.support import EVERYTHING, observation, patient, run, save, write

NOW = datetime(2026, 12, 1, tzinfo=UTC)
SEARCHES = [
    ("Observation", "patient=a&code=http://loinc.org|4548-4&date=ge2020-01-01"),
    ("Observation", "subject:mdm=a&_sort=-date,code,value-quantity,_id"),
    ("Observation", "patient.name=li&_include=Observation:performer"),
    ("Observation", "value-quantity=ap5.4|http://unitsofmeasure.org|mg&_lastUpdated=gt2020"),
    ("Observation", "code-value-quantity=http://loinc.org|4548-4$lt9&combo-code:not=1-1"),
    ("Observation", "code:text=glu&_has:Provenance:target:agent=Organization/x"),
    ("Patient", "name:contains=li&birthdate=1980&identifier=urn:x|1&active:missing=true"),
    ("Patient", "_has:Observation:patient:code=4548-4&_text=wang"),
    ("Location", "near=30.1|120.2|5|km&partof:below=Location/l"),
    ("Questionnaire", "url:below=http://example.org/q&_list=list1"),
    (None, "_type=Patient,Observation&_id=a,b&_tag=x|y"),
]


@pytest.mark.parametrize(("rtype", "query"), SEARCHES)
def test_a_shared_statement_finds_what_each_finds_alone(database_url: str, rtype: str | None, query: str) -> None:
    params = [(name, value) for name, _, value in (pair.partition("=") for pair in query.split("&"))]

    async def work(database: Database, store: Store) -> None:
        await save(database, store, patient("a"), patient("b"), write(observation("o", "a")))

        async def sought() -> Sought:
            return await store.sought(
                connection,
                parse_query(rtype, params, now=NOW),
                EVERYTHING,
                count=20,
                after=None,
                total="none",
                beside=None,
            )

        async with database.connection() as connection:
            one, other = await sought(), await sought()
            alone = [tuple(row)[:WIDTH] for row in await connection.fetch(one.text, *one.values)]
            nothing = [None] * 2 * len(one.values)
            rows = await connection.fetch(shared(one.text, 4), *one.values, *other.values, *nothing, 2)
        for number in (0, 1):
            assert [tuple(row)[:WIDTH] for row in rows if row["number_of_query"] == number] == alone

    run(database_url, work)
